"""Suppression comments of a file: `# guardrails: ignore[...]`, `# guardrails: ignore-file[...]` and `# noqa: ...`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from fastapi_guardrails.source.facts import Suppression
from fastapi_guardrails.source.text import line_starts

#: A file without these (in any case) has no suppression.
_HINTS = (b"guardrails:", b"noqa")

#: Strings and comments of a source, as far as it takes to tell the one from the other.
_TOKEN = re.compile(
    r"""(?P<comment>\#[^\r\n]*)
    | \"\"\"[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*\"\"\"
    | '''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'''
    | "[^"\\\r\n]*(?:\\(?:\r\n|.)[^"\\\r\n]*)*"
    | '[^'\\\r\n]*(?:\\(?:\r\n|.)[^'\\\r\n]*)*'
    """,
    re.VERBOSE | re.DOTALL,
)
_DIRECTIVE = re.compile(
    r"\#\s*(?:guardrails:\s*(?P<word>ignore-file|ignore)(?![\w-])\s*(?:\[(?P<codes>[^\]#]*)\])?"
    r"|noqa\s*:\s*(?P<noqa>[^#]*))",
    re.IGNORECASE,
)
_CODE = re.compile(r"[A-Z]+[0-9]+", re.IGNORECASE)
_CODE_OR_NAME = re.compile(r"[A-Z]+[0-9]+(?![\w-])|[a-z][a-z0-9]*(?:-[a-z0-9]+)+", re.IGNORECASE)
_SEPARATOR = re.compile(r"[,\s]+")
_ITEM = re.compile(r"[^,\s]+")


def may_hold(data: bytes) -> bool:
    """Whether a file's bytes can hold a suppression at all: a quick look that spares most files the search."""
    lower = data.lower()
    return any(hint in lower for hint in _HINTS)


def find(text: str, tree: ast.Module | None) -> list[Suppression]:
    """The suppressions of a file, in order.

    A comment that names no code, and an `ignore-file` below the first statement, are found with no codes: they suppress
    nothing. A bare `# noqa` is other tools' and not found.

    Args:
        text: the file's text.
        tree: its syntax tree, which tells where the first statement is; None for an empty file.
    """
    starts = line_starts(text)
    head = _first_statement(tree)
    found: list[Suppression] = []
    line = 0
    for token in _TOKEN.finditer(text):
        if token.lastgroup != "comment":
            continue
        while line < len(starts) and starts[line] <= token.start():
            line += 1
        found += _directives(token.group(), line, token.start() - starts[line - 1] + 1, head)
    return found


def _first_statement(tree: ast.Module | None) -> float:
    """Line of the first statement, a docstring not counted; infinite without one."""
    body = tree.body if tree else []
    for node in body:
        is_docstring = node is body[0] and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not (is_docstring and isinstance(node.value.value, str)):  # type: ignore[attr-defined]
            decorators = getattr(node, "decorator_list", [])
            return decorators[0].lineno if decorators else node.lineno
    return float("inf")


def _directives(comment: str, line: int, column: int, head: float) -> Iterator[Suppression]:
    matches = list(_DIRECTIVE.finditer(comment))
    ends = [match.start() for match in matches[1:]] + [len(comment)]
    for match, end in zip(matches, ends, strict=False):
        noqa = match["noqa"] is not None
        is_file = not noqa and match["word"].lower() == "ignore-file"
        items = list(_noqa_items(comment, match) if noqa else _items(comment, match))
        if noqa and not items:
            continue
        if is_file and line > head:
            items = []
        text = comment[match.start() : end].rstrip()
        yield Suppression(
            line=line,
            column=column + match.start(),
            end_column=column + match.start() + len(text),
            kind="file" if is_file else "line",
            tool="noqa" if noqa else "guardrails",
            codes=[code for code, _ in items],
            columns=[column + index for _, index in items],
            text=text,
        )


def _items(comment: str, match: re.Match[str]) -> Iterator[tuple[str, int]]:
    if match["codes"] is not None:
        for item in _ITEM.finditer(comment, match.start("codes"), match.end("codes")):
            yield item.group(), item.start()


def _noqa_items(comment: str, match: re.Match[str]) -> Iterator[tuple[str, int]]:
    """Codes of a `noqa`: what follows the colon up to the first word that is none, which begins a reason.

    A name counts only at the start or after a comma: a reason may hold words with hyphens.
    """
    index, end = match.span("noqa")
    after_comma = True
    while index < end:
        item = (_CODE_OR_NAME if after_comma else _CODE).match(comment, index, end)
        if not item:
            return
        yield item.group(), index
        index = item.end()
        separator = _SEPARATOR.match(comment, index, end)
        if not separator:
            return
        after_comma = "," in separator.group()
        index = separator.end()
