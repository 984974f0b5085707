"""Suppression comments: found where a comment is, with every code's column."""

from __future__ import annotations

import ast

import pytest

from fastapi_guardrails.source.facts import Suppression
from fastapi_guardrails.source.loader import read_module
from fastapi_guardrails.source.suppressions import find, may_hold


def _find(text: str) -> list[Suppression]:
    return find(text, ast.parse(text))


def test_an_ignore_comment_with_codes_names_and_a_reason() -> None:
    (found,) = _find("x = 1  # guardrails: ignore[FG101, sync-db-call-in-async] the pool is warm\n")
    assert found == Suppression(
        line=1,
        column=8,
        end_column=75,
        kind="line",
        tool="guardrails",
        codes=["FG101", "sync-db-call-in-async"],
        columns=[29, 36],
        text="# guardrails: ignore[FG101, sync-db-call-in-async] the pool is warm",
    )


@pytest.mark.parametrize(
    ("comment", "codes"),
    [
        ("# noqa: FG101", ["FG101"]),
        ("#noqa:FG101,E501", ["FG101", "E501"]),
        ("# NOQA : fg101 E501", ["fg101", "E501"]),
        ("# noqa: E501 a third-party name", ["E501"]),
        ("# noqa: shadowed-route, FG101", ["shadowed-route", "FG101"]),
        ("# type: ignore # noqa: FG213", ["FG213"]),
        ("# guardrails:ignore[ FG101 ]", ["FG101"]),
        ("# guardrails: ignore", []),
        ("# guardrails: ignore[]", []),
    ],
)
def test_codes_as_people_write_them(comment: str, codes: list[str]) -> None:
    (found,) = _find(f"x = 1  {comment}\n")
    assert found.codes == codes
    line = f"x = 1  {comment}"
    assert [line[column - 1 :][: len(code)] for code, column in zip(codes, found.columns, strict=True)] == codes


@pytest.mark.parametrize(
    "text",
    [
        "x = 1  # noqa\n",
        "x = 1  # noqa: because\n",
        "x = '# noqa: FG101'\n",
        'x = """\n# guardrails: ignore[FG101]\n"""\n',
        "x = 'a\\'b # noqa: FG101'\n",
        "x = 1  # see noqa FG101\n",
        "x = 1  # guardrails: ignored[FG101]\n",
        "x = 1  # guardrails: ignore-line[FG101]\n",
        'x = f"{y} # noqa: FG101"\n',
        "x = 'a\\\n# noqa: FG101'\n",
    ],
)
def test_what_is_no_suppression_of_ours(text: str) -> None:
    assert _find(text) == []


def test_two_directives_in_one_comment_are_two() -> None:
    found = _find("x = 1  # noqa: E501  # guardrails: ignore[FG101]\n")
    assert [(s.tool, s.codes, s.text) for s in found] == [
        ("noqa", ["E501"], "# noqa: E501"),
        ("guardrails", ["FG101"], "# guardrails: ignore[FG101]"),
    ]


def test_a_file_is_ignored_before_its_first_statement_only() -> None:
    top = '#!/usr/bin/python\n"""Doc."""\n# guardrails: ignore-file[FG501] generated\nimport x\n'
    (found,) = _find(top)
    assert (found.kind, found.codes, found.line) == ("file", ["FG501"], 3)
    (late,) = _find("import x\n# guardrails: ignore-file[FG501]\n")
    assert (late.kind, late.codes) == ("file", [])
    (decorated,) = _find("# guardrails: ignore-file[FG501]\n@x\ndef f(): ...\n")
    assert decorated.codes == ["FG501"]


def test_lines_and_columns_survive_crlf_tabs_and_letters_of_many_bytes() -> None:
    found = _find("a = 'é'\r\nb = 1\t# noqa: FG101\r\n'é'  # noqa: FG102\r\n")
    assert [(s.line, s.column) for s in found] == [(2, 7), (3, 6)]


def test_files_without_the_words_are_not_searched() -> None:
    assert not may_hold(b"x = 1  # type: ignore\n")
    assert may_hold(b"x = 1  # NoQA: FG101\n")


def test_facts_carry_them_even_with_syntax_of_tomorrow() -> None:
    module = read_module(b"try:\n    pass\nexcept A, B:  # guardrails: ignore[FG503]\n    pass\n")
    assert [s.codes for s in module.suppressions] == [["FG503"]]
    assert read_module(b"# noqa: FG101\n").suppressions[0].line == 1
