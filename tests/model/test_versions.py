"""Versions of the libraries that a project runs on, from its own files."""

from __future__ import annotations

import pytest

from fastapi_guardrails.model.versions import parse_range

from .asked import understand


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ("# requirements.txt\nfastapi==0.115.2\n", False),
        ("# requirements.txt\nfastapi[standard]==0.140.0  # pinned\n", True),
        ("# requirements.txt\nfastapi>=0.137,<1\n", True),
        ("# requirements.txt\nFastAPI >= 0.100\n", None),
        ("# requirements.txt\nfastapi\n", None),
        ("# requirements.txt\nfastapi-users==0.1\n", None),
        ("# requirements/base.txt\nfastapi<0.120\n", False),
        ('# pyproject.toml\n[project]\ndependencies = ["fastapi>=0.138"]\n', True),
        ('# pyproject.toml\n[project.optional-dependencies]\napi = ["fastapi==0.100"]\n', False),
        ('# pyproject.toml\n[tool.poetry.dependencies]\nfastapi = "^0.115"\n', False),
        ('# pyproject.toml\n[tool.poetry.dependencies]\nfastapi = {version = "^0.140", extras = ["all"]}\n', True),
        ('# uv.lock\n[[package]]\nname = "fastapi"\nversion = "0.137.1"\n', True),
        ('# poetry.lock\n[[package]]\nname = "fastapi"\nversion = "0.116.0"\n', False),
        ("# dev-requirements.txt\nfastapi<0.120\n", False),
        ('# Pipfile\n[packages]\nfastapi = "==0.140.0"\n', True),
        ('# setup.py\nsetup(\n    install_requires=["fastapi >= 0.138", "x"],\n)\n', True),
        ("# setup.cfg\n[options]\ninstall_requires =\n    fastapi<0.120\n    x\n", False),
        ("# app/main.py\n", None),
        ("# pyproject.toml\nthis is no toml\n", None),
    ],
)
def test_the_files_of_a_project_say_its_version(files: str, expected: bool | None) -> None:
    assert understand(files).project.versions.at_least("fastapi", "0.137") is expected


def test_a_lock_file_knows_better_than_a_range() -> None:
    asked = understand("""
        # pyproject.toml
        [project]
        dependencies = ["fastapi>=0.100"]
        # uv.lock
        [[package]]
        name = "fastapi"
        version = "0.140.0"
        """)
    assert asked.project.versions.at_least("fastapi", "0.137") is True


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ("# backend/requirements.txt\npydantic==1.10.2\n", False),
        ('# services/users/pyproject.toml\n[project]\ndependencies = ["pydantic>=2"]\n', True),
        ("# one/requirements.txt\npydantic==1.10.2\n# two/requirements.txt\npydantic==2.4\n", None),
        ("# one/requirements.txt\npydantic==2.10.2\n# two/requirements.txt\npydantic>=2.4\n", True),
        ("# requirements.txt\nfastapi\n# two/requirements.txt\npydantic<2\n", None),
        ("# examples/x/requirements.txt\npydantic<2\n", None),
        ("# a/b/c/requirements.txt\npydantic<2\n", None),
        ("# services/users/requires.txt\npydantic[email]>=1.9.1,<2\n", False),
    ],
)
def test_folders_below_the_root_say_it_where_the_root_does_not(files: str, expected: bool | None) -> None:
    folders = ("backend/app", "services/users", "one", "two", "a/b/c", "examples/x")
    files += "".join(f"# {folder}/main.py\nx = 1\n" for folder in folders)
    assert understand(files).project.versions.at_least("pydantic", "2") is expected


def test_an_old_fastapi_needs_an_old_pydantic() -> None:
    asked = understand("# requirements.txt\nfastapi==0.65.2\n")
    assert asked.project.versions.at_least("pydantic", "2") is False
    asked = understand("# requirements.txt\nfastapi==0.100.0\n")
    assert asked.project.versions.at_least("pydantic", "2") is None


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ("# app/main.py\nfrom pydantic import BaseModel, BaseSettings\n", False),
        ("# app/main.py\ntry:\n    from pydantic import BaseSettings\nexcept ImportError:\n    pass\n", None),
        ("# app/main.py\nfrom pydantic_settings import BaseSettings\n", None),
        ("# requirements.txt\npydantic==2.1\n# app/main.py\nfrom pydantic import BaseSettings\n", True),
    ],
)
def test_an_import_that_only_pydantic_1_allows_says_it(files: str, expected: bool | None) -> None:
    assert understand(files).project.versions.at_least("pydantic", "2") is expected


@pytest.mark.parametrize(
    "text",
    [
        "project = 1",
        "[project]\ndependencies = 1",
        "[project]\ndependencies = [1, {}]\nrequires-python = 3.12",
        "[project]\noptional-dependencies = []",
        "[project.optional-dependencies]\napi = 1",
        "tool = 1",
        "[tool]\npoetry = []",
        "[tool.poetry]\ndependencies = 1",
        "[tool.poetry.dependencies]\nfastapi = []",
        "package = 1",
        "package = [1]",
        "[[package]]\nname = 1",
    ],
)
def test_nonsense_says_nothing(text: str) -> None:
    asked = understand(f"# pyproject.toml\n{text}\n# uv.lock\n{text}\n")
    assert asked.project.versions.at_least("fastapi", "0.137") is None


def test_an_override_knows_best() -> None:
    asked = understand("# requirements.txt\nfastapi==0.100.0\n", fastapi="0.137.0")
    assert asked.project.versions.at_least("fastapi", "0.137") is True


def test_the_version_of_python_is_what_the_project_requires() -> None:
    asked = understand('# pyproject.toml\n[project]\nname = "x"\nrequires-python = ">=3.12"\n')
    assert asked.project.versions.at_least("python", "3.11") is True
    assert asked.project.versions.at_least("python", "3.13") is None


@pytest.mark.parametrize(
    ("specifier", "version", "expected"),
    [
        ("==2.1", "2.0", True),
        ("==2.1", "2.2", False),
        ("==2.*", "2.0", True),
        ("==2.*", "3.0", False),
        ("==2.*", "2.5", None),
        (">=2,<3", "2", True),
        (">=2,<3", "3", False),
        ("<2", "2", False),
        ("<=2", "2", None),
        (">2", "2", True),
        ("~=2.4", "2.4", True),
        ("~=2.4", "3", False),
        ("~=2.4.1", "2.5", False),
        ("^1.2", "2", False),
        ("^0.115.2", "0.116", False),
        ("~1.2", "1.3", False),
        ("!=2.0", "2", None),
        ("", "2", None),
        ("*", "2", None),
    ],
)
def test_a_range_is_above_a_version_or_below_or_neither(specifier: str, version: str, expected: bool | None) -> None:
    assert parse_range(specifier).at_least(version) is expected
