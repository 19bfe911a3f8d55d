"""A document -> what the index stores of it: its record, passages, units and vectors."""
