"""Files read and embedded on the machines of a Ray cluster, for an index that is here."""
