"""Loading: facts of every file whatever is wrong with some, the same ones however they are made."""

from __future__ import annotations

import gc
import os
import sys
import time
import warnings
from pathlib import Path

import pytest

from fastapi_guardrails.source import facts as f
from fastapi_guardrails.source import loader, processes
from fastapi_guardrails.source.cache import Cache
from fastapi_guardrails.source.contents import read
from fastapi_guardrails.source.files import SourceFile, discover
from fastapi_guardrails.source.loader import Sources, load, read_module
from fastapi_guardrails.source.text import Text

from .conftest import Write


def _load(root: Path, jobs: int = 1, cache: Cache | None = None) -> Sources:
    sources = load(root, discover(root).files, jobs=jobs, cache=cache)
    sources.keep()
    return sources


def _encoded(sources: Sources) -> dict[str, bytes]:
    return {path: f.encode(module) for path, module in sources.modules.items()}


def test_every_file_has_facts_under_its_path(write: Write) -> None:
    root = write(**{"app/main.py": "import app.db\nx = 1\n", "app/db.py": "def get(): ...\n"})
    sources = _load(root)
    assert list(sources.modules) == ["app/db.py", "app/main.py"]
    main = sources.modules["app/main.py"]
    assert (main.path, main.lines, main.error) == ("app/main.py", 2, None)
    assert sources.modules["app/main.py"] is main
    assert sources.roots == ("",)
    with pytest.raises(KeyError):
        sources.modules["nothing.py"]


def test_equal_files_have_facts_of_their_own(write: Write) -> None:
    root = write("a/__init__.py", "b/__init__.py")
    modules = _load(root).modules
    assert [modules[path].path for path in modules] == ["a/__init__.py", "b/__init__.py"]


def test_a_file_that_cannot_be_parsed_blinds_nothing_else(write: Write) -> None:
    root = write(**{"bad.py": "def f(:\n", "good.py": "x = 1\n"})
    (root / "nul.py").write_bytes(b"x = 1\n\0")
    (root / "latin.py").write_bytes(b"x = '\xe9'\n")
    sources = _load(root)
    assert sources.unparsed == ["bad.py", "latin.py", "nul.py"]
    assert sources.modules["nul.py"].error == f.ParseError(2, 1, "source contains a NUL byte")
    assert sources.modules["good.py"].body


def test_a_file_that_cannot_be_read_says_why(write: Write) -> None:
    root = write("a.py")
    sources = load(root, [SourceFile("a.py"), SourceFile("gone.py")])
    assert sources.modules["gone.py"].error == f.ParseError(1, 1, "cannot be read: No such file or directory")
    assert sources.text("gone.py") == ""
    assert "gone.py" in sources.modules
    assert len(sources.modules) == 2


def test_text_is_exactly_what_is_written(write: Write) -> None:
    root = write("a.py")
    (root / "a.py").write_bytes(b"\xef\xbb\xbfx = 1\r\ny = 2\r\n")
    sources = _load(root)
    assert sources.text("a.py") == "x = 1\r\ny = 2\r\n"
    assert sources.decoded("a.py") == Text("x = 1\r\ny = 2\r\n", "utf-8", True, "\r\n")
    assert [line.pos >> 16 for line in sources.modules["a.py"].body] == [1, 2]


def test_positions_do_not_depend_on_the_encoding() -> None:
    utf8 = read_module("# -*- coding: utf-8 -*-\ns = 'é'; x = y\n".encode())
    latin = read_module("# -*- coding: latin-1 -*-\ns = 'é'; x = y\n".encode("latin-1"))
    assert [s.pos for s in utf8.body] == [s.pos for s in latin.body]


def test_offsets_behind_the_longest_line_are_clipped() -> None:
    facts = loader.read_module(f"x = 1\ny = ['{'a' * 70_000}', name]; z = 2\n".encode())
    first, second, third = facts.body
    assert [f.line_of(s.pos) for s in (first, second, third)] == [1, 2, 2]
    assert [f.offset_of(s.pos) for s in (first, second, third)] == [0, 0, f.MAX_OFFSET]


def test_the_result_does_not_depend_on_the_number_of_processes(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {
        f"m{i}.py": f"x{i} = {i}\ndef f(a, b={i}):\n    return a + b  # noqa: FG101\n" * (i + 1) for i in range(30)
    }
    root = write(**texts, **{"bad.py": "x = (\n", "new.py": "type X = int\n"})
    monkeypatch.setattr(loader, "_FORK_PAYS", 100)
    monkeypatch.setattr(loader, "processors", lambda: 3)
    assert _encoded(_load(root, jobs=3)) == _encoded(_load(root, jobs=1))


def test_new_interpreters_read_where_a_copy_of_this_process_is_not_safe(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(**{f"m{i}.py": f"x{i} = {i}\n" * (i + 1) for i in range(12)})
    alone = _encoded(_load(root, jobs=1))
    monkeypatch.setattr(loader, "_SPAWN_PAYS", 100)
    monkeypatch.setattr(loader, "processors", lambda: 2)
    monkeypatch.setattr(loader, "can_fork", lambda: False)
    asked: list[str] = []
    sources = load(root, discover(root).files, jobs=2, meanwhile=lambda: asked.append("imports"))
    assert _encoded(sources) == alone
    assert asked == ["imports"]


def test_processes_are_started_only_where_they_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "processors", lambda: 4)
    monkeypatch.setattr(loader, "can_fork", lambda: True)
    assert loader._process_count([b"x" * 1000] * 50, jobs=0) == 1
    assert loader._process_count([b"x" * 100_000] * 50, jobs=0) == 4
    assert loader._process_count([b"x" * 100_000] * 50, jobs=2) == 2
    assert loader._process_count([b"x" * 10_000_000], jobs=0) == 1
    monkeypatch.setattr(loader, "can_fork", lambda: False)
    assert loader._process_count([b"x" * 100_000] * 50, jobs=0) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="needs processes that are forked")
def test_a_process_that_dies_costs_only_the_file_that_killed_it(
    write: Write, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = os.getpid()
    died = tmp_path_factory.mktemp("copies") / "died"
    real = loader.read_module

    def deadly(data: bytes) -> f.ModuleFacts:
        if os.getpid() != parent and data.startswith(b"kill = 1"):
            died.touch()
            os._exit(11)
        return real(data)

    def leave_the_file_to_the_copy() -> None:
        end = time.monotonic() + 60
        while not died.exists() and time.monotonic() < end:
            time.sleep(0.01)

    monkeypatch.setattr(loader, "read_module", deadly)
    monkeypatch.setattr(loader, "_FORK_PAYS", 10)
    monkeypatch.setattr(loader, "processors", lambda: 2)
    for module in (loader, processes):  # other tests may have left a thread behind
        monkeypatch.setattr(module, "can_fork", lambda: True)
    root = write(
        **{f"m{i}.py": f"x = {i}\n" * 5 for i in range(6)}, **{"big.py": "x = 0\n" * 20, "deadly.py": "kill = 1\n" * 12}
    )
    sources = load(root, discover(root).files, jobs=2, meanwhile=leave_the_file_to_the_copy)
    assert sources.unparsed == ["deadly.py"]
    error = sources.modules["deadly.py"].error
    assert error is not None
    assert error.message == "the process that read it died"


def test_progress_ends_with_all_files(write: Write) -> None:
    root = write(*(f"m{i}.py" for i in range(25)), **{"x.py": "x = 1\n"})
    seen: list[tuple[int, int]] = []
    load(root, discover(root).files, jobs=1, progress=lambda done, total: seen.append((done, total)))
    assert seen[0][1] == 26
    assert seen[-1] == (26, 26)


def test_the_compilers_warnings_are_not_ours(write: Write) -> None:
    root = write(**{"a.py": "x = '\\d'\ny = 1 is 1\n"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _load(root).unparsed == []


def test_the_garbage_collector_runs_again_afterwards(write: Write) -> None:
    _load(write("a.py"))
    assert gc.isenabled()


def test_digests_tell_any_change(write: Write) -> None:
    root = write(**{"a.py": "x = 1\n", "b.py": "y = 1\n"})
    files = discover(root).files
    first = read(root, files)
    assert read(root, files).digest() == first.digest()
    (root / "b.py").write_text("y = 2\n")
    assert read(root, files).digest() != first.digest()
    (root / "b.py").write_text("y = 1\n")
    assert read(root, [*files, SourceFile("gone.py")]).digest() != first.digest()
