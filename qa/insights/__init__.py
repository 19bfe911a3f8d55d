"""What the audit and readers' opinions say about the use of an index, and what it lacks."""

from __future__ import annotations

from qa.insights.downvotes import DownRange, VotedDown, WordlessVotes, voted_down, wordless_votes
from qa.insights.summary import insights

__all__ = ["DownRange", "VotedDown", "WordlessVotes", "insights", "voted_down", "wordless_votes"]
