"""Markdown files: their syntax tree -> headings, paragraphs and the other parts of a document."""

from __future__ import annotations

from qa.loading.markdown.file import parse as parse
