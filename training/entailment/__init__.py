"""The entailment model: whether a passage supports a statement, contradicts it, or says neither."""
