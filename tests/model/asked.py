"""Small projects written in a test, and what the model knows of them, in words."""

from __future__ import annotations

import re
import tempfile
import textwrap
from pathlib import Path

from fastapi_guardrails.config import Config, Target
from fastapi_guardrails.model.calls import CallSite
from fastapi_guardrails.model.contexts import Chains, Hit
from fastapi_guardrails.model.dependencies import Dependency
from fastapi_guardrails.model.elements import Class, Function, Route
from fastapi_guardrails.model.project import Project
from fastapi_guardrails.model.values import (
    Annotated,
    Bound,
    ClassValue,
    Const,
    Coroutine,
    External,
    FunctionValue,
    Generic,
    Instance,
    Mapping,
    ModuleValue,
    Sequence_,
    TypeVariable,
    Union,
    Value,
)
from fastapi_guardrails.source import files
from fastapi_guardrails.source.loader import load

#: The file that a text without a header is, and that names are looked up in.
MAIN = "app/main.py"

_HEADER = re.compile(r"^# (\S+\.(?:py|txt|toml|lock|cfg)|Pipfile)$", re.MULTILINE)


class Asked:
    """A project made of the files of a test; answers are short texts."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def value(self, name: str, file: str = MAIN) -> str:
        """What a name of a module is once the project was started."""
        evaluator = self.project.evaluator
        return shown(evaluator.module_member(self.project.symbols.modules[file], name))

    def local(self, function: str, name: str) -> str:
        """What a name of a function is at its end, with its parameters as declared."""
        scope = self.function(function).analysis.scope
        assert scope is not None
        return shown(self.project.evaluator.lookup(name, scope))

    def function(self, qualname: str) -> Function:
        """The function with a qualified name."""
        return next(f for f in self.project.functions if f.qualname == qualname)

    def cls(self, name: str) -> Class:
        """The class with a name."""
        return next(c for c in self.project.classes if c.name == name)

    @property
    def routes(self) -> list[str]:
        """All routes in the order of matching: `GET /users`, with `?` behind those that are uncertain."""
        return [described(r) for r in self.project.routes]

    def route(self, path: str) -> Route:
        """The route with a full path."""
        return next(r for r in self.project.routes if r.route_path == path)

    def dependencies(self, path: str) -> list[str]:
        """The dependencies of a route, in the order of the tree, without the names of modules."""
        return [d.name.rpartition(".")[2] for d in self.route(path).dependencies]

    def tree(self, path: str) -> str:
        """The dependencies of a route with what they depend on: `user(session(settings))`."""
        return ", ".join(map(_nested, self.route(path).tree.children))

    def calls(self, function: str) -> list[str]:
        """What a function calls, in source order: names of library functions, qualified names of the project's."""
        found: list[str] = []
        for site in self.function(function).analysis.calls:
            found += [site.name] if site.name else [target.qualname for target, _ in site.targets]
        return found


def understand(text: str, **target: str) -> Asked:
    """The project that a text writes.

    Args:
        text: the files, each behind a line `# path`; a text without such a line is `app/main.py`.
        target: versions that override those of the files.
    """
    with tempfile.TemporaryDirectory(prefix="guardrails-model-") as folder:
        root = Path(folder).resolve()
        for path, content in _files(textwrap.dedent(text)).items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
        return Asked(Project(load(root, files.discover(root).files, jobs=1), Config(target=Target(**target))))


def _files(text: str) -> dict[str, str]:
    """The files of a text; folders of modules become packages."""
    parts = _HEADER.split(text)
    written = dict(zip(parts[1::2], parts[2::2])) if len(parts) > 1 else {MAIN: text}
    folders = {p for path in written if path.endswith(".py") for p in Path(path).parents if p != Path(".")}
    return {f"{folder.as_posix()}/__init__.py": "" for folder in folders} | written


def described(route: Route) -> str:
    """A route as one line."""
    methods = "WS" if route.websocket else ",".join(route.methods) or "?"
    return f"{methods} {route.route_path}{'' if route.certain else ' ?'}"


def _nested(node: Dependency) -> str:
    inner = ", ".join(map(_nested, node.children))
    name = node.name.rpartition(".")[2]
    return f"{name}({inner})" if inner else name


def shown(value: Value) -> str:
    """A value in words: literals as Python writes them, objects by the name of their class, `?` for the unknown."""
    if isinstance(value, Const):
        return f"{value.value!r}{' by default' if value.soft else ''}"
    if isinstance(value, Instance):
        if "name" in value.attrs and "value" in value.attrs and isinstance(value.cls, ClassValue):
            return f"{value.cls.name}.{getattr(value.attrs['name'], 'value', '?')}"
        return named(value.cls) + (f"[{', '.join(map(named, value.args))}]" if value.args else "")
    if isinstance(value, Union):
        return " | ".join(shown(option) for option in value.options)
    if isinstance(value, Sequence_):
        return f"{value.kind}({', '.join([*map(shown, value.items), *(['...'] if value.open else [])])})"
    if isinstance(value, Mapping):
        items = [f"{key}={shown(item)}" for key, item in value.items.items()]
        return f"dict({', '.join([*items, *(['...'] if value.open else [])])})"
    if isinstance(value, Coroutine):
        return f"coroutine of {shown(value.result)}"
    if isinstance(value, (FunctionValue, Bound)):
        function = value.function if isinstance(value, Bound) else value
        return f"def {function.qualname}"
    if isinstance(value, (ClassValue, External, Generic, Annotated)):
        return f"class {named(value)}" if isinstance(value, ClassValue) else named(value)
    return f"module {value.module.path}" if isinstance(value, ModuleValue) else "?"


def named(type_: Value) -> str:
    """A type as an annotation writes it, without the names of modules of the project."""
    if isinstance(type_, ClassValue):
        return type_.qualname
    if isinstance(type_, External):
        return type_.name.removeprefix("builtins.")
    if isinstance(type_, Generic):
        return f"{named(type_.origin)}[{', '.join(map(named, type_.args))}]"
    if isinstance(type_, Annotated):
        return named(type_.type)
    if isinstance(type_, Union):
        return " | ".join(named(option) for option in type_.options)
    if isinstance(type_, TypeVariable):
        return type_.name
    return "None" if isinstance(type_, Const) and type_.value is None else "?"


def sleeps(site: CallSite) -> str | None:
    """What matters in tests of chains."""
    return "sleep" if site.name == "time.sleep" else None


def hits(asked: Asked, function: str) -> list[Hit]:
    """The calls of a function that lead to a `time.sleep`."""
    return list(Chains(asked.project, sleeps, lambda _: {"sleep"}).hits(asked.function(function)))
