"""OpenDocument files, as LibreOffice writes them: texts, spreadsheets and presentations."""

from __future__ import annotations

from qa.loading.opendocument.file import parse as parse
