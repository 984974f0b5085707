"""Loading of rules: of the package, of plugins (entry points), and of the checked project (a path in its config)."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

from fastapi_guardrails.config import Config, ConfigError, did_you_mean
from fastapi_guardrails.rules.registry import Rule, RuleError, registered

#: Where the documentation is published; the page of a rule is at `rules/<CODE>/`.
SITE = "https://fastapi-guardrails.readthedocs.io/en/latest/"
ENTRY_POINTS = "fastapi_guardrails.rules"

_loaded: set[str] = set()


def load_rules(config: Config | None = None) -> dict[str, Rule]:
    """All rules that a run may use, by code: built-in, of plugins, and of the project that `config` belongs to.

    Raises:
        ConfigError: a plugin's or the project's rules cannot be imported, or are declared wrongly.
    """
    load_builtin()
    _once("plugins", _import_plugins)
    own: set[str] = set()
    for path in config.rules if config else ():
        for file in _rule_files(Path(config.base if config else "", path)):
            name = _module_name(file)
            _once(name, lambda file=file, name=name: _import_file(file, name))  # type: ignore[misc]
            own.add(name)
    return {code: rule for code, rule in registered().items() if _belongs(rule, own)}


def load_builtin() -> None:
    """Import the rules of this package."""
    _once("built-in", _import_builtin)


def resolve(selector: str, rules: Iterable[Rule]) -> list[Rule]:
    """The rules that a selector means: `ALL`, a code, a name, or the beginning of codes (`FG2`); empty if none."""
    if selector.upper() == "ALL":
        return list(rules)
    exact = [r for r in rules if selector in (r.code, r.name) or selector.upper() == r.code]
    if exact or not selector[:1].isupper() or not selector.isalnum():
        return exact
    return [r for r in rules if r.code.startswith(selector)]


def unknown_rule(selector: str, rules: Iterable[Rule]) -> str:
    """A message about a selector that means no rule, with the nearest right one."""
    known = [word for r in rules for word in (r.code, r.name)]
    near = did_you_mean(selector, known) or did_you_mean(selector.upper(), known)
    return f"unknown rule {selector!r}{near or '; `fastapi-guardrails rule --all` lists them'}"


def page_url(rule: Rule) -> str:
    """Where the page of a built-in rule is published; empty for rules of others."""
    return f"{SITE}rules/{rule.code}/" if rule.builtin else ""


def _once(key: str, load: Callable[[], None]) -> None:
    if key not in _loaded:
        load()
        _loaded.add(key)


def _import_builtin() -> None:
    for folder in Path(__file__).parent.glob("fg*"):
        for file in folder.glob("fg[0-9]*.py"):
            importlib.import_module(f"{__name__}.{folder.name}.{file.stem}")


def has_plugins() -> bool:
    """Whether an installed package may bring rules: what says so is read without `importlib.metadata`, whose import
    alone takes longer than an unchanged run may."""
    group = f"[{ENTRY_POINTS}]".encode()
    return any(group in declared for folder in sys.path for declared in _entry_point_files(folder or "."))


def _entry_point_files(folder: str) -> Iterator[bytes]:
    """What the packages in a folder of the import path declare; an archive may hold anything and counts as one."""
    try:
        with os.scandir(folder) as entries:
            found = [e.path for e in entries if e.name.endswith((".dist-info", ".egg-info"))]
    except NotADirectoryError:
        if not folder.endswith("python{}{}.zip".format(*sys.version_info[:2])):
            yield f"[{ENTRY_POINTS}]".encode()
        return
    except OSError:  # on the path, but not there
        return
    for path in found:
        try:
            with open(os.path.join(path, "entry_points.txt"), "rb") as file:
                yield file.read()
        except OSError:  # a package that declares nothing
            continue


def _import_plugins() -> None:
    if not has_plugins():
        return
    from importlib.metadata import entry_points

    for entry in entry_points(group=ENTRY_POINTS):
        try:
            entry.load()
        except Exception as error:
            raise ConfigError(
                f"the rules of plugin {entry.name!r} ({entry.value}) cannot be loaded: {_said(error)}"
            ) from error


def _rule_files(path: Path) -> Sequence[Path]:
    return [path] if path.is_file() else sorted(p for p in path.rglob("*.py") if p.name != "__init__.py")


def _module_name(file: Path) -> str:
    digest = hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:12]
    return f"_fastapi_guardrails_project_rules_{digest}_{file.stem}"


def _import_file(file: Path, name: str) -> None:
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{file}: is no Python file, so it cannot hold rules")
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise ConfigError(f"{file}: its rules cannot be loaded: {_said(error)}") from error


def _belongs(rule: Rule, own: set[str]) -> bool:
    """Whether a rule is not one of another project that this process looked at before."""
    module = rule.check.__module__
    return not module.startswith("_fastapi_guardrails_project_rules_") or module in own


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, RuleError) else f"{type(error).__name__}: {error}"
