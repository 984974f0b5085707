"""The reference app's source as pages: one per file, one section per symbol, so that a link to a symbol cannot rot."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from sitegen import markup

ROOT = Path(__file__).parents[2]
APP = ROOT / "reference_app"
FOLDER = "reference-app/code"
_SKIPPED = frozenset({"__pycache__", "node_modules", "build", "dist", "site"})
_Definition = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Section(NamedTuple):
    """A symbol and its source; the symbol is empty for what has no name of its own."""

    symbol: str
    text: str
    depth: int


@lru_cache(maxsize=1)
def files() -> tuple[str, ...]:
    """The files that get a page, relative to the reference app."""
    return tuple(sorted(["pyproject.toml", *(p for p in _python_files() if list(sections(p)))]))


def _python_files() -> Iterator[str]:
    for folder in ("alembic", "app", "tests"):
        for file in (APP / folder).rglob("*.py"):
            path = file.relative_to(APP)
            if not _SKIPPED & set(path.parts) and file.read_text(encoding="utf-8").strip():
                yield path.as_posix()


def page_of(file: str) -> str:
    """The page of a file."""
    return f"{FOLDER}/{re.sub(r'[.](py|toml)$', '', file)}.md"


def link(place: str, from_page: str) -> str:
    """A link to a place (`file::symbol`, `file` or `folder/`) of the reference app.

    Raises:
        KeyError: there is no such file, folder or symbol.
    """
    file, _, symbol = place.partition("::")
    if file.endswith("/"):
        if not any(f.startswith(file) for f in files()):
            raise KeyError(f"the reference app has no folder {file}")
        return markup.relative(from_page, f"{FOLDER}/index.md") + f"#{anchor(file)}"
    if file not in files():
        raise KeyError(f"the reference app has no file {file}")
    target = markup.relative(from_page, page_of(file))
    if not symbol:
        return target
    if symbol not in {section.symbol for section in sections(file)}:
        raise KeyError(f"{file} of the reference app has no {symbol}")
    return f"{target}#{anchor(symbol)}"


def anchor(symbol: str) -> str:
    """The anchor of a symbol, table or folder; Markdown would take two underscores for bold."""
    return symbol.strip("[]/").replace("/", "-").replace("__", "")


@cache
def sections(file: str) -> tuple[Section, ...]:
    """The source of a file, cut at its symbols, in order."""
    text = (APP / file).read_text(encoding="utf-8")
    return tuple(_toml_sections(text) if file.endswith(".toml") else _python_sections(text))


def _toml_sections(text: str) -> Iterator[Section]:
    for part in re.split(r"^(?=(?:#.*\n)*\[)", text, flags=re.MULTILINE):
        head = re.search(r"^\[+([^\]]+)\]+", part, re.MULTILINE)
        if part.strip():
            yield Section(f"[{head[1]}]" if head else "", part.strip("\n"), 2)


def _python_sections(text: str) -> Iterator[Section]:
    tree = ast.parse(text)
    lines = text.split("\n")
    yield from _cut(tree.body, lines, 0, len(lines), "", 2)


def _cut(body: list[ast.stmt], lines: list[str], start: int, end: int, owner: str, depth: int) -> Iterator[Section]:
    """Sections of statements; what has no name joins what has none before it."""
    at, pending = start, start
    for statement in body:
        names = _names(statement, owner)
        last = statement.end_lineno or statement.lineno
        if names:
            begin = _with_comments(statement, lines, at)
            yield from _section("", lines, pending, begin, depth)
            if isinstance(statement, ast.ClassDef):
                yield from _class(statement, lines, begin, last, names[0], depth)
            else:
                yield from _section(names[0], lines, begin, last, depth)
            pending = last
        at = last
    yield from _section("", lines, pending, end, depth)


def _class(node: ast.ClassDef, lines: list[str], begin: int, end: int, name: str, depth: int) -> Iterator[Section]:
    """A class: its head with fields as one section, then one per method."""
    methods = [statement for statement in node.body if isinstance(statement, _Definition)]
    if not methods:
        yield from _section(name, lines, begin, end, depth)
        return
    first = _with_comments(methods[0], lines, begin)
    yield from _section(name, lines, begin, first, depth)
    at = first
    for index, method in enumerate(methods):
        last = _with_comments(methods[index + 1], lines, at) if index + 1 < len(methods) else end
        yield from _section(f"{name}.{method.name}", lines, at, last, depth + 1)
        at = last


def _section(symbol: str, lines: list[str], begin: int, end: int, depth: int) -> Iterator[Section]:
    text = textwrap.dedent("\n".join(lines[begin:end])).strip("\n")
    if text.strip():
        yield Section(symbol, text, depth)


def _names(statement: ast.stmt, owner: str) -> list[str]:
    if isinstance(statement, _Definition):
        return [owner + statement.name]
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    targets = [statement.target] if isinstance(statement, ast.AnnAssign) else targets
    return [owner + t.id for t in targets if isinstance(t, ast.Name) and t.id != "logger"]


def _with_comments(statement: ast.stmt, lines: list[str], least: int) -> int:
    """The index of a statement's first line, with its decorators and the comments above it."""
    decorators = statement.decorator_list if isinstance(statement, _Definition) else []
    begin = min([statement.lineno, *(d.lineno for d in decorators)]) - 1
    while begin > least and lines[begin - 1].strip().startswith("#"):
        begin -= 1
    return begin


def page(file: str) -> str:
    """The Markdown of a file's page."""
    language = "toml" if file.endswith(".toml") else "python"
    parts = ["---", f"title: {file}", "search: {boost: 0.5}", "---", f"# `{file}`", ""]
    rest = list(sections(file))
    if language == "python":
        head = rest[0].text if rest and not rest[0].symbol else ""
        docstring = ast.get_docstring(ast.parse(head)) if head else None
        if docstring:
            parts += [f"```text\n{docstring}\n```" if "    " in docstring else docstring, ""]
            code = head[_docstring_end(head) :].strip("\n")
            rest[:1] = [Section("", code, 2)] if code else []
    for section in rest:
        if section.symbol:
            level = "#" * section.depth
            parts += [f"{level} `{section.symbol}` {{ #{anchor(section.symbol)} }}", ""]
        parts += [f"````{language}\n{section.text}\n````", ""]
    return "\n".join(parts)


def _docstring_end(head: str) -> int:
    node = ast.parse(head).body[0]
    return sum(len(line) + 1 for line in head.split("\n")[: node.end_lineno])


def index() -> str:
    """The Markdown of the list of all files, by folder."""
    text = Path(__file__).with_name("code_index.md").read_text(encoding="utf-8")
    folders: dict[str, list[str]] = {}
    for file in files():
        folder = file.rpartition("/")[0]
        folders.setdefault(f"{folder}/" if folder else "", []).append(file)
    own = f"{FOLDER}/index.md"
    parts = [text]
    for folder, inside in folders.items():
        parts.append(f"## `{folder}` {{ #{anchor(folder)} }}\n" if folder else "## Project file\n")
        for file in inside:
            parts.append(f"- [`{file.rpartition('/')[2]}`]({markup.relative(own, page_of(file))}){_about(file)}")
        parts.append("")
    return "\n".join(parts)


def _about(file: str) -> str:
    if not file.endswith(".py"):
        return ""
    docstring = ast.get_docstring(ast.parse((APP / file).read_text(encoding="utf-8")))
    return f": {docstring.splitlines()[0]}" if docstring else ""
