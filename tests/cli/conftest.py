from __future__ import annotations

from pathlib import Path

import pytest

from .project import API, APP, PYPROJECT, write


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project of two files, with one finding: an unused suppression in app/api.py."""
    write(tmp_path, {"pyproject.toml": PYPROJECT, "app/__init__.py": "", "app/main.py": APP, "app/api.py": API})
    return tmp_path
