"""The cache: it saves work, never changes a result, and never gets in the way."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fastapi_guardrails.source import facts as f
from fastapi_guardrails.source import loader
from fastapi_guardrails.source.cache import Cache, run_key
from fastapi_guardrails.source.contents import read
from fastapi_guardrails.source.files import discover

from .conftest import Write


def _load(root: Path, version: str = "1") -> dict[str, bytes]:
    sources = loader.load(root, discover(root).files, jobs=1, cache=Cache(root, version))
    sources.keep()
    return {path: f.encode(module) for path, module in sources.modules.items()}


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The bytes of files that were read anew."""
    seen: list[bytes] = []
    real = loader.read_module

    def watched(data: bytes) -> f.ModuleFacts:
        seen.append(data)
        return real(data)

    monkeypatch.setattr(loader, "read_module", watched)
    return seen


def test_only_what_changed_is_read_again(write: Write, reads: list[bytes]) -> None:
    root = write(**{"a.py": "x = 1\n", "b.py": "y = 1\n"})
    first = _load(root)
    assert sorted(reads) == [b"x = 1\n", b"y = 1\n"]
    assert _load(root) == first
    assert len(reads) == 2
    (root / "b.py").write_text("y = 2\n")
    second = _load(root)
    assert reads[2:] == [b"y = 2\n"]
    assert second["a.py"] == first["a.py"]
    assert second["b.py"] != first["b.py"]


def test_facts_go_by_content_not_by_name(write: Write, reads: list[bytes]) -> None:
    root = write(**{"a.py": "x = 1\n"})
    _load(root)
    (root / "a.py").rename(root / "b.py")
    assert f.decode(_load(root)["b.py"]).path == "b.py"
    assert len(reads) == 1


def test_another_version_of_the_tool_reads_anew(write: Write, reads: list[bytes]) -> None:
    root = write(**{"a.py": "x = 1\n"})
    _load(root)
    _load(root, version="2")
    assert len(reads) == 2


def test_what_is_gone_is_not_kept(write: Write) -> None:
    root = write(**{"a.py": "x = 1\n" * 500, "b.py": "y = 1\n"})
    _load(root)
    size = (root / ".guardrails_cache" / "facts").stat().st_size
    (root / "a.py").unlink()
    (root / "b.py").write_text("y = 2\n")
    _load(root)
    assert (root / ".guardrails_cache" / "facts").stat().st_size < size / 10


@pytest.mark.parametrize("damage", [b"", b"garbage", b"\xff" * 4000])
def test_damaged_files_are_dropped_in_silence(write: Write, damage: bytes) -> None:
    root = write(**{"a.py": "x = 1\n"})
    first = _load(root)
    kept = root / ".guardrails_cache" / "facts"
    good = kept.read_bytes()
    for content in (damage, good[: len(good) // 2], good[:-1], good[:60] + b"\0" + good[61:], good + damage[:9]):
        kept.write_bytes(content)
        assert _load(root) == first
    assert kept.read_bytes() == good


def test_facts_of_another_shape_are_read_anew(write: Write) -> None:
    root = write(**{"a.py": "x = 1\n"})
    first = _load(root)
    (digest,) = read(root, discover(root).files).digests.values()
    Cache(root, "1").save({digest: b"\x93\x01\x02\x03"}, {}, {})
    assert _load(root) == first


def test_the_bytes_of_a_file_are_kept_by_their_digest(write: Write) -> None:
    root = write(**{"a.py": "x = 1\n", "b.py": "y = 1\n"})
    _load(root)
    digests = read(root, discover(root).files).digests
    (root / "b.py").write_text("y = 2\n")
    cache = Cache(root, "1")
    assert [cache.text(digests[path]) for path in ("a.py", "b.py")] == [b"x = 1\n", b"y = 1\n"]
    assert cache.text(b"k" * 16) is None
    assert Cache(root, "2").text(digests["a.py"]) is None


@pytest.mark.parametrize("damage", [b"", b"garbage", b"\xff" * 4000])
def test_damaged_bytes_are_not_taken_for_the_right_ones(write: Write, damage: bytes) -> None:
    root = write(**{"a.py": "x = 1\n"})
    _load(root)
    digest = read(root, discover(root).files).digests["a.py"]
    kept = root / ".guardrails_cache" / "texts"
    good = kept.read_bytes()
    for content in (damage, good[: len(good) // 2], good[:-1], good[:40] + damage + good[41:]):
        kept.write_bytes(content)
        assert Cache(root, "1").text(digest) is None
    kept.unlink()
    assert Cache(root, "1").text(digest) is None


def test_git_and_backups_leave_it_alone(write: Write) -> None:
    root = write("a.py")
    _load(root)
    assert (root / ".guardrails_cache" / ".gitignore").read_text() == "*\n"
    assert (
        (root / ".guardrails_cache" / "CACHEDIR.TAG")
        .read_text()
        .startswith("Signature: 8a477f597d28d172789f06886806bc55")
    )
    assert [file.path for file in discover(root).files] == ["a.py"]


def test_where_nothing_can_be_written_nothing_is_kept(write: Write) -> None:
    root = write(".guardrails_cache", **{"a.py": "x = 1\n"})
    assert f.decode(_load(root)["a.py"]).body
    Cache(root, "1").keep_report(run_key("x"), b"report")
    assert Cache(root, "1").report(run_key("x")) is None
    assert (root / ".guardrails_cache").is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no permission bits there")
def test_a_read_only_project_is_no_error(write: Write) -> None:
    root = write(**{"a.py": "x = 1\n"})
    for folder in (root, *root.parents):
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    root.chmod(0o555)
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from fastapi_guardrails.source import cache, files, loader\n"
        "if os.getuid() == 0: os.setuid(65534)\n"
        "root = Path(sys.argv[1])\n"
        "sources = loader.load(root, files.discover(root).files, cache=cache.Cache(root, '1'))\n"
        "sources.keep()\n"
        "print(len(sources.modules['a.py'].body))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(root)], capture_output=True, text=True, check=False)
    root.chmod(0o755)
    assert done.stdout == "1\n", done.stderr
    assert not (root / ".guardrails_cache").exists()


def test_a_report_is_kept_for_exactly_its_key(tmp_path: Path) -> None:
    cache = Cache(tmp_path, "1")
    assert cache.report(run_key("a")) is None
    cache.keep_report(run_key("a"), b"first")
    cache.keep_report(run_key("b"), b"second")
    assert cache.report(run_key("a")) == b"first"
    assert Cache(tmp_path, "1").report(run_key("b")) == b"second"
    assert Cache(tmp_path, "2").report(run_key("a")) is None
    assert run_key("ab", "c") != run_key("a", "bc")


def test_only_so_many_reports_are_kept(tmp_path: Path) -> None:
    cache = Cache(tmp_path, "1")
    for count in range(20):
        cache.keep_report(run_key(str(count)), b"report")
    kept = [name for name in os.listdir(tmp_path / ".guardrails_cache") if name.startswith("run-")]
    assert len(kept) == 12
    assert cache.report(run_key("19")) == b"report"


def _save_often(root: Path, mark: bytes) -> None:
    for _ in range(60):
        cache = Cache(root, "1")
        cache.save({b"k" * 16: mark * 5000}, {}, {})
        found = Cache(root, "1").get(b"k" * 16)
        if found is None or len(set(found)) != 1:
            os._exit(1)


def test_two_runs_at_once_see_one_or_the_other(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    runs = [context.Process(target=_save_often, args=(tmp_path, mark)) for mark in (b"a", b"b")]
    for run in runs:
        run.start()
    for run in runs:
        run.join(60)
    assert [run.exitcode for run in runs] == [0, 0]
    assert not [name for name in os.listdir(tmp_path / ".guardrails_cache") if name.startswith(".new")]
