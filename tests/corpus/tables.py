"""Hold the static route table of a checkout against the dump of its running app."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

Route = dict[str, Any]
Key = tuple[str, str]

#: Attribute of the static table → of the dump.
ATTRIBUTES = {
    "endpoint": "endpoint",
    "is_async": "is_async",
    "status_code": "status_code",
    "response_model": "response_model",
    "secured": "security",
    "dependencies": "dependencies",
}


class Comparison(NamedTuple):
    """How a static table and a running one agree.

    Attributes:
        running: how many routes the running app has whose endpoints are the project's own.
        found: how many of them the static table has.
        certain: how many static routes are called certain.
        wrong: those of them that the running app does not have.
        missed: routes of the running app that the static table lacks.
        equal: share of matched routes by attribute.
        differing: (method, path, attribute, static value, running value).
        in_order: whether the matched routes come in the same order.
    """

    running: int
    found: int
    certain: int
    uncertain: int
    wrong: list[Key]
    missed: list[Key]
    equal: dict[str, float]
    differing: list[tuple[str, str, str, Any, Any]]
    in_order: bool

    @property
    def recall(self) -> float:
        return self.found / max(self.running, 1)

    @property
    def precision(self) -> float:
        return 1 - len(self.wrong) / max(self.certain, 1)


def load(dump: Path) -> dict[str, Any]:
    """A dump: `project`, `root` (the folder of the checkout that is analysed) and `routes`, among others."""
    read: dict[str, Any] = json.loads(dump.read_text())
    return read


def compare(dump: dict[str, Any], apps: list[dict[str, Any]]) -> Comparison:
    """Compare the app that matches best with a dump; routes whose endpoints libraries define are left out."""
    live = [r for r in dump["routes"] if _is_own(r)]
    want = Counter(key for r in live for key in keys(r))
    tables = [app["routes"] for app in apps] or [[]]
    best = max(tables, key=lambda routes: sum((Counter(k for r in routes for k in keys(r)) & want).values()))
    have = Counter(key for r in best for key in keys(r))
    certain = Counter(key for r in best if r["certain"] for key in keys(r))
    equal, differing = _attributes(live, best)
    return Comparison(
        running=sum(want.values()),
        found=sum((have & want).values()),
        certain=sum(certain.values()),
        uncertain=sum(have.values()) - sum(certain.values()),
        wrong=sorted((certain - want).elements()),
        missed=sorted((want - have).elements()),
        equal=equal,
        differing=differing,
        in_order=_same_order(live, best),
    )


def keys(route: Route) -> Iterator[Key]:
    """(method, path) of a route, once per method; names of parameters kept, converters dropped."""
    path = re.sub(r"{ *(\w+) *(:[^}]*)?}", r"{\1}", route["path"])
    for method in ["WS"] if route["websocket"] else route["methods"]:
        yield method, path


def tail(name: str | None) -> str:
    """A dotted or generic name without modules: `list[app.models.User]` → `list[User]`."""
    return re.sub(r"[\w.]*\.(?=\w)", "", name or "").replace(" ", "")


def _is_own(route: Route) -> bool:
    if str(route.get("endpoint_file")).startswith("<site-packages>"):
        return False
    return bool(route["websocket"] or route.get("kind", "api") == "api")


def _comparable(name: str, value: Any) -> Any:
    if name == "dependencies":
        return {tail(item) for item in value}
    return tail(value) if name in ("endpoint", "response_model") else value


def _attributes(
    live: list[Route], static: list[Route]
) -> tuple[dict[str, float], list[tuple[str, str, str, Any, Any]]]:
    by_key: dict[Key, Route] = {}
    for route in live:
        for key in keys(route):
            by_key.setdefault(key, route)
    matched = 0
    same: Counter[str] = Counter()
    differing = []
    for route in static:
        for key in keys(route):
            other = by_key.get(key)
            if other is None:
                continue
            matched += 1
            for name, theirs in ATTRIBUTES.items():
                if _comparable(name, route[name]) == _comparable(name, other[theirs]):
                    same[name] += 1
                else:
                    differing.append((*key, name, route[name], other[theirs]))
    return {name: same[name] / max(matched, 1) for name in ATTRIBUTES}, differing


def _same_order(live: list[Route], static: list[Route]) -> bool:
    ordered = sorted(live, key=lambda r: r.get("order", 0))
    theirs, ours = ([k for r in routes for k in keys(r)] for routes in (ordered, static))
    common = set(theirs) & set(ours)
    return list(dict.fromkeys(k for k in theirs if k in common)) == list(dict.fromkeys(k for k in ours if k in common))
