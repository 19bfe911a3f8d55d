"""Every setting, where each comes from, and which index counts as named."""

from qa.settings.settings import Settings as Settings
from qa.settings.settings import is_default_index as is_default_index
from qa.settings.settings import no_index as no_index
from qa.settings.settings import refuse_unless_default as refuse_unless_default
from qa.settings.settings import settings_of as settings_of
