"""The page of each rule, from its module's docstring, and the index of all rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from importlib import import_module
from pathlib import Path

from fastapi_guardrails.knowledge import guardrails
from fastapi_guardrails.rules import load_rules
from fastapi_guardrails.rules.registry import Rule
from sitegen import markup

#: How the fix of a rule is called: word for people, value of the filter.
FIXES = {
    "safe": ("safe fix", "safe"),
    "unsafe": ("unsafe fix", "unsafe"),
    "sometimes": ("sometimes fixable", "sometimes"),
    None: ("no fix", "none"),
}
_FENCE = re.compile(r"^(?P<fence>`{3,})(?P<language>\w*)(?P<info>.*)$")
_MARK = re.compile(r"\s*# error: (?P<codes>[A-Z]{2,5}\d{3}(?:, *[A-Z]{2,5}\d{3})*)\s*$")


def built_in() -> dict[str, Rule]:
    """The rules that ship with the package, by code."""
    return {code: rule for code, rule in load_rules().items() if rule.builtin}


def chapters(rules: Mapping[str, Rule]) -> dict[str, str]:
    """The chapters that have rules: code → title, as the docstring of the chapter's package says it."""
    found: dict[str, str] = {}
    for rule in rules.values():
        package = rule.check.__module__.rpartition(".")[0]
        text = (import_module(package).__doc__ or rule.chapter).strip().splitlines()[0]
        title = re.sub(rf"^{rule.chapter}\W+|\.$", "", text)
        found[rule.chapter] = title[:1].upper() + title[1:]
    return found


def source_of(rule: Rule) -> str:
    """The file of a rule, from the root of the repository."""
    return rule.check.__module__.replace(".", "/") + ".py"


def page(rule: Rule, rules: Mapping[str, Rule]) -> str:
    """The Markdown of a rule's page."""
    own = f"rules/{rule.code}.md"
    what = _first_sentence(rule.page)
    head = [
        "---",
        f"title: {rule.code} {rule.name}",
        f"description: {_quoted(what)}",
        "search: {boost: 10}",
        "---",
        f"# {rule.code} · {rule.name}",
        "",
        f'<div class="facts" markdown="span">{_facts(rule)}</div>',
        "",
    ]
    body = markup.link_rules(_with_marked_lines(rule.page), own, rules)
    return "\n".join(head) + "\n" + body + "\n\n" + _silence(rule)


def _facts(rule: Rule) -> str:
    fix, _ = FIXES[rule.fix]
    parts = [markup.badge(rule.severity.value, rule.severity.value)]
    if rule.fix:
        parts.append(markup.badge(fix, "fix"))
    if rule.opt_in:
        parts.append(markup.badge("opt-in", "optin"))
    for id_ in rule.guardrails:
        chapter = guardrails.BY_ID[id_].chapter
        parts.append(f"[{id_}](../guardrails/{chapter}.md#{id_}){{ .badge .guardrail }}")
    return " ".join(parts)


def _silence(rule: Rule) -> str:
    ways = (
        f"Where a finding is wanted, say why: `# guardrails: ignore[{rule.name}] why` at the end of the line. "
        "[More about suppressions](../howto/suppressions.md)."
    )
    if rule.opt_in:
        ways += f' This rule is opt-in: `extend-select = ["{rule.name}"]` turns it on.'
    return f"## Turn it {'on or ' if rule.opt_in else ''}off\n{ways}\n"


def _with_marked_lines(text: str) -> str:
    """A page whose `# error:` marks are highlighted lines with the code as a comment."""
    lines = text.split("\n")
    fence: tuple[int, re.Match[str]] | None = None
    marked: list[str] = []
    for index, line in enumerate(lines):
        match = _FENCE.match(line)
        if fence is None:
            fence = (index, match) if match else None
            marked = []
        elif line.strip() == fence[1]["fence"]:
            start, opening = fence
            info = re.sub(r"\s*\bfixed\b", "", opening["info"])
            info += f' hl_lines="{" ".join(marked)}"' if marked else ""
            lines[start] = f"{opening['fence']}{opening['language']}{info}"
            fence = None
        elif mark := _MARK.search(line):
            marked.append(str(index - fence[0]))
            lines[index] = f"{line[: mark.start()]}  # {mark['codes']}"
    return "\n".join(lines)


def index(rules: Mapping[str, Rule]) -> str:
    """The Markdown of the index: filters, and a table per chapter."""
    names = chapters(rules)
    introduction = Path(__file__).with_name("rules_index.md").read_text(encoding="utf-8")
    parts = [introduction.replace("{filters}", _filters(rules, names)).replace("{count}", str(len(rules)))]
    for chapter, title in names.items():
        rows = "\n".join(_row(rule) for rule in rules.values() if rule.chapter == chapter)
        parts.append(
            f'<section class="rule-chapter" data-chapter="{chapter}" markdown="block">\n\n'
            f"## {chapter} · {title} {{ #{chapter} }}\n\n"
            f'<ul class="rule-list">\n{rows}\n</ul>\n\n</section>\n'
        )
    return "\n".join(parts)


def _row(rule: Rule) -> str:
    fix, value = FIXES[rule.fix]
    badges = [markup.badge(rule.severity.value, rule.severity.value)]
    badges += [markup.badge(fix, "fix")] if rule.fix else []
    badges += [markup.badge("opt-in", "optin")] if rule.opt_in else []
    return (
        f'<li data-chapter="{rule.chapter}" data-severity="{rule.severity.value}" data-fix="{value}" '
        f'data-guardrails="{" ".join(rule.guardrails)}" data-text="{rule.code.lower()} {rule.name}">'
        f'<a href="{rule.code}/"><code>{rule.code}</code> {rule.name}</a>'
        f'<span class="badges">{"".join(badges)}</span>'
        f"<p>{markup.html_code(_first_sentence(rule.page))}</p></li>"
    )


def _filters(rules: Mapping[str, Rule], names: Mapping[str, str]) -> str:
    used = {id_ for rule in rules.values() for id_ in rule.guardrails}
    severities = sorted({rule.severity.value for rule in rules.values()})
    fixes = [FIXES[fix] for fix in FIXES if any(rule.fix == fix for rule in rules.values())]
    return (
        '<form class="filters" id="rule-filters" hidden>'
        '<label>Search <input type="search" name="text" placeholder="code or name" autocomplete="off"></label>'
        + _select("chapter", "Chapter", [(code, f"{code} {title}") for code, title in names.items()])
        + _select("severity", "Severity", [(word, word) for word in severities])
        + _select("fix", "Fix", [("any", "fixable")] + [(value, word) for word, value in fixes])
        + _select("guardrail", "Guardrail", [(id_, id_) for id_ in guardrails.IDS if id_ in used])
        + '<button type="reset">Clear</button><output></output></form>'
    )


def _select(name: str, label: str, options: list[tuple[str, str]]) -> str:
    shown = "".join(f'<option value="{value}">{escape(text)}</option>' for value, text in options)
    return f'<label>{label} <select name="{name}"><option value="">all</option>{shown}</select></label>'


def _first_sentence(page: str) -> str:
    match = re.search(r"^## What it does\n+(.+?)(?:\n\n|\Z)", page, re.MULTILINE | re.DOTALL)
    paragraph = " ".join((match[1] if match else "").split())
    sentence = re.match(r".+?[.!](?= [A-Z`]|$)", paragraph)
    return sentence[0] if sentence else paragraph


def _quoted(text: str) -> str:
    return '"' + text.replace("`", "").replace("\\", "").replace('"', "'") + '"'
