"""The bytes of a project's files, and digests of them: all that an unchanged run needs to know."""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from fastapi_guardrails.source.files import SourceFile


class Contents(NamedTuple):
    """The bytes of files, and why some could not be read.

    Attributes:
        data: bytes by path; empty for a file that could not be read.
        digests: digest of each file's bytes, by path.
        errors: messages by path.
    """

    data: dict[str, bytes]
    digests: dict[str, bytes]
    errors: dict[str, str]

    def digest(self) -> bytes:
        """A digest of all files: paths, contents and errors."""
        parts = [path.encode("utf-8", "surrogateescape") + b"\0" + digest for path, digest in self.digests.items()]
        parts.append(repr(sorted(self.errors.items())).encode("utf-8", "backslashreplace"))
        return blake2b(b"\0".join(parts), digest_size=16).digest()


def read(root: Path, files: Sequence[SourceFile]) -> Contents:
    """The bytes of files. One that cannot be read is among the errors, and empty."""
    base = os.path.join(root, "")
    data: dict[str, bytes] = {}
    digests: dict[str, bytes] = {}
    errors: dict[str, str] = {}
    for (path,) in files:
        try:
            with open(base + path, "rb", buffering=0) as stream:
                content = stream.read()
        except OSError as error:
            content = b""
            errors[path] = f"cannot be read: {error.strerror or error}"
        data[path] = content
        digests[path] = blake2b(content, digest_size=16).digest()
    return Contents(data, digests, errors)
