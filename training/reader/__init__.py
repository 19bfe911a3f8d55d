"""The extractive reader: its examples, training, evaluation and export."""
