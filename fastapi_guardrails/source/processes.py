"""Work that is shared out among copies of this process, where the system can make them cheaply and safely."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn, TypeVar

T = TypeVar("T")

#: Bytes that number a task in the queue, and how many tasks a pipe holds at least (POSIX wants 512 bytes).
_WIDTH = 2
_MAX_TASKS = 256


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def can_fork() -> bool:
    """Whether a copy of this process is safe: Linux, and no other thread that may hold a lock."""
    return sys.platform == "linux" and threading.active_count() == 1


def share_out(
    tasks: Sequence[Callable[[], T]],
    processes: int,
    encode: Callable[[list[tuple[int, T]]], bytes],
    decode: Callable[[bytes], list[tuple[int, T]]],
    *,
    meanwhile: Callable[[], object] | None = None,
    again: Callable[[int], T] | None = None,
) -> list[T]:
    """The results of all tasks, in their order.

    Who has done a task takes the next one, so that none waits for a long one. A task whose process dies or fails is
    done here, where what it raises can be seen.

    Args:
        tasks: what to do, the longest first; those beyond the first 256 are done here.
        processes: how many may work, this one among them; 1 where there can be no copies (`can_fork`).
        encode: bytes of numbered results, to send them here.
        decode: numbered results from what `encode` made.
        meanwhile: called here before the first task, while the copies work already, if there are any.
        again: gives the result of a task, by its number, that a copy took with it when it died; it need not do it here.
    """
    copies = min(processes, len(tasks)) - 1
    if copies < 1 or not can_fork():
        return [task() for task in tasks]
    queue = _queue(min(len(tasks), _MAX_TASKS))
    here = os.getpid()
    workers = [Copy(lambda: encode([(n, tasks[n]()) for n in _numbers(queue, here)])) for _ in range(copies)]
    try:
        if meanwhile:
            meanwhile()
        done = {number: tasks[number]() for number in _numbers(queue, here)}
        for worker in workers:
            done.update(decode(data) if (data := worker.result()) else ())
    finally:
        os.close(queue)
        for worker in workers:
            worker.end()
    for number, task in enumerate(tasks):
        if number not in done:
            done[number] = again(number) if again and number < _MAX_TASKS else task()
    return [done[number] for number in range(len(tasks))]


def _queue(count: int) -> int:
    """A pipe to read the numbers of tasks from; whoever reads one has taken the task."""
    queue, filled = os.pipe()
    os.write(filled, b"".join(number.to_bytes(_WIDTH, "big") for number in range(count)))
    os.close(filled)
    return queue


def _numbers(queue: int, parent: int) -> Iterator[int]:
    """Tasks that are left; none for a copy whose parent was killed, for nobody waits for its results."""
    while parent in (os.getpid(), os.getppid()) and (taken := os.read(queue, _WIDTH)):
        yield int.from_bytes(taken, "big")


class Copy:
    """A copy of this process that does one thing; only where `can_fork`.

    Args:
        work: what it does; gives the bytes that `result` returns here.
    """

    def __init__(self, work: Callable[[], bytes]) -> None:
        self._results, sending = os.pipe()
        self._has_ended = False
        self._process = os.fork()
        if not self._process:
            _do(work, sending)
        os.close(sending)

    def result(self) -> bytes:
        """What its work gave, when it is done; nothing if it failed or died."""
        parts = []
        while part := os.read(self._results, 1 << 20):
            parts.append(part)
        _, status = os.waitpid(self._process, 0)
        self._has_ended = True
        return b"".join(parts) if status == 0 else b""

    def end(self) -> None:
        """Leave nothing of it behind, in whatever state it is."""
        os.close(self._results)
        if not self._has_ended:
            import signal

            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)


def _do(work: Callable[[], bytes], sending: int) -> NoReturn:
    status = 1
    try:
        data = memoryview(work())
        while data:
            data = data[os.write(sending, data) :]
        status = 0
    finally:
        os._exit(status)  # whatever happened: nothing of what was copied may run on, or be written twice
