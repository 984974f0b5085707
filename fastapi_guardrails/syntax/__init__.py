"""Concrete syntax on demand: the libcst nodes of one definition, and the edits that rules make from them.

A rule finds *where* with the model and asks here *what exactly is written there*, for the file's text and a `Mark`:

    call = call_at(text, mark)                     # a call: its arguments, and edits of them
    if call is not None:
        edits = call.with_keyword("status_code", "201")

`syntax_at` gives the nodes around a mark for everything else; `imports` knows by which name a file calls something.
All of them answer None where the source cannot be parsed or nothing of that kind stands there: then there is no fix.
Edits are plain text edits with file positions; they keep comments and layout, and are combined by the fixer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastapi_guardrails.syntax.calls import CallSyntax, call_at
    from fastapi_guardrails.syntax.imports import import_edits, local_name
    from fastapi_guardrails.syntax.nodes import Syntax, class_at, statement_at, syntax_at

__all__ = [
    "CallSyntax",
    "Syntax",
    "call_at",
    "class_at",
    "import_edits",
    "local_name",
    "statement_at",
    "syntax_at",
]

_HOMES = {
    "CallSyntax": "calls",
    "call_at": "calls",
    "import_edits": "imports",
    "local_name": "imports",
}


def __getattr__(name: str) -> Any:
    """The helpers are imported when they are first used: libcst takes longer than most checks."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'nodes')}"), name)
