"""The Markdown of answers: its parts, its links, and the way back to plain Markdown."""
