"""Discovery: every Python file of the project, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fastapi_guardrails.source.files import discover, find_root

from .conftest import Write


def _paths(root: Path, *exclude: str, explicit: tuple[str, ...] = ()) -> list[str]:
    return [file.path for file in discover(root, exclude, explicit).files]


def test_python_files_are_found_in_order_and_others_are_not(write: Write) -> None:
    root = write("b.py", "a/z.py", "a/__init__.py", "a/types.pyi", "README.md", "c.py.txt")
    assert _paths(root) == ["a/__init__.py", "a/z.py", "b.py"]


def test_folders_of_tools_and_environments_hold_no_code_of_the_project(write: Write) -> None:
    root = write(
        "app/main.py", ".git/hooks/x.py", ".venv/lib/a.py", "venv/a.py", "node_modules/m/a.py", "__pycache__/a.py",
        ".tox/a.py", ".nox/a.py", "build/lib/a.py", "dist/a.py", "lib/site-packages/a.py", ".guardrails_cache/a.py",
        "my-env/pyvenv.cfg", "my-env/lib/a.py",
    )  # fmt: skip
    assert _paths(root) == ["app/main.py"]


def test_a_package_without_init_named_build_is_code(write: Write) -> None:
    assert _paths(write("app/build/wheel.py")) == ["app/build/wheel.py"]


def test_a_package_named_build_is_code(write: Write) -> None:
    assert _paths(write("app/build/__init__.py", "app/build/wheel.py")) == [
        "app/build/__init__.py",
        "app/build/wheel.py",
    ]


def test_the_nearest_gitignore_decides_and_no_git_is_needed(write: Write) -> None:
    root = write(
        "gen/a.py", "app/gen/b.py", "app/keep_gen.py", "app/x_gen.py",
        **{".gitignore": "/gen/\n*_gen.py\n", "app/.gitignore": "!keep_gen.py\n"},
    )  # fmt: skip
    assert _paths(root) == ["app/gen/b.py", "app/keep_gen.py"]


def test_nothing_below_an_ignored_folder_is_taken_in_again(write: Write) -> None:
    root = write("out/a.py", "b.py", **{".gitignore": "out/\n", "out/.gitignore": "!a.py\n"})
    assert _paths(root) == ["b.py"]


def test_ignore_files_of_the_repository_above_hold_too(write: Write) -> None:
    root = write(
        ".git/HEAD", "backend/app/main.py", "backend/secret/a.py", "backend/tmp/b.py", "backend/local.py",
        **{".gitignore": "backend/secret/\ntmp\n", ".git/info/exclude": "local.py\n"},
    )  # fmt: skip
    assert _paths(root / "backend") == ["app/main.py"]


def test_a_root_that_is_itself_ignored_was_asked_for(write: Write) -> None:
    root = write(".git/HEAD", "work/app/main.py", **{".gitignore": "work/\n"})
    assert _paths(root / "work") == ["app/main.py"]
    assert _paths(root / "work" / "app") == ["main.py"]


def test_the_config_excludes_by_the_same_patterns_unless_a_file_is_named(write: Write) -> None:
    root = write("app/main.py", "app/legacy/a.py", "app/x_pb2.py")
    assert _paths(root, "app/legacy", "*_pb2.py") == ["app/main.py"]
    assert _paths(root, "app/legacy", explicit=("app/legacy/a.py", "gone.py")) == [
        "app/legacy/a.py",
        "app/main.py",
        "app/x_pb2.py",
    ]


def test_links_are_followed_only_out_of_the_project_and_once(tmp_path: Path) -> None:
    root, outside = tmp_path / "project", tmp_path / "shared"
    for folder in (root / "app", outside / "lib"):
        folder.mkdir(parents=True)
        (folder / "a.py").touch()
    (root / "shared").symlink_to(outside)
    (root / "again").symlink_to(outside)
    (root / "loop").symlink_to(root)
    (root / "up").symlink_to(tmp_path)
    (outside / "back").symlink_to(outside)
    (root / "alias.py").symlink_to(root / "app" / "a.py")
    (root / "linked.py").symlink_to(outside / "lib" / "a.py")
    found = _paths(root)
    assert "app/a.py" in found
    assert "linked.py" in found
    assert "alias.py" not in found
    assert len([path for path in found if path.endswith("lib/a.py")]) == 1
    assert len(found) == 3


def test_broken_links_and_odd_files_are_no_code(tmp_path: Path) -> None:
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere.py")
    (tmp_path / "self.py").symlink_to(tmp_path / "self.py")
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "folder.py" / "in.py").touch()
    os.mkfifo(tmp_path / "pipe.py")
    assert _paths(tmp_path) == ["folder.py/in.py"]


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no permission bits there")
def test_a_folder_that_cannot_be_listed_is_reported_and_the_rest_found(write: Write) -> None:
    root = write("app/main.py", "locked/a.py")
    for folder in (root, *root.parents):
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    (root / "locked").chmod(0)
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from fastapi_guardrails.source.files import discover\n"
        "if os.getuid() == 0: os.setuid(65534)\n"
        "found = discover(Path(sys.argv[1]))\n"
        "print([f.path for f in found.files], [tuple(p) for p in found.problems])\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(root)], capture_output=True, text=True, check=False)
    (root / "locked").chmod(0o755)
    assert done.stdout == "['app/main.py'] [('locked', 'Permission denied')]\n", done.stderr


def test_the_root_is_the_nearest_project_above_all_paths(write: Write) -> None:
    root = write("pyproject.toml", "a/pyproject.toml", "a/app/main.py", "b/x.py")
    assert find_root([root / "a" / "app" / "main.py"]) == root / "a"
    assert find_root([root / "a" / "app"]) == root / "a"
    assert find_root([root / "a" / "app", root / "b"]) == root


def test_without_a_project_file_the_root_is_the_path(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write("app/main.py", "lib/x.py")
    assert find_root([root / "app"]) == root / "app"
    assert find_root([root / "app" / "main.py", root / "lib"]) == root
    monkeypatch.chdir(root / "lib")
    assert find_root([]) == root / "lib"
