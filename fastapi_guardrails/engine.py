"""One run: read the project, ask the rules, resolve where, leave out what is suppressed, and see what is left unused.

`check` is the public function; `Workspace` is what stands behind it, and behind the fixer, which looks at a project
several times with some of its files changed in memory.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache, partial
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from fastapi_guardrails import __version__
from fastapi_guardrails import config as configuration
from fastapi_guardrails.config import Config, ConfigError
from fastapi_guardrails.finding import Coverage, Diagnostic, Finding, Mark, Range, Report, TraceStep
from fastapi_guardrails.source import files
from fastapi_guardrails.source.contents import Contents, read
from fastapi_guardrails.source.generated import is_generated
from fastapi_guardrails.source.text import Text, TextError, decode

if TYPE_CHECKING:
    from fastapi_guardrails.model.project import Project
    from fastapi_guardrails.rules.registry import Rule
    from fastapi_guardrails.source.cache import Cache
    from fastapi_guardrails.source.facts import Suppression
    from fastapi_guardrails.source.loader import Sources

Progress = Callable[[int, int], None]

#: Bytes of source for which one more process to ask rules in pays, and how many processes do: each has its own memory.
_PAYS, _MOST = 500_000, 4

UNUSED, FAILED = "FG002", "FG003"

#: Rules that look at every file: about the run, the project and its tests.
_ANY_CODE = ("FG0", "FG9")

#: Files besides Python that a report may depend on, by their end, in the root and in these folders.
_SIDE_FILES = (".toml", ".txt", ".lock", ".yaml", ".yml", ".cfg", ".ini", ".in", ".json", ".sh", "file")
_SIDE_FOLDERS = (".ci", ".circleci", ".github", ".github/workflows", ".gitlab", "requirements", "ci", "scripts")


class Result(NamedTuple):
    """What a run found.

    Attributes:
        report: the findings and what was looked at.
        problems: what could not be read, for people; the run failed if there is any.
        text: the text of a file of the project, by path; empty if it has none.
    """

    report: Report
    problems: tuple[str, ...]
    text: Callable[[str], str]

    @property
    def failed(self) -> bool:
        """Whether something could not be looked at: a rule failed, or a file or folder could not be read."""
        return self.report.failed or bool(self.problems)


def check(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = ".",
    config: Config | None = None,
    *,
    jobs: int = 0,
    use_cache: bool = False,
) -> Report:
    """Check a project, and report what is in some of its paths.

    Args:
        paths: files or folders to report on; the whole project that they belong to is read.
        config: what to look for; by default what the project's `pyproject.toml` says.
        jobs: how many processes may work; 0 for as many as there are processors.
        use_cache: keep facts in `.guardrails_cache` of the project, and use what is kept there.

    Raises:
        ConfigError: the configuration is wrong.
        FileNotFoundError: a path does not exist.
    """
    given = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    return Workspace([Path(path) for path in given], config, jobs=jobs, use_cache=use_cache).check().report


class Workspace:
    """A project that is checked, once or several times.

    Args:
        paths: files or folders to report on.
        config: what to look for; None for what the project's configuration says.
        jobs: how many processes may work; 0 for as many as there are processors.
        use_cache: whether facts and reports are kept between runs.
        progress: called with how many files are read, and how many there are.

    Raises:
        ConfigError: the configuration is wrong.
        FileNotFoundError: a path does not exist.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        config: Config | None = None,
        *,
        jobs: int = 0,
        use_cache: bool = False,
        progress: Progress | None = None,
    ) -> None:
        for path in paths:
            if not path.exists():
                raise FileNotFoundError(f"{path}: there is no such file or folder")
        self.root = files.find_root(paths)
        self.config = configuration.load(self.root) if config is None else config
        self._scope = [_relative(path, self.root) for path in paths] or [""]
        self._jobs = jobs
        self._progress = progress
        self._use_cache = use_cache

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        """All rules that could run, by code."""
        from fastapi_guardrails.rules import load_rules

        return load_rules(self.config)

    @cached_property
    def discovery(self) -> files.Discovery:
        """The files of the project."""
        explicit = [path for path in self._scope if path.endswith(".py")]
        if not self._prefix:
            return files.discover(self.root, self.config.exclude, explicit)
        found = files.discover(self.root, (), explicit)
        excluded = self.config.exclude
        kept = [f for f in found.files if not configuration.matches(excluded, self._prefix + f.path)]
        return files.Discovery(kept, found.problems)

    @cached_property
    def contents(self) -> Contents:
        """The bytes of the files, as they are on the disk."""
        return read(self.root, self.discovery.files)

    def check(self, changed: Mapping[str, bytes] | None = None) -> Result:
        """Look at the project.

        Args:
            changed: bytes that stand in for those of some files, by path.
        """
        contents = _overlay(self.contents, changed) if changed else self.contents
        text = _Texts(self.root, contents)
        cache = self._cache()
        reports = None if cache is None or changed else self._reports(contents, cache)
        kept = reports and reports.find()
        if kept is not None:
            return Result(msgspec.structs.replace(kept, root=str(self.root)), self._problems, text)
        with _without_collection():
            report = self._run(contents, text, cache)
        if reports is not None and not report.failed:
            reports.keep(report)
        return Result(report, self._problems, text)

    def project(self, contents: Contents | None = None) -> Project:
        """The model of the project."""
        from fastapi_guardrails.model.project import Project

        sources = self._load(contents or self.contents, self._cache())
        sources.keep()
        return Project(sources, self.config)

    def _load(self, contents: Contents, cache: Cache | None) -> Sources:
        from fastapi_guardrails.source import loader

        return loader.load(
            self.root,
            self.discovery.files,
            jobs=self._jobs,
            cache=cache,
            progress=self._progress,
            contents=contents,
            meanwhile=_import_what_follows,
        )

    def _run(self, contents: Contents, text: _Texts, cache: Cache | None) -> Report:
        sources = self._load(contents, cache)
        from fastapi_guardrails.model.project import Project
        from fastapi_guardrails.rules.selection import Selection

        selection = Selection(self.config, self.rules)
        processes = _process_count(contents, self._jobs)
        run = _Run(Project(sources, self.config), self.rules, selection, text, self._prefix, processes)
        diagnostics = run.diagnostics([path for path in sources.modules if self._is_in_scope(path)], self._is_in_scope)
        return Report(
            root=str(self.root),
            diagnostics=tuple(sorted(diagnostics, key=_order)),
            coverage=_coverage(run.project),
            suppressed=run.suppressed,
            failed=bool(run.failed),
        )

    @property
    def _problems(self) -> tuple[str, ...]:
        folders = [f"{p.path}: cannot be listed: {p.message}" for p in self.discovery.problems]
        return (*folders, *(f"{path}: {message}" for path, message in sorted(self.contents.errors.items())))

    @cached_property
    def _prefix(self) -> str:
        """What leads from the folder of the config, in which globs are meant, to the root: often nothing."""
        base = self.config.base
        relative = os.path.relpath(self.root, base) if base else "."
        inside = relative != "." and not relative.startswith("..")
        return relative.replace(os.sep, "/") + "/" if inside else ""

    def _is_in_scope(self, path: str) -> bool:
        return any(not at or path == at or path.startswith(at + "/") for at in self._scope)

    def _cache(self) -> Cache | None:
        if not self._use_cache:
            return None
        from fastapi_guardrails.source.cache import Cache

        return Cache(self.root, f"{__version__} {_own_stamp()}")

    def _reports(self, contents: Contents, cache: Cache) -> _Reports | None:
        """Reports of earlier runs; None if it cannot be known what they depend on, as with rules of others."""
        from fastapi_guardrails.rules import has_plugins
        from fastapi_guardrails.source.cache import run_key

        if self.config.rules or has_plugins():
            return None
        settings = run_key(
            repr(self.config),
            repr(sorted(contents.errors.items())),
            "\n".join(self._scope),
            _side_stamp(self.root, contents.digests),
            _own_stamp(),
        )
        return _Reports(cache, contents, settings, run_key(settings, contents.digest()))


class _Reports(NamedTuple):
    """Reports of earlier runs with the same settings: of just these contents, and of those that were analysed last."""

    cache: Cache
    contents: Contents
    settings: bytes
    key: bytes

    def find(self) -> Report | None:
        """A report that holds for these contents."""
        kept = self._exact()
        if kept is not None:
            return kept
        from fastapi_guardrails import reuse

        kept = reuse.still_holds(self.cache.report(self.settings), self.contents, self.cache.text)
        if kept is not None:
            self.cache.keep_report(self.key, msgspec.msgpack.encode(kept))
        return kept

    def keep(self, report: Report) -> None:
        """Keep a new report."""
        from fastapi_guardrails import reuse

        try:
            self.cache.keep_report(self.key, msgspec.msgpack.encode(report))
            self.cache.keep_report(self.settings, reuse.encode(report, self.contents))
        except UnicodeEncodeError:  # a file whose name is no text: msgpack has no way to write it
            return

    def _exact(self) -> Report | None:
        data = self.cache.report(self.key)
        try:
            return None if data is None else msgspec.msgpack.decode(data, type=Report)
        except msgspec.MsgspecError:
            return None


class _Run:
    """The rules over one project."""

    def __init__(
        self,
        project: Project,
        rules: Mapping[str, Rule],
        selection: Any,
        text: Callable[[str], str],
        prefix: str,
        processes: int,
    ) -> None:
        self.project = project
        self.suppressed = 0
        self.failed: set[str] = set()
        self._failures: list[Finding] = []
        self._ranges: dict[Mark, Range] = {}
        self._processes = processes
        self._rules = rules
        self._selection = selection
        self._text = text
        self._generated: dict[str, bool] = {}
        self._prefix = prefix
        self._names = {word.lower(): rule.code for rule in rules.values() for word in (rule.code, rule.name)}

    def diagnostics(self, paths: Sequence[str], is_in_scope: Callable[[str], bool]) -> list[Diagnostic]:
        """What is to be reported for some paths."""
        on = self._selection.anywhere()
        comments = {p: s for p in paths if (s := self.project.sources.modules[p].suppressions)}
        named: set[str] = set()
        if UNUSED in on:
            every = {code for suppressions in comments.values() for s in suppressions for code in s.codes}
            named = {self._names[code.lower()] for code in every if code.lower() in self._names}
        shown = self._ask_all(sorted((on | named) - {UNUSED, FAILED}), is_in_scope)
        shown += ((self._rules[FAILED], failure) for failure in self._failures)
        suppressor = _Suppressor(comments, self._names, self._text)
        kept = self._keep(shown, suppressor)
        if UNUSED in on:
            kept += self._keep([(self._rules[UNUSED], f) for f in self._unused(comments, suppressor)], suppressor)
        return [self._diagnostic(rule, finding) for rule, finding in kept]

    def _ask_all(self, codes: Sequence[str], is_in_scope: Callable[[str], bool]) -> list[tuple[Rule, Finding]]:
        """What all rules find in some paths, in the order of the codes, whichever processes they were asked in."""
        from fastapi_guardrails.source.processes import share_out

        groups = _groups([self._rules[code] for code in codes])
        tasks: list[Callable[[], list[_Answer]]] = [partial(self._answers, group, is_in_scope) for group in groups]
        tasks.append(self._keep_facts)
        encoder = msgspec.msgpack.Encoder()
        answers = share_out(tasks, self._processes, encoder.encode, _decode_answers)
        by_code = {a.code: a for some in answers for a in some}
        for code in codes:
            answer = by_code[code]
            self._ranges.update(answer.ranges)
            if answer.failure is not None:
                self.failed.add(code)
                self._failures.append(answer.failure)
        return [(self._rules[code], finding) for code in codes for finding in by_code[code].findings]

    def _keep_facts(self) -> list[_Answer]:
        """What is left to do beside rules, by whoever has time: it finds nothing."""
        self.project.sources.keep()
        return []

    def _answers(self, codes: Sequence[str], is_in_scope: Callable[[str], bool]) -> list[_Answer]:
        return [self._ask(self._rules[code], is_in_scope) for code in codes]

    def _ask(self, rule: Rule, is_in_scope: Callable[[str], bool]) -> _Answer:
        """The findings of one rule in some paths, each place once; if it fails, those until then, and the failure."""
        found: dict[Mark, Finding] = {}
        failure: Finding | None = None
        at: Any = self.project
        try:
            for at in self.project.elements(rule.subject):
                for finding in rule.check(at) or ():
                    if is_in_scope(finding.at.path):
                        found.setdefault(finding.at, finding)
        except Exception as error:
            from fastapi_guardrails.rules.fg0_run import fg003_internal_error

            failure = fg003_internal_error.failure(rule, error, self._place(at))
        findings = [finding for finding in found.values() if self._concerns(rule, finding.at.path)]
        marks = {mark for finding in findings for mark in (finding.at, *(step.at for step in finding.trace))}
        return _Answer(rule.code, findings, failure, [(mark, self._range(mark)) for mark in marks])

    def _concerns(self, rule: Rule, path: str) -> bool:
        """Whether a rule looks at a file at all: generated code is no code of the application."""
        if not rule.builtin or rule.code.startswith(_ANY_CODE):
            return True
        if path not in self._generated:
            self._generated[path] = path.endswith(".py") and is_generated(self._text(path))
        return not self._generated[path]

    def _place(self, element: Any) -> Mark:
        """Where a rule was when it failed: the element, or the beginning of the first file."""
        mark = getattr(element, "mark", None)
        return mark if isinstance(mark, Mark) else Mark(min(self.project.sources.modules, default="."), 1, 0, "line")

    def _keep(self, found: Iterable[tuple[Rule, Finding]], suppressor: _Suppressor) -> list[tuple[Rule, Finding]]:
        """What neither a comment nor the selection for its path leaves out."""
        kept = []
        for rule, finding in found:
            is_suppressed = suppressor.suppresses(rule.code, finding.at)
            if is_suppressed or rule.code not in self._selection.at(self._prefix + finding.at.path):
                self.suppressed += rule.code in self._selection.base
            else:
                kept.append((rule, finding))
        return kept

    def _unused(self, comments: Mapping[str, Sequence[Suppression]], suppressor: _Suppressor) -> Iterator[Finding]:
        from fastapi_guardrails.rules.fg0_run.fg002_unused_suppression import unused

        for path, suppressions in comments.items():
            for suppression in suppressions:
                yield from unused(path, self._text(path), suppression, self._judge(suppression, path, suppressor))

    def _judge(self, suppression: Suppression, path: str, suppressor: _Suppressor) -> Callable[[str], str | None]:
        from fastapi_guardrails.rules import unknown_rule

        def judge(code: str) -> str | None:
            known = self._names.get(code.lower())
            if known is None:
                is_ours = suppression.tool == "guardrails"
                return unknown_rule(code, self._rules.values()) if is_ours else None
            if known == UNUSED or known in self.failed or suppressor.was_used(path, suppression, known):
                return None
            where = "in this file" if suppression.kind == "file" else "here"
            return f"{known} ({self._rules[known].name}) reports nothing {where}: the comment is not needed"

        return judge

    def _diagnostic(self, rule: Rule, finding: Finding) -> Diagnostic:
        from fastapi_guardrails.rules import page_url

        at = self._range(finding.at)
        return Diagnostic(
            code=rule.code,
            name=rule.name,
            message=finding.message,
            severity=finding.severity or rule.severity,
            path=at.path,
            line=at.line,
            column=at.column,
            end_line=at.end_line,
            end_column=at.end_column,
            guardrails=rule.guardrails,
            url=page_url(rule),
            trace=tuple(self._step(step.at, step.message) for step in finding.trace),
            fix=finding.fix,
        )

    def _step(self, at: Mark, message: str) -> TraceStep:
        place = self._range(at)
        return TraceStep(place.path, place.line, place.column, message)

    def _range(self, mark: Mark) -> Range:
        known = self._ranges.get(mark)
        if known is None:
            known = self._ranges[mark] = self._resolved(mark)
        return known

    def _resolved(self, mark: Mark) -> Range:
        from fastapi_guardrails.source.spans import resolve

        text = self._text(mark.path)
        if not text:
            return Range(mark.path, mark.line, mark.offset + 1, mark.line, mark.offset + 2)
        return resolve(text, mark, self.project.sources.around(mark.path, mark.line))


class _Answer(msgspec.Struct, array_like=True):
    """What one rule found: its findings, the failure that ended it, and where all that it marks starts and ends."""

    code: str
    findings: list[Finding]
    failure: Finding | None
    ranges: list[tuple[Mark, Range]]


#: Rules (by code, or its beginning) that look at the same functions: asked in one process, they share what they learn
#: of them. Those that follow calls from routes and async functions, those that ask what values are, those that look at
#: dependency trees, and those that look at what endpoints return.
_TOGETHER = (("FG101", "FG102", "FG107", "FG4"), ("FG105", "FG6"), ("FG212", "FG302"), ("FG209", "FG210"))


#: What rules are called with that is everywhere in a project: those take longest.
_EVERYWHERE = frozenset({"Project", "Function", "Call"})


def _groups(rules: Sequence[Rule]) -> list[list[str]]:
    """Rules as tasks: those that share their work, then each for itself, those that take long first."""
    together = [[rule.code for rule in rules if rule.code.startswith(beginnings)] for beginnings in _TOGETHER]
    shared = {code for group in together for code in group}
    alone = sorted(rules, key=lambda rule: rule.subject not in _EVERYWHERE)
    return [group for group in (*together, *([rule.code] for rule in alone if rule.code not in shared)) if group]


def _decode_answers(data: bytes) -> list[tuple[int, list[_Answer]]]:
    return msgspec.msgpack.decode(data, type=list[tuple[int, list[_Answer]]])


class _Suppressor:
    """Which findings comments suppress, and which comments were of use."""

    def __init__(
        self, comments: Mapping[str, Sequence[Suppression]], names: Mapping[str, str], text: Callable[[str], str]
    ) -> None:
        self._text = text
        self._statements: dict[str, Callable[[int], frozenset[int]]] = {}
        self._used: set[tuple[str, int, int, str]] = set()
        self._commented: set[tuple[str, str]] = set()
        self._of_file: dict[tuple[str, str], list[Suppression]] = defaultdict(list)
        self._of_line: dict[tuple[str, str, int], list[Suppression]] = defaultdict(list)
        for path, found in comments.items():
            for suppression in found:
                for code in {names[c.lower()] for c in suppression.codes if c.lower() in names}:
                    self._commented.add((path, code))
                    if suppression.kind == "file":
                        self._of_file[path, code].append(suppression)
                    else:
                        self._of_line[path, code, suppression.line].append(suppression)

    def suppresses(self, code: str, at: Mark) -> bool:
        """Whether a comment suppresses a finding; the comment then counts as used."""
        if (at.path, code) not in self._commented:
            return False
        found = list(self._of_file.get((at.path, code), ()))
        for line in self._lines(at):
            found += self._of_line.get((at.path, code, line), ())
        self._used.update((at.path, s.line, s.column, code) for s in found)
        return bool(found)

    def was_used(self, path: str, suppression: Suppression, code: str) -> bool:
        """Whether a comment suppressed a finding of a rule."""
        return (path, suppression.line, suppression.column, code) in self._used

    def _lines(self, at: Mark) -> frozenset[int]:
        """The lines whose comment holds for a finding: its own, and the first of its statement."""
        statements = self._statements.get(at.path)
        if statements is None:
            statements = self._statements[at.path] = _statement_lines(self._text(at.path))
        return statements(at.line) | {at.line}


def _statement_lines(text: str) -> Callable[[int], frozenset[int]]:
    """A function from a line to the first lines of the statement (and of the decorator) that the line is in."""
    import ast

    from fastapi_guardrails.source.loader import parse_again

    tree = parse_again(text)
    spans: list[tuple[int, int]] = []
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.stmt):
            spans.append((node.lineno, node.end_lineno or node.lineno))
            spans += ((d.lineno, d.end_lineno or d.lineno) for d in getattr(node, "decorator_list", ()))

    def first_lines(line: int) -> frozenset[int]:
        around = [span for span in spans if span[0] <= line <= span[1]]
        return frozenset({max(around)[0]} if around else ())

    return first_lines


class _Texts:
    """Texts of files by path: of those that were read, else from the disk."""

    def __init__(self, root: Path, contents: Contents) -> None:
        self._root = root
        self._contents = contents
        self._texts: dict[str, Text] = {}

    def __call__(self, path: str) -> str:
        return self.decoded(path).text

    def decoded(self, path: str) -> Text:
        """A file's text with its encoding, BOM and newline style; empty if it cannot be read."""
        text = self._texts.get(path)
        if text is None:
            text = self._texts[path] = self._decode(path)
        return text

    def _decode(self, path: str) -> Text:
        try:
            data = self._contents.data.get(path)
            return decode((self._root / path).read_bytes() if data is None else data)
        except (OSError, TextError):
            return Text("", "utf-8", False, "\n")


def _import_what_follows() -> None:
    """Import the model and the rules, which a run needs once all files are read."""
    from fastapi_guardrails.model import project  # noqa: F401
    from fastapi_guardrails.rules import load_builtin

    load_builtin()


def _process_count(contents: Contents, jobs: int) -> int:
    """How many processes may ask rules: further ones where a project is large enough to pay for them."""
    from fastapi_guardrails.source.processes import processors

    size = sum(map(len, contents.data.values()))
    return max(1, min(jobs or processors(), processors(), _MOST, size // _PAYS))


def _overlay(contents: Contents, changed: Mapping[str, bytes]) -> Contents:
    digests = {path: blake2b(data, digest_size=16).digest() for path, data in changed.items()}
    return Contents({**contents.data, **changed}, {**contents.digests, **digests}, contents.errors)


def _relative(path: Path, root: Path) -> str:
    relative = os.path.relpath(os.path.abspath(path), root).replace(os.sep, "/")
    return "" if relative == "." else relative


@contextmanager
def _without_collection() -> Iterator[None]:
    """No garbage collection meanwhile: a project is one large heap that lives until the end of the run."""
    import gc

    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _coverage(project: Project) -> Coverage:
    certain: dict[tuple[int, str], bool] = {}
    for route in project.routes:
        key = (id(route.flat.entry), route.route_path)
        certain[key] = certain.get(key, False) or route.certain
    return Coverage(
        files=len(project.sources.modules),
        apps=len(project.apps),
        routes=len(certain),
        uncertain_routes=sum(not known for known in certain.values()),
        unparsed_files=len(project.sources.unparsed),
    )


def _order(diagnostic: Diagnostic) -> tuple[str, int, int, str, str]:
    return diagnostic.path, diagnostic.line, diagnostic.column, diagnostic.code, diagnostic.message


@lru_cache(maxsize=1)
def _own_stamp() -> str:
    """What changes when the code of this package does: a checkout is edited without a new version."""
    stamps = (f"{e.path}{e.stat().st_size}{e.stat().st_mtime_ns}" for e in _walk(os.path.dirname(__file__)))
    return blake2b("".join(sorted(stamps)).encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def _walk(folder: str) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _walk(entry.path)
            elif entry.name.endswith(".py"):
                yield entry


def _parents_in_repository(root: Path) -> list[Path]:
    """The folders above the root up to that of the repository; only the one above it without a repository."""
    parents = [root, *root.parents]
    top = next((index for index, folder in enumerate(parents) if (folder / ".git").exists()), 1)
    return parents[1 : top + 1]


def _side_stamp(root: Path, paths: Iterable[str]) -> str:
    """Names, sizes and times of the files besides Python that a report may depend on."""
    stamps = []
    inner = dict.fromkeys((*_SIDE_FOLDERS, *files.inner_folders(paths)))
    for folder in (root, *(root / name for name in inner), *_parents_in_repository(root)):
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.lower().endswith(_SIDE_FILES) and entry.is_file():
                        stat = entry.stat()
                        stamps.append(f"{entry.path}\0{stat.st_size}\0{stat.st_mtime_ns}")
        except OSError:  # not there, or not ours to read: then the report cannot depend on it
            continue
    return "\n".join(sorted(stamps))


__all__ = ["ConfigError", "Result", "Workspace", "check"]
