"""`python -m tests.corpus`: the checker over whole folders of other people's code.

For every project: counts of findings per rule, routes, seconds. With `--dumps`, route tables of running apps are held
against the static ones; a dump's `project` names the folder of its checkout. `--site-packages` checks an environment's
packages as if they were one project. Exits with 1 if a run failed, crashed inside a rule, or was stopped.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from .tables import Comparison, compare, load

TOOL = (sys.executable, "-m", "fastapi_guardrails")


class Checked(NamedTuple):
    """One run of `check`: seconds, the report, and what went wrong, empty where nothing did."""

    seconds: float
    report: dict[str, Any]
    problem: str


def main() -> int:
    """Check and compare what the arguments name; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="a folder with one checkout per project")
    parser.add_argument("--dumps", type=Path, help="a folder with route tables of running apps")
    parser.add_argument(
        "--site-packages", action="append", type=Path, default=[], help="packages to check as a project"
    )
    parser.add_argument("--limit", type=float, default=900, help="seconds after which a run is stopped")
    parser.add_argument("--verbose", action="store_true", help="show each route and attribute that differs")
    options = parser.parse_args()
    problems = [check_project(project, [], options.limit) for project in checkouts(options.folder)]
    problems += [check_packages(folder, options.limit) for folder in options.site_packages]
    if options.dumps and options.folder:
        compare_all(options.dumps, options.folder, options.verbose)
    return int(any(problems))


def checkouts(folder: Path | None) -> Iterator[Path]:
    """The projects in a folder."""
    if folder is not None:
        yield from sorted(path for path in folder.iterdir() if path.is_dir())


def check_project(project: Path, arguments: list[str], limit: float) -> str:
    """Check one project, print a summary, and give what went wrong."""
    done = run_check(project, arguments, limit)
    if not done.problem:
        counts = Counter(finding["code"] for finding in done.report["findings"])
        looked_at = ", ".join(f"{number} {what}" for what, number in done.report["coverage"].items())
        print(f"{project.name}: {done.seconds:.1f} s; {looked_at}")
        print("   " + (", ".join(f"{code} {number}" for code, number in sorted(counts.items())) or "nothing found"))
    else:
        print(f"{project.name}: {done.problem} ({done.seconds:.1f} s)")
    sys.stdout.flush()
    return done.problem


def check_packages(folder: Path, limit: float) -> str:
    """Check installed packages as one project, tests and all; nothing is written to them."""
    with tempfile.TemporaryDirectory(prefix="guardrails-corpus-") as scratch:
        project = Path(scratch) / folder.parent.parent.parent.name
        project.mkdir()
        (project / "pyproject.toml").write_text("")
        (project / "installed").symlink_to(folder.resolve())
        return check_project(project, ["--preset", "all"], limit)


def run_check(project: Path, arguments: list[str], limit: float) -> Checked:
    """Run `check` without the project's own configuration."""
    command = [*TOOL, "check", ".", "--isolated", "--no-cache", "--output-format", "json", *arguments]
    start = time.perf_counter()
    try:
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return Checked(limit, {}, f"stopped after {limit:.0f} s")
    seconds = time.perf_counter() - start
    if done.returncode not in (0, 1):
        crashes = [f for f in _findings(done.stdout) if f["code"] == "FG003"]
        details = "; ".join(f"{f['path']}:{f['line']}: {f['message']}" for f in crashes[:5]) or done.stderr[-2000:]
        return Checked(seconds, {}, f"exit code {done.returncode}: {details}")
    if "Traceback" in done.stderr:
        return Checked(seconds, {}, done.stderr[-2000:])
    return Checked(seconds, json.loads(done.stdout), "")


def _findings(text: str) -> list[dict[str, Any]]:
    if not text.startswith("{"):
        return []
    found: list[dict[str, Any]] = json.loads(text)["findings"]
    return found


def compare_all(dumps: Path, folder: Path, verbose: bool) -> None:
    """Print how each dump and the static table of its checkout agree."""
    print(f"\n{'':<34}{'recall':>18}{'precision':>11}{'uncertain':>11}{'order':>7}  equal attributes")
    for file in sorted(dumps.glob("*.json")):
        dump = load(file)
        root = folder / dump["project"] / dump["root"]
        command = [*TOOL, "routes", ".", "--output-format", "json"]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True)
        if done.returncode != 0:
            print(f"{dump['project']:<34} failed: {done.stderr[-500:]}")
            continue
        print_comparison(dump["project"], compare(dump, json.loads(done.stdout)["apps"]), verbose)


def print_comparison(name: str, found: Comparison, verbose: bool) -> None:
    """Print one line, or, if `verbose`, all that differs."""
    share = f"{found.found}/{found.running} {found.recall:.1%}"
    equal = ", ".join(f"{attribute} {value:.1%}" for attribute, value in found.equal.items())
    order = "same" if found.in_order else "other"
    print(f"{name:<34}{share:>18}{found.precision:>11.1%}{found.uncertain:>11}{order:>7}  {equal}")
    if verbose:
        for what, listed in (("missed", found.missed), ("invented", found.wrong), ("differs", found.differing)):
            for item in listed:
                print(f"    {what:<9}", *item)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
