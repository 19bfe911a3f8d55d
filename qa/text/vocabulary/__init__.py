"""Words as data, for the rest of the code: lists, question words, parts of names."""
