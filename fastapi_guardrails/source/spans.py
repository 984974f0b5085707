"""From where something starts (`finding.Mark`, all that facts keep) to the whole range that a report shows.

What is around is parsed again for that: only files with findings pay, and of those only the statements that something
is found in.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from fastapi_guardrails.finding import Mark, Range
from fastapi_guardrails.source import loader, stretches
from fastapi_guardrails.source.stretches import Stretch
from fastapi_guardrails.source.text import character_column, split_lines

#: A place as `ast` counts: 1-based line, 0-based byte offset.
_Place = tuple[int, int]

_COMPOUND = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)
#: Keywords, with what of the name is on their line.
_HEAD = re.compile(rb"\s*(?:(?:async|def|class)\b\s*)*\\?(?P<name>[^\s\\(\[:]*)")

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def resolve(text: str, mark: Mark, around: Sequence[Stretch] = ()) -> Range:
    """The range of what starts at a mark, by the mark's kind.

    An expression is the outermost one that starts there. A compound statement, a definition and an `except` end with
    their header. Where nothing of that kind starts (and in a file that cannot be parsed) the range is the rest of the
    line.

    Args:
        text: the file's text, as `Sources.text` gives it.
        mark: where it starts.
        around: what of the file to parse (`Sources.around`); all of it without.
    """
    source = _source(text)
    if mark.kind == "file":
        return Range(mark.path, 1, 1, 1, len(source.line(1).rstrip()) + 1)
    start: _Place = (mark.line, mark.offset)
    end = None
    if mark.kind != "line":
        start, end = source.find(mark.kind, start, around)
    if end is None or end <= start:
        end = source.end_of_line(start)
    return Range(mark.path, start[0], source.column(start), end[0], source.column(end))


def attribute_names(text: str, mark: Mark, name: str, around: Sequence[Stretch] = ()) -> list[Range]:
    """Where the names are of all attributes `name` of expressions that start at a mark (`a.copy().copy()` has two).

    Args:
        text: the file's text.
        mark: where the expressions start.
        name: of the attribute.
        around: as `resolve` takes it.
    """
    source = _source(text)
    ends = source.index(mark.line, around).attributes.get((mark.line, mark.offset, name), ())
    found = []
    for line, offset in ends:
        column = source.column((line, offset))
        if source.line(line)[: column - 1].endswith(name):  # newer syntax was lowered, and columns may have moved
            found.append(Range(mark.path, line, column - len(name), line, column))
    return found


class _Index(NamedTuple):
    """Ends of what starts at a place, by kind; of attributes also by name."""

    ends: dict[str, dict[_Place, _Place]]
    decorators: dict[_Place, _Place]
    attributes: dict[tuple[int, int, str], list[_Place]]


class _Source:
    """A text with what starts where in it."""

    def __init__(self, text: str) -> None:
        self._lines = split_lines(text)
        self._text = text
        self._trees: dict[Stretch | None, ast.Module | None] = {}
        self._built: dict[int, _Index] = {}

    def line(self, number: int) -> str:
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""

    def column(self, place: _Place) -> int:
        return character_column(self.line(place[0]), place[1])

    def end_of_line(self, start: _Place) -> _Place:
        end = len(self.line(start[0]).rstrip().encode("utf-8", "surrogatepass"))
        return start[0], max(end, start[1])

    def find(self, kind: str, start: _Place, around: Sequence[Stretch]) -> tuple[_Place, _Place | None]:
        """Where what a mark names starts and ends; no end if nothing of that kind starts there."""
        index = self.index(start[0], around)
        if kind == "decorator":
            return self._decorator(start, index)
        return start, index.ends.get(kind, {}).get(start)

    def _decorator(self, start: _Place, index: _Index) -> tuple[_Place, _Place | None]:
        """A decorator is marked by its `@` or by its expression."""
        if start in index.decorators:
            before = self.line(start[0]).encode("utf-8", "surrogatepass")[: start[1]]
            at = before.rfind(b"@")
            return (start[0], at if at >= 0 else start[1]), index.decorators[start]
        same_line = (place for place in sorted(index.decorators) if place[0] == start[0] and place > start)
        expression = next(same_line, None)
        return start, None if expression is None else index.decorators[expression]

    def index(self, line: int, around: Sequence[Stretch]) -> _Index:
        """What starts where, for a line at least."""
        built = self._built.get(line)
        if built is None:
            built = self._built[line] = self._build(line, self._tree(line, around))
        return built

    def _tree(self, line: int, around: Sequence[Stretch]) -> ast.Module | None:
        """The statement that a line is in, or more of the file; None for a file that cannot be parsed."""
        for stretch in around:
            if stretch not in self._trees:
                self._trees[stretch] = stretches.parse(self._lines, stretch)
            tree = self._trees[stretch]
            if tree is not None and stretches.holds(tree, line):
                return tree
        if None not in self._trees:
            self._trees[None] = loader.parse_again(self._text)
        return self._trees[None]

    def _build(self, line: int, tree: ast.Module | None) -> _Index:
        ends: dict[str, dict[_Place, _Place]] = {
            kind: {} for kind in ("expr", "stmt", "def", "class", "param", "keyword", "except")
        }
        decorators: dict[_Place, _Place] = {}
        attributes: dict[tuple[int, int, str], list[_Place]] = {}
        for node in _nodes(tree, line) if tree else ():
            if isinstance(node, (ast.expr, ast.alias)):
                start, end = _start(node), _end(node)
                if ends["expr"].get(start, start) <= end:
                    ends["expr"][start] = end
                if isinstance(node, ast.Attribute):
                    attributes.setdefault((*start, node.attr), []).append(end)
            elif isinstance(node, ast.stmt):
                start = _start(node)
                ends["stmt"][start] = self._statement_end(node)
                if isinstance(node, _DEFINITIONS):
                    ends["class" if isinstance(node, ast.ClassDef) else "def"][start] = self._name_end(node)
                    decorators.update((_start(d), _end(d)) for d in node.decorator_list)
            elif isinstance(node, ast.arg):
                ends["param"][_start(node)] = _end(node)
            elif isinstance(node, ast.keyword):
                ends["keyword"][_start(node)] = _end(node)
            elif isinstance(node, ast.ExceptHandler):
                ends["except"][_start(node)] = self._handler_end(node)
        return _Index(ends, decorators, attributes)

    def _statement_end(self, node: ast.stmt) -> _Place:
        if isinstance(node, _DEFINITIONS):
            return self._name_end(node)
        if not isinstance(node, _COMPOUND) and type(node).__name__ != "TryStar":
            return _end(node)
        header = [_end(part) for part in _header(node)]
        if header:
            return max(header)
        word = self._bytes(node.lineno)[node.col_offset :].partition(b":")[0]
        return node.lineno, node.col_offset + len(word.rstrip())

    def _name_end(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> _Place:
        """The end of a definition's name, which may stand on a later line than its keyword."""
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
            skipped = node.col_offset if line == node.lineno else 0
            found = _HEAD.match(self._bytes(line), skipped)
            if found and found["name"]:
                return line, found.end("name")
        return self.end_of_line(_start(node))

    def _handler_end(self, node: ast.ExceptHandler) -> _Place:
        if node.type is None:
            return node.lineno, node.col_offset + len("except")
        line, offset = _end(node.type)
        if isinstance(node.type, ast.Tuple) and self._bytes(line)[offset - 1 : offset] != b")":
            return _end(node.type.elts[-1])  # the parenthesis is not in the text, but lowered into it
        rest = self._bytes(line)[offset:]
        tail = rest.partition(b":")[0].rstrip() if node.name or rest.startswith(b")") else b""
        return line, offset + len(tail)

    def _bytes(self, number: int) -> bytes:
        return self.line(number).encode("utf-8", "surrogatepass")


def _nodes(tree: ast.AST, line: int) -> Iterator[ast.AST]:
    """The nodes of a tree in no certain order, without the statements that a line is not in."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.stmt) and not _first_line(node) <= line <= (node.end_lineno or node.lineno):
            continue
        yield node
        for name in node._fields:
            value = getattr(node, name, None)
            if value.__class__ is list:
                stack += [item for item in value if isinstance(item, ast.AST)]
            elif isinstance(value, ast.AST):
                stack.append(value)


def _first_line(node: ast.stmt) -> int:
    decorators = node.decorator_list if isinstance(node, _DEFINITIONS) else ()
    return min((node.lineno, *(decorator.lineno for decorator in decorators)))


def _header(node: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a compound statement before its colon."""
    for name, value in ast.iter_fields(node):
        if name in ("body", "orelse", "finalbody", "handlers", "cases"):
            continue
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.AST):
                yield from (inner for inner in ast.walk(part) if isinstance(inner, ast.expr))


@lru_cache(maxsize=512)
def _source(text: str) -> _Source:
    return _Source(text)


def _start(node: ast.AST) -> _Place:
    return node.lineno, node.col_offset  # type: ignore[attr-defined]


def _end(node: ast.AST) -> _Place:
    return node.end_lineno or node.lineno, node.end_col_offset or node.col_offset  # type: ignore[attr-defined]
