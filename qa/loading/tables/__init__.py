"""Tables of values: workbooks, and text with a value between every two separators."""
