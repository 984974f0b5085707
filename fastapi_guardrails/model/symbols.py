"""Modules of the project and what their names mean.

A module is executed (abstractly) once, at its first import, as Python does; the names that it imports stay `Lazy` and
are looked up when somebody asks, so that import cycles and `TYPE_CHECKING` imports come out right.
"""

from __future__ import annotations

import builtins
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property

from fastapi_guardrails.knowledge.classes import BASES
from fastapi_guardrails.knowledge.names import canonical
from fastapi_guardrails.knowledge.returns import FUNCTIONS
from fastapi_guardrails.model.tree import statements
from fastapi_guardrails.model.values import (
    Const,
    External,
    Instance,
    Scope,
    Value,
)
from fastapi_guardrails.source.facts import ImportFrom, ModuleFacts
from fastapi_guardrails.source.roots import Roots

_BUILTINS = frozenset(dir(builtins))

#: Libraries that a folder without `__init__.py` does not stand in front of, whatever its name.
_LIBRARIES = frozenset(name.partition(".")[0] for name in (*BASES, *FUNCTIONS))

_TEST_FOLDERS = frozenset({"test", "tests", "testing", "__tests__", "e2e"})
_MIGRATION_FOLDERS = frozenset({"alembic", "migrations"})
_TEST_FILE = re.compile(r"(test_.*|.*_test|tests|conftest)\.py")
_GENERATED_FILE = re.compile(r".*_pb2(_grpc)?\.py")


class Module:
    """A file of the project.

    Attributes:
        path: project-relative, with `/`.
        name: dotted name from its innermost import root.
        scope: its names, once it was executed.
        state: `new`, `running` or `done`.
        is_test: it is a test or serves tests.
        is_application: rules on application code look at it: no test, no migration, nothing generated.
        star_externals: libraries from which it imports `*`: a name that is not found may come from there.
    """

    __slots__ = (
        "_facts",
        "_source",
        "folder",
        "is_application",
        "is_package",
        "is_test",
        "name",
        "path",
        "scope",
        "star_externals",
        "state",
        "stem",
    )

    def __init__(self, path: str, name: str, source: Mapping[str, ModuleFacts]) -> None:
        self.path = path
        self.name = name
        self.folder, _, file = path.rpartition("/")
        self.stem = file.removesuffix(".py")
        self._source = source
        self._facts: ModuleFacts | None = None
        self.scope = Scope("module", self)
        self.scope.vars["__name__"] = Const(name)
        self.scope.vars["__file__"] = Instance(External("builtins.str"))
        self.state = "new"
        self.is_package = path.endswith("__init__.py")
        self.scope.vars["__package__"] = Const(name if self.is_package else name.rpartition(".")[0])
        self.star_externals: list[str] = []
        self.is_test = _is_test(path)
        self.is_application = not self.is_test and not _is_migration_or_generated(path)

    @property
    def facts(self) -> ModuleFacts:
        """What its source says, decoded when first asked for."""
        if self._facts is None:
            self._facts = self._source[self.path]
        return self._facts


def _is_test(path: str) -> bool:
    *folders, file = path.split("/")
    return not _TEST_FOLDERS.isdisjoint(folders) or _TEST_FILE.fullmatch(file) is not None


def _is_migration_or_generated(path: str) -> bool:
    *folders, file = path.split("/")
    return not _MIGRATION_FOLDERS.isdisjoint(folders) or _GENERATED_FILE.fullmatch(file) is not None


class Symbols:
    """All modules, and the meaning of imports and names."""

    def __init__(self, facts: Mapping[str, ModuleFacts], roots: Roots) -> None:
        self.roots = roots
        self.modules = {path: Module(path, roots.module_name(path), facts) for path in facts}
        self._imports: dict[tuple[str, str], Module | External | None] = {}
        self._relative: dict[tuple[str, str, int], Module | None] = {}

    @cached_property
    def aliases(self) -> dict[str, set[str]]:
        """The other names under which modules import something: `from app.services import find as find_user`."""
        found: dict[str, set[str]] = defaultdict(set)
        for module in self.modules.values():
            for node in statements(module.facts.body):
                for alias in node.names if isinstance(node, ImportFrom) else ():
                    if alias.asname is not None and alias.asname != alias.name:
                        found[alias.name].add(alias.asname)
        return dict(found)

    def absolute(self, importer: Module, target: str, level: int) -> str | None:
        """The dotted name that a relative import means, or None above the top package."""
        if not level:
            return target
        parts = importer.name.split(".")
        if not importer.is_package:
            parts = parts[:-1]
        if level - 1 > len(parts):
            return None
        parts = parts[: len(parts) - (level - 1)]
        return ".".join([*parts, target] if target else parts)

    def find(self, importer: Module, dotted: str) -> Module | External | None:
        """The project's module of that name, else the library's; None where the project should have it and has not."""
        # Imports mean the same for all files of a folder, but for a file that would import itself.
        place = importer.path if dotted.endswith(importer.stem) else importer.folder
        key = (place, dotted)
        try:
            return self._imports[key]
        except KeyError:
            found = self._imports[key] = self._find(importer, dotted)
            return found

    def _find(self, importer: Module, dotted: str) -> Module | External | None:
        if not dotted:
            return None
        path = self.roots.find(dotted, importer.path)
        if path is not None:
            return self.modules.get(path)
        head = dotted.partition(".")[0]
        if head not in _LIBRARIES and self.roots.is_namespace(dotted, importer.path):
            return None
        if "." in dotted and self.roots.find(head, importer.path) is not None:
            return None
        return External(canonical(dotted))

    def find_relative(self, importer: Module, dotted: str, level: int) -> Module | External | None:
        """As `find`, for a `from` import; a relative one never leaves the project."""
        if not level:
            return self.find(importer, dotted)
        return self._relative_by_path(importer, dotted, level)

    def _relative_by_path(self, importer: Module, dotted: str, level: int) -> Module | None:
        key = (importer.folder, dotted, level)
        try:
            return self._relative[key]
        except KeyError:
            found = self._relative[key] = self._find_by_path(importer, dotted, level)
            return found

    def _find_by_path(self, importer: Module, dotted: str, level: int) -> Module | None:
        folder = importer.path.split("/")[:-1]
        if level - 1 > len(folder):
            return None
        folder = folder[: len(folder) - (level - 1)]
        parts = folder + (dotted.split(".") if dotted else [])
        base = "/".join(parts)
        for candidate in (f"{base}/__init__.py" if base else "__init__.py", f"{base}.py"):
            if candidate in self.modules:
                return self.modules[candidate]
        return None

    def submodule(self, importer: Module, target: str, level: int, name: str) -> Module | None:
        """The module `name` inside the package `target` (also a namespace package)."""
        dotted = f"{target}.{name}" if target else name
        if level:
            return self._relative_by_path(importer, dotted, level)
        package = self.find(importer, target)
        if isinstance(package, Module):
            return self.child(package, name)
        if package is not None and "." not in target:
            return None
        found = self.find(importer, dotted)
        return found if isinstance(found, Module) else None

    def child(self, package: Module, name: str) -> Module | None:
        """The module or package `name` directly inside a package."""
        if not package.is_package:
            return None
        folder = package.path[: -len("__init__.py")]
        return self.modules.get(f"{folder}{name}/__init__.py") or self.modules.get(f"{folder}{name}.py")

    def is_project_name(self, importer: Module, dotted: str) -> bool:
        """Whether a dotted name starts with something of the project."""
        head = dotted.partition(".")[0]
        return self.roots.find(head, importer.path) is not None or self.roots.is_namespace(head, importer.path)


def scopes(scope: Scope) -> Iterator[Scope]:
    """The scope and those around it that a name is looked up in: class bodies only count from inside."""
    yield scope
    outer = scope.parent
    while outer is not None:
        if outer.kind != "class":
            yield outer
        outer = outer.parent


def builtin(name: str) -> Value | None:
    """A builtin by name."""
    return External(f"builtins.{name}") if name in _BUILTINS else None
