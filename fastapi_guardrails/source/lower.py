"""Syntax that is newer than the running Python, rewritten to what it reads, every line and nearly every column kept.

libcst's parser does not depend on the interpreter. Where it reads what `ast` does not, what is too new is replaced in
the text by something of the same width that means the same to a reader of facts:

- `class A[T: C](B)` and `def f[T](x)` lose the brackets; the class gets a last base `__type_parameters__[T: C,]`;
- `type X[T] = Y` becomes `X = Y`;
- `except A, B:` becomes `except(A, B):`, and `except*` becomes `except` where that is unknown;
- f-strings that reuse their quotes get others inside, template strings become f-strings;
- stars in subscripts and in annotations are left out, those of comprehensions become an operator;
- `lazy import x` becomes `import x`.
"""

from __future__ import annotations

import ast
import re
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from fastapi_guardrails.source import blocks
from fastapi_guardrails.source.facts import TYPE_PARAMETERS
from fastapi_guardrails.source.text import line_starts

#: Brackets nested deeper than this are left to `ast`, which refuses them without harm.
_MAX_BRACKETS = 150

#: Characters of a text that is worth the time: libcst needs some seconds for this many.
_MAX_SIZE = 500_000

#: Characters of a text in which an error is looked for a second time.
_MAX_SEARCHED = 200_000

#: How many starts of statements before libcst's error are tried as the end of what is sound.
_MAX_CUTS = 5

_Edit = tuple[int, int, str]


def parse(text: str, error: Exception) -> ast.Module:
    """The tree of a text that `ast` cannot read as it is.

    Args:
        text: the file's text.
        error: why `ast` could not.

    Raises:
        SyntaxError: libcst cannot read it either.
        RecursionError: it is nested too deeply.
    """
    ours = error if isinstance(error, SyntaxError) else SyntaxError(str(error), ("", 1, 1, ""))
    try:
        return _by_statements(text) or ast.parse(_lowered(text))
    except cst.ParserSyntaxError as theirs:
        raise _precise(text, ours, theirs) from None
    except (RecursionError, MemoryError):
        raise
    except Exception:  # the rewritten text is no Python either, or libcst fails by itself: what `ast` said stands
        raise ours from None


def _by_statements(text: str) -> ast.Module | None:
    """The tree, where only some statements are too new; None where they cannot be told."""
    cut = blocks.lowered(text, _lowered)
    try:
        return None if cut is None else ast.parse(cut)
    except SyntaxError:
        return None


def _lowered(text: str) -> str:
    if len(text) > _MAX_SIZE or _bracket_depth(text) > _MAX_BRACKETS:
        raise SyntaxError("too large, or nested too deeply")
    return _lower(text, _with_deep_stack(cst.parse_module, text))


def _bracket_depth(text: str) -> int:
    depth = deepest = 0
    for bracket in re.findall(r"[(\[{}\])]", text):
        depth += 1 if bracket in "([{" else -1
        deepest = max(deepest, depth)
    return deepest


def _precise(text: str, ours: SyntaxError, theirs: cst.ParserSyntaxError) -> SyntaxError:
    """What `ast` says once everything before libcst's error is lowered: it stopped at what is only too new for it."""
    starts = enumerate(line_starts(text)[: theirs.raw_line], start=1)
    tops = [(line, at) for line, at in starts if text[at : at + 1].isidentifier() or text[at : at + 1] == "@"]
    for line, cut in tops[: -1 - _MAX_CUTS : -1]:
        if line <= (ours.lineno or 1) or len(text) > _MAX_SEARCHED:
            break  # nothing above the error is too new, or it would take too long to tell
        head = text[:cut]
        try:
            ast.parse(_lower(head, _with_deep_stack(cst.parse_module, head)) + text[cut:])
        except cst.ParserSyntaxError:
            continue  # cut within a statement
        except SyntaxError as error:
            return error
    return ours


def _with_deep_stack(work: Callable[[str], cst.Module], text: str) -> cst.Module:
    """The result of work on a text, done on a stack that deep nesting does not exhaust."""
    result: list[cst.Module] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            result.append(work(text))
        except Exception as error:  # it is raised again where it belongs
            errors.append(error)
        except BaseException as panic:  # of native code, which is no `Exception`
            errors.append(RuntimeError(str(panic)))

    previous = threading.stack_size(256 * 1024 * 1024)
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(previous)
    if errors:
        raise errors[0]
    return result[0]


def _lower(text: str, module: cst.Module) -> str:
    wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
    finder = _Finder(text, wrapper.resolve(PositionProvider))
    wrapper.module.visit(finder)
    return _apply(text, finder.edits)


def _apply(text: str, edits: Sequence[_Edit]) -> str:
    """The text with replacements made; of two that overlap the outer one."""
    parts: list[str] = []
    at = 0
    for start, end, new in sorted(edits, key=lambda edit: (edit[0], edit[1] > edit[0], -edit[1])):
        if start >= at:
            parts += [text[at:start], new]
            at = end
    return "".join(parts) + text[at:]


class _Finder(cst.CSTVisitor):
    """Collects what must be replaced."""

    def __init__(self, text: str, positions: Any) -> None:
        super().__init__()
        self.edits: list[_Edit] = []
        self._text = text
        self._starts = line_starts(text)
        self._positions = positions

    def _span(self, node: cst.CSTNode) -> tuple[int, int]:
        place = self._positions[node]
        start, end = place.start, place.end
        return self._starts[start.line - 1] + start.column, self._starts[end.line - 1] + end.column

    def _replace(self, start: int, end: int, new: str) -> None:
        self.edits.append((start, end, new))

    # --- type parameters -------------------------------------------------------------------------------------------

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        if node.type_parameters and sys.version_info < (3, 13):
            self._blank_parameters(node.name, node.type_parameters)

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        if not node.type_parameters or sys.version_info >= (3, 13):
            return
        end = self._blank_parameters(node.name, node.type_parameters)
        names = "".join(f"{self._type_param(item.param)}, " for item in node.type_parameters.params)
        generic = f"{TYPE_PARAMETERS}[{names.rstrip()}]"  # the comma makes it a tuple, as `extract` has it
        arguments = [*node.bases, *node.keywords]
        if not arguments:
            opening = self._text.find("(", end) if isinstance(node.lpar, cst.LeftParen) else -1
            self._replace(*((opening + 1, opening + 1, generic) if opening >= 0 else (end, end, f"({generic})")))
        elif node.bases:
            value = node.bases[-1].value
            last = self._span(value)[1]
            for _ in getattr(value, "rpar", ()):  # a node's place is that without its own parentheses
                last = self._text.index(")", last) + 1
            self._replace(last, last, f", {generic}")
        else:
            first = self._span(node.keywords[0])[0]
            self._replace(first, first, f"{generic}, ")

    def _blank_parameters(self, name: cst.Name, parameters: cst.TypeParameters) -> int:
        start, end = self._span(name)[1], self._span(parameters)[1]
        self._replace(start, end, _blank(self._text[start:end]))
        return end

    def _type_param(self, node: cst.CSTNode) -> str:
        """`T`, or `T: Bound` on one line: where it goes that is a slice."""
        assert isinstance(node, (cst.TypeVar, cst.TypeVarTuple, cst.ParamSpec))
        bound = node.bound if isinstance(node, cst.TypeVar) else None
        if bound is None:
            return node.name.value
        start, end = self._span(bound)
        text = " ".join(self._text[start:end].split())
        if getattr(bound, "lpar", ()):  # a node's place is that without its own parentheses
            text = f"({text})"
        return node.name.value if "#" in text else f"{node.name.value}: {text}"

    def visit_TypeAlias(self, node: cst.TypeAlias) -> None:
        if sys.version_info >= (3, 13):
            return
        start = self._span(node)[0]
        end = self._span(node.type_parameters or node.name)[1]
        name = node.name.value
        self._replace(start, end, name + _blank(self._text[start + len(name) : end]))

    # --- exceptions ------------------------------------------------------------------------------------------------

    def visit_ExceptHandler(self, node: cst.ExceptHandler) -> None:
        self._parenthesise(node.type)

    def visit_ExceptStarHandler(self, node: cst.ExceptStarHandler) -> None:
        self._parenthesise(node.type)
        if sys.version_info < (3, 11):
            star = self._text.index("*", self._span(node)[0])
            self._replace(star, star + 1, " ")

    def _parenthesise(self, types: cst.BaseExpression | None) -> None:
        if not isinstance(types, cst.Tuple) or types.lpar:
            return
        start, end = self._span(types)
        space = start - 1 if self._text[start - 1] in " \t" else start
        self._replace(space, start, "(")
        self._replace(end, end, ")")

    # --- stars -----------------------------------------------------------------------------------------------------

    def visit_Index(self, node: cst.Index) -> None:
        if node.star and sys.version_info < (3, 11):
            start = self._span(node)[0]
            self._replace(start, start + 1, " ")

    def visit_Annotation(self, node: cst.Annotation) -> None:
        if isinstance(node.annotation, cst.StarredElement) and sys.version_info < (3, 11):
            star = self._text.rindex("*", 0, self._span(node.annotation.value)[0])
            self._replace(star, star + 1, " ")

    def visit_ListComp(self, node: cst.ListComp) -> None:
        self._unpack(node.elt)

    def visit_SetComp(self, node: cst.SetComp) -> None:
        self._unpack(node.elt)

    def visit_GeneratorExp(self, node: cst.GeneratorExp) -> None:
        self._unpack(node.elt)

    def visit_StarredDictComp(self, node: cst.StarredDictComp) -> None:
        if sys.version_info < (3, 15):
            stars = self._text.rindex("**", 0, self._span(node.value)[0])
            self._replace(stars, stars + 2, "0:~")

    def _unpack(self, element: cst.BaseExpression) -> None:
        """Stand an operator in for the star of an unpacking: what comes out is not known then."""
        if isinstance(element, cst.StarredElement) and sys.version_info < (3, 15):
            star = self._text.rindex("*", 0, self._span(element.value)[0])
            self._replace(star, star + 1, "~")

    # --- imports ---------------------------------------------------------------------------------------------------

    def visit_LazyImport(self, node: cst.LazyImport) -> None:
        self._hasten(node, "import")

    def visit_LazyImportFrom(self, node: cst.LazyImportFrom) -> None:
        self._hasten(node, "from")

    def _hasten(self, node: cst.CSTNode, keyword: str) -> None:
        if sys.version_info < (3, 15):
            start = self._span(node)[0]
            end = self._text.index(keyword, start) + len(keyword)
            self._replace(start, end, keyword.ljust(end - start))

    # --- strings ---------------------------------------------------------------------------------------------------

    def visit_FormattedString(self, node: cst.FormattedString) -> bool:
        return self._string(node, node.start, node.end)

    def visit_TemplatedString(self, node: cst.TemplatedString) -> bool:
        start, _ = self._span(node)
        if sys.version_info < (3, 14):
            letter = start + node.start.lower().index("t")
            self._replace(letter, letter + 1, "f")
        return self._string(node, node.start, node.end)

    def _string(self, node: Any, opening: str, quote: str) -> bool:
        """Replace what a formatted string of the old grammar may not hold; False: what is inside is done, too."""
        if sys.version_info >= (3, 12):
            return True
        several_lines = False
        for part in node.parts:
            if not isinstance(part, (cst.FormattedStringExpression, cst.TemplatedStringExpression)):
                continue
            start, end = self._span(part)
            end = self._text.index("}", end - 1) + 1  # libcst forgets white space after a conversion
            inside = self._text[start:end]
            several_lines |= len(quote) == 1 and "\n" in inside
            self._expression(part, start, end, quote)
        if several_lines:
            start, end = self._span(node)
            at = start + len(opening)
            self._replace(at, at, quote * 2)
            self._replace(end, end, quote * 2)
        return False

    def _expression(self, part: Any, start: int, end: int, quote: str) -> None:
        """Change the quotes in an interpolated expression, or else put a `...` in its place."""
        written = self._text[start:end]
        inside = written
        if "'" not in inside and '"' not in inside:
            inside = re.sub(r"#[^\r\n]*", lambda comment: " " * len(comment[0]), inside)
        if quote[0] in inside:
            inside = inside.replace(quote[0], "'" if quote[0] == '"' else '"')
        if ("'" in written and '"' in written) or not _is_formatted(inside):
            first, last = self._span(part.expression)
            inside = self._text[start:first] + "...".ljust(last - first) + self._text[last:end]
            if "\n" in written or not _is_formatted(inside):
                inside = "{...}" + "\\\n" * written.count("\n") + " " * (len(written) - 5)
        if inside != written:
            self._replace(start, end, inside)


def _is_formatted(part: str) -> bool:
    """Whether the running Python reads this as an interpolation."""
    try:
        ast.parse(f"f'''{part}'''" if '"' in part else f'f"""{part}"""')
    except (SyntaxError, ValueError):
        return False
    return True


def _blank(text: str) -> str:
    """White space of the same lines and width: a line break outside of brackets needs a backslash before it."""
    lines = re.split(r"(\r\n|\r|\n)", text)
    for index in range(0, len(lines) - 1, 2):
        lines[index] = " " * max(len(lines[index]) - 1, 0) + "\\"
    lines[-1] = " " * len(lines[-1])
    return "".join(lines)
