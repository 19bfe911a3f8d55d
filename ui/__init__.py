"""The Gradio front end of Footnote; it uses only the names that `import qa` shows."""
