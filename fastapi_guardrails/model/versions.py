"""Which versions of FastAPI, Pydantic, SQLAlchemy and Python a project runs on, as far as its own files say.

A lock file says exactly; requirements and `pyproject.toml` give a range. An override in the config wins. Where the
files of the project root say nothing, those of the folders below it do (`backend/pyproject.toml`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fastapi_guardrails.source import facts as f
from fastapi_guardrails.source.files import inner_folders

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PACKAGES = ("fastapi", "pydantic", "sqlalchemy", "python")

_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(?:\(?\s*([<>=!~^][^;#)]*))?")
_BOUND = re.compile(r"(==|>=|<=|~=|\^|~|>|<|!=)?\s*v?(\d+(?:\.(?:\d+|\*))*)")

#: FastAPI that allows Pydantic 2.
_FIRST_WITH_PYDANTIC_2 = "0.100"
_STRING = re.compile(r"""["']([^"'\n]+)["']""")

Numbers = tuple[int, ...]


class Range(NamedTuple):
    """Versions from `low` (included) to `high` (excluded, unless `closed`); None is open."""

    low: Numbers | None = None
    high: Numbers | None = None
    closed: bool = False

    def at_least(self, version: str) -> bool | None:
        """Whether every version of the range is `version` or later: yes, no version is, or unknown."""
        wanted = _significant(numbers(version))
        low, high = self.low and _significant(self.low), self.high and _significant(self.high)
        if low is not None and low >= wanted:
            return True
        if high is not None and (high < wanted or (high == wanted and not self.closed)):
            return False
        return None


class Versions:
    """The versions of a project's libraries, by package name."""

    def __init__(self, ranges: dict[str, Range]) -> None:
        self._ranges = ranges

    def limit(self, package: str, below: str) -> None:
        """Take down that the project runs on a version of `package` before `below`."""
        self._ranges[package] = Range(self.of(package).low, numbers(below))

    def of(self, package: str) -> Range:
        """The range of a package; open at both ends where nothing is said."""
        return self._ranges.get(package, Range())

    def at_least(self, package: str, version: str) -> bool | None:
        """Whether the project's `package` is `version` or later: yes, no, or unknown."""
        return self.of(package).at_least(version)


def imports_old_pydantic(body: Sequence[f.Stmt]) -> bool:
    """Whether a module imports, without asking, what only Pydantic 1 has: `from pydantic import BaseSettings`."""
    return any(
        isinstance(node, f.ImportFrom)
        and node.module == "pydantic"
        and any(a.name == "BaseSettings" for a in node.names)
        for node in body
    )


def numbers(version: str) -> Numbers:
    """`"0.115.2"` → `(0, 115, 2)`."""
    return tuple(int(p) for p in re.findall(r"\d+", version)[:4])


def _significant(version: Numbers) -> Numbers:
    """`2`, `2.0` and `2.0.0` are one version."""
    while version and not version[-1]:
        version = version[:-1]
    return version


def parse_range(specifier: str) -> Range:
    """A range from a version specifier: PEP 440's, or Poetry's `^` and `~`."""
    low: Numbers | None = None
    high: Numbers | None = None
    closed = False
    for operator, text in _BOUND.findall(specifier):
        version = numbers(text)
        if operator in ("==", "") or text.endswith("*"):
            exact = not text.endswith("*")
            return Range(version, version if exact else _next(version), exact)
        if operator in (">=", ">"):
            low = version
        elif operator == "<":
            high = version
        elif operator == "<=":
            high, closed = version, True
        elif operator == "~=":
            low, high = version, _next(version[:-1] or version)
        elif operator == "^":
            low, high = version, _caret(version)
        elif operator == "~":
            low, high = version, _next(version[:2])
    return Range(low, high, closed)


def _next(version: Numbers) -> Numbers:
    return (*version[:-1], version[-1] + 1)


def _caret(version: Numbers) -> Numbers:
    for index, part in enumerate(version):
        if part:
            return (*version[:index], part + 1)
    return _next(version)


def read_versions(root: Path, overrides: dict[str, str | None], paths: Iterable[str] = ()) -> Versions:
    """The versions that the files of a project name, lock files first; `overrides` win.

    Args:
        root: the project root.
        overrides: versions by package, from the configuration.
        paths: the project's files: where the root says nothing, the folders that hold them are asked.
    """
    found: dict[str, Range] = {}
    for folder in _folders(root):
        for package, range_ in _read(folder).items():
            found.setdefault(package, range_)
    if "fastapi" not in found and "pydantic" not in found:
        found = {**_read_below(root, paths), **found}
    for package, version in overrides.items():
        if version:
            found[package] = Range(numbers(version), numbers(version), True)
    if found.get("fastapi", Range()).at_least(_FIRST_WITH_PYDANTIC_2) is False:
        found.setdefault("pydantic", Range(None, (2,)))
    return Versions(found)


def _read(folder: Path) -> dict[str, Range]:
    found: dict[str, Range] = {}
    for read in (_from_locks, _from_pyproject, _from_pipfile, _from_requirements, _from_setup):
        for package, range_ in read(folder).items():
            found.setdefault(package, range_)
    return found


def _read_below(root: Path, paths: Iterable[str]) -> dict[str, Range]:
    """What the folders below a project root say together: a range that holds the versions of each."""
    found: dict[str, Range] = {}
    for folder in inner_folders(paths):
        for package, range_ in _read(root / folder).items():
            known = found.get(package)
            found[package] = range_ if known is None else _either(known, range_)
    return found


def _either(one: Range, other: Range) -> Range:
    low = None if one.low is None or other.low is None else min(one.low, other.low)
    if one.high is None or other.high is None:
        return Range(low)
    high = max(one.high, other.high)
    return Range(low, high, any(r.closed for r in (one, other) if r.high == high))


def _folders(root: Path) -> list[Path]:
    """The project root and, for a backend in a monorepo, the folder around it."""
    return [root] if (root / ".git").exists() else [root, root.parent]


def _load(path: Path) -> dict[str, Any]:
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}
    return data


def _from_locks(folder: Path) -> dict[str, Range]:
    found: dict[str, Range] = {}
    for name in ("uv.lock", "poetry.lock", "pdm.lock"):
        for package in _items(_load(folder / name).get("package"), dict):
            name_, version = package.get("name"), package.get("version")
            if isinstance(name_, str) and isinstance(version, str) and name_.lower() in PACKAGES:
                found.setdefault(name_.lower(), Range(numbers(version), numbers(version), True))
    return found


def _from_pyproject(folder: Path) -> dict[str, Range]:
    data = _load(folder / "pyproject.toml")
    project = _table(data, "project")
    lines: list[str] = _items(project.get("dependencies"), str)
    for group in _table(project, "optional-dependencies").values():
        lines += _items(group, str)
    found = _from_lines(lines)
    if isinstance(project.get("requires-python"), str):
        found["python"] = parse_range(project["requires-python"])
    for package, range_ in _from_table(_table(data, "tool", "poetry", "dependencies")).items():
        found.setdefault(package, range_)
    return found


def _from_table(packages: dict[str, Any]) -> dict[str, Range]:
    """A table of requirements: `fastapi = "^0.115"`, `fastapi = {version = "*"}`."""
    found: dict[str, Range] = {}
    for name, value in packages.items():
        specifier = value.get("version") if isinstance(value, dict) else value
        if name.lower() in PACKAGES and isinstance(specifier, str):
            found.setdefault(name.lower(), parse_range(specifier))
    return found


def _table(data: dict[str, Any], *names: str) -> dict[str, Any]:
    """A table inside tables; empty where something else stands there."""
    for name in names:
        inner = data.get(name)
        data = inner if isinstance(inner, dict) else {}
    return data


def _items(value: object, kind: type) -> list[Any]:
    """The items of a list that are of a kind; none where no list stands there."""
    return [item for item in value if isinstance(item, kind)] if isinstance(value, list) else []


def _from_requirements(folder: Path) -> dict[str, Range]:
    found: dict[str, Range] = {}
    candidates = [
        *sorted(folder.glob("*requirements*.txt")),
        *sorted(folder.glob("*requirements*.in")),
        folder / "requires.txt",
        *sorted(folder.glob("requirements/*.txt")),
        *sorted(folder.glob("requirements/*.in")),
    ]
    for path in candidates:
        for package, range_ in _from_lines(_text(path).splitlines()).items():
            found.setdefault(package, range_)
    return found


def _from_pipfile(folder: Path) -> dict[str, Range]:
    packages = _table(_load(folder / "Pipfile"), "packages")
    return _from_table(packages)


def _from_setup(folder: Path) -> dict[str, Range]:
    """What `setup.cfg` and the strings of `setup.py` name."""
    found = _from_lines(_text(folder / "setup.cfg").splitlines())
    for package, range_ in _from_lines(_STRING.findall(_text(folder / "setup.py"))).items():
        found.setdefault(package, range_)
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _from_lines(lines: list[str]) -> dict[str, Range]:
    found: dict[str, Range] = {}
    for line in lines:
        match = _REQUIREMENT.match(line)
        if match and match.group(1).lower() in PACKAGES:
            found.setdefault(match.group(1).lower(), parse_range(match.group(2) or ""))
    return found
