"""The time, always aware and always UTC: a naive time is a bug that waits for summer."""

from datetime import datetime, timezone


def utcnow() -> datetime:
    """Return the present moment."""
    return datetime.now(timezone.utc)
