"""Web pages: what is shown, without what every page of a site repeats."""

from __future__ import annotations

from qa.loading.html.page import parse as parse
from qa.loading.html.page import render_fragment as render_fragment
