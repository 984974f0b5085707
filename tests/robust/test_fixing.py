"""Whatever happens while files are being changed, each is whole: as it was or as it should be."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from .conftest import COMMAND, FINDING, FIXED, Outcome, Project, environment
from .limits import largest_file, obey_permissions, skip_unless_root_obeys, small_disk

BODY = "".join(f"value_{n} = {n}\n" for n in range(3000))

#: A rule that is interrupted where Python can raise nothing: a weak reference's callback, or `__del__`.
FINALISED = """
import os, signal
from time import monotonic
from fastapi_guardrails import Project, rule

class Held:
    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            pass

@rule(code="HSE001", name="house-holds", guardrails=[])
def house_holds(project: Project):
    Held()
    end = monotonic() + 60
    while monotonic() < end:
        pass
"""

HOUSE = """
[project]
name = "p"
version = "0"

[tool.fastapi-guardrails]
rules = ["house.py"]
exclude = ["house.py"]
extend-select = ["HSE001"]
"""


def assert_nothing_lost(project: Project, before: dict[str, str]) -> None:
    """Every file is as it was or as a whole fix leaves it, and nothing was left beside them."""
    after = project.files()
    assert after.keys() == before.keys()
    for path, text in after.items():
        assert text in (before[path], before[path].replace(FINDING, FIXED)), f"{path} is damaged"


def assert_failed_clearly(outcome: Outcome, path: str) -> None:
    assert outcome.code == 2
    assert path in outcome.err
    assert "Traceback" not in outcome.err


def test_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "256k") as disk:
        project = Project(disk / "project")
        project.write("big.py", FINDING + BODY)
        before = project.files()
        with open(disk / "rest", "wb") as rest:
            try:
                while True:
                    os.write(rest.fileno(), b"x" * 4096)
            except OSError:
                pass  # now it is full
        outcome = project.run("check", "--fix")
        assert_failed_clearly(outcome, "big.py")
        assert_nothing_lost(project, before)


def test_a_file_that_may_not_grow(project: Project) -> None:
    project.write("big.py", FINDING + BODY)
    before = project.files()
    outcome = project.run("check", "--fix", "--no-cache", before=largest_file(10_000))
    assert_failed_clearly(outcome, "big.py")
    assert_nothing_lost(project, before)
    assert project.files()["found.py"] == FIXED


def test_a_full_disk_does_not_hinder_a_check(project: Project) -> None:
    plain = project.check("--no-cache")
    limited = project.check(before=largest_file(0))
    assert (limited.code, limited.out) == (plain.code, plain.out)


def test_a_read_only_folder(project: Project) -> None:
    skip_unless_root_obeys()
    project.root.chmod(0o555)
    try:
        checked = project.check(before=obey_permissions)
        before = project.files()
        fixed = project.run("check", "--fix", before=obey_permissions)
        after = project.files()
    finally:
        project.root.chmod(0o755)
    assert (checked.code, checked.findings, checked.err) == (1, [("found.py", "FG002")], "")
    assert_failed_clearly(fixed, "found.py")
    assert after == before


def test_a_report_that_cannot_be_written(project: Project) -> None:
    missing = project.run("check", "--output-file", "nowhere/report.txt")
    assert_failed_clearly(missing, "nowhere/report.txt")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*COMMAND, "check"], cwd=project.root, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away(project: Project) -> None:
    for n in range(3000):
        project.write(f"m{n % 30}/f{n}.py", FINDING)
    with subprocess.Popen(
        [*COMMAND, "check"], cwd=project.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        error = process.stderr.read().decode()
    assert "Traceback" not in error, error
    assert "Exception ignored" not in error, error


@pytest.mark.parametrize("delay", [0.05, 0.3, 0.6, 1.0, 1.5, 2.0])
def test_interrupting(project: Project, delay: float) -> None:
    for n in range(600):
        project.write(f"app/m{n}.py", FINDING + BODY[: BODY.index("value_200")])
    before = project.files()
    process = subprocess.Popen(
        [*COMMAND, "check", "--fix"],
        cwd=project.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        start_new_session=True,
        # A shell that runs the tests in the background ignores the signal for all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert_nothing_lost(project, before)
    if delay > 0.05:  # before that, Python itself may still be starting
        assert b"Traceback" not in error, error.decode()
        assert b"Exception ignored" not in error, error.decode()
        unfinished = FINDING in "".join(project.files().values())
        assert process.returncode in ((2, 130, -signal.SIGINT) if unfinished else (0, 2, 130, -signal.SIGINT))


def test_an_interrupt_while_an_object_is_finalised(project: Project) -> None:
    project.write("house.py", FINALISED)
    project.write("pyproject.toml", HOUSE)
    outcome = project.run("check", "--no-cache")
    assert (outcome.code, outcome.out, outcome.err) == (130, "", "\ninterrupted\n")


def test_interrupted_work_is_finished_by_the_next_run(project: Project) -> None:
    for n in range(20):
        project.write(f"app/m{n}.py", FINDING)
    assert project.run("check", "--fix").code == 0
    assert set(project.files().values()) == {FIXED, project.files()["pyproject.toml"]}
    assert project.run("check", "--fix").code == 0


def test_a_damaged_cache(project: Project) -> None:
    first = project.check()
    cache = project.root / ".guardrails_cache"
    entries = [f for f in cache.rglob("*") if f.is_file() and f.name not in (".gitignore", "CACHEDIR.TAG")]
    assert entries
    for damage in (b"", b"\0" * 100, None):
        for entry in entries:
            if entry.exists():
                entry.write_bytes(damage if damage is not None else entry.read_bytes()[:-7] + b"\xff" * 7)
        again = project.check()
        assert (again.code, again.out, again.err) == (first.code, first.out, "")
