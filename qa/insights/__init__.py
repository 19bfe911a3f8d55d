"""What the audit and readers' opinions say about the use of an index, and what it lacks."""

from __future__ import annotations

from qa.insights.summary import insights
from qa.insights.voted_down import VotedDown, voted_down

__all__ = ["VotedDown", "insights", "voted_down"]
