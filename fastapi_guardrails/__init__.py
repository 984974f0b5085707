"""Whole-project analysis of FastAPI applications.

The public API: `check` looks at a project and gives a `Report` of `Diagnostic`s; `rule`, `Finding`, `Fix`, `Edit`,
`Import`, `Step`, `Mark`, `Severity` and `Applicability` are what a rule is made of; `Project` is what it sees.
Everything is imported when it is first asked for, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastapi_guardrails.config import Config, ConfigError
    from fastapi_guardrails.engine import check
    from fastapi_guardrails.finding import (
        Applicability,
        Coverage,
        Diagnostic,
        Edit,
        Finding,
        Fix,
        Import,
        Mark,
        Report,
        Severity,
        Step,
    )
    from fastapi_guardrails.model.project import Project
    from fastapi_guardrails.rules.registry import Rule, rule

__version__ = "0.1.0"

__all__ = [
    "Applicability",
    "Config",
    "ConfigError",
    "Coverage",
    "Diagnostic",
    "Edit",
    "Finding",
    "Fix",
    "Import",
    "Mark",
    "Project",
    "Report",
    "Rule",
    "Severity",
    "Step",
    "__version__",
    "check",
    "rule",
]

_HOMES = {
    "Config": "config",
    "ConfigError": "config",
    "check": "engine",
    "Project": "model.project",
    "Rule": "rules.registry",
    "rule": "rules.registry",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'finding')}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
