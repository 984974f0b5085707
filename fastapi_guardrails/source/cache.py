"""What is kept between runs, in `.guardrails_cache`: the facts and bytes of files by content, and reports.

The format is msgpack, which cannot execute code. Whatever is corrupt, of another version or of another program is
dropped without a word; files are replaced as a whole, so that two runs at once see one or the other; and where nothing
can be written nothing is kept.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path

_FOLDER = ".guardrails_cache"
_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# This folder is a cache of fastapi-guardrails.\n"

#: How many reports are kept (of other paths, or with other options; two of each run that analyses the project).
_MAX_RUNS = 12

#: Where the entry of each digest starts in the body of a file of the cache, and how long it is.
_Places = dict[bytes, tuple[int, int]]


class Cache:
    """The cache of a project.

    Args:
        root: the project root, in which the cache's folder is.
        version: what tells this state of the tool from others: they may find other facts in the same bytes.
    """

    def __init__(self, root: Path, version: str) -> None:
        self._folder = os.path.join(root, _FOLDER)
        self._stamp = f"fastapi-guardrails {version} {sys.implementation.cache_tag}\n".encode()
        self._data = memoryview(b"")
        self._places: _Places | None = None

    # --- facts -----------------------------------------------------------------------------------------------------

    def get(self, digest: bytes) -> bytes | None:
        """The encoded facts of a file with these bytes, if they are kept."""
        if self._places is None:
            self._places = self._read_index()
        place = self._places.get(digest)
        return None if place is None else bytes(self._data[place[0] : place[0] + place[1]])

    def save(self, made: Mapping[bytes, bytes], keep: Mapping[bytes, bytes], texts: Mapping[bytes, bytes]) -> None:
        """Keep the encoded facts and the bytes of this run's files, and no others.

        Args:
            made: facts made anew, by digest of the file.
            keep: facts that `get` gave.
            texts: the bytes of all files, by digest.
        """
        self._write_all("facts", {**keep, **made})
        self._write_all("texts", texts)

    def text(self, digest: bytes) -> bytes | None:
        """The bytes of a file with this digest, if they are kept: only they are read, of what may be megabytes."""
        import msgspec

        head = len(self._stamp) + 24
        try:
            with open(os.path.join(self._folder, "texts"), "rb") as stream:
                most = os.fstat(stream.fileno()).st_size
                start = stream.read(head)
                size = min(int.from_bytes(start[-8:], "big"), most)
                places = msgspec.msgpack.decode(stream.read(size), type=_Places)
                at, length = places.get(digest, (0, 0))
                stream.seek(head + size + at)
                data = stream.read(min(length, most))
        except (OSError, ValueError, OverflowError, msgspec.MsgspecError):
            return None
        is_right = start.startswith(self._stamp) and blake2b(data, digest_size=16).digest() == digest
        return data if is_right else None

    def _write_all(self, name: str, entries: Mapping[bytes, bytes]) -> None:
        """Write a file that holds entries, and where each of them is."""
        places: _Places = {}
        at = 0
        for digest, entry in entries.items():
            places[digest] = (at, len(entry))
            at += len(entry)
        import msgspec

        self._write(name, msgspec.msgpack.encode(places), b"".join(entries.values()))

    def _read_index(self) -> _Places:
        content = self._read("facts")
        if content is None:
            return {}
        import msgspec  # an unchanged run needs none of it here

        index, self._data = content
        try:
            places = msgspec.msgpack.decode(index, type=_Places)
        except msgspec.MsgspecError:
            return {}
        size = len(self._data)
        return {digest: (at, length) for digest, (at, length) in places.items() if 0 <= at <= at + length <= size}

    # --- runs ------------------------------------------------------------------------------------------------------

    def report(self, key: bytes) -> bytes | None:
        """What `keep_report` was given for this key, if it is kept.

        Args:
            key: a digest of all that a report depends on (`run_key`).
        """
        content = self._read(f"run-{key.hex()}")
        return None if content is None else bytes(content[1])

    def keep_report(self, key: bytes, report: bytes) -> None:
        """Keep the serialised report of a run; the oldest of many give way."""
        self._write(f"run-{key.hex()}", b"", report)
        try:
            with os.scandir(self._folder) as entries:
                runs = sorted((e.stat().st_mtime, e.path) for e in entries if e.name.startswith("run-"))
            for _, path in runs[:-_MAX_RUNS]:
                os.unlink(path)
        except OSError:  # another run was quicker, or the folder is read-only
            return

    # --- files -----------------------------------------------------------------------------------------------------

    def _read(self, name: str) -> tuple[memoryview, memoryview] | None:
        """Index and body of a file of the cache; None if it is absent, foreign or damaged."""
        try:
            with open(os.path.join(self._folder, name), "rb", buffering=0) as stream:
                content = memoryview(stream.read())
        except OSError:
            return None
        head = len(self._stamp)
        if content[:head] != self._stamp or len(content) < head + 24:
            return None
        digest, size = content[head : head + 16], int.from_bytes(content[head + 16 : head + 24], "big")
        payload = content[head + 24 :]
        if size > len(payload) or blake2b(payload, digest_size=16).digest() != digest:
            return None
        return payload[:size], payload[size:]

    def _write(self, name: str, index: bytes, body: bytes) -> None:
        payload = index + body
        digest = blake2b(payload, digest_size=16).digest()
        try:
            self._make_folder()
            temporary = os.path.join(self._folder, f".new-{os.getpid()}-{os.urandom(4).hex()}")
            try:
                with open(temporary, "xb") as stream:
                    stream.write(self._stamp + digest + len(index).to_bytes(8, "big"))
                    stream.write(payload)
                os.replace(temporary, os.path.join(self._folder, name))
            except BaseException:
                os.unlink(temporary)
                raise
        except OSError:  # read-only, full, or not a folder: then nothing is kept
            return

    def _make_folder(self) -> None:
        if os.path.isdir(self._folder):
            return
        os.makedirs(self._folder, exist_ok=True)
        for name, text in (("CACHEDIR.TAG", _TAG), (".gitignore", "*\n")):
            with open(os.path.join(self._folder, name), "w", encoding="utf-8") as stream:
                stream.write(text)


def run_key(*parts: bytes | str) -> bytes:
    """A digest of all that a report depends on: contents of all files (`Contents.digest`), config, rules, paths."""
    digest = blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.digest()
