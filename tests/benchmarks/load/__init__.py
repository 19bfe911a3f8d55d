"""Many people at a server at once."""
