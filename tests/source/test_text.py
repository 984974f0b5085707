"""Text: what Python would read, and every byte back."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastapi_guardrails.source.text import Text, TextError, character_column, count_lines, decode, encode, split_lines


@pytest.mark.parametrize(
    ("data", "text", "encoding", "bom", "newline"),
    [
        (b"x = 1\n", "x = 1\n", "utf-8", False, "\n"),
        ("é = 'ß'\r\n".encode(), "é = 'ß'\r\n", "utf-8", False, "\r\n"),
        (codecs.BOM_UTF8 + b"x\n", "x\n", "utf-8", True, "\n"),
        (b"# -*- coding: latin-1 -*-\n'\xe9'\n", "# -*- coding: latin-1 -*-\n'é'\n", "iso8859-1", False, "\n"),
        (b"#!x\n# vim: fileencoding=cp1252 :\n'\x80'", "#!x\n# vim: fileencoding=cp1252 :\n'€'", "cp1252", False, "\n"),
        (b"x = 1\ny = 2\n# coding: cp1252\n", "x = 1\ny = 2\n# coding: cp1252\n", "utf-8", False, "\n"),
        (b"x = 1\n# coding: cp1252\n", "x = 1\n# coding: cp1252\n", "utf-8", False, "\n"),
        (b"a\rb\rc\n", "a\rb\rc\n", "utf-8", False, "\r"),
        (b"", "", "utf-8", False, "\n"),
    ],
)  # fmt: skip
def test_bytes_become_text_and_the_same_bytes_again(
    data: bytes, text: str, encoding: str, bom: bool, newline: str
) -> None:
    assert decode(data) == Text(text, encoding, bom, newline)
    assert encode(decode(data)) == data


@pytest.mark.parametrize(
    ("data", "line", "column", "message"),
    [
        (b"x = 1\ny = '\xe9'\n", 2, 6, "byte 0xe9 is invalid in utf-8"),
        (b"x = 1\n\0y\n", 2, 1, "source contains a NUL byte"),
        ("x = 1\n".encode("utf-16"), 1, 4, "looks like UTF-16"),
        (b"#\n# coding: klingon\n", 2, 1, "unknown encoding 'klingon'"),
        (b"# coding: rot13\n", 1, 1, "unknown encoding 'rot13'"),
        (codecs.BOM_UTF8 + b"# coding: latin-1\n", 1, 1, "the byte order mark says UTF-8"),
        (b"# coding: utf-7\nx = '+2AA-'\n", 1, 1, "half a character"),
        (b"# coding: ascii\r\n\r\n\xff", 3, 1, "byte 0xff is invalid in ascii"),
    ],
)
def test_what_is_no_text_is_an_error_at_its_place(data: bytes, line: int, column: int, message: str) -> None:
    with pytest.raises(TextError, match=message) as raised:
        decode(data)
    assert (raised.value.line, raised.value.column) == (line, column)


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_a_text_error(data: bytes) -> None:
    try:
        text = decode(data)
    except TextError as error:
        place = (error.line, error.column)
    else:
        assert encode(text) == data
        place = (1, 1)
    assert place >= (1, 1)


def test_lines_end_where_python_ends_them() -> None:
    assert split_lines("a\x0cb\r\nc\rd\u2028e\n") == ["a\x0cb", "c", "d\u2028e", ""]


@pytest.mark.parametrize(
    ("data", "lines"), [(b"", 0), (b"a", 1), (b"a\n", 1), (b"a\n\n", 2), (b"a\r\nb", 2), (b"a\rb\r", 2)]
)
def test_lines_are_counted_as_an_editor_does(data: bytes, lines: int) -> None:
    assert count_lines(data) == lines


def test_a_column_counts_characters() -> None:
    assert character_column("x = 'é' + y", 4) == 5
    assert character_column("'é' + y", 7) == 7
    assert character_column("ab", 99) == 3
