"""From fixes to files: which fixes go together, what the files then say, and putting that on the disk as a whole.

Everything is worked out in memory first: fixes are applied, the project is looked at again, and so on until nothing is
left to fix. Only then are files written, each once and as a whole, or shown as a patch.
"""

from __future__ import annotations

import difflib
import gc
import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from fastapi_guardrails.engine import Result, Workspace
from fastapi_guardrails.finding import Applicability, Diagnostic, Edit, Fix, Import
from fastapi_guardrails.source.loader import parse_again
from fastapi_guardrails.source.text import Text, decode, encode, line_starts
from fastapi_guardrails.syntax.imports import import_edits

#: How often a project is looked at again: fixes that make work for each other for ever stop there.
_MAX_ROUNDS = 20


class Outcome(NamedTuple):
    """What writing brought about.

    Attributes:
        result: what is found now.
        fixed: how many findings were fixed on the disk.
        files: how many files were changed.
        failures: what could not be written, and why.
    """

    result: Result
    fixed: int
    files: int
    failures: tuple[str, ...]


class Plan:
    """What fixing a project would change.

    Attributes:
        before: what was found at first.
        changed: the new bytes of files, by path.
        count: how many findings that fixes.
        failures: fixes that were left out because they would have done harm.
    """

    def __init__(self, workspace: Workspace, before: Result) -> None:
        self.before = before
        self.changed: dict[str, bytes] = {}
        self.failures: list[str] = []
        self._workspace = workspace
        self._landed: list[frozenset[str]] = []
        self._after = before

    @property
    def count(self) -> int:
        """How many findings are fixed."""
        return len(self._landed)

    def patch(self) -> bytes:
        """A unified diff that `git apply` takes, with paths from the current folder where the files are below it."""
        parts = []
        for path in sorted(self.changed):
            shown = _shown_path(self._workspace.root / path, path)
            parts.append(unified_diff(self._old(path), self.changed[path], shown))
        return b"".join(parts)

    def write(self) -> Outcome:
        """Put the new files on the disk. One that cannot be written stays as it was, and the others are written."""
        failures = list(self.failures)
        written: dict[str, bytes] = {}
        for path, data in sorted(self.changed.items()):
            try:
                self._write(path, data)
                written[path] = data
            except OSError as error:
                failures.append(f"{path}: cannot be written, and is unchanged: {error.strerror or error}")
        fixed = sum(paths <= written.keys() for paths in self._landed)
        is_whole = len(written) == len(self.changed)
        result = self._after if is_whole else self._workspace.check(written)
        return Outcome(result, fixed, len(written), tuple(failures))

    def _write(self, path: str, data: bytes) -> None:
        file = self._workspace.root / path
        if file.read_bytes() != self._old(path):
            raise OSError("it was changed by somebody else meanwhile; run again")
        replace_file(file, data)

    def _old(self, path: str) -> bytes:
        known = self._workspace.contents.data
        return known[path] if path in known else (self._workspace.root / path).read_bytes()


def plan(workspace: Workspace, *, unsafe: bool = False) -> Plan:
    """Work out what fixing a project changes, until nothing is left to fix.

    Args:
        workspace: the project, and what is looked for.
        unsafe: apply fixes that may change behaviour, too.
    """
    result = workspace.check()
    made = Plan(workspace, result)
    refused: set[tuple[str, str, str]] = set()
    for _ in range(_MAX_ROUNDS):
        wanted = [d for d in result.report.diagnostics if _is_wanted(d, unsafe) and _identity(d) not in refused]
        landed, changed, harmful = _apply(wanted, result)
        refused.update(_identity(d) for d in harmful)
        made.failures += (
            f"{d.path}:{d.line}: the fix of {d.code} was left out, for the file would be broken by it; please report it"
            for d in harmful
        )
        if changed:
            made.changed.update(changed)
            made._landed += (_paths(d.fix) for d in landed if d.fix is not None)
            gc.collect()  # the command line does without; each round leaves a model behind
            result = workspace.check(made.changed)
        elif not harmful:
            break
    made._after = result
    return made


def all_edits(fix: Fix, text: Callable[[str], str]) -> list[Edit]:
    """A fix's edits together with those that add its imports.

    Args:
        fix: the fix.
        text: gives the text of a file.
    """
    edits = list(fix.edits)
    for path, imports in _by_path(fix.imports).items():
        edits += import_edits(text(path), path, imports) or ()
    return edits


def apply_edits(text: str, edits: Iterable[Edit], newline: str = "\n") -> str:
    """A text with some edits, which do not overlap; newlines in their texts come out as `newline`.

    Of several insertions at one place the first comes first.
    """
    starts = line_starts(text)
    for edit in sorted(edits, key=lambda e: (e.range.line, e.range.column))[::-1]:
        start, end = _span(edit, starts, len(text))
        text = text[:start] + edit.text.replace("\n", newline) + text[end:]
    return text


def replace_file(file: Path, data: bytes) -> None:
    """Put new contents in place of a file's as a whole: whatever happens, it has the old ones or the new ones.

    A symbolic link is followed; the file's mode (and owner, where that may be set) is kept.

    Raises:
        OSError: it cannot be written, and is as it was.
    """
    target = os.path.realpath(file)
    try:
        old = os.stat(target)
    except FileNotFoundError:
        old = None
    if old is not None and not stat.S_ISREG(old.st_mode):  # a device or a pipe has no contents to keep
        with open(target, "wb") as stream:
            stream.write(data)
        return
    if old is not None and not os.access(target, os.W_OK):
        raise PermissionError(13, "it is read-only", str(file))
    folder, name = os.path.split(target)
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{name[:50]}.", suffix=".new", dir=folder)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from error
    try:
        with open(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        _keep_attributes(temporary, old)
        os.replace(temporary, target)
    except BaseException as error:
        os.unlink(temporary)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(file)) from error
        raise


def unified_diff(old: bytes, new: bytes, path: str) -> bytes:
    """The difference of two contents as git writes it, last lines without a newline included."""
    a, b = _quoted(f"a/{path}"), _quoted(f"b/{path}")
    lines = difflib.diff_bytes(difflib.unified_diff, _lines(old), _lines(new), a, b, lineterm=b"\n")
    return b"".join(line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n" for line in lines)


def _apply(
    diagnostics: Sequence[Diagnostic], result: Result
) -> tuple[list[Diagnostic], dict[str, bytes], list[Diagnostic]]:
    """Apply the fixes that go together.

    Gives the findings whose fix was applied, the new bytes of files, and the findings whose fix would break a file.
    """
    chosen = _without_overlaps(diagnostics, result)
    changed, broken = _new_contents(chosen, result)
    if not broken:
        return chosen, changed, []
    kept: list[Diagnostic] = []
    harmful: list[Diagnostic] = []
    for d in chosen:  # one after the other, to see which of them does the harm
        is_suspect = d.fix is not None and broken & _paths(d.fix)
        does_harm = is_suspect and _new_contents([*kept, d], result)[1]
        (harmful if does_harm else kept).append(d)
    return kept, _new_contents(kept, result)[0], harmful


def _new_contents(chosen: Sequence[Diagnostic], result: Result) -> tuple[dict[str, bytes], set[str]]:
    """The new bytes of files, and the paths of those that would be broken."""
    edits: dict[str, list[Edit]] = {}
    imports: dict[str, list[Import]] = {}
    for d in chosen:
        for edit in d.fix.edits if d.fix else ():
            edits.setdefault(edit.range.path, []).append(edit)
        for item in d.fix.imports if d.fix else ():
            imports.setdefault(item.path, []).append(item)
    changed: dict[str, bytes] = {}
    broken: set[str] = set()
    for path in edits.keys() | imports.keys():
        old = decoded(result, path)
        try:
            changed[path] = encode(old._replace(text=_new_text(old, path, edits.get(path, []), imports.get(path, []))))
        except (_Broken, UnicodeEncodeError):
            broken.add(path)
    return changed, broken


class _Broken(Exception):
    """A fix would make a file that is no Python any more, or needs an import that cannot be had."""


def _new_text(old: Text, path: str, edits: list[Edit], imports: list[Import]) -> str:
    new = apply_edits(old.text, edits, old.newline)
    if imports:
        added = import_edits(new, path, imports)
        if added is None:
            raise _Broken
        new = apply_edits(new, added, old.newline)
    if path.endswith(".py") and parse_again(new) is None and parse_again(old.text) is not None:
        raise _Broken
    return new


def decoded(result: Result, path: str) -> Text:
    """A file's text with what it takes to write it back."""
    known = getattr(result.text, "decoded", None)
    found: Text = known(path) if known else decode(result.text(path).encode())
    return found


def _without_overlaps(diagnostics: Iterable[Diagnostic], result: Result) -> list[Diagnostic]:
    """The findings whose fixes go together: of two that touch the same text, the first. The other's turn comes when the
    project is looked at again."""
    taken: dict[str, list[tuple[int, int]]] = {}
    chosen = []
    for d in diagnostics:
        spans = [
            (e.range.path, *_span(e, line_starts(result.text(e.range.path)), len(result.text(e.range.path))))
            for e in (d.fix.edits if d.fix else ())
        ]
        if any(_touches((start, end), other) for path, start, end in spans for other in taken.get(path, ())):
            continue
        for path, start, end in spans:
            taken.setdefault(path, []).append((start, end))
        chosen.append(d)
    return chosen


def _touches(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a == b or (a[0] < b[1] and b[0] < a[1]) or (a[0] == b[0])


def _span(edit: Edit, starts: Sequence[int], length: int) -> tuple[int, int]:
    """Indexes of the characters that an edit replaces."""

    def index(line: int, column: int) -> int:
        return min(starts[line - 1] + column - 1, length) if line <= len(starts) else length

    at = edit.range
    return index(at.line, at.column), index(at.end_line, at.end_column)


def _is_wanted(d: Diagnostic, unsafe: bool) -> bool:
    return d.fix is not None and (unsafe or d.fix.applicability is Applicability.SAFE)


def _identity(d: Diagnostic) -> tuple[str, str, str]:
    return d.code, d.path, msgspec.json.encode(d.fix).decode()


def _paths(fix: Fix) -> frozenset[str]:
    return frozenset({*(e.range.path for e in fix.edits), *(i.path for i in fix.imports)})


def _by_path(imports: Iterable[Import]) -> Mapping[str, list[Import]]:
    found: dict[str, list[Import]] = {}
    for item in imports:
        found.setdefault(item.path, []).append(item)
    return found


def _keep_attributes(temporary: str, old: os.stat_result | None) -> None:
    if old is None:
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        return
    new = os.stat(temporary)
    if hasattr(os, "chown") and (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        with suppress(PermissionError):  # only root gives files away: else it belongs to who fixed it
            os.chown(temporary, old.st_uid, old.st_gid)
    os.chmod(temporary, stat.S_IMODE(old.st_mode))


def _shown_path(file: Path, path: str) -> str:
    relative = os.path.relpath(file)
    return path if relative.startswith("..") else relative.replace(os.sep, "/")


def _lines(data: bytes) -> list[bytes]:
    """Lines as git sees them: only a line feed ends one."""
    parts = data.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _quoted(path: str) -> bytes:
    """A path as git writes it in a patch: quoted if it holds anything but plain characters."""
    raw = path.encode("utf-8", "surrogateescape")
    if all(0x20 <= byte < 0x7F and byte not in b'"\\' for byte in raw):
        return raw
    shown = "".join(
        f"\\{chr(byte)}" if byte in b'"\\' else chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}" for byte in raw
    )
    return b'"' + shown.encode("ascii") + b'"'
