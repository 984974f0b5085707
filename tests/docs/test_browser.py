"""The site in a real browser, as a reader on a desk and on a phone has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from fastapi_guardrails.rules import load_rules

#: One page of each kind.
KINDS = [
    "",
    "rules/",
    "rules/FG002/",
    "guardrails/",
    "guardrails/security/",
    "guardrails/decisions/",
    "howto/ci/",
    "howto/own-rule/",
    "howto/traces/",
    "howto/fixes/",
    "reference/commands/",
    "reference/configuration/",
    "reference/json/",
    "reference/api/",
    "reference-app/",
    "reference-app/code/",
    "reference-app/code/app/database/",
    "404.html",
]
RULES = {code: rule for code, rule in load_rules().items() if rule.builtin}


class Tab:
    """A page of the browser, and what it complained about and asked for."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.address = address
        self.problems: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", self._request)

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(message.text)

    def _request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != urlsplit(self.address).netloc:
            self.problems.append(f"request of {request.url}")

    def open(self, path: str) -> None:
        self.page.goto(self.address + path, wait_until="load")


@pytest.fixture
def tab(browser: Any, address: str) -> Iterator[Tab]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield Tab(context.new_page(), address)
    context.close()


@pytest.fixture
def phone(browser: Any, address: str) -> Iterator[Tab]:
    context = browser.new_context(viewport={"width": 375, "height": 720}, is_mobile=True, has_touch=True)
    yield Tab(context.new_page(), address)
    context.close()


@pytest.mark.parametrize("path", KINDS)
def test_a_page_asks_nobody_and_complains_of_nothing(tab: Tab, path: str) -> None:
    tab.open(path)
    tab.page.wait_for_timeout(150)
    assert tab.problems == []


@pytest.mark.parametrize("path", KINDS)
def test_a_phone_need_not_scroll_sideways(phone: Tab, path: str) -> None:
    phone.open(path)
    width, seen = phone.page.evaluate("[document.scrollingElement.scrollWidth, window.innerWidth]")
    assert (width, seen) == (375, 375)


def test_the_tabs_and_links_lead_on(tab: Tab) -> None:
    tab.open("")
    tab.page.click(".md-tabs >> text=Rules")
    assert tab.page.url == tab.address + "rules/"
    tab.page.click(".rule-list >> text=FG002")
    assert tab.page.url == tab.address + "rules/FG002/"
    assert "unused-suppression" in tab.page.inner_text("h1")


def test_a_guardrail_leads_to_its_rule_and_its_code(tab: Tab) -> None:
    tab.open("guardrails/dependencies/#di-session")
    tab.page.click(".facts.box >> text=get_db >> nth=0")
    assert tab.page.url == tab.address + "reference-app/code/app/dependencies/#get_db"
    assert tab.page.inner_text("h2[id='get_db']").startswith("get_db")


@pytest.mark.parametrize("code", ["FG001", "FG002", "FG101", "FG213"])
@pytest.mark.parametrize("by", ["code", "name"])
def test_search_finds_a_rule(tab: Tab, code: str, by: str) -> None:
    if code not in RULES:
        pytest.skip(f"{code} is not written yet")
    word = code if by == "code" else RULES[code].name
    tab.open("")
    tab.page.click(".md-search__input")
    tab.page.locator(".md-search__input").press_sequentially(word)
    first = "document.querySelector('.md-search-result__item a.md-search-result__link')"
    tab.page.wait_for_function(f"{first} && {first}.href.includes('/rules/{code}/')", timeout=10_000)


def test_filters_narrow_the_list_and_stay_in_the_address(tab: Tab) -> None:
    tab.open("rules/")
    count = "document.querySelectorAll('.rule-list > li:not([hidden])').length"
    assert tab.page.evaluate(count) == len(RULES)
    tab.page.select_option("select[name=severity]", "warning")
    warnings = sum(rule.severity.value == "warning" for rule in RULES.values())
    assert tab.page.evaluate(count) == warnings
    tab.page.select_option("select[name=fix]", "any")
    fixable = sum(rule.severity.value == "warning" and rule.fix is not None for rule in RULES.values())
    assert tab.page.evaluate(count) == fixable
    tab.page.select_option("select[name=chapter]", "FG0")
    tab.page.fill("input[name=text]", "UNUSED")
    assert tab.page.evaluate(count) == 1
    assert tab.page.url.endswith("?text=unused&chapter=FG0&severity=warning&fix=any")
    tab.page.reload()
    assert tab.page.evaluate(count) == 1
    assert tab.page.inner_text("#rule-filters output") == f"1 of {len(RULES)} rules"
    tab.page.click("#rule-filters button[type=reset]")
    tab.page.wait_for_function(f"{count} === {len(RULES)} && !location.search")
    assert tab.page.url == tab.address + "rules/"


def test_the_filter_by_guardrail(tab: Tab) -> None:
    tab.open("rules/")
    for id_ in tab.page.evaluate("[...document.querySelectorAll('[name=guardrail] option')].map(o => o.value)")[1:]:
        tab.page.select_option("select[name=guardrail]", id_)
        shown = tab.page.evaluate(
            "[...document.querySelectorAll('.rule-list > li:not([hidden]) code')].map(c => c.innerText)"
            ".filter(t => /^[A-Z]+\\d+$/.test(t))"
        )
        assert {code for code, rule in RULES.items() if id_ in rule.guardrails} <= set(shown)


def test_light_and_dark(tab: Tab) -> None:
    tab.open("")
    before = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
    tab.page.click("label[title='Switch to dark mode']")
    after = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert before != after
    assert tab.page.get_attribute("body", "data-md-color-scheme") == "slate"


def test_what_is_not_there_is_answered_with_a_page_that_leads_on(tab: Tab) -> None:
    answer = tab.page.goto(tab.address + "no/such/page/")
    assert answer.status == 404
    tab.page.click("article >> text=All rules")
    assert tab.page.url == tab.address + "rules/"


def test_a_page_can_be_edited_where_it_is_made(tab: Tab) -> None:
    tab.open("rules/FG002/")
    href = tab.page.get_attribute("a.md-content__button[rel=edit]", "href")
    assert href is not None
    assert href.endswith("/edit/main/fastapi_guardrails/rules/fg0_run/fg002_unused_suppression.py")
