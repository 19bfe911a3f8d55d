"""Times, as the index and the files beside it have them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def now(*, later: timedelta = timedelta()) -> str:
    """The time now, or `later` than now: in UTC, to the second, in the form of ISO 8601."""
    return (datetime.now(UTC) + later).isoformat(timespec="seconds")
