"""A call's arguments, and edits of them that keep commas, comments and layout right."""

from __future__ import annotations

import re

import libcst as cst

from fastapi_guardrails.finding import Edit, Mark, Range
from fastapi_guardrails.source.text import line_starts, split_lines
from fastapi_guardrails.syntax.nodes import Place, Syntax, between, syntax_at

#: From the end of what is called to after the parenthesis: it may itself stand in parentheses.
_OPENING = re.compile(r"(?:\s|\)|\\\n|#[^\n]*\n)*\(")


class CallSyntax:
    """A call as it is written.

    Attributes:
        syntax: the nodes around it.
        node: the call.
    """

    def __init__(self, syntax: Syntax, node: cst.Call) -> None:
        self.syntax = syntax
        self.node = node

    def keyword(self, name: str) -> cst.Arg | None:
        """The keyword argument of that name, or None."""
        return next((a for a in self.node.args if a.keyword is not None and a.keyword.value == name), None)

    def innermost(self) -> CallSyntax:
        """The first of calls of results: `router.post("/x")` of `router.post("/x")(endpoint)`."""
        function = self.node.func
        return CallSyntax(self.syntax, function).innermost() if isinstance(function, cst.Call) else self

    def has_stars(self) -> bool:
        """Whether `*args` or `**kwargs` may bring further arguments."""
        return any(arg.star for arg in self.node.args)

    def with_keyword(self, name: str, value: str) -> tuple[Edit, ...]:
        """Give the call a keyword argument, or another value to the one that it has.

        A call with one argument per line gets a line; others get it at the end. Comments stay where they are.
        """
        present = self.keyword(name)
        if present is not None:
            return (Edit(self._value_range(present), value),)
        text = f"{name}={value}"
        if not self.node.args:
            return (self._first_argument(text),)
        return self._further_argument(text)

    def without_keyword(self, name: str) -> tuple[Edit, ...]:
        """Take a keyword argument away; nothing if there is none."""
        argument = self.keyword(name)
        return () if argument is None else (self._removal(argument),)

    def rename_keyword(self, name: str, new: str) -> tuple[Edit, ...]:
        """Give a keyword argument another name; nothing if there is none."""
        argument = self.keyword(name)
        if argument is None or argument.keyword is None:
            return ()
        return (self.syntax.replace(argument.keyword, new),)

    def rename(self, function: str) -> tuple[Edit, ...]:
        """Call another function: replaces all that stands before the parenthesis."""
        return (self.syntax.replace(self.node.func, function),)

    def rename_method(self, name: str) -> tuple[Edit, ...]:
        """Call another method of the same object; nothing if this is no method call."""
        function = self.node.func
        return (self.syntax.replace(function.attr, name),) if isinstance(function, cst.Attribute) else ()

    def awaited(self) -> tuple[Edit, ...]:
        """Put `await` before the call, in parentheses where something hangs on its result (`f().x`, `f()[0]`, `f()()`).

        Nothing where it is awaited already.
        """
        parent = self.syntax.parent(self.node)
        if isinstance(parent, cst.Await):
            return ()
        holds = isinstance(parent, (cst.Attribute, cst.Subscript)) and parent.value is self.node
        holds = holds or (isinstance(parent, cst.Call) and parent.func is self.node)
        start, end = self.syntax.start(self.node), self.syntax.end(self.node)
        if holds and not self.node.lpar:
            return self.syntax.insert(start, "(await "), self.syntax.insert(end, ")")
        return (self.syntax.insert(start, "await "),)

    def _first_argument(self, text: str) -> Edit:
        close = self._close()
        inside = between(self.syntax.text, self._open(), close)
        if "#" not in inside:
            return self.syntax.insert(self._open(), text)
        indentation = self._indentation_at(close.line)
        return self.syntax.insert(close, f"    {text},\n{indentation}")

    def _further_argument(self, text: str) -> tuple[Edit, ...]:
        syntax, last = self.syntax, self.node.args[-1]
        start, end, close = syntax.start(last), syntax.end(last), self._close()
        comma = self._comma_end(last)
        alone = isinstance(last.value, cst.GeneratorExp) and not last.value.lpar
        if alone:
            return syntax.insert(start, "("), syntax.insert(end, f"), {text}")
        indentation = self._indentation_at(start.line)
        if self._begins_line(start) and self._begins_line(close) and end.line < close.line:
            after = comma or end
            line_end = Place(after.line, self._line_length(after.line) + 1)
            new = f"\n{indentation}{text}"
            if comma:
                return (syntax.insert(line_end, f"{new},"),)
            if line_end == end:
                return (syntax.insert(end, f",{new}"),)
            return syntax.insert(end, ","), syntax.insert(line_end, new)
        return (syntax.insert(comma, f" {text}") if comma else syntax.insert(end, f", {text}"),)

    def _removal(self, argument: cst.Arg) -> Edit:
        syntax, arguments = self.syntax, list(self.node.args)
        index = next(i for i, a in enumerate(arguments) if a is argument)
        start, end = syntax.start(argument), self._comma_end(argument) or syntax.end(argument)
        rest = self._line(end.line)[end.column - 1 :].strip()
        fills_lines = self._begins_line(start) and (not rest or rest.startswith("#"))
        if fills_lines and len(arguments) > 1:
            return syntax.delete(Place(start.line, 1), Place(end.line + 1, 1))
        if index + 1 < len(arguments):
            return syntax.delete(start, syntax.start(arguments[index + 1]))
        if index:
            return syntax.delete(syntax.end(arguments[index - 1]), syntax.end(argument))
        return syntax.delete(start, end)

    def _value_range(self, argument: cst.Arg) -> Range:
        """The range of an argument's value, with the parentheses around it."""
        end = self.syntax.end(argument)
        start = self.syntax.start(argument.value)
        for paren in argument.value.lpar:
            start = min(start, self.syntax.start(paren))
        return Range(self.syntax.path, *start, *end)

    def _open(self) -> Place:
        """The place after the opening parenthesis."""
        syntax, place = self.syntax, self.syntax.end(self.node.func)
        rest = between(syntax.text, place, syntax.end(self.node))
        opening = _OPENING.match(rest)
        return _forward(syntax.text, place, opening.end() if opening else 0)

    def _close(self) -> Place:
        """The place of the closing parenthesis."""
        end = self.syntax.end(self.node)
        return Place(end.line, end.column - 1)

    def _comma_end(self, argument: cst.Arg) -> Place | None:
        """The place after the comma that follows an argument; None without one."""
        return self.syntax.end(argument.comma) if isinstance(argument.comma, cst.Comma) else None

    def _line(self, number: int) -> str:
        return split_lines(self.syntax.text)[number - 1]

    def _line_length(self, number: int) -> int:
        return len(self._line(number).rstrip())

    def _begins_line(self, place: Place) -> bool:
        return not self._line(place.line)[: place.column - 1].strip()

    def _indentation_at(self, number: int) -> str:
        line = self._line(number)
        return line[: len(line) - len(line.lstrip())]


def call_at(text: str, mark: Mark, name: str | None = None) -> CallSyntax | None:
    """The call that starts at a mark.

    Of the calls of a chain, which all start at the same place, it is the outermost one, or the innermost of the
    function or method `name`.

    Args:
        text: the file's text.
        mark: where the call starts, or the decorator that it is.
        name: last part of the called name, as `sleep` of `time.sleep(1)`.
    """
    syntax = syntax_at(text, mark)
    if syntax is None:
        return None
    calls = list(syntax.starting(cst.Call, mark))
    if name is not None:
        calls = [call for call in reversed(calls) if called_name(call) == name]
    return CallSyntax(syntax, calls[0]) if calls else None


def called_name(call: cst.Call) -> str:
    """The last part of the called name; empty if what is called has none."""
    function = call.func
    if isinstance(function, cst.Attribute):
        return function.attr.value
    return function.value if isinstance(function, cst.Name) else ""


def _forward(text: str, place: Place, count: int) -> Place:
    """The place some characters later."""
    starts = line_starts(text)
    index = starts[place.line - 1] + place.column - 1 + count
    line = max(i for i, start in enumerate(starts) if start <= index)
    return Place(line + 1, index - starts[line] + 1)
