"""Between the bytes of a source file and its text, without losing anything: coding line, BOM, newline style."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)")
_BLANK = re.compile(rb"^[ \t\f]*(?:#.*)?$")
_NEWLINE = re.compile(r"\r\n|\r|\n")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BYTES_NEWLINE = re.compile(rb"\r\n|\r|\n")


class TextError(Exception):
    """Bytes that are no text in their declared encoding.

    Attributes:
        line: 1-based line of the first offending byte.
        column: 1-based character column of it.
        message: what is wrong, for people.
    """

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.message = message


class Text(NamedTuple):
    """A file's text exactly as written (newlines untouched, BOM left out), and how to write it back.

    Attributes:
        text: the characters.
        encoding: Python codec name.
        bom: whether the file begins with a UTF-8 byte order mark.
        newline: its most frequent newline; a newline of `\\n` where it has none.
    """

    text: str
    encoding: str
    bom: bool
    newline: str


def decode(data: bytes) -> Text:
    """The text of a Python file, by its BOM and its coding line (PEP 263).

    Raises:
        TextError: NUL bytes, an unknown encoding, or bytes that are invalid in it.
    """
    nul = data.find(b"\0")
    if nul >= 0:
        hint = " (the file looks like UTF-16; Python source is UTF-8)" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ""
        raise TextError(*_place(data, nul), f"source contains a NUL byte{hint}")
    bom = data.startswith(codecs.BOM_UTF8)
    body = data[3:] if bom else data
    line, declared = _declared(body)
    encoding = declared or "utf-8"
    try:
        codec = codecs.lookup(encoding)
        if not codec._is_text_encoding:
            raise LookupError
    except LookupError:
        raise TextError(line, 1, f"unknown encoding {encoding!r}") from None
    if bom and codec.name != "utf-8":
        raise TextError(line, 1, f"the coding line says {encoding!r}, the byte order mark says UTF-8")
    try:
        text = body.decode(codec.name)
    except UnicodeDecodeError as error:
        byte = body[error.start : error.start + 1].hex()
        raise TextError(*_place(body, error.start), f"byte 0x{byte} is invalid in {codec.name}") from None
    except UnicodeError as error:  # codecs such as idna and punycode fail without a place
        raise TextError(1, 1, f"cannot decode as {codec.name}: {error}") from None
    if codec.name != "utf-8" and _SURROGATE.search(text):  # utf-7 and the like can spell half a character
        raise TextError(1, 1, f"decodes to half a character in {codec.name}")
    return Text(text, codec.name, bom, _newline(text))


def encode(text: Text) -> bytes:
    """The bytes of a text, in its encoding and with its BOM.

    Raises:
        UnicodeEncodeError: a character that the encoding does not have.
    """
    return (codecs.BOM_UTF8 if text.bom else b"") + text.text.encode(text.encoding)


def split_lines(text: str) -> list[str]:
    """The lines of a text without their newlines, split where Python splits (`str.splitlines` knows more ends)."""
    return _NEWLINE.split(text)


def count_lines(data: bytes) -> int:
    """How many lines a file has, as an editor counts them: a last newline begins no further line."""
    if b"\r" in data:
        count = len(_BYTES_NEWLINE.findall(data))
        return count if data.endswith((b"\n", b"\r")) else count + 1
    return data.count(b"\n") + (not data.endswith(b"\n") and bool(data))


def line_starts(text: str) -> list[int]:
    """The index of the first character of each line."""
    return [0, *(match.end() for match in _NEWLINE.finditer(text))]


def character_column(line: str, offset: int) -> int:
    """1-based character column of a 0-based UTF-8 byte offset in a line."""
    if line.isascii():
        return min(offset, len(line)) + 1
    return len(line.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore")) + 1


def _declared(body: bytes) -> tuple[int, str]:
    """Line and name of the coding line, which must be one of the first two; (1, "") without one."""
    lines = _BYTES_NEWLINE.split(body[:2000], maxsplit=2)[:2]
    for number, line in enumerate(lines, start=1):
        match = _CODING.match(line)
        if match:
            return number, match.group(1).decode("ascii")
        if not _BLANK.match(line):
            break
    return 1, ""


def _place(data: bytes, index: int) -> tuple[int, int]:
    before = _BYTES_NEWLINE.split(data[:index])
    return len(before), len(before[-1].decode("utf-8", "replace")) + 1


def _newline(text: str) -> str:
    if "\r" not in text:
        return "\n"
    windows = text.count("\r\n")
    unix, mac = text.count("\n") - windows, text.count("\r") - windows
    return max((unix, "\n"), (windows, "\r\n"), (mac, "\r"))[1]
