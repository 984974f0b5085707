"""Patterns of `.gitignore` files, for the walk over a project.

Four of five patterns in real ignore files are a name, a path, or a name with one star at an end. Those are looked up in
sets, which spares most runs the import of pathspec and a regular expression per pattern; pathspec reads the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

#: No wildcard, no escape, no leading `!` or `#`, nothing that git trims.
_PLAIN = re.compile(r"[^*?\[\]\\!#\s]+(?: +[^*?\[\]\\\s]+)*")

#: Byte-compiled files, in every Python project's ignore file.
_COMPILED = frozenset({"*.py[cod]", "*.py[co]", "*.pyc", "*.pyo", "*.pyd"})


class Patterns:
    """The patterns of one ignore file, in order: the last that matches decides.

    Args:
        lines: the file's lines, without newlines.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._groups: list[_Group] = []
        for line in lines:
            self._add(line)

    def __bool__(self) -> bool:
        return bool(self._groups)

    def verdict(self, path: str, is_folder: bool) -> bool | None:
        """Whether the patterns leave a path out (True), take it in again (False) or say nothing of it (None).

        Args:
            path: relative to the ignore file's folder, with `/` between names and none at the end.
            is_folder: whether a folder is there.
        """
        name = path.rpartition("/")[2]
        for group in reversed(self._groups):
            if group.matches(path, name, is_folder):
                return group.ignores
        return None

    def _add(self, line: str) -> None:
        pattern = line.rstrip(" ") if not line.endswith("\\ ") else line
        if not pattern or pattern.startswith("#") or pattern in _COMPILED:
            return
        ignores = not pattern.startswith("!")
        if not self._groups or self._groups[-1].ignores is not ignores:
            self._groups.append(_Group(ignores))
        self._groups[-1].add(pattern if ignores else pattern[1:])


class _Group:
    """Neighbouring patterns that all ignore, or that all take in again: their order does not matter."""

    def __init__(self, ignores: bool) -> None:
        self.ignores = ignores
        self._names: dict[bool, set[str]] = {True: set(), False: set()}
        self._paths: dict[bool, set[str]] = {True: set(), False: set()}
        self._starts: tuple[str, ...] = ()
        self._ends: tuple[str, ...] = ()
        self._others: list[str] = []
        self._spec: GitIgnoreSpec | None = None

    def add(self, pattern: str) -> None:
        """Add a pattern, without its `!`."""
        only_folders = pattern.endswith("/")
        bare = pattern[:-1] if only_folders else pattern
        anywhere = bare.removeprefix("**/")
        if _PLAIN.fullmatch(anywhere) and "//" not in bare:
            if "/" not in anywhere:
                self._names[only_folders].add(anywhere)
                return
            if anywhere == bare:
                self._paths[only_folders].add(bare.removeprefix("/"))
                return
        elif not only_folders and "/" not in bare and _PLAIN.fullmatch(bare.strip("*")):
            if bare.endswith("*") and not bare.startswith("*") and not bare.endswith("**"):
                self._starts += (bare[:-1],)
                return
            if bare.startswith("*") and not bare.endswith("*") and not bare.startswith("**"):
                self._ends += (bare[1:],)
                return
        self._others.append(pattern)

    def matches(self, path: str, name: str, is_folder: bool) -> bool:
        """Whether one of the patterns matches."""
        names, paths = self._names, self._paths
        if name in names[False] or path in paths[False] or name.startswith(self._starts) or name.endswith(self._ends):
            return True
        if is_folder and (name in names[True] or path in paths[True]):
            return True
        return bool(self._others) and self._matches_others(path + "/" if is_folder else path)

    def _matches_others(self, path: str) -> bool:
        if self._spec is None:
            from pathspec import GitIgnoreSpec  # 40 ms, which most runs are spared

            self._spec = GitIgnoreSpec.from_lines(self._others)
        return bool(self._spec.check_file(path).include)
