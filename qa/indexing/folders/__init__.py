"""The mirrored folders: their files, what is left out, and what became of each."""
