"""Loading: whatever the bytes are, there are facts; the same bytes give the same facts, whoever reads them."""

from __future__ import annotations

import hashlib
import sysconfig
import tempfile
from pathlib import Path

from hypothesis import given, settings

from fastapi_guardrails.source import facts
from fastapi_guardrails.source.files import SourceFile, discover
from fastapi_guardrails.source.loader import load

from .modules import SNIPPETS, contents, projects

#: How many files of the installed packages are read: the same ones at each run.
SAMPLE = 250


def written(root: Path, files: dict[str, bytes]) -> Path:
    """Write files below a root."""
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return root


def loaded(root: Path, jobs: int = 1) -> dict[str, bytes]:
    """The encoded facts of all files below a root, by path."""
    sources = load(root, discover(root).files, jobs=jobs)
    return {path: facts.encode(module) for path, module in sources.modules.items()}


@settings(max_examples=150, deadline=None)
@given(contents)
def test_any_bytes_have_facts_that_survive_encoding(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        written(Path(folder), {"m.py": content})
        module = load(Path(folder), [SourceFile("m.py")], jobs=1).modules["m.py"]
    assert facts.decode(facts.encode(module)) == module
    assert (module.error is None) or module.body == []


@settings(max_examples=60, deadline=None)
@given(projects, projects)
def test_facts_of_a_file_depend_on_its_bytes_alone(files: dict[str, bytes], others: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        alone = loaded(written(Path(one), files))
        among = loaded(written(Path(two), others | files))
    assert alone == {path: among[path] for path in files}


def test_the_number_of_processes_changes_nothing(tmp_path: Path) -> None:
    files = {f"m{n}.py": (SNIPPETS[n % 4] * (20 + n) + "x = (\n" * (n % 7 == 0)).encode() for n in range(60)}
    written(tmp_path, files)
    one = loaded(tmp_path, jobs=1)
    assert len(one) == 60
    assert loaded(tmp_path, jobs=2) == one
    assert loaded(tmp_path, jobs=5) == one


def test_installed_packages_are_read() -> None:
    packages = Path(sysconfig.get_path("purelib"))
    files = sorted(discover(packages).files, key=lambda file: hashlib.sha256(file.path.encode()).digest())[:SAMPLE]
    sources = load(packages, files, jobs=1)
    assert len(sources.modules) == min(SAMPLE, len(files))
    for path, module in sources.modules.items():
        assert facts.decode(facts.encode(module)) == module, path
        assert module.error is None, (path, module.error)
