"""The report of an earlier run, where only comments, blank lines and layout of some files changed since.

Facts hold no comments, and all that the model and the rules know comes from facts, save for what they look up in the
text of the statement that they report. So a report still holds where the code of each changed file is the same, and
what was reported in it stands in statements of which no line changed: those are shifted to where they are now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import msgspec
from msgspec.structs import replace

from fastapi_guardrails.finding import Diagnostic, Edit, Report
from fastapi_guardrails.source import same_code
from fastapi_guardrails.source.contents import Contents
from fastapi_guardrails.source.same_code import Moves

#: Bytes of changed files up to which it pays to compare them, and the part of a larger project: a comparison parses
#: both states of a file.
_PAYS, _PART = 200_000, 20


class _Base(msgspec.Struct, array_like=True):
    """A report, and the digests of the files that it is about, by path."""

    report: Report
    digests: dict[str, bytes]


class _Moved(Exception):
    """Something that was reported is not where it can be found again."""


def encode(report: Report, contents: Contents) -> bytes:
    """A report with what it takes to tell later whether it still holds.

    Raises:
        UnicodeEncodeError: the name of a file is no text.
    """
    return msgspec.msgpack.encode(_Base(report, contents.digests))


def still_holds(kept: bytes | None, contents: Contents, earlier: Callable[[bytes], bytes | None]) -> Report | None:
    """The report of an earlier run, with its places moved to where they are now; None if it may not hold any more.

    Args:
        kept: what `encode` gave.
        contents: the files as they are now.
        earlier: the bytes of a file as it was, by their digest, if they are kept.
    """
    try:
        base = None if kept is None else msgspec.msgpack.decode(kept, type=_Base)
    except msgspec.MsgspecError:
        return None
    if base is None or base.digests.keys() != contents.digests.keys():
        return None
    changed = {path: old for path, old in base.digests.items() if contents.digests[path] != old}
    if not _pays(changed, contents):
        return None
    moves: dict[str, Moves] = {}
    for path, digest in changed.items():
        old = earlier(digest)
        found = None if old is None else same_code.compare(old, contents.data[path])
        if found is None:
            return None
        moves[path] = found
    return _shifted(base.report, moves)


def _pays(changed: Mapping[str, bytes], contents: Contents) -> bool:
    size = sum(len(contents.data[path]) for path in changed)
    return size <= _PAYS or size * _PART <= sum(map(len, contents.data.values()))


def _shifted(report: Report, moves: Mapping[str, Moves]) -> Report | None:
    try:
        diagnostics = tuple(_shift(diagnostic, moves) for diagnostic in report.diagnostics)
    except _Moved:
        return None
    return replace(report, diagnostics=diagnostics)


def _shift(diagnostic: Diagnostic, moves: Mapping[str, Moves]) -> Diagnostic:
    """A finding where it is now.

    Raises:
        _Moved: a part of it is in no statement that is as it was.
    """
    if not any(path in moves for path in _paths(diagnostic)):
        return diagnostic
    by = _by(moves, diagnostic.path, diagnostic.line, diagnostic.end_line)
    fix = diagnostic.fix
    return replace(
        diagnostic,
        line=diagnostic.line + by,
        end_line=diagnostic.end_line + by,
        trace=tuple(replace(s, line=s.line + _by(moves, s.path, s.line, s.line)) for s in diagnostic.trace),
        fix=fix and replace(fix, edits=tuple(_shift_edit(edit, moves) for edit in fix.edits)),
    )


def _shift_edit(edit: Edit, moves: Mapping[str, Moves]) -> Edit:
    at = edit.range
    by = _by(moves, at.path, at.line, at.end_line)
    return replace(edit, range=replace(at, line=at.line + by, end_line=at.end_line + by))


def _by(moves: Mapping[str, Moves], path: str, line: int, end_line: int) -> int:
    """By how many lines a place moved."""
    by = moves[path].shift(line, end_line) if path in moves else 0
    if by is None:
        raise _Moved
    return by


def _paths(diagnostic: Diagnostic) -> Iterator[str]:
    yield diagnostic.path
    yield from (step.path for step in diagnostic.trace)
    yield from (edit.range.path for edit in (diagnostic.fix.edits if diagnostic.fix else ()))
