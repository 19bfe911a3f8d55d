"""Word documents: their text, lists, headings, tables, notes and margins."""

from __future__ import annotations

from qa.loading.office.word.file import parse as parse
