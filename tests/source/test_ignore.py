"""Patterns mean what they mean to git: held against git, and against pathspec, whose work they do."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from fastapi_guardrails.source.ignore import Patterns

_PART = st.sampled_from(
    ["app", "a", "*.py", "a*", "*b", "**", "*", "build", ".venv", "x?", "[ab]", "*.[co]", "a.b", "a b", "c-d", "*a*"]
)
_PATTERN = st.builds(
    lambda anchored, parts, folder: anchored + "/".join(parts) + folder,
    st.sampled_from(["", "/"]),
    st.lists(_PART, min_size=1, max_size=3),
    st.sampled_from(["", "/"]),
)
_NAMES = st.sampled_from(["app", "a", "b", "main.py", "ab", "xb", "build", ".venv", "a.b", "a b", "c-d", "m.c", "x1"])
_PATH = st.lists(_NAMES, min_size=1, max_size=4).map("/".join)


def _by_pathspec(lines: list[str], path: str, is_folder: bool) -> bool:
    """Walk down as git does: nothing is taken in again below a folder that is left out."""
    spec = GitIgnoreSpec.from_lines(lines)
    parts = path.split("/")
    folders = ["/".join(parts[: count + 1]) + "/" for count in range(len(parts) - 1)]
    return any(spec.check_file(p).include for p in [*folders, path + "/" if is_folder else path])


def _by_patterns(lines: list[str], path: str, is_folder: bool) -> bool:
    patterns = Patterns(lines)
    parts = path.split("/")
    folders = ["/".join(parts[: count + 1]) for count in range(len(parts) - 1)]
    return any(patterns.verdict(f, True) for f in folders) or bool(patterns.verdict(path, is_folder))


@settings(max_examples=600, deadline=None)
@given(st.lists(_PATTERN, min_size=1, max_size=4), _PATH, st.booleans())
def test_any_patterns_decide_as_pathspec_does(lines: list[str], path: str, is_folder: bool) -> None:
    assert _by_patterns(lines, path, is_folder) is _by_pathspec(lines, path, is_folder)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.parametrize("seed", range(12))
def test_patterns_that_take_in_again_decide_as_git_does(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    plain = ["a", "b", "app", "*.py", "a*", "/app", "app/a", "build/", "x?", "[ab]", "app/*", "/a/b"]
    lines = [chance.choice(["", "!"]) + chance.choice(plain) for _ in range(5)]
    paths = sorted(
        {"/".join(chance.choices(["a", "b", "app", "main.py", "ab", "x1"], k=chance.randint(1, 3))) for _ in range(60)}
    )
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / ".gitignore").write_text("\n".join(lines), encoding="utf-8")
    asked = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin"],
        cwd=tmp_path,
        input="\n".join(paths),
        capture_output=True,
        text=True,
    )
    ignored = set(asked.stdout.split("\n")) - {""}
    assert {path for path in paths if _by_patterns(lines, path, False)} == ignored, lines


@pytest.mark.parametrize(
    ("lines", "path", "is_folder", "ignored"),
    [
        (["build"], "a/build", True, True),
        (["build/"], "a/build", False, False),
        (["/build"], "a/build", True, False),
        (["docs/*.py"], "docs/conf.py", False, True),
        (["docs/*.py"], "docs/x/conf.py", False, False),
        (["*.py", "!keep.py"], "keep.py", False, False),
        (["!keep.py", "*.py"], "keep.py", False, True),
        (["# build"], "# build", True, False),
        (["\\#x.py"], "#x.py", False, True),
        (["name.py   "], "name.py", False, True),
        (["a/**/z.py"], "a/b/c/z.py", False, True),
        (["[._]*.sw[a-p]"], ".main.py.swp", False, True),
    ],
)
def test_a_pattern_decides(lines: list[str], path: str, is_folder: bool, ignored: bool) -> None:
    assert bool(Patterns(lines).verdict(path, is_folder)) is ignored


@pytest.mark.filterwarnings("error")
def test_a_pattern_that_regular_expressions_warn_of_is_taken_in_silence() -> None:
    assert _by_patterns(["pages/auth/[[...path]].tsx"], "pages/auth/.].tsx", False)
