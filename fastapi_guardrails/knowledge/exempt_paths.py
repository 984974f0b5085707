"""Paths that stay outside a version: health checks, metrics, documentation, static files."""

from __future__ import annotations

import re

_LAST = re.compile(r"(health|live|ready|readiness).*|metrics|ping|version|favicon(\.\w+)?|robots(\.\w+)?")
_FIRST = frozenset({"docs", "static", ".well-known"})


def is_exempt(path: str) -> bool:
    """Whether a route's path is expected outside a version."""
    segments = [s for s in path.split("/") if s]
    if not segments:
        return True
    return segments[0] in _FIRST or _LAST.fullmatch(segments[-1].lower()) is not None
