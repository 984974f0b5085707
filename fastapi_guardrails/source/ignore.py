"""Patterns of `.gitignore` files, for the walk over a project.

Most patterns in real ignore files are a name, a path, or an extension. Those are looked up in sets, and other simple
ones share a regular expression, which spares most runs the import of pathspec. pathspec reads the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

#: No wildcard, no escape, no leading `!` or `#`, nothing that git trims.
_PLAIN = re.compile(r"[^*?\[\]\\!#\s]+(?: +[^*?\[\]\\\s]+)*")

#: A pattern that is nearly a regular expression: plain characters, stars, question marks and sets.
_SIMPLE = re.compile(r"(?:[\w./~@=,%-]|[*?]|\[[\w.~-]+\])+", re.ASCII)
_WILD = re.compile(r"[*?]|\[[^]]*\]")
_REGEXES = {"*": "[^/]*", "?": "[^/]"}

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
        self._of_all = _Matcher()
        self._of_folders = _Matcher()
        self._others: list[str] = []
        self._spec: GitIgnoreSpec | None = None

    def add(self, pattern: str) -> None:
        """Add a pattern, without its `!`."""
        only_folders = pattern.endswith("/")
        matcher = self._of_folders if only_folders else self._of_all
        if not matcher.add(pattern[:-1] if only_folders else pattern):
            self._others.append(pattern)

    def matches(self, path: str, name: str, is_folder: bool) -> bool:
        """Whether one of the patterns matches."""
        if self._of_all.matches(path, name) or (is_folder and self._of_folders.matches(path, name)):
            return True
        return bool(self._others) and self._matches_others(path + "/" if is_folder else path)

    def _matches_others(self, path: str) -> bool:
        if self._spec is None:
            import warnings

            from pathspec import GitIgnoreSpec  # 40 ms, which most runs are spared

            with warnings.catch_warnings():  # of `[[` in a pattern, which Git takes as it is
                warnings.simplefilter("ignore", FutureWarning)
                self._spec = GitIgnoreSpec.from_lines(self._others)
        return bool(self._spec.check_file(path).include)


class _Matcher:
    """Simple patterns: sets of names, paths and ends of names, and one regular expression for the rest."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._paths: set[str] = set()
        self._ends: tuple[str, ...] = ()
        self._wild: list[str] = []
        self._regex: re.Pattern[str] | None = None

    def add(self, pattern: str) -> bool:
        """Add a pattern without a last `/`; False if it is not a simple one."""
        anywhere = pattern.removeprefix("**/")
        if "//" in pattern or (anywhere != pattern and "/" in anywhere):
            return False
        if _PLAIN.fullmatch(anywhere):
            if "/" in anywhere:
                self._paths.add(pattern.removeprefix("/"))
            else:
                self._names.add(anywhere)
        elif pattern.startswith("*") and "/" not in pattern and _PLAIN.fullmatch(pattern[1:]):
            self._ends += (pattern[1:],)
        elif _SIMPLE.fullmatch(pattern) and "**" not in pattern:
            regex = _WILD.sub(lambda wild: _REGEXES.get(wild[0], wild[0]), pattern.replace(".", "\\.").lstrip("/"))
            self._wild.append(regex if "/" in pattern else f"(?:.*/)?{regex}")
        else:
            return False
        return True

    def matches(self, path: str, name: str) -> bool:
        """Whether one of the patterns matches a path, whose last part is `name`."""
        if name in self._names or path in self._paths or name.endswith(self._ends):
            return True
        if not self._wild:
            return False
        if self._regex is None:
            self._regex = re.compile("|".join(self._wild), re.DOTALL)
        return self._regex.fullmatch(path) is not None
