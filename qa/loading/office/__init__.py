"""Word's files: paragraphs, lists, tables and formulas."""
