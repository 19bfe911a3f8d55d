"""The chat page, as Gradio shows it."""
