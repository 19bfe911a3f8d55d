"""How well written sentences are checked against their passages."""
