"""Generated pages, and what pages of the repository ask for.

In a page, `{{ include file }}` is replaced by a file, `{{ output demo: command }}` by what the program prints,
`{{ commands }}` and its like by a part of the reference, `[text](code:file::symbol)` by a link into the reference app,
and codes of rules by links.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from fastapi_guardrails.knowledge import guardrails
from sitegen import chapters, code, diagrams, markup, reference, rules, terminal

ROOT = Path(__file__).parents[2]
_CODE_LINK = re.compile(r"\]\(code:([^)]+)\)")


@lru_cache(maxsize=1)
def _rules() -> dict[str, Any]:
    return rules.built_in()


#: Parts of pages that the program says: name → what gives the Markdown.
PARTS: dict[str, Callable[[], str]] = {
    "commands": reference.commands,
    "configuration": reference.configuration,
    "schema report": lambda: reference.schema("report"),
    "schema routes": lambda: reference.schema("routes"),
    "api": reference.api,
    "guardrails": lambda: chapters.summary("guardrails/index.md", _rules()),
}


def fill_navigation(config: MkDocsConfig) -> None:
    """Put the generated pages into the navigation."""
    generated = {
        "rules/": _rule_items(),
        "guardrails/": [{title: chapters.page_of(slug)} for slug, title in guardrails.CHAPTERS.items()],
        f"{code.FOLDER}/": _code_items(),
    }
    config.nav = _with_generated(config.nav or [], generated)


def _with_generated(items: Iterable[Any], generated: dict[str, list[Any]]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if isinstance(item, str) and item in generated:
            found += generated[item]
        elif isinstance(item, dict):
            found.append({k: _with_generated(v, generated) if isinstance(v, list) else v for k, v in item.items()})
        else:
            found.append(item)
    return found


def _rule_items() -> list[Any]:
    known = _rules()
    return [
        {
            f"{chapter} {title}": [
                {f"{rule.code} {rule.name}": f"rules/{rule.code}.md"}
                for rule in known.values()
                if rule.chapter == chapter
            ]
        }
        for chapter, title in rules.chapters(known).items()
    ]


def _code_items() -> list[Any]:
    folders: dict[str, list[Any]] = {}
    for file in code.files():
        folder, _, name = file.rpartition("/")
        folders.setdefault(folder, []).append({name: code.page_of(file)})
    return [*folders.pop("", []), *({folder: inside} for folder, inside in folders.items())]


def add(files: Files, config: MkDocsConfig) -> None:
    """Add the generated pages, each with the file that an edit changes."""
    for file in files.documentation_pages():
        file.edit_uri = f"docs/{file.src_uri}"
    known = _rules()
    _add(files, config, "rules/index.md", rules.index(known), "docs/sitegen/rules_index.md")
    for rule in known.values():
        _add(files, config, f"rules/{rule.code}.md", rules.page(rule, known), rules.source_of(rule))
    _add(files, config, f"{code.FOLDER}/index.md", code.index(), "docs/sitegen/code_index.md")
    for path in code.files():
        _add(files, config, code.page_of(path), code.page(path), f"reference_app/{path}")


def _add(files: Files, config: MkDocsConfig, path: str, text: str, source: str) -> None:
    file = File.generated(config, path, content=text)
    file.edit_uri = source
    files.append(file)


def fill(markdown: str, page: Page) -> str:
    """Fill a page in.

    Raises:
        PluginError: it asks for something that does not exist.
    """
    path = page.file.src_uri
    if page.file.generated_by is not None:
        return markdown
    try:
        markdown = markup.include(markdown, ROOT / "docs")
        for name, give in PARTS.items():
            if f"{{{{ {name} }}}}" in markdown:
                markdown = markdown.replace(f"{{{{ {name} }}}}", give())
        markdown = _CODE_LINK.sub(lambda match: f"]({code.link(match[1], path)})", markdown)
        markdown = chapters.expand(markdown, path, _rules())
        return diagrams.expand(terminal.expand(markup.link_rules(markdown, path, _rules())))
    except (KeyError, terminal.OutputError, diagrams.DiagramError) as error:
        raise PluginError(f"{path}: {error}") from error
