"""The words that open a question, as alternatives of a regular expression."""

from __future__ import annotations

ASKING = "what|how|why|who(?:m|se)?|which|when|where"
"""Question words that ask for something."""
HELPING = (
    "is|are|am|was|were|do|does|did|can|could|may|might|must|shall|should|will|would|has|have|had"
)
"""The verbs that open a yes-or-no question."""
