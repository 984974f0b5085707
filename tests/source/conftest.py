"""What the tests of sources share: writing a project's files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write files into a new project: `write("app/main.py", "app/x.py")` or `write(**{"app/main.py": "import x"})`."""

    def write_files(*paths: str, **texts: str) -> Path:
        for path, text in {**dict.fromkeys(paths, ""), **texts}.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return tmp_path

    return write_files
