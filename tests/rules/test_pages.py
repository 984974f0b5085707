"""Every rule's page: its examples are true, and it has what a reader looks for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fastapi_guardrails.rules import load_rules
from fastapi_guardrails.rules.registry import Rule
from fastapi_guardrails.testing import Case, check_case, load_cases, page_cases

ROOT = Path(__file__).parents[2]
RULES = [rule for rule in load_rules().values() if rule.builtin]
HEADINGS = (
    "What it does",
    "Why it matters",
    "Example",
    "Instead",
    "Fix safety",
    "Options",
    "Not reported",
    "Known limits",
)


def each_rule(rules: list[Rule] = RULES) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("rule", rules, ids=[rule.code for rule in rules])


@pytest.mark.parametrize("case", [case for rule in RULES for case in page_cases(rule)], ids=str)
def test_the_examples_of_a_page_are_true(case: Case) -> None:
    if case.title.startswith("Example"):
        assert case.marks, f"{case.source}: the example marks no line with `# error:`"
    else:
        assert not case.marks, f"{case.source}: what to write instead has a finding"
    check_case(case)


@each_rule()
def test_a_page_has_its_headings_in_order(rule: Rule) -> None:
    found = re.findall(r"^## (.+)$", rule.page, re.MULTILINE)
    assert found == [h for h in HEADINGS if h != "Fix safety" or rule.fix]


@each_rule()
def test_a_page_shows_an_example_and_what_to_write_instead(rule: Rule) -> None:
    titles = {case.title for case in page_cases(rule)}
    assert {"Example", "Instead"} <= titles


@each_rule()
def test_no_section_of_a_page_is_empty(rule: Rule) -> None:
    sections = re.split(r"^## .+$", rule.page, flags=re.MULTILINE)[1:]
    assert all(section.strip() for section in sections)


@each_rule()
def test_a_rule_is_in_the_file_of_its_code_and_name(rule: Rule) -> None:
    stem = f"{rule.code.lower()}_{rule.name.replace('-', '_')}"
    package, module = rule.check.__module__.split(".")[-2:]
    assert (package[:3], module) == (rule.chapter.lower(), stem)


@each_rule([rule for rule in RULES if rule.chapter != "FG0"])
def test_a_rule_has_a_bad_and_an_ok_case_of_several_files(rule: Rule) -> None:
    files = list((ROOT / "tests" / "rules").glob(f"{rule.code.lower()}*.md"))
    assert len(files) == 1, f"tests/rules has {len(files)} files of cases for {rule.code}"
    several = [case for case in load_cases(files[0]) if len(case.files) > 1]
    assert any(rule.code in {mark.code for mark in case.marks} for case in several), "no bad case of several files"
    assert any(rule.code not in {mark.code for mark in case.marks} for case in several), "no ok case of several files"
    assert all(case.rules == {rule.code} for case in several), f"{files[0].name} must begin with `# {rule.code}`"


def test_names_are_unique() -> None:
    names = [rule.name for rule in RULES]
    assert sorted(names) == sorted(set(names))


@each_rule()
def test_the_changelog_mentions_the_rule(rule: Rule) -> None:
    assert rule.code in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@each_rule([rule for rule in RULES if rule.guardrails])
def test_the_guardrails_of_a_rule_exist(rule: Rule) -> None:
    from fastapi_guardrails.knowledge import guardrails

    assert set(rule.guardrails) <= set(guardrails.IDS)


@each_rule([rule for rule in RULES if rule.chapter not in ("FG0",)])
def test_a_rule_enforces_some_guardrail(rule: Rule) -> None:
    assert rule.guardrails
