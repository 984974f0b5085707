"""The chapters of the guide: under each guardrail's heading, its rules and its places in the reference app."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fastapi_guardrails.knowledge import guardrails
from fastapi_guardrails.knowledge.guardrails import Guardrail
from fastapi_guardrails.rules.registry import Rule
from sitegen import code, markup
from sitegen.places import PLACES

_HEADING = re.compile(r"^## .*\{ *#(?P<id>[\w-]+) *\}$")


def page_of(chapter: str) -> str:
    """The page of a chapter."""
    return f"guardrails/{chapter}.md"


def expand(text: str, page: str, rules: Mapping[str, Rule]) -> str:
    """A chapter with the facts of each guardrail under its heading."""

    def change(line: str) -> str:
        match = _HEADING.match(line)
        guardrail = guardrails.BY_ID.get(match["id"]) if match else None
        return f"{line}\n\n{facts(guardrail, page, rules)}" if guardrail else line

    return markup.outside_fences(text, change)


def facts(guardrail: Guardrail, page: str, rules: Mapping[str, Rule]) -> str:
    """The box of a guardrail: id, rules, places."""
    lines = [f"`{guardrail.id}`{{ .badge .guardrail }}"]
    if guardrail.rules:
        lines.append(f"**Rules** {', '.join(_rule(code, page, rules) for code in guardrail.rules)}")
    else:
        lines.append(f"**No rule.** {guardrail.reason}")
    places = [f"[`{_shown(place)}`]({code.link(place, page)})" for place in PLACES[guardrail.id]]
    lines.append(f"**In the reference app** {', '.join(places)}")
    return '<div class="facts box" markdown="1">\n\n' + "\n\n".join(lines) + "\n\n</div>\n"


def _rule(code_: str, page: str, rules: Mapping[str, Rule]) -> str:
    if code_ not in rules:
        return f"{code_} (planned)"
    return f"[{code_} {rules[code_].name}]({markup.relative(page, f'rules/{code_}.md')})"


def _shown(place: str) -> str:
    file, _, symbol = place.partition("::")
    return f"{file.rpartition('/')[2]} {symbol}" if symbol else file


def summary(page: str, rules: Mapping[str, Rule]) -> str:
    """All guardrails, by chapter, with their rules that exist."""
    parts: list[str] = []
    for slug, title in guardrails.CHAPTERS.items():
        target = markup.relative(page, page_of(slug))
        rows = [
            (
                f"[{guardrail.text}]({target}#{guardrail.id})",
                ", ".join(code for code in guardrail.rules if code in rules) or "–",
            )
            for guardrail in guardrails.of_chapter(slug)
        ]
        parts.append(f"## [{title}]({target}) {{ #{slug} }}\n\n{markup.table(('Guardrail', 'Rules'), rows)}")
    return "\n".join(parts)
