"""The generated projects are what the benchmark takes them for."""

from __future__ import annotations

import ast
from pathlib import Path

from .generate import generate


def test_a_project_is_valid_python_of_about_that_size(tmp_path: Path) -> None:
    lines = generate(tmp_path, 5000)
    texts = [file.read_text() for file in tmp_path.rglob("*.py")]
    for text in texts:
        ast.parse(text)
    counted = sum(text.count("\n") for text in texts) + (tmp_path / "pyproject.toml").read_text().count("\n")
    assert lines == counted
    assert 5000 <= lines < 6000


def test_the_same_size_is_the_same_project(tmp_path: Path) -> None:
    for name in ("one", "two"):
        generate(tmp_path / name, 3000)
    one, two = (
        {str(f.relative_to(tmp_path / name)): f.read_text() for f in (tmp_path / name).rglob("*.py")}
        for name in ("one", "two")
    )
    assert one == two
