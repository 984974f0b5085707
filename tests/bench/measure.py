"""Run a command and say how long it took and how much memory it and its children held."""

from __future__ import annotations

import os
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple


class Run(NamedTuple):
    """A finished command: seconds, exit code (None where it was stopped), the end of its error output."""

    seconds: float
    code: int | None
    error: str


def run(command: Sequence[str], folder: Path, limit: float) -> Run:
    """Run a command in a folder, for at most `limit` seconds, its output dropped."""
    start = time.perf_counter()
    try:
        done = subprocess.run(
            command, cwd=folder, env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=limit
        )
    except subprocess.TimeoutExpired:
        return Run(limit, None, "")
    return Run(time.perf_counter() - start, done.returncode, done.stderr.decode(errors="replace")[-300:])


def _environment() -> dict[str, str]:
    """The environment, but that Python keeps byte code, as it does for whatever is installed."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def peak_memory(command: Sequence[str], folder: Path) -> float:
    """The most megabytes that a command and its children held at once: shared pages count once where the system says
    which they are (Linux), else the largest process alone counts."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    peak = [0.0]
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.02):
            peak[0] = max(peak[0], _proportional_memory(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    stop.set()
    watcher.join()
    return max(peak[0], usage.ru_maxrss / 1024)


def _proportional_memory(group: int) -> float:
    """Megabytes of all processes of a process group; 0 where the system does not say."""
    total = 0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(entry.name)) != group:
                continue
            for line in (entry / "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        except OSError:
            continue  # it ended meanwhile
    return total / 1024


def in_turn(runs: int, variants: dict[str, Callable[[], float]]) -> dict[str, float]:
    """The median of each variant's figure; the variants are run one after another, `runs` times, so that a slow minute
    of the machine touches all alike."""
    figures: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(runs):
        for name, variant in variants.items():
            figures[name].append(variant())
    return {name: statistics.median(found) for name, found in figures.items()}
