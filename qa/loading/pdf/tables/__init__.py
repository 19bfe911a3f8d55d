"""Tables of PDFs, which know of none: from drawn rules, or from where the pieces of lines stand."""
