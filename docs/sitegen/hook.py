"""What MkDocs calls; `pages` does the work."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the generated pages into the navigation.

    A server that reloads calls this for each build. What it shows must be what the files say now, so everything that
    was imported from them is imported again.
    """
    for name in [name for name in sys.modules if name.partition(".")[0] in ("fastapi_guardrails", "sitegen")]:
        del sys.modules[name]
    for folder in (str(ROOT / "docs"), str(ROOT)):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    _pages().fill_navigation(config)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    _pages().add(files, config)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill a page in."""
    filled: str = _pages().fill(markdown, page)
    return filled


def _pages() -> Any:
    return import_module("sitegen.pages")
