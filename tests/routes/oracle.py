"""FastAPI's own tutorial programs: their source, the tables of the running apps, and the static ones beside them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any, NamedTuple

FASTAPI = "0.165.0"
Route = dict[str, Any]
App = dict[str, Any]

#: What the programs expect around them: settings without a default, and files beside the working directory.
ENVIRONMENT = {"ADMIN_EMAIL": "admin@example.com"}
FILES = {"static/a.txt": "", "templates/item.html": "", "dist/index.html": "<html></html>", "dist/404.html": ""}

#: What is held against the running app, and how.
COMPARED = (
    "endpoint",
    "is_async",
    "status_code",
    "response_model",
    "tags",
    "dependencies",
    "secured",
    "include_in_schema",
)


class Tables(NamedTuple):
    """Both sides: `running` by module (`apps` or `error`), `static` by file."""

    running: dict[str, dict[str, Any]]
    static: dict[str, list[App]]


def read_tables(cache: Path) -> Tables:
    """Import every program, and read every program, with everything that is downloaded or made kept in `cache`."""
    programs = fetch_programs(cache)
    static: dict[str, list[App]] = {}
    for app in run_routes_command(programs):
        static.setdefault(app["path"], []).append(app)
    return Tables(import_programs(programs, cache / "scratch"), static)


def fetch_programs(cache: Path) -> Path:
    """A folder with `docs_src` of FastAPI's source distribution, as a project that targets that version.

    Raises:
        subprocess.CalledProcessError: the distribution cannot be downloaded.
    """
    project = cache / f"fastapi-{FASTAPI}-programs"
    if project.is_dir():
        return project
    cache.mkdir(parents=True, exist_ok=True)
    options = ["--quiet", "--no-deps", "--no-binary", ":all:", "--dest", str(cache)]
    subprocess.run([sys.executable, "-m", "pip", "download", *options, f"fastapi=={FASTAPI}"], check=True)
    partial = cache / f"partial-{os.getpid()}"
    with tarfile.open(cache / f"fastapi-{FASTAPI}.tar.gz") as archive:
        inside = [m for m in archive.getmembers() if m.isfile() and "/docs_src/" in m.name and ".." not in m.name]
        archive.extractall(partial, members=inside)
    (partial / f"fastapi-{FASTAPI}" / "pyproject.toml").write_text(
        f'[project]\nname = "programs"\nversion = "0"\ndependencies = ["fastapi=={FASTAPI}"]\n'
    )
    (partial / f"fastapi-{FASTAPI}").rename(project)
    shutil.rmtree(partial)
    return project


def import_programs(programs: Path, scratch: Path) -> dict[str, dict[str, Any]]:
    """The tables of the running apps, by module."""
    for name, text in FILES.items():
        (scratch / name).parent.mkdir(parents=True, exist_ok=True)
        (scratch / name).write_text(text)
    modules = sorted({module_name(f.relative_to(programs)) for f in (programs / "docs_src").rglob("*.py")})
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            str(Path(__file__).with_name("running.py")),
            str(programs),
            str(scratch),
            *modules,
        ],
        env=os.environ | ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    tables: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return tables


def module_name(path: Path) -> str:
    """`docs_src/body/tutorial001.py` → `docs_src.body.tutorial001`."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def run_routes_command(project: Path) -> list[App]:
    """The apps that `fastapi-guardrails routes` prints for a folder."""
    command = [sys.executable, "-m", "fastapi_guardrails", "routes", ".", "--output-format", "json"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    apps: list[App] = json.loads(done.stdout)["apps"]
    return apps


def differences(running: list[App], static: list[App]) -> list[str]:
    """How the apps of one file differ, one line each; nothing where all are equal.

    The routes of a mounted app are among those of the app that mounts it: it need not be listed besides.
    """
    lines: list[str] = []
    by_line = {app["line"]: app for app in static}
    for app in running:
        mirror = by_line.pop(app["line"], None)
        if mirror is None:
            if app["mounted"]:
                continue
            lines.append(f"line {app['line']}: no app was found")
        else:
            lines += route_differences([r for r in app["routes"] if not r["library"]], mirror["routes"])
    return lines + [f"line {line}: there is no such app" for line in by_line]


def route_differences(running: list[Route], static: list[Route]) -> list[str]:
    """How two route tables differ, order included."""
    lines = [f"{key(r)}: not certain" for r in static if not r["certain"]]
    if [key(r) for r in running] != [key(r) for r in static]:
        return [*lines, f"routes: running {[key(r) for r in running]}, static {[key(r) for r in static]}"]
    for live, read in zip(running, static, strict=True):
        for name in COMPARED:
            a, b = comparable(name, live[name]), comparable(name, read[name])
            if a != b:
                lines.append(f"{key(live)}: {name}: running {live[name]!r}, static {read[name]!r}")
    return lines


def key(route: Route) -> str:
    """Methods and path, without the converters of parameters."""
    methods = ["WS"] if route["websocket"] else sorted(route["methods"])
    path = re.sub(r"{ *(\w+) *:[^}]*}", r"{\1}", route["path"])
    return f"{','.join(methods)} {path}"


def comparable(name: str, value: Any) -> Any:
    """A value without the modules in dotted names: where a module is rooted is not the question here."""
    if name == "response_model":
        return tail(value)
    if name == "dependencies":
        return sorted({tail(v) for v in value})
    if name == "endpoint":
        return value.rpartition(".")[2]
    return value


def tail(name: str | None) -> str:
    """A dotted or generic name without modules: `list[app.models.User]` → `list[User]`."""
    return re.sub(r"[\w.]*\.(?=\w)", "", name or "").replace(" ", "")
