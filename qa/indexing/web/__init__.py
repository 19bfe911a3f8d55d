"""Pages of the web that an index mirrors: what is read of them, and how they are fetched."""
