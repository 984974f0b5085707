"""`check --fix` and `--diff` on real files."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

UNUSED = "x = 1  # guardrails: ignore[FG001] why\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "p"\nversion = "0"\n')
    return tmp_path


def check(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "fastapi_guardrails", "check", "--select", "FG002", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, timeout=60)


def test_it_says_what_it_fixed_and_then_finds_nothing(project: Path) -> None:
    (project / "a.py").write_text(UNUSED)
    (project / "b.py").write_text(UNUSED * 2)
    done = check(project, "--fix")
    assert done.returncode == 0
    assert done.stderr == b"Fixed 3 findings in 2 files.\n"
    assert (project / "b.py").read_text() == "x = 1\nx = 1\n"


def test_a_second_run_changes_nothing(project: Path) -> None:
    (project / "a.py").write_text(UNUSED)
    check(project, "--fix")
    before = (project / "a.py").stat()
    again = check(project, "--fix")
    after = (project / "a.py").stat()
    assert (again.returncode, again.stderr) == (0, b"")
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


def test_fixes_that_touch_each_other_come_one_after_the_other(project: Path) -> None:
    (project / "a.py").write_text("x = 1  # guardrails: ignore[FG001, FG001, FG001, FG003] why\n")
    assert b"Fixed 4 findings in 1 file." in check(project, "--fix").stderr
    assert (project / "a.py").read_text() == "x = 1\n"


@pytest.mark.parametrize(
    "before",
    [
        b"x = 1\r\ny = 2  # noqa: FG001\r\nz = 3\r\n",
        b"\xef\xbb\xbfy = 2  # noqa: FG001\n",
        "# -*- coding: latin-1 -*-\ny = 'é'  # noqa: FG001\n".encode("latin-1"),
        b"y = 2  # noqa: FG001",
        b"x = 1\ry = 2  # noqa: FG001\rz = 3\r",
        b"x = 1\x0c\n\ty = 2  # noqa: FG001\n".replace(b"\t", b""),
    ],
)
def test_bytes_that_are_not_fixed_stay(project: Path, before: bytes) -> None:
    (project / "a.py").write_bytes(before)
    assert check(project, "--fix").returncode == 0
    assert (project / "a.py").read_bytes() == before.replace(b"  # noqa: FG001", b"")


@pytest.mark.parametrize("odd", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_a_line_ends_where_python_says(project: Path, odd: str) -> None:
    head = f'"""{odd}"""\nfrom pydantic import BaseModel\n\n\nclass A(BaseModel):\n    x: int  # {odd}\n\n'
    (project / "a.py").write_text(f"{head}    class Config:  # kept\n        orm_mode = True\n", encoding="utf-8")
    assert check(project, "--fix", "--select", "FG601").returncode == 0
    made = f"{head}    model_config = ConfigDict(  # kept\n        from_attributes=True,\n    )\n"
    assert (project / "a.py").read_text("utf-8") == made.replace("BaseModel\n", "BaseModel, ConfigDict\n", 1)


def test_mode_and_links_are_kept(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    real = tmp_path_factory.mktemp("elsewhere") / "real.py"
    real.write_text(UNUSED)
    real.chmod(0o751)
    (project / "link.py").symlink_to(real)
    assert check(project, "--fix").returncode == 0
    assert (project / "link.py").is_symlink()
    assert (real.read_text(), stat.S_IMODE(real.stat().st_mode)) == ("x = 1\n", 0o751)
    assert os.listdir(real.parent) == ["real.py"]


def test_unsafe_fixes_have_to_be_asked_for_with_fix(project: Path) -> None:
    assert check(project, "--unsafe-fixes").returncode == 2


FILES = {
    "a.py": UNUSED.encode(),
    "folder/crlf.py": UNUSED.replace("\n", "\r\n").encode() * 2,
    "no newline.py": b"x = 1  # noqa: FG001",
    "latin.py": "# coding: latin-1\nx = 'é'  # noqa: FG001\n".encode("latin-1"),
    "ünï.py": b"\xef\xbb\xbf" + UNUSED.encode(),
}


def test_a_diff_is_a_patch_that_git_applies(project: Path) -> None:
    for path, data in FILES.items():
        (project / path).parent.mkdir(exist_ok=True)
        (project / path).write_bytes(data)
    subprocess.run(["git", "init", "--quiet", "."], cwd=project, check=True)
    diff = check(project, "--diff", "--no-cache")
    assert diff.returncode == 1
    assert b"Would fix 6 findings in 5 files." in diff.stderr
    assert {path: (project / path).read_bytes() for path in FILES} == FILES
    applied = subprocess.run(["git", "apply", "-"], cwd=project, input=diff.stdout, capture_output=True)
    assert applied.returncode == 0, applied.stderr
    by_patch = {path: (project / path).read_bytes() for path in FILES}
    for path, data in FILES.items():
        (project / path).write_bytes(data)
    check(project, "--fix")
    assert by_patch == {path: (project / path).read_bytes() for path in FILES}


def test_a_diff_without_fixes_is_empty(project: Path) -> None:
    (project / "a.py").write_text("x = 1\n")
    assert (check(project, "--diff").stdout, check(project, "--diff").returncode) == (b"", 0)


def test_a_fix_that_would_break_a_file_is_left_out(project: Path) -> None:
    rule = (
        "from fastapi_guardrails import Applicability, Edit, Finding, Fix, Import, Mark, rule\n"
        "from fastapi_guardrails.finding import Range\n"
        "from fastapi_guardrails.model.elements import Module\n"
        "@rule('SHOP001', name='broken-fix', fix='safe')\n"
        "def broken(module: Module):\n"
        "    if module.path == 'a.py':\n"
        "        edit = Edit(Range('a.py', 1, 1, 1, 1), '(')\n"
        "        yield Finding(at=Mark('a.py', 1, 0), message='x', fix=Fix('Break it', Applicability.SAFE, (edit,)))\n"
    )
    (project / "rules.py").write_text(rule)
    (project / "pyproject.toml").write_text(
        '[tool.fastapi-guardrails]\nrules = ["rules.py"]\nexclude = ["rules.py"]\nextend-select = ["SHOP001"]\n'
    )
    (project / "a.py").write_text("y = 1\n" + UNUSED)
    done = check(project, "--fix", "--extend-select", "SHOP001")
    assert done.returncode == 2
    assert b"a.py:1: the fix of SHOP001 was left out" in done.stderr
    assert (project / "a.py").read_text() == "y = 1\nx = 1\n"
