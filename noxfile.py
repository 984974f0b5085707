"""Sessions: `nox -s tests lint types docs`; `nox -s docs -- serve`; `nox -s bench -- PATH`; `nox -s corpus`."""

from __future__ import annotations

import shutil

import nox

nox.needs_version = ">=2024.4"
nox.options.sessions = ["lint", "types", "tests", "reference_app", "docs"]
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = False

PYTHONS = [version for version in ("3.10", "3.11", "3.12", "3.13", "3.14") if shutil.which(f"python{version}")]


@nox.session(python=PYTHONS or None)
def tests(session: nox.Session) -> None:
    """The checker's tests, on each interpreter that is there."""
    session.install("-e", ".[test,docs]")
    session.run("pytest", *session.posargs)


@nox.session
def reference_app(session: nox.Session) -> None:
    """The tests of the reference app, and the checker over it: no finding, no route that is not understood."""
    session.install("-e", ".", "-e", "./reference_app[dev]")
    session.run("fastapi-guardrails", "check", "reference_app/app", "--no-cache", "--fail-on-uncertain")
    session.chdir("reference_app")
    session.run("ruff", "check", ".")
    session.run("mypy")
    session.run("pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff: rules and layout."""
    session.install("ruff")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Mypy, strict."""
    session.install("-e", ".[dev]")
    session.run("mypy", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build and test the site; `-- serve` serves it and reloads."""
    session.install("-e", ".[test,docs]")
    if session.posargs == ["serve"]:
        session.run("mkdocs", "serve")
        return
    session.run("bash", "tests/docs/ensure_chromium.sh", external=True)
    session.run("mkdocs", "build", "--strict")
    session.run("pytest", "tests/docs", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """How long a check takes, as ratios to `ast.parse`; give the path of a project, and options of `tests.bench`."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "tests.bench", *session.posargs)


@nox.session
def corpus(session: nox.Session) -> None:
    """Route tables of real apps against what they were at run time, and findings to read; see `tests.corpus`."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "tests.corpus", *session.posargs)
