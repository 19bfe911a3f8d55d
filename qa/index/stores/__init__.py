"""Where Chroma keeps an index: in a folder on this machine, or on a server."""
