"""PDF files: lines of a page -> paragraphs."""

from __future__ import annotations

from qa.loading.pdf.file import parse as parse
