"""What the audit and readers' opinions say about the use of an index, and what it lacks."""

from __future__ import annotations

from qa.insights.downvotes import VotedDown, voted_down
from qa.insights.summary import insights

__all__ = ["VotedDown", "insights", "voted_down"]
