"""An index on a Chroma server, which several machines may write to, one at a time."""
