"""Which files a project consists of: every Python file below its root that neither git nor the config leaves out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from fastapi_guardrails.source.ignore import Patterns

#: Names of folders that hold no code of the project, wherever they are.
EXCLUDED_FOLDERS = frozenset(
    {
        ".bzr", ".eggs", ".git", ".guardrails_cache", ".hg", ".ipynb_checkpoints", ".mypy_cache", ".nox", ".pyenv",
        ".pytest_cache", ".ruff_cache", ".svn", ".tox", ".venv", "__pycache__", "__pypackages__", "node_modules",
        "site-packages", "venv",
    }
)  # fmt: skip

#: Names of folders that tools write to, unless they are packages of the project.
BUILD_FOLDERS = frozenset({"build", "dist", "_build"})


#: Outer folders whose requirements say nothing of the application.
_FOREIGN = frozenset({"docs", "docs_src", "examples", "scripts", "tests"})


class SourceFile(NamedTuple):
    """A file to read; `path` is relative to the project root, with `/`."""

    path: str


class Problem(NamedTuple):
    """A folder that could not be listed: its path relative to the project root, and why."""

    path: str
    message: str


class Discovery(NamedTuple):
    """What was found: files sorted by path, and what could not be looked into."""

    files: list[SourceFile]
    problems: list[Problem]


def inner_folders(paths: Iterable[str]) -> list[str]:
    """The outer folders of some files, two deep: where a monorepo keeps the requirements of its parts."""
    found: set[str] = set()
    for path in paths:
        outer, *rest = path.split("/")[:-1] or ("",)
        if outer and outer not in _FOREIGN:
            found.update((outer, f"{outer}/{rest[0]}") if rest else (outer,))
    return sorted(found)


def part_of(root: Path, path: str) -> str:
    """The nearest folder with a `pyproject.toml` at or above a file, relative to the root; "" for the root itself.

    Each such folder is a project of its own: in a monorepo there are several.

    Args:
        root: the project root.
        path: a file, relative to the root, with `/`.
    """
    folder = path.rpartition("/")[0]
    while folder and not (root / folder / "pyproject.toml").is_file():
        folder = folder.rpartition("/")[0]
    return folder


def find_root(paths: Sequence[Path]) -> Path:
    """The project root of paths: the nearest folder with a `pyproject.toml` at or above all of them, else the folder
    that holds them all.

    Args:
        paths: files or folders; the current folder where there is none.
    """
    absolute = [Path(os.path.abspath(path)) for path in paths] or [Path.cwd()]
    folders = [path if path.is_dir() else path.parent for path in absolute]
    common = Path(os.path.commonpath(folders))
    for folder in (common, *common.parents):
        if (folder / "pyproject.toml").is_file():
            return folder
    return common


def discover(root: Path, exclude: Sequence[str] = (), explicit: Iterable[str] = ()) -> Discovery:
    """The Python files below a root.

    Left out are what `.gitignore` files say (nested ones, those of the folders above up to the repository's, and
    `.git/info/exclude`; no git needed), the folders of tools and virtual environments, and what `exclude` names.
    A symbolic link is followed only out of the project: what is inside is found at its own place.

    Args:
        root: the project root.
        exclude: globs as in `.gitignore`, relative to the root.
        explicit: files, relative to the root, that are taken even if they are excluded.
    """
    walk = _Walk(os.path.abspath(root), exclude)
    paths = set(walk.run())
    for path in explicit:
        if path.endswith(".py") and os.path.isfile(os.path.join(walk.root, path)):
            paths.add(path)
    return Discovery([SourceFile(path) for path in sorted(paths)], sorted(walk.problems))


class _Ignore(NamedTuple):
    """Patterns that hold below a folder; `prefix` turns a path relative to the root into one that they match."""

    base: str
    prefix: str
    patterns: Patterns

    def verdict(self, path: str, is_folder: bool) -> bool | None:
        """Whether the patterns leave a path out (True), take it in again (False) or say nothing of it."""
        return self.patterns.verdict(self.prefix + path[len(self.base) :], is_folder)


class _Walk:
    """One walk over the tree below a root."""

    def __init__(self, root: str, exclude: Sequence[str]) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self._real_root = os.path.realpath(root)
        self._linked: set[str] = set()
        self._exclude = _Ignore("", "", Patterns(exclude)) if exclude else None

    def run(self) -> Iterator[str]:
        """Paths of all files, in no order."""
        stack = [(self.root, "", tuple(self._above()))]
        while stack:
            folder, prefix, ignores = stack.pop()
            entries = self._list(folder, prefix)
            names = {entry.name for entry in entries}
            if prefix and _is_foreign(prefix, names):
                continue
            if ".gitignore" in names:
                ignores = (*ignores, *_read_ignores(os.path.join(folder, ".gitignore"), prefix, ""))
            for entry in entries:
                path = prefix + entry.name
                if entry.name.endswith(".py") and self._is_file(entry):
                    if not self._is_ignored(path, False, ignores):
                        yield path
                elif self._is_folder(entry) and not self._is_ignored(path, True, ignores):
                    stack.append((entry.path, path + "/", ignores))

    def _list(self, folder: str, prefix: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return list(entries)
        except OSError as error:
            self.problems.append(Problem(prefix.rstrip("/") or ".", error.strerror or str(error)))
            return []

    def _is_file(self, entry: os.DirEntry[str]) -> bool:
        try:
            return entry.is_file() and not (entry.is_symlink() and self._is_inside(entry.path))
        except OSError:  # a loop of links
            return False

    def _is_folder(self, entry: os.DirEntry[str]) -> bool:
        if entry.name in EXCLUDED_FOLDERS:
            return False
        try:
            if entry.is_dir(follow_symlinks=False):
                return True
            return entry.is_symlink() and entry.is_dir() and self._is_new_folder(entry.path)
        except OSError:  # a loop of links
            return False

    def _is_inside(self, link: str) -> bool:
        return os.path.realpath(link).startswith(self._real_root + os.sep)

    def _is_new_folder(self, link: str) -> bool:
        """Whether a link leads to a folder outside the project, not walked yet, that does not hold the project."""
        target = os.path.realpath(link)
        if target in self._linked or self._is_inside(link) or (self._real_root + os.sep).startswith(target + os.sep):
            return False
        self._linked.add(target)
        return True

    def _is_ignored(self, path: str, is_folder: bool, ignores: tuple[_Ignore, ...]) -> bool:
        if self._exclude is not None and self._exclude.verdict(path, is_folder):
            return True
        for ignore in reversed(ignores):
            verdict = ignore.verdict(path, is_folder)
            if verdict is not None:
                return verdict
        return False

    def _above(self) -> Iterator[_Ignore]:
        """Patterns of the repository that hold in the root: those of the folders above it, outermost first.

        A root that is itself ignored was asked for all the same: then they do not count.
        """
        folder, below = self.root, ""
        found: list[_Ignore] = []
        while not os.path.exists(os.path.join(folder, ".git")):
            parent, name = os.path.split(folder)
            if parent == folder:
                return
            folder, below = parent, f"{name}/{below}"
            found += _read_ignores(os.path.join(folder, ".gitignore"), "", below)
        found += _read_ignores(os.path.join(folder, ".git", "info", "exclude"), "", below)
        for ignore in reversed(found):
            if not (ignore.prefix and _covers(ignore.patterns, ignore.prefix)):
                yield ignore


def _covers(patterns: Patterns, folder: str) -> bool:
    """Whether patterns ignore a folder, or one that it is in."""
    names = folder.rstrip("/").split("/")
    return any(patterns.verdict("/".join(names[: count + 1]), True) for count in range(len(names)))


def _is_foreign(path: str, names: set[str]) -> bool:
    """Whether a folder holds a virtual environment or what a tool built."""
    if "pyvenv.cfg" in names:
        return True
    name = path.rstrip("/").rpartition("/")[2]
    if name not in BUILD_FOLDERS or "__init__.py" in names:
        return False
    # Setuptools puts nothing but folders into `build`; modules there are a package without `__init__.py`.
    return name != "build" or not any(file.endswith(".py") for file in names)


def _read_ignores(file: str, base: str, prefix: str) -> list[_Ignore]:
    """The patterns of an ignore file, if it is there."""
    try:
        with open(file, encoding="utf-8", errors="replace") as stream:
            patterns = Patterns(line.rstrip("\n") for line in stream)
    except OSError:
        return []
    return [_Ignore(base, prefix, patterns)] if patterns else []
