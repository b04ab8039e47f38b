"""Times of files as dates: file systems hold times that calendars do not."""

from __future__ import annotations

from datetime import UTC, datetime


def date_of(seconds: int) -> datetime | None:
    """A time in seconds since 1970 as a date in UTC; None outside the years 1 to 9999."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
