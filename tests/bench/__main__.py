"""`python -m tests.bench`: how long a check takes, as ratios to `ast.parse` over the same files in the same run.

The project is copied first, so that nothing is written to it. `--peers` names folders of virtual environments; the
linters that are found there, or on the PATH, run over the same files.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from fastapi_guardrails.source.files import discover

from .generate import generate
from .measure import in_turn, peak_memory, run

TOOL = (sys.executable, "-m", "fastapi_guardrails")
CHECK = (*TOOL, "check", ".", "--exit-zero")
CACHE = ".guardrails_cache"
GENERATED = {"10k": 10_000, "100k": 100_000, "1M": 1_000_000}

#: What the design allows, as a ratio to the floor.
ALLOWED = {"cold": 2.5, "unchanged": 0.6, "one changed comment": 0.8, "one changed file": 0.8}

#: Files that say what a project runs on, copied besides its sources.
METADATA = ("pyproject.toml", "requirements*.txt", "*.lock", "setup.cfg", "setup.py", "Pipfile")

#: Linters that look for some of the same things: name → command, run in the project.
PEERS = {
    "ruff (FAST, ASYNC)": (
        "ruff",
        "check",
        ".",
        "--isolated",
        "--select",
        "FAST,ASYNC",
        "--no-cache",
        "--exit-zero",
        "--quiet",
    ),
    "fastapi-lsp check": ("fastapi-lsp", "check", "."),
    "fastapi-therapist": ("fastapi-therapist", ".", "--no-ruff", "--no-vulture", "--json-compact", "--fail-on", "none"),
    "Fixit": ("fixit", "--quiet", "lint", "."),
}


class Row(NamedTuple):
    """One line of the table; `allowed` is the most that the design wants, as text."""

    what: str
    seconds: float | None
    ratio: float | None
    allowed: str = ""
    note: str = ""


def main() -> None:
    """Measure what the arguments ask for and print a table for each project."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("project", nargs="*", type=Path, default=[], help="projects to measure")
    parser.add_argument("--project", action="append", dest="projects", type=Path, default=[], help="another one")
    parser.add_argument(
        "--size", action="append", choices=GENERATED, help="generated projects; all where no project is named"
    )
    parser.add_argument("--runs", type=int, default=5, help="runs of each variant, of which the median counts")
    parser.add_argument(
        "--peers", action="append", type=Path, default=[], help="a virtual environment with other linters"
    )
    parser.add_argument("--limit", type=float, default=300, help="seconds after which a run is stopped")
    options = parser.parse_args()
    print_start_up(options.runs)
    with tempfile.TemporaryDirectory(prefix="guardrails-bench-") as scratch:
        for folder, runs in projects(options, Path(scratch)):
            print_table(folder.name, measure(folder, runs, options.limit, options.peers))
            shutil.rmtree(folder)


def print_start_up(runs: int) -> None:
    """Print how long `--version` takes."""
    here = Path.cwd()
    found = in_turn(
        max(runs, 7),
        {
            "tool": lambda: timed([*TOOL, "--version"], here, 60),
            "interpreter": lambda: timed([sys.executable, "-c", "pass"], here, 60),
        },
    )
    tool, interpreter = (f"{seconds * 1000:.0f} ms" for seconds in found.values())
    print(f"\nstart-up: --version {tool} (at most 120 ms), the interpreter alone {interpreter}")


def projects(options: argparse.Namespace, scratch: Path) -> Iterator[tuple[Path, int]]:
    """A copy of each project that was asked for, and how often to measure it."""
    for project in [*options.project, *options.projects]:
        yield copy(project.resolve(), scratch / project.resolve().name), options.runs
    for size in options.size or ([] if options.project or options.projects else GENERATED):
        folder = scratch / f"generated-{size}"
        generate(folder, GENERATED[size])
        yield folder, options.runs if GENERATED[size] < 1_000_000 else min(options.runs, 3)


def copy(project: Path, to: Path) -> Path:
    """Copy the files of a project that a check reads."""
    metadata = [str(f.relative_to(project)) for pattern in METADATA for f in project.glob(pattern) if f.is_file()]
    for path in {*(file.path for file in discover(project).files), *metadata}:
        (to / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(project / path, to / path)
    return to


def measure(folder: Path, runs: int, limit: float, peers: Sequence[Path]) -> list[Row]:
    """All figures of one project, the floor first."""
    paths = [str(folder / file.path) for file in discover(folder).files]
    state = {"lines": 0, "round": 0}
    changed = Path(sorted(paths, key=os.path.getsize)[len(paths) // 2])
    original = changed.read_text()

    def floor() -> float:
        command = [sys.executable, "-I", str(Path(__file__).with_name("floor.py"))]
        done = subprocess.run(command, input="\0".join(paths), capture_output=True, text=True, check=True)
        seconds, lines, _ = done.stdout.split()
        state["lines"] = int(lines)
        return float(seconds)

    def cold() -> float:
        changed.write_text(original)  # what is changed next is changed from here
        shutil.rmtree(folder / CACHE, ignore_errors=True)
        return timed(CHECK, folder, limit)

    def change(added: str) -> float:
        state["round"] += 1
        changed.write_text(original + added.format(state["round"]))
        return timed(CHECK, folder, limit)

    variants: dict[str, Callable[[], float]] = {
        "floor": floor,
        "cold": cold,
        "unchanged": lambda: timed(CHECK, folder, limit),
        "one changed comment": lambda: change("# changed {}\n"),
        "one changed file": lambda: change("\n\ndef changed_{0}() -> int:\n    return {0}\n"),
    }
    found = in_turn(runs, variants)
    changed.write_text(original)
    rows = [Row(f"ast.parse: {state['lines']:,} lines, {len(paths):,} files", found["floor"], 1.0)]
    rows += [Row(name, found[name], found[name] / found["floor"], f"{allowed}×") for name, allowed in ALLOWED.items()]
    rows += list(memory(folder))
    return rows + [
        peer_row(name, command, folder, peers, runs, limit, found["floor"]) for name, command in PEERS.items()
    ]


def memory(folder: Path) -> Iterator[Row]:
    """How much memory a check takes, without and with a cache."""
    shutil.rmtree(folder / CACHE, ignore_errors=True)
    for what in ("cold", "unchanged"):
        yield Row(f"memory, {what}", None, None, "200 MB", f"{peak_memory(CHECK, folder):.0f} MB")


def timed(command: Sequence[str], folder: Path, limit: float) -> float:
    """Seconds of a command that must succeed.

    Raises:
        SystemExit: it failed or took too long; the message holds its error output.
    """
    done = run(command, folder, limit)
    if done.code != 0:
        raise SystemExit(
            f"{' '.join(command)} in {folder} ended with {done.code} after {done.seconds:.1f} s: {done.error}"
        )
    return done.seconds


def peer_row(
    name: str, command: Sequence[str], folder: Path, peers: Sequence[Path], runs: int, limit: float, floor: float
) -> Row:
    """The row of another linter, or why there is no figure."""
    places = os.pathsep.join(
        [*(str(peer / "bin") for peer in peers), os.path.dirname(sys.executable), os.environ.get("PATH", "")]
    )
    program = shutil.which(command[0], path=places)
    if program is None:
        return Row(name, None, None, note="not installed")
    first = run([program, *command[1:]], folder, limit)
    if first.code is None:
        return Row(name, None, None, note=f"stopped after {limit:.0f} s")
    note = f"exit code {first.code}" if first.code not in (0, 1) else ""
    found = first.seconds
    if first.seconds * runs < limit:
        found = in_turn(runs, {name: lambda: run([program, *command[1:]], folder, limit).seconds})[name]
    return Row(name, found, found / floor, note=note)


def print_table(title: str, rows: Sequence[Row]) -> None:
    """Print rows as columns."""
    print(f"\n{title}")
    print(f"  {'':<44}{'seconds':>10}{'× floor':>10}{'allowed':>10}")
    for row in rows:
        seconds = f"{row.seconds:.3f}" if row.seconds is not None else ""
        ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
        note = f"  {row.note}" if seconds and row.note else ""
        print(f"  {row.what:<44}{seconds or row.note:>10}{ratio:>10}{row.allowed:>10}{note}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
