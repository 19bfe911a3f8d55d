"""The routes of documents: their text and originals, their pages, and files that come in."""
