"""The markups of technical writers, besides Markdown: reStructuredText and AsciiDoc."""
