"""What a rule reports: a place, a message, the chain that leads to the cause, and a way to mend it.

These types import nothing of the package, so that every layer may speak of findings.
Lines and columns are 1-based; a column counts characters (not bytes) from the start of its line; an end is exclusive.
"""

from __future__ import annotations

from enum import Enum

import msgspec


class Severity(str, Enum):
    """`error`: a bug or a hole at run time; `warning`: breaks the guide."""

    ERROR = "error"
    WARNING = "warning"


class Applicability(str, Enum):
    """Whether a fix keeps behaviour (`safe`) or may change it (`unsafe`, applied only on request)."""

    SAFE = "safe"
    UNSAFE = "unsafe"


class Mark(msgspec.Struct, frozen=True):
    """Where something starts in a project's source, as rules know it.

    Attributes:
        path: file, relative to the project root, with `/`.
        line: 1-based line of the first token.
        offset: 0-based UTF-8 *byte* offset of the first token in its line (as `ast` counts).
        kind: what starts there, which decides where it ends: `expr`, `stmt`, `decorator` (the `@` line), `def`
            (from `def`/`async def` to the name), `class` (from `class` to the name), `param`, `keyword`, `except`,
            `line` (the rest of the line) or `file`.
    """

    path: str
    line: int
    offset: int
    kind: str = "expr"


class Range(msgspec.Struct, frozen=True):
    """A place of the report: 1-based lines, 1-based character columns, end exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


class Step(msgspec.Struct, frozen=True):
    """One link of a trace: where, and what happens there."""

    at: Mark
    message: str


class Edit(msgspec.Struct, frozen=True):
    """Replace the text of `range` with `text` (an empty range inserts)."""

    range: Range
    text: str


class Import(msgspec.Struct, frozen=True):
    """An import that a fix needs: `from module import name` or, with an empty `name`, `import module`."""

    path: str
    module: str
    name: str = ""


class Fix(msgspec.Struct, frozen=True):
    """How to mend a finding. `imports` are added once per file, in place, by the fixer."""

    message: str
    applicability: Applicability
    edits: tuple[Edit, ...]
    imports: tuple[Import, ...] = ()


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule yields. The engine adds the rule's code, name, severity and guardrails.

    Attributes:
        at: the line that a person would edit.
        message: what is wrong, in one sentence, naming the thing.
        trace: the chain from `at` to the cause.
        fix: a way to mend it, or None.
        severity: overrides the rule's severity for this finding.
    """

    at: Mark
    message: str
    trace: tuple[Step, ...] = ()
    fix: Fix | None = None
    severity: Severity | None = None


class TraceStep(msgspec.Struct, frozen=True):
    """A link of a reported trace."""

    path: str
    line: int
    column: int
    message: str


class Diagnostic(msgspec.Struct, frozen=True, kw_only=True):
    """A finding as it is reported: resolved to line and column, with its rule's data.

    Field order is the order of the JSON output.
    """

    code: str
    name: str
    message: str
    severity: Severity
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    guardrails: tuple[str, ...]
    url: str
    trace: tuple[TraceStep, ...] = ()
    fix: Fix | None = None


class Coverage(msgspec.Struct, frozen=True):
    """How much a run looked at."""

    files: int
    apps: int
    routes: int
    uncertain_routes: int
    unparsed_files: int


class Report(msgspec.Struct, frozen=True):
    """The result of one check.

    Attributes:
        root: absolute path of the project root.
        diagnostics: sorted by path, line, column, code; suppressed ones left out.
        coverage: what was looked at.
        suppressed: how many findings a comment or the config suppressed.
        failed: whether a rule raised (FG003 is among the diagnostics): exit code 2.
    """

    root: str
    diagnostics: tuple[Diagnostic, ...]
    coverage: Coverage
    suppressed: int = 0
    failed: bool = False
