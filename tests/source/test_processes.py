"""Processes: work that is shared out among copies of this one."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import msgspec
import pytest

from fastapi_guardrails.source import processes

Numbered = list[tuple[int, list[int]]]


def _shared(tasks: list[Callable[[], list[int]]], count: int) -> list[list[int]]:
    encode: Callable[[Numbered], bytes] = msgspec.msgpack.Encoder().encode
    decode = msgspec.msgpack.Decoder(Numbered).decode
    return processes.share_out(tasks, count, encode, decode)


def _only_in_copies(here: int, act: Callable[[], object]) -> Callable[[], list[int]]:
    """A task that is harmless in this process."""

    def task() -> list[int]:
        if os.getpid() != here:
            act()
        return [7]

    return task


@pytest.fixture(autouse=True)
def _may_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests may have left a thread behind."""
    if not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    monkeypatch.setattr(processes, "can_fork", lambda: True)


def test_results_come_in_the_order_of_the_tasks() -> None:
    tasks: list[Callable[[], list[int]]] = [lambda n=n: [n, n * n] for n in range(40)]  # type: ignore[misc]
    assert _shared(tasks, 3) == [[n, n * n] for n in range(40)]


def test_several_processes_work() -> None:
    def task() -> list[int]:
        for _ in range(200_000):
            pass
        return [os.getpid()]

    assert len({pid for (pid,) in _shared([task] * 20, 2)}) == 2


def test_one_process_makes_no_copy() -> None:
    assert _shared([lambda: [os.getpid()]] * 4, 1) == [[os.getpid()]] * 4


def test_what_a_dying_process_had_taken_is_done_here() -> None:
    task = _only_in_copies(os.getpid(), lambda: os.kill(os.getpid(), signal.SIGKILL))
    assert _shared([task] * 30, 3) == [[7]] * 30


def test_what_fails_in_a_copy_is_done_here() -> None:
    def fail() -> None:
        raise RuntimeError("only here")

    assert _shared([_only_in_copies(os.getpid(), fail)] * 30, 2) == [[7]] * 30


def test_a_failure_here_comes_out_and_leaves_no_process_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    fork = os.fork

    def noted() -> int:
        started.append(fork())
        return started[-1]

    monkeypatch.setattr(os, "fork", noted)

    def fail() -> list[int]:
        raise RuntimeError("everywhere")

    with pytest.raises(RuntimeError, match="everywhere"):
        _shared([fail] * 5, 3)
    assert len(started) == 2
    for process in started:
        with pytest.raises(ChildProcessError):
            os.waitpid(process, os.WNOHANG)


def test_more_tasks_than_the_queue_numbers_are_all_done() -> None:
    tasks: list[Callable[[], list[int]]] = [lambda n=n: [n] for n in range(300)]  # type: ignore[misc]
    assert _shared(tasks, 2) == [[n] for n in range(300)]
