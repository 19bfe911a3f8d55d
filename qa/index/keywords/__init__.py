"""The keyword index: all of it, and as somebody sees it who may not read every passage."""

from qa.index.keywords.seen import SeenKeywords as SeenKeywords
from qa.index.keywords.shared import open_shared as open_shared
from qa.index.keywords.whole import FILE as FILE
from qa.index.keywords.whole import KeywordIndex as KeywordIndex
from qa.index.keywords.whole import token as token
