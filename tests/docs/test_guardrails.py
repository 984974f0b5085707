"""Each guardrail has its rules or a reason, its chapter and its place in the reference app."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fastapi_guardrails.knowledge import guardrails
from fastapi_guardrails.knowledge.guardrails import Guardrail
from fastapi_guardrails.rules import load_rules
from tests.docs.conftest import DOCS

RULES = {code: rule for code, rule in load_rules().items() if rule.builtin}


def each_guardrail() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("guardrail", guardrails.GUARDRAILS, ids=guardrails.IDS)


@each_guardrail()
def test_it_has_rules_or_a_reason(guardrail: Guardrail) -> None:
    assert bool(guardrail.rules) != bool(guardrail.reason)
    assert all(re.fullmatch(r"FG\d{3}", code) for code in guardrail.rules)


@each_guardrail()
def test_its_rules_name_it(guardrail: Guardrail) -> None:
    existing = [RULES[code] for code in guardrail.rules if code in RULES]
    assert [rule.code for rule in existing if guardrail.id not in rule.guardrails] == []


@each_guardrail()
def test_it_stands_in_its_chapter_with_its_reason(guardrail: Guardrail) -> None:
    text = (DOCS / "guardrails" / f"{guardrail.chapter}.md").read_text(encoding="utf-8")
    found = re.search(rf"^## ([^\n]+) \{{ #{guardrail.id} \}}\n\n(.+?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    assert found[1] == guardrail.text
    assert found[2].count(". ") + found[2].count(".\n") >= 1


@each_guardrail()
def test_it_has_a_place_in_the_reference_app(guardrail: Guardrail) -> None:
    from sitegen.code import link
    from sitegen.places import PLACES

    assert PLACES[guardrail.id]
    for place in PLACES[guardrail.id]:
        assert link(place, "guardrails/index.md").startswith("../reference-app/code/")


@pytest.mark.parametrize("code", list(RULES))
def test_a_rule_names_the_guardrails_that_name_it(code: str) -> None:
    assert set(RULES[code].guardrails) == {guardrail.id for guardrail in guardrails.of_rule(code)}


def test_no_place_and_no_heading_is_of_an_unknown_guardrail() -> None:
    from sitegen.places import PLACES

    assert set(PLACES) == set(guardrails.IDS)
    for slug in guardrails.CHAPTERS:
        text = (DOCS / "guardrails" / f"{slug}.md").read_text(encoding="utf-8")
        headings = re.findall(r"^## .+ \{ #([\w-]+) \}$", text, re.MULTILINE)
        assert headings == [guardrail.id for guardrail in guardrails.of_chapter(slug)]


def test_a_place_that_is_gone_is_an_error() -> None:
    from sitegen.code import link

    for place in ("app/gone.py::x", "app/main.py::gone", "gone/"):
        with pytest.raises(KeyError, match=r"has no (file|folder|gone)"):
            link(place, "index.md")


def test_a_chapter_page_shows_rules_and_places(site: Path) -> None:
    for guardrail in guardrails.GUARDRAILS:
        page = site / "guardrails" / guardrail.chapter / "index.html"
        section = page.read_text(encoding="utf-8").split(f'id="{guardrail.id}"')[1].split("<h2")[0]
        for code in guardrail.rules:
            assert (f"../../rules/{code}/" in section) == (code in RULES)
        assert "reference-app/code/" in section
