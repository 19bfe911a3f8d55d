"""REST below `/api/v1`."""
