"""Take rights and room away from a process that is about to start."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_PR_CAPBSET_DROP = 24
_DAC_OVERRIDE, _DAC_READ_SEARCH = 1, 2


def obey_permissions() -> None:
    """Make even root obey the permissions of files, once it has started another program."""
    if os.geteuid() == 0:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
        for capability in (_DAC_OVERRIDE, _DAC_READ_SEARCH):
            if prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "root cannot give up a capability here")


def largest_file(size: int) -> Callable[[], None]:
    """A function that makes writing beyond `size` bytes of any one file fail, in the process that calls it."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def skip_unless_root_obeys() -> None:
    """Skip the test where root can read everything and cannot give that up."""
    probe = subprocess.run(["true"], preexec_fn=_may_obey)
    if probe.returncode != 0:
        pytest.skip("this system does not let root give up its rights")


def _may_obey() -> None:
    try:
        obey_permissions()
    except (OSError, AttributeError):
        os._exit(1)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of that size at `folder`; skips the test where none can be mounted."""
    folder.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("only root can mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
