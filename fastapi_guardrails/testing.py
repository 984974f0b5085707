"""Tests of rules, written as Markdown: prose between small files, with marks where a rule fires.

A *case* is a section (`## title`) with code blocks. Each block is a file of a small project, named by its title; the
end of a line says what is reported there:

    ## A later route of the same path
    The first one answers every request.

    ```python title="app/main.py"
    @app.get("/{user_id}")
    def user(user_id: str) -> None: ...

    @app.get("/me")  # error: FG213
    def me() -> None: ...
    ```

Without a title a block is `app/main.py`. A block with the word `fixed` behind its title, or below a line that ends in
`Fixed:`, is what `check --fix --unsafe-fixes` makes of the file. A `pyproject.toml` among the files configures it.
A file of cases begins with `# CODE`: that rule must report what is marked, and nothing else, in all of its cases.

With pytest:

    import pytest
    from fastapi_guardrails.testing import Case, check_case, load_cases

    @pytest.mark.parametrize("case", load_cases("tests/cases"), ids=str)
    def test_case(case: Case) -> None:
        check_case(case)

The examples in a rule's page are cases, too: `page_cases` gives them.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import msgspec

from fastapi_guardrails import config as configuration
from fastapi_guardrails.config import Config
from fastapi_guardrails.engine import Result, Workspace
from fastapi_guardrails.rules.registry import Rule

#: What a block without a title is.
DEFAULT_FILE = "app/main.py"

#: Always compared, so that an example which is no Python, or on which the rule fails, is noticed.
_ALWAYS = frozenset({"FG001", "FG003"})

_DEFAULT_PROJECT = '[project]\nname = "case"\nversion = "0"\n'
_FENCE = re.compile(r"(?P<indent> *)(?P<ticks>`{3,}|~{3,})(?P<language>[\w+-]*)(?P<info>.*)")
_TITLE = re.compile(r"""title=(["'])(?P<title>.*?)\1""")
_MARK = re.compile(r"\s*# error: (?P<codes>[A-Z]{2,5}\d{3}(?:, *[A-Z]{2,5}\d{3})*)\s*$")
_RULE = re.compile(r"# +(?P<code>[A-Z]{2,5}\d{3})\b")


class Mark(NamedTuple):
    """That a rule reports something: where, and which rule."""

    path: str
    line: int
    code: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.code}"


class Case(NamedTuple):
    """A small project and what is reported in it.

    Attributes:
        title: what it shows.
        source: where it is written, as `path:line`.
        rules: codes of the rules that report what is marked and nothing else.
        files: texts by path, without marks.
        marks: what is reported.
        fixed: texts that fixing makes, by path; empty if that is no part of the case.
    """

    title: str
    source: str
    rules: frozenset[str]
    files: dict[str, str]
    marks: tuple[Mark, ...]
    fixed: dict[str, str]

    def __str__(self) -> str:
        return f"{Path(self.source.rpartition(':')[0]).stem}: {self.title}"


class CaseError(AssertionError):
    """A rule does not do what a case says, or a case is written wrongly; the message shows the difference."""


class _Block(NamedTuple):
    section: str
    line: int
    language: str
    title: str
    is_fixed: bool
    text: str


def load_cases(path: str | PathLike[str]) -> list[Case]:
    """The cases of a Markdown file, or of all `*.md` files below a folder.

    Raises:
        CaseError: a case is written wrongly.
        OSError: a file cannot be read.
    """
    root = Path(path)
    files = sorted(root.rglob("*.md")) if root.is_dir() else [root]
    return [case for file in files for case in parse_cases(file.read_text(encoding="utf-8"), str(file))]


def parse_cases(text: str, source: str) -> list[Case]:
    """The cases of a Markdown text.

    Args:
        text: the Markdown.
        source: its path, for messages.

    Raises:
        CaseError: a case is written wrongly.
    """
    match = _RULE.search(text)
    rules = frozenset({match["code"]} if match else ())
    sections: dict[tuple[str, int], list[_Block]] = {}
    for (section, number), block in _numbered_blocks(text):
        sections.setdefault((section, number), []).append(block)
    return [_case(section, f"{source}:{blocks[0].line}", rules, blocks) for (section, _), blocks in sections.items()]


def page_cases(rule: Rule) -> list[Case]:
    """The examples of a rule's page: under *Example* it reports what is marked, under *Instead* nothing.

    A section may hold several examples: a title that comes again begins the next one. Where the rule can always fix
    what it reports, its fix must make each *Instead* of the *Example* at the same place.
    """
    examples = _page_section(rule, "Example")
    instead = _page_section(rule, "Instead")
    if rule.fix in ("safe", "unsafe"):
        pairs = zip(examples, instead)
        examples = [example._replace(fixed=_changed(example, after)) for example, after in pairs]
    return examples + instead


def check_case(case: Case, rules: Iterable[str] = ()) -> None:
    """Run the checker over a case.

    Args:
        case: the case.
        rules: codes of further rules that report what is marked and nothing else.

    Raises:
        CaseError: something else is reported than what is marked, or fixing makes something else.
    """
    codes = {*case.rules, *rules, *(mark.code for mark in case.marks)}
    with tempfile.TemporaryDirectory(prefix="guardrails-case-") as folder:
        root = Path(folder).resolve()
        for path, text in {configuration.PROJECT_FILE: _DEFAULT_PROJECT, **case.files}.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode("utf-8"))
        workspace = Workspace([root], _config(root, codes), jobs=1)
        _compare_findings(case, workspace.check(), codes | _ALWAYS)
        if case.fixed:
            _compare_fixed(case, workspace)


def _page_section(rule: Rule, heading: str) -> list[Case]:
    match = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", rule.page, re.MULTILINE | re.DOTALL)
    text = f"# {rule.code}\n## {heading}\n{match[1]}" if match else ""
    cases = parse_cases(text, f"{rule.code} {rule.name}")
    return [case._replace(title=f"{case.title} {n}" if n > 1 else case.title) for n, case in enumerate(cases, 1)]


def _changed(example: Case, after: Case) -> dict[str, str]:
    return {path: text for path, text in after.files.items() if example.files.get(path) != text}


def _config(root: Path, codes: Iterable[str]) -> Config:
    """The configuration of a case, reduced to the rules that it is about, unless it selects some itself."""
    config = configuration.load(root)
    return config if config.select else msgspec.structs.replace(config, select=tuple(sorted(codes)))


def _compare_findings(case: Case, result: Result, codes: Iterable[str]) -> None:
    compared = frozenset(codes)
    messages: dict[Mark, list[str]] = {}
    for d in result.report.diagnostics:
        if d.code in compared:
            messages.setdefault(Mark(d.path, d.line, d.code), []).append(d.message)
    found = Counter({mark: len(said) for mark, said in messages.items()})
    expected = Counter(case.marks)
    lines = [f"  not reported:  {mark}" for mark in sorted((expected - found).elements())]
    lines += [f"  reported:      {mark} {' / '.join(messages[mark])}" for mark in sorted(found - expected)]
    if lines:
        raise CaseError("\n".join([f"{case.source}: {case.title}", *lines]))


def _compare_fixed(case: Case, workspace: Workspace) -> None:
    from fastapi_guardrails import fix as fixer

    plan = fixer.plan(workspace, unsafe=True)
    problems = list(plan.failures)
    for path in sorted(case.fixed.keys() | plan.changed.keys()):
        expected = case.fixed.get(path, case.files.get(path, ""))
        made = plan.changed[path].decode("utf-8") if path in plan.changed else case.files.get(path, "")
        if made != expected:
            problems.append(fixer.unified_diff(expected.encode(), made.encode(), path).decode())
    if problems:
        raise CaseError("\n".join([f"{case.source}: {case.title}: fixing makes something else", *problems]))


def _case(title: str, source: str, rules: frozenset[str], blocks: Iterable[_Block]) -> Case:
    files: dict[str, str] = {}
    fixed: dict[str, str] = {}
    marks: list[Mark] = []
    for block in blocks:
        text, codes = _without_marks(block.text)
        if block.is_fixed:
            fixed[block.title] = text
            continue
        files[block.title] = text
        marks += (Mark(block.title, line, code) for line, code in codes)
    for path in fixed:
        if path not in files:
            raise CaseError(f"{source}: {title}: there is a fixed {path}, but no {path} before it")
    return Case(title, source, rules, files, tuple(marks), fixed)


def _without_marks(text: str) -> tuple[str, list[tuple[int, str]]]:
    """A text without its marks; line and code of each mark."""
    lines: list[str] = []
    marks: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        match = _MARK.search(line)
        if match:
            marks += ((number, code.strip()) for code in match["codes"].split(","))
            line = line[: match.start()]
        lines.append(line)
    return "\n".join(lines), marks


def _numbered_blocks(text: str) -> Iterator[tuple[tuple[str, int], _Block]]:
    """The blocks that are files, by section and by number of the example in it."""
    number, seen, section = 0, set[str](), ""
    for block in _blocks(text):
        if block.section != section:
            number, section, seen = 0, block.section, set()
        if not block.is_fixed:
            if block.title in seen:
                number, seen = number + 1, set()
            seen.add(block.title)
        yield (section, number), block


def _blocks(text: str) -> Iterator[_Block]:
    """The fenced blocks under second-level headings that have a title, or are Python."""
    section, before = "", ""
    lines = iter(enumerate(text.split("\n"), start=1))
    for number, line in lines:
        fence = _FENCE.fullmatch(line)
        if fence is None:
            section = line[3:].strip() if line.startswith("## ") else section
            before = line.strip() or before
            continue
        body = _body(lines, fence)
        title = _TITLE.search(fence["info"])
        is_fixed = (
            before.rstrip("*_").endswith("Fixed:") or re.search(r"\bfixed\b", _TITLE.sub("", fence["info"])) is not None
        )
        before = ""
        if section and (title or fence["language"] == "python"):
            yield _Block(section, number, fence["language"], title["title"] if title else DEFAULT_FILE, is_fixed, body)


def _body(lines: Iterator[tuple[int, str]], fence: re.Match[str]) -> str:
    body: list[str] = []
    for _, line in lines:
        if line.strip() == fence["ticks"]:
            break
        body.append(line.removeprefix(fence["indent"]))
    return "".join(line + "\n" for line in body)
