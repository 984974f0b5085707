"""Load a project: the bytes of its files, then the facts of each, from the cache or made anew."""

from __future__ import annotations

import ast
import gc
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from fastapi_guardrails.source import facts as f
from fastapi_guardrails.source import stretches, suppressions
from fastapi_guardrails.source.contents import Contents, read
from fastapi_guardrails.source.extract import clip_offsets, extract
from fastapi_guardrails.source.files import SourceFile
from fastapi_guardrails.source.processes import Copy, can_fork, processors, share_out
from fastapi_guardrails.source.roots import Imported, Roots, imported_by
from fastapi_guardrails.source.stretches import Stretch
from fastapi_guardrails.source.text import Text, TextError, count_lines, decode

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from fastapi_guardrails.source.cache import Cache

__all__ = ["Contents", "Progress", "Sources", "load", "parse_again", "read", "read_module"]

Progress = Callable[[int, int], None]

#: Bytes of source that must be there to read for each further process: what a forked one costs, and a new interpreter.
_FORK_PAYS = 150_000
_SPAWN_PAYS = 2_000_000

#: Bytes of source that take about as long to read as what is done meanwhile.
_MEANWHILE = 250_000

#: Batches of files for each process that reads, and for all of them.
_BATCHES, _MOST_BATCHES = 24, 200

#: How deep expressions may be nested. What is nested deeper is left out of the facts.
_MAX_DEPTH = 90


class Sources:
    """The loaded files of a project.

    Attributes:
        root: the project root.
        modules: facts by path, decoded when they are first asked for.
        keep: puts the facts into the cache, if some of them are not there yet.
    """

    def __init__(
        self, root: Path, contents: Contents, encoded: Mapping[str, bytes], keep: Callable[[], object]
    ) -> None:
        self.root = root
        self.keep = keep
        self.modules: Mapping[str, f.ModuleFacts] = _Modules(encoded, contents)
        self._contents = contents
        self._texts: dict[str, Text] = {}

    @property
    def roots(self) -> tuple[str, ...]:
        """Import roots, relative to the project root (`""`), with `/`."""
        return self.import_roots.roots

    @cached_property
    def import_roots(self) -> Roots:
        """Where modules are, by dotted name."""
        return Roots(
            self.modules, self.imports, self.root.name, lambda path: frozenset(_bound(self.modules[path].body))
        )

    @cached_property
    def imports(self) -> dict[str, list[Imported]]:
        """What each file imports absolutely, at its top level."""
        return {path: list(_imports(module.body)) for path, module in self.modules.items()}

    @cached_property
    def unparsed(self) -> list[str]:
        """Paths of the files that could not be read as Python, sorted."""
        return sorted(path for path, module in self.modules.items() if module.error is not None)

    def text(self, path: str) -> str:
        """A file's text exactly as written, without its BOM; empty if it cannot be decoded."""
        return self.decoded(path).text

    def around(self, path: str, line: int) -> tuple[Stretch, ...]:
        """What of a file to parse to see what a line holds: the narrowest first, none for all of it."""
        module = self.modules.get(path)
        return () if module is None else stretches.around(module, line)

    def decoded(self, path: str) -> Text:
        """A file's text with its encoding, BOM and newline style.

        Raises:
            KeyError: no such file was loaded.
        """
        text = self._texts.get(path)
        if text is None:
            try:
                text = decode(self._contents.data[path])
            except TextError:
                text = Text("", "utf-8", False, "\n")
            self._texts[path] = text
        return text


class _Modules(Mapping[str, f.ModuleFacts]):
    """Facts by path, decoded on access."""

    def __init__(self, encoded: Mapping[str, bytes], contents: Contents) -> None:
        self._encoded = encoded
        self._contents = contents
        self._decoded: dict[str, f.ModuleFacts] = {}

    def __getitem__(self, path: str) -> f.ModuleFacts:
        module = self._decoded.get(path)
        if module is None:
            module = self._decoded[path] = self._decode(path)
            module.path = path
        return module

    def _decode(self, path: str) -> f.ModuleFacts:
        error = self._contents.errors.get(path)
        if error is not None:
            return _unread(f.ParseError(1, 1, error), 0)
        try:
            return f.decode(self._encoded[path])
        except msgspec.MsgspecError:  # a cache that another program wrote to
            with _quiet():
                return read_module(self._contents.data[path])

    def __contains__(self, path: object) -> bool:
        return path in self._encoded

    def __iter__(self) -> Iterator[str]:
        return iter(self._encoded)

    def __len__(self) -> int:
        return len(self._encoded)


def load(
    root: Path,
    files: Sequence[SourceFile],
    *,
    jobs: int = 0,
    cache: Cache | None = None,
    progress: Progress | None = None,
    contents: Contents | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> Sources:
    """The facts of all files.

    Args:
        root: the project root.
        files: what to load, as `files.discover` gives it.
        jobs: how many processes may work; 0 for as many as there are processors.
        cache: where facts are kept between runs; those made anew get there with `Sources.keep`.
        progress: called with how many files are done, and how many there are.
        contents: the files' bytes, if `contents.read` was called before.
        meanwhile: called while other processes read, if any do: imports of what comes next.
    """
    contents = contents or read(root, files)
    encoded: dict[str, bytes] = dict.fromkeys(contents.data, b"")
    missing: dict[bytes, bytes] = {}
    known: dict[bytes, bytes] = {}
    for path, digest in contents.digests.items():
        if digest not in known and digest not in missing:
            found = cache.get(digest) if cache else None
            if found is None:
                missing[digest] = contents.data[path]
            else:
                known[digest] = found
    done = len(encoded) - len(missing)
    report = _nothing if progress is None else lambda count: progress(done + count, len(encoded))
    report(0)
    made = dict(zip(missing, _read_all(list(missing.values()), jobs, report, meanwhile), strict=True))
    for path, digest in contents.digests.items():
        encoded[path] = made[digest] if digest in made else known[digest]
    report(len(missing))
    texts = {digest: contents.data[path] for path, digest in contents.digests.items()}
    keep = partial(cache.save, made, known, texts) if cache and made else _nothing
    return Sources(root, contents, encoded, keep)


def read_module(data: bytes) -> f.ModuleFacts:
    """The facts of a file: a pure function of its bytes (`path` is empty). Never raises for what the bytes are."""
    lines = count_lines(data)
    try:
        try:
            tree, text = ast.parse(data), None
        except (SyntaxError, ValueError) as error:
            tree, text = _parse_otherwise(data, error)
        if _has_long_lines(data):
            clip_offsets(tree)
        body = _extract(tree)
        found = suppressions.find(text or decode(data).text, tree) if suppressions.may_hold(data) else []
    except TextError as error:
        return _unread(f.ParseError(error.line, error.column, error.message), lines)
    except SyntaxError as error:
        return _unread(f.ParseError(max(error.lineno or 1, 1), max(error.offset or 1, 1), error.msg), lines)
    except (RecursionError, MemoryError):
        return _unread(f.ParseError(1, 1, "nested too deeply to be read"), lines)
    return f.ModuleFacts("", body, found, None, lines)


def parse_again(text: str) -> ast.Module | None:
    """The syntax tree of a file's text, as facts were made from it; None for one that cannot be parsed."""
    try:
        with _quiet():
            try:
                return ast.parse(text)
            except (SyntaxError, ValueError) as error:
                return _lowered(text, error)
    except (SyntaxError, RecursionError, MemoryError):
        return None


def _unread(error: f.ParseError, lines: int) -> f.ModuleFacts:
    return f.ModuleFacts("", [], [], error, lines)


def _parse_otherwise(data: bytes, error: Exception) -> tuple[ast.Module, str]:
    """The tree of a file that the running Python rejects, if it is only too new for it."""
    text = decode(data).text
    return _lowered(text, error), text


def _lowered(text: str, error: Exception) -> ast.Module:
    from fastapi_guardrails.source import lower  # brings libcst, which few projects need here

    return lower.parse(text, error)


def _has_long_lines(data: bytes) -> bool:
    return len(data) > f.MAX_OFFSET and max(map(len, data.splitlines())) > f.MAX_OFFSET


def _extract(tree: ast.Module) -> list[f.Stmt]:
    try:
        return extract(tree)
    except RecursionError:
        _prune(tree)
        return extract(tree)


def _prune(tree: ast.Module) -> None:
    """Replace, in place, the expressions that are nested deeper than anybody writes by `...`."""
    stack: list[tuple[ast.AST, int]] = [(tree, 0)]
    while stack:
        node, depth = stack.pop()
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr) and depth >= _MAX_DEPTH:
                setattr(node, name, ast.copy_location(ast.Constant(...), value))
            elif isinstance(value, ast.AST):
                stack.append((value, depth + 1))
            elif isinstance(value, list):
                if depth >= _MAX_DEPTH:
                    value[:] = [v for v in value if not isinstance(v, ast.expr)]
                stack += [(item, depth + 1) for item in value if isinstance(item, ast.AST)]


# --- processes -----------------------------------------------------------------------------------------------------


def _nothing(*_: object) -> None:
    """Nobody wants to know."""


def _encoded_facts(data: bytes) -> bytes:
    try:
        return f.encode(read_module(data))
    except RecursionError:
        return f.encode(_unread(f.ParseError(1, 1, "nested too deeply to be read"), count_lines(data)))


def _read_share(share: list[bytes], report: Callable[[int], None]) -> list[bytes]:
    """Encoded facts of files, in this process."""
    made = []
    with _quiet():
        for count, data in enumerate(share, start=1):
            made.append(_encoded_facts(data))
            if not count % 20:
                report(count)
    return made


@contextmanager
def _quiet() -> Iterator[None]:
    """No garbage collection (trees have no cycles worth it) and no warnings of the compiler about what it reads."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if was_enabled:
            gc.enable()


def _read_all(
    files: list[bytes], jobs: int, report: Callable[[int], None], meanwhile: Callable[[], object] | None = None
) -> list[bytes]:
    """Encoded facts of files, in as many processes as pay. The result does not depend on how many."""
    count = _process_count(files, jobs)
    if count == 1:
        return _read_share(files, report)
    shares = _batches(files, count) if can_fork() else _split(files, count)
    read_shares = _read_in_copies if can_fork() else _read_in_interpreters
    results = read_shares([[files[i] for i in share] for share in shares], count, report, meanwhile or _nothing)
    made: list[bytes] = [b""] * len(files)
    for share, result in zip(shares, results, strict=True):
        for index, encoded in zip(share, result, strict=True):
            made[index] = encoded
    return made


def _read_in_copies(
    shares: Sequence[list[bytes]], count: int, report: Callable[[int], None], meanwhile: Callable[[], object]
) -> list[list[bytes]]:
    here, done, most = os.getpid(), 0, sum(map(len, shares))

    def task(share: list[bytes]) -> list[bytes]:
        nonlocal done
        made = _read_share(share, _nothing)
        if os.getpid() == here:
            done += len(share) * count  # the others are about as far
            report(min(done, most))
        return made

    return share_out(
        [partial(task, share) for share in shares],
        count,
        msgspec.msgpack.Encoder().encode,
        _numbered_decoder.decode,
        meanwhile=meanwhile,
        again=lambda number: _Worker(shares[number]).results(),
    )


def _read_in_interpreters(
    shares: Sequence[list[bytes]], count: int, report: Callable[[int], None], meanwhile: Callable[[], object]
) -> list[list[bytes]]:
    workers = [_Worker(share) for share in shares[1:]]
    meanwhile()
    own = _read_share(shares[0], lambda done: report(done * count))
    return [own, *(worker.results() for worker in workers)]


def _process_count(files: list[bytes], jobs: int) -> int:
    allowed = min(jobs or processors(), processors(), len(files))
    if allowed <= 1:
        return 1
    pays = _FORK_PAYS if can_fork() else _SPAWN_PAYS
    return max(1, min(allowed, sum(map(len, files)) // pays))


def _batches(files: list[bytes], count: int) -> list[list[int]]:
    """Indexes of files in batches, the largest files first: enough of them to keep all processes busy to the end."""
    size = sum(map(len, files)) // min(count * _BATCHES, _MOST_BATCHES)
    batches: list[list[int]] = []
    room = 0
    for index in sorted(range(len(files)), key=lambda i: -len(files[i])):
        if room <= 0:
            batches.append([])
            room = size
        batches[-1].append(index)
        room -= len(files[index])
    return batches


def _split(files: list[bytes], count: int) -> list[list[int]]:
    """Indexes of files in shares of about equal bytes, the largest files first; the first has less to do besides."""
    shares: list[list[int]] = [[] for _ in range(count)]
    sizes = [_MEANWHILE] + [0] * (count - 1)
    for index in sorted(range(len(files)), key=lambda i: -len(files[i])):
        least = sizes.index(min(sizes))
        shares[least].append(index)
        sizes[least] += len(files[index]) + 500
    return shares


class _Worker:
    """A process that reads a share of the files: a copy of this one, or else a new interpreter."""

    def __init__(self, share: list[bytes]) -> None:
        self._share = share
        self._process = Copy(lambda: _encoded_share(share)) if can_fork() else _Interpreter(share)

    def results(self) -> list[bytes]:
        """Encoded facts of the share."""
        data = self._process.result()
        self._process.end()
        if data:
            return _share_decoder.decode(data)
        return self._without_what_kills() if isinstance(self._process, Copy) else _read_share(self._share, _nothing)

    def _without_what_kills(self) -> list[bytes]:
        """Results after the process died: halves are tried until the file is alone that no process survives."""
        if len(self._share) == 1:
            error = f.ParseError(1, 1, "the process that read it died")
            return [f.encode(_unread(error, count_lines(self._share[0])))]
        half = len(self._share) // 2
        return [*_Worker(self._share[:half]).results(), *_Worker(self._share[half:]).results()]


class _Interpreter:
    """A new interpreter that reads a share of the files; it may fail to start for reasons that no file has."""

    def __init__(self, share: list[bytes]) -> None:
        import multiprocessing

        context = multiprocessing.get_context("spawn")
        self._receiver, sender = context.Pipe(duplex=False)
        self._process = context.Process(target=_work, args=(share, sender), daemon=True)
        self._process.start()
        sender.close()

    def result(self) -> bytes:
        """Encoded facts; nothing if it failed."""
        try:
            return self._receiver.recv_bytes()
        except (EOFError, OSError):
            return b""

    def end(self) -> None:
        """Wait for it to end."""
        self._receiver.close()
        self._process.join()


def _work(share: list[bytes], sender: Connection) -> None:
    sender.send_bytes(_encoded_share(share))
    sender.close()


def _encoded_share(share: list[bytes]) -> bytes:
    return msgspec.msgpack.encode(_read_share(share, _nothing))


_share_decoder = msgspec.msgpack.Decoder(list[bytes])
_numbered_decoder = msgspec.msgpack.Decoder(list[tuple[int, list[bytes]]])


def _bound(body: list[f.Stmt]) -> Iterator[str]:
    """Names that a module binds at its top level."""
    for statement in body:
        if isinstance(statement, (f.Function, f.Class)):
            yield statement.name
        elif isinstance(statement, (f.Import, f.ImportFrom)):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)
        elif isinstance(statement, (f.Assign, f.AnnAssign)):
            targets = statement.targets if isinstance(statement, f.Assign) else [statement.target]
            yield from (target.id for target in targets if isinstance(target, f.Name))
        elif isinstance(statement, (f.If, f.Try)):
            yield from _bound(statement.body)
            yield from _bound(statement.orelse)
            for handler in getattr(statement, "handlers", ()):
                yield from _bound(handler.body)


def _imports(body: list[f.Stmt]) -> Iterator[Imported]:
    """What a module imports absolutely, at its top level."""
    for statement in body:
        if isinstance(statement, (f.Import, f.ImportFrom)):
            yield from imported_by(statement)
        elif isinstance(statement, (f.If, f.Try, f.With)):
            yield from _imports(statement.body)
            yield from _imports(getattr(statement, "orelse", []))
            for handler in getattr(statement, "handlers", ()):
                yield from _imports(handler.body)
