"""Which rules are on: a preset or a selection, what extends it, what is ignored, and what overrides say for some paths.

Where a rule is both selected and ignored, the more exact selector wins (`FG213` over `FG2` over `ALL`); of two equally
exact ones, the one that ignores.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fastapi_guardrails.config import Config, ConfigError, Override
from fastapi_guardrails.finding import Severity
from fastapi_guardrails.rules import resolve, unknown_rule
from fastapi_guardrails.rules.registry import Rule

#: Rules about the run itself, which no preset or selection leaves out, but only `ignore`.
ALWAYS = ("FG001", "FG003")


class Selection:
    """The rules that are on, for the project and for each path.

    Args:
        config: what is selected.
        rules: all loaded rules, by code.

    Raises:
        ConfigError: a selector means no rule.
    """

    def __init__(self, config: Config, rules: Mapping[str, Rule]) -> None:
        self._rules = rules
        self._overrides = config.overrides
        where = f"{config.file}: " if config.file else ""
        for words in (config.select, config.ignore, config.extend_select, config.options, *_words(config.overrides)):
            for selector in words:
                if not resolve(selector, rules.values()):
                    raise ConfigError(where + unknown_rule(selector, rules.values()))
        base = set(ALWAYS) | (set() if config.select else self._preset(config.preset))
        self.base = self._choose(base, config.select, config.extend_select, config.ignore)
        self._by_overrides: dict[tuple[int, ...], frozenset[str]] = {(): self.base}

    def anywhere(self) -> frozenset[str]:
        """Codes of the rules that are on for some path."""
        on = set(self.base)
        for override in self._overrides:
            for selector in (*override.select, *override.extend_select):
                on.update(rule.code for rule in resolve(selector, self._rules.values()))
        return frozenset(on)

    def at(self, path: str) -> frozenset[str]:
        """Codes of the rules that are on for a path, relative to the folder that the config is in."""
        applying = tuple(i for i, override in enumerate(self._overrides) if override.covers(path))
        found = self._by_overrides.get(applying)
        if found is None:
            found = self.base
            for index in applying:
                found = self._override(found, self._overrides[index])
            self._by_overrides[applying] = found
        return found

    def _override(self, on: frozenset[str], override: Override) -> frozenset[str]:
        start = {code for code in on if code in ALWAYS} if override.select else on
        return self._choose(start, override.select, override.extend_select, override.ignore)

    def _choose(
        self, start: Iterable[str], select: Iterable[str], extend: Iterable[str], ignore: Iterable[str]
    ) -> frozenset[str]:
        wanted = self._exactness((*select, *extend))
        unwanted = self._exactness(ignore)
        return frozenset(
            code for code in {*start, *wanted} if code not in unwanted or wanted.get(code, -1) > unwanted[code]
        )

    def _exactness(self, selectors: Iterable[str]) -> dict[str, int]:
        """How exactly each rule is meant: 0 for `ALL`, more for longer beginnings, most for a code or a name."""
        exactness: dict[str, int] = {}
        for selector in selectors:
            for rule in resolve(selector, self._rules.values()):
                exact = selector == rule.name or selector.upper() == rule.code
                score = 100 if exact else 0 if selector.upper() == "ALL" else len(selector)
                exactness[rule.code] = max(score, exactness.get(rule.code, 0))
        return exactness

    def _preset(self, preset: str) -> set[str]:
        if preset == "all":
            return set(self._rules)
        guide = {code for code, rule in self._rules.items() if not rule.opt_in}
        if preset == "guide":
            return guide
        return {code for code in guide if self._rules[code].severity is Severity.ERROR}


def _words(overrides: Iterable[Override]) -> Iterable[tuple[str, ...]]:
    for override in overrides:
        yield from (override.select, override.ignore, override.extend_select)
