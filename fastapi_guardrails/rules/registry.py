"""The rule API: `@rule(...)` registers one generator function under a stable code.

A rule's module docstring is its docs page. The annotation of the function's first parameter says what the engine calls
it with: `Project` (once) or an element of the model (`App`, `Router`, `Route`, `Dependency`, `Function`, `Class`,
`Call`, `Module`): once for each of the application's.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from fastapi_guardrails.finding import Finding, Severity

#: Names of element types that a rule's first parameter may be annotated with.
SUBJECTS = ("App", "Router", "Route", "Dependency", "Function", "Class", "Call", "Module", "Project")

_CODE = re.compile(r"[A-Z]{2,5}\d{3}")
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class RuleError(Exception):
    """A rule is declared wrongly: bad code or name, a duplicate, or a first parameter that is no element."""


class Rule(NamedTuple):
    """A registered rule.

    Attributes:
        code: stable code, as `FG213`.
        name: kebab-case name of what is wrong, as `shadowed-route`.
        severity: of its findings, unless one overrides it.
        guardrails: ids of the guide's bullets that it enforces.
        fix: `safe`, `unsafe`, `sometimes` or None: whether its findings can be fixed.
        opt_in: left out of the preset `guide`.
        subject: name of the element type that `check` is called with.
        check: the generator function.
        page: its docs page, Markdown.
        builtin: whether it ships with the package.
    """

    code: str
    name: str
    severity: Severity
    guardrails: tuple[str, ...]
    fix: str | None
    opt_in: bool
    subject: str
    check: Callable[[Any], Iterable[Finding]]
    page: str
    builtin: bool

    @property
    def chapter(self) -> str:
        """The chapter's code, as `FG2`."""
        return self.code[:3]


_registered: dict[str, Rule] = {}


def rule(
    code: str,
    *,
    name: str,
    guardrails: Iterable[str] = (),
    severity: Severity = Severity.WARNING,
    fix: str | None = None,
    opt_in: bool = False,
) -> Callable[[Callable[[Any], Iterator[Finding]]], Callable[[Any], Iterator[Finding]]]:
    """Register the decorated generator function as a rule.

    Raises:
        RuleError: the code or name is malformed or taken, or the first parameter's annotation names no element.
    """

    def register(check: Callable[[Any], Iterator[Finding]]) -> Callable[[Any], Iterator[Finding]]:
        if not _CODE.fullmatch(code):
            raise RuleError(f"rule code {code!r} must be two to five capitals and three digits, as in 'FG213'")
        if not _NAME.fullmatch(name):
            raise RuleError(f"rule name {name!r} of {code} must be kebab-case, as in 'shadowed-route'")
        module = check.__module__
        for other in _registered.values():
            if (code == other.code or name == other.name) and other.check.__module__ != module:
                raise RuleError(f"{code} ({name}) in {module} clashes with {other.code} ({other.name})")
        _registered[code] = Rule(
            code=code,
            name=name,
            severity=severity,
            guardrails=tuple(guardrails),
            fix=fix,
            opt_in=opt_in,
            subject=_subject(check, code),
            check=check,
            page=inspect.cleandoc(sys.modules[module].__doc__ or ""),
            builtin=module.startswith("fastapi_guardrails."),
        )
        return check

    return register


def _subject(check: Callable[..., Any], code: str) -> str:
    parameters = list(inspect.signature(check).parameters.values())
    annotation = parameters[0].annotation if parameters else None
    subject = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    subject = str(subject).rpartition(".")[2]
    if subject not in SUBJECTS:
        raise RuleError(f"the first parameter of {code} must be annotated with one of: {', '.join(SUBJECTS)}")
    return subject


def registered() -> dict[str, Rule]:
    """All rules registered so far, by code, sorted by code."""
    return dict(sorted(_registered.items()))
