"""The libcst nodes of the definition around a mark, with their positions in the file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import NamedTuple, TypeVar

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from fastapi_guardrails.finding import Edit, Mark, Range
from fastapi_guardrails.source.loader import parse_again
from fastapi_guardrails.source.text import character_column, line_starts, split_lines

_Node = TypeVar("_Node", bound=cst.CSTNode)


class Place(NamedTuple):
    """1-based line, 1-based character column."""

    line: int
    column: int


class Syntax:
    """Nodes of a stretch of a file (the definition or statement around a mark), and edits of them.

    Attributes:
        path: the file.
        text: its whole text.
        module: the libcst module of the stretch; where that is indented, its one statement is an `if` around it.
    """

    def __init__(self, path: str, text: str, first: int, last: int) -> None:
        lines = text[slice(*_extent(text, first, last))]
        wraps = lines[:1] in (" ", "\t", "\f")
        self.path = path
        self.text = text
        parsed = cst.parse_module(("if 1:\n" if wraps else "") + lines)
        wrapper = MetadataWrapper(parsed, unsafe_skip_copy=True)
        self.module = wrapper.module
        self._positions = wrapper.resolve(PositionProvider)
        self._shift = first - 1 - int(wraps)

    @cached_property
    def _starts(self) -> dict[Place, list[cst.CSTNode]]:
        """The nodes that start at a place, longest first."""
        found: dict[Place, list[cst.CSTNode]] = {}
        for node in self._positions:
            found.setdefault(self.start(node), []).append(node)
        for nodes in found.values():
            nodes.sort(key=self.end, reverse=True)
        return found

    @cached_property
    def _parents(self) -> dict[cst.CSTNode, cst.CSTNode]:
        return {child: node for node in self.all_nodes() for child in node.children}

    def nodes(self, kind: type[_Node]) -> Iterator[_Node]:
        """All nodes of a kind, outer before inner, in the order of the source."""
        return (node for node in self.all_nodes() if isinstance(node, kind))

    def all_nodes(self) -> Iterator[cst.CSTNode]:
        """All nodes, outer before inner, in the order of the source."""
        stack: list[cst.CSTNode] = [self.module]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))

    def find(self, kind: type[_Node], mark: Mark) -> _Node | None:
        """The outermost node of a kind that starts at a mark, or None."""
        return next(self.starting(kind, mark), None)

    def starting(self, kind: type[_Node], mark: Mark) -> Iterator[_Node]:
        """The nodes of a kind that start at a mark, outermost first (as the calls of a chain do)."""
        return (node for node in self._starts.get(self.place(mark), ()) if isinstance(node, kind))

    def place(self, mark: Mark) -> Place:
        """Where a mark is; of a decorator, where its expression begins."""
        line = _line(self.text, mark.line)
        column = character_column(line, mark.offset)
        if mark.kind == "decorator" and line[column - 1 : column] == "@":
            rest = line[column:]
            column += 1 + len(rest) - len(rest.lstrip())
        return Place(mark.line, column)

    def start(self, node: cst.CSTNode) -> Place:
        """Where a node's first character is; parentheses around it are not part of it."""
        position = self._positions[node].start
        return Place(position.line + self._shift, position.column + 1)

    def end(self, node: cst.CSTNode) -> Place:
        """Where the character after a node is."""
        position = self._positions[node].end
        return Place(position.line + self._shift, position.column + 1)

    def range(self, node: cst.CSTNode) -> Range:
        """From the first to after the last character of a node."""
        return Range(self.path, *self.start(node), *self.end(node))

    def code(self, node: cst.CSTNode) -> str:
        """The source of a node as it is written, without parentheses and blank space around it."""
        return between(self.text, self.start(node), self.end(node))

    def has_comment(self, node: cst.CSTNode) -> bool:
        """Whether a comment is inside a node (or at the end of a statement's last line)."""
        stack: list[cst.CSTNode] = [node]
        while stack:
            inner = stack.pop()
            if isinstance(inner, cst.Comment):
                return True
            stack.extend(inner.children)
        return False

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node that a node is a direct part of."""
        return self._parents.get(node)

    def replace(self, node: cst.CSTNode, text: str) -> Edit:
        """Put another text in place of a node.

        Further lines of the text get the indentation of the line on which the node begins.
        """
        return Edit(self.range(node), indent(text, self.indentation(node)))

    def insert(self, at: Place, text: str) -> Edit:
        """Put a text before a place."""
        return Edit(Range(self.path, *at, *at), text)

    def delete(self, start: Place, end: Place) -> Edit:
        """Take out what is between two places."""
        return Edit(Range(self.path, *start, *end), "")

    def indentation(self, node: cst.CSTNode) -> str:
        """The blank space at the beginning of the line on which a node begins."""
        line = _line(self.text, self.start(node).line)
        return line[: len(line) - len(line.lstrip())]

    def remove_statement(self, node: cst.CSTNode) -> Edit:
        """Take a statement out with its lines; a block that would be left empty gets a `pass`.

        Comments above it stay. A statement that shares its line with others (`a; b`) loses its text only.
        """
        block = self.parent(node)
        if isinstance(block, cst.SimpleStatementLine):
            if len(block.body) > 1:
                return self._remove_from_line(block, node)
            return self.remove_statement(block)
        first, last = self._first_line(node), self.end(node).line
        if isinstance(block, (cst.IndentedBlock, cst.SimpleStatementSuite)) and len(block.body) == 1:
            return Edit(Range(self.path, *self._head(node), *self.end(node)), "pass")
        return self.delete(Place(first, 1), self._after_line(last))

    def _after_line(self, number: int) -> Place:
        """The beginning of the next line, or the end of a last line without a newline."""
        starts = line_starts(self.text)
        return Place(number + 1, 1) if number < len(starts) else Place(number, len(_line(self.text, number)) + 1)

    def _remove_from_line(self, line: cst.SimpleStatementLine, node: cst.CSTNode) -> Edit:
        index = next(i for i, statement in enumerate(line.body) if statement is node)
        if index + 1 < len(line.body):
            return self.delete(self.start(node), self.start(line.body[index + 1]))
        return self.delete(self.end(line.body[index - 1]), self.end(node))

    def _head(self, node: cst.CSTNode) -> Place:
        decorators = getattr(node, "decorators", ())
        return self.start(decorators[0]) if decorators else self.start(node)

    def _first_line(self, node: cst.CSTNode) -> int:
        return self._head(node).line


def syntax_at(text: str, mark: Mark) -> Syntax | None:
    """The nodes of the function or class, or else the statement, in which a mark is.

    Args:
        text: the file's text.
        mark: a place in it.
    """
    return _syntax(text, mark.path, *_stretch(text, mark.line))


def statement_at(text: str, mark: Mark) -> tuple[Syntax, cst.BaseStatement | cst.BaseSmallStatement] | None:
    """The innermost statement that starts at a mark, with the syntax around it; a small one without its line.

    Args:
        text: the file's text.
        mark: where the statement starts; of a decorated definition, where its `def` or `class` is.
    """
    syntax = syntax_at(text, mark)
    if syntax is None:
        return None
    place = syntax.place(mark)
    kinds = (cst.BaseCompoundStatement, cst.BaseSmallStatement)
    found = [n for n in syntax.all_nodes() if isinstance(n, kinds) and syntax.start(n) == place]
    return (syntax, found[-1]) if found else None


def class_at(text: str, mark: Mark) -> tuple[Syntax, cst.ClassDef] | None:
    """The class whose `class` keyword is at a mark, with the syntax around it."""
    syntax = syntax_at(text, mark)
    found = None if syntax is None else syntax.find(cst.ClassDef, mark)
    return None if syntax is None or found is None else (syntax, found)


def indent(text: str, by: str) -> str:
    """A text whose lines after the first are indented, blank ones excepted."""
    first, *rest = text.split("\n")
    return "\n".join([first, *(by + line if line.strip() else line for line in rest)])


def between(text: str, start: Place, end: Place) -> str:
    """The characters between two places."""
    starts = line_starts(text)
    return text[starts[start.line - 1] + start.column - 1 : starts[end.line - 1] + end.column - 1]


@lru_cache(maxsize=16)
def _syntax(text: str, path: str, first: int, last: int) -> Syntax | None:
    try:
        return Syntax(path, text, first, last)
    except (cst.ParserSyntaxError, RecursionError):
        return None


class _Stretch(NamedTuple):
    """A definition or a statement of the top level: the line of its keyword, its first and its last line."""

    keyword: int
    first: int
    last: int


@lru_cache(maxsize=4)
def _definitions(text: str) -> tuple[list[_Stretch], list[_Stretch]]:
    """All definitions that begin their line, and all statements of the top level."""
    tree = parse_again(text)
    lines = split_lines(text)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = [_stretch_of(node) for node in (ast.walk(tree) if tree else ()) if isinstance(node, kinds)]
    begins_line = [s for s in found if re.match(r"\s*(@|def\b|async\b|class\b)", lines[s.first - 1])]
    return begins_line, [_stretch_of(node) for node in tree.body] if tree else []


def _stretch_of(node: ast.stmt) -> _Stretch:
    decorators = getattr(node, "decorator_list", ())
    return _Stretch(node.lineno, min([node.lineno, *(d.lineno for d in decorators)]), node.end_lineno or node.lineno)


def _stretch(text: str, line: int) -> tuple[int, int]:
    """The lines of the innermost definition that holds a line in its body or its further lines, so that what is on the
    line has its real parent; else of the statements of the top level there; else of the whole file."""
    definitions, top = _definitions(text)
    inside = [s for s in definitions if s.keyword < line <= s.last]
    if inside:
        chosen = max(inside)
        return chosen.first, chosen.last
    around = [s for s in top if s.first <= line <= s.last]
    if not around:
        return 1, len(split_lines(text))
    return min(s.first for s in around), max(s.last for s in around)


def _extent(text: str, first: int, last: int) -> tuple[int, int]:
    starts = line_starts(text)
    return starts[first - 1], starts[last] if last < len(starts) else len(text)


def _line(text: str, number: int) -> str:
    starts = line_starts(text)
    if number > len(starts):
        return ""
    end = starts[number] if number < len(starts) else len(text)
    return text[starts[number - 1] : end].rstrip("\r\n")
