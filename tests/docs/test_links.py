"""Every link of the built site: the page is there, and so is the anchor."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from fastapi_guardrails.rules import SITE, load_rules, page_url
from tests.docs.conftest import BASE, ROOT


class _Page(HTMLParser):
    """Anchors of a page, and what it refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.resources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.ids.update(values[name] for name in ("id", "name") if name in values)
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag == "link" and values.get("rel") in ("stylesheet", "icon"):
            self.resources.append(values["href"])
        elif "src" in values:
            self.resources.append(values["src"])


def _pages(site: Path) -> dict[Path, _Page]:
    pages = {}
    for file in site.rglob("*.html"):
        pages[file] = page = _Page()
        page.feed(file.read_text(encoding="utf-8"))
    return pages


def _target(site: Path, file: Path, path: str) -> Path:
    """The file that a path leads to."""
    if path.startswith("/"):
        assert path.startswith(BASE), f"{path} leaves the site"
        target = site / path.removeprefix(BASE)
    else:
        target = file.parent / path
    return (target / "index.html" if path.endswith("/") or target.is_dir() else target).resolve()


def test_every_internal_link_leads_to_a_page_and_an_anchor(site: Path) -> None:
    pages = _pages(site)
    broken = []
    for file, page in pages.items():
        for href in [*page.links, *page.resources]:
            parts = urlsplit(href)
            if parts.scheme or parts.netloc:
                continue
            target = _target(site, file, unquote(parts.path)) if parts.path else file
            anchor = unquote(parts.fragment)
            if not target.is_file():
                broken.append(f"{file.relative_to(site)}: {href}: no such page")
            elif anchor and target in pages and anchor not in pages[target].ids:
                broken.append(f"{file.relative_to(site)}: {href}: no such anchor")
    assert len(pages) > 50
    assert broken == []


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    pages = _pages(site)
    elsewhere = {r for page in pages.values() for r in page.resources if urlsplit(r).netloc}
    assert elsewhere == set()


def test_every_rule_has_its_page_where_findings_say(site: Path) -> None:
    for rule in load_rules().values():
        if rule.builtin:
            path = page_url(rule).removeprefix(SITE)
            text = (site / path / "index.html").read_text(encoding="utf-8")
            assert f"{rule.code} · {rule.name}" in text


def test_the_site_is_published_where_findings_point() -> None:
    assert f"site_url: {SITE}\n" in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")


def test_every_page_can_be_edited(site: Path) -> None:
    start = "https://github.com/fastapi-guardrails/fastapi-guardrails/edit/main/"
    for file, page in _pages(site).items():
        edits = [href for href in page.links if href.startswith(start)]
        if file.name == "404.html":
            continue
        assert edits, f"{file.relative_to(site)} has no edit link"
        assert all((ROOT / href.removeprefix(start)).is_file() for href in edits), edits
