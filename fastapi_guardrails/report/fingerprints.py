"""Fingerprints of findings: stable while lines above a finding come and go, different for each finding of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Diagnostic
from fastapi_guardrails.source.text import split_lines

if TYPE_CHECKING:
    from fastapi_guardrails.engine import Result


def fingerprints(result: Result) -> Iterator[tuple[Diagnostic, str]]:
    """Each finding with its fingerprint: of rule, file and the text of its line, and a count where these are equal."""
    seen: Counter[tuple[str, str, str]] = Counter()
    lines: dict[str, list[str]] = {}
    for d in result.report.diagnostics:
        if d.path not in lines:
            lines[d.path] = split_lines(result.text(d.path))
        line = lines[d.path][d.line - 1].strip() if d.line <= len(lines[d.path]) else ""
        key = (d.code, d.path, line)
        parts = (*key, str(seen[key]))
        seen[key] += 1
        yield d, sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()
