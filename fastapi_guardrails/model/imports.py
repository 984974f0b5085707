"""Which modules one process may hold: those that some module of the project leads to by its imports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.model.symbols import Module
from fastapi_guardrails.model.tree import statements
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.project import Project


class Imports:
    """Answers what imports lead to; modules are looked through when somebody first asks."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._direct: dict[str, frozenset[str]] = {}
        self._closures: dict[str, frozenset[str]] = {}

    def meet(self, modules: Iterable[Module]) -> bool:
        """Whether some module leads to all of these, as the one that a process starts with does."""
        wanted = {module.path for module in modules}
        starts = [*sorted(wanted), *(path for path in self._project.symbols.modules if path not in wanted)]
        return any(wanted <= self._closure(path) for path in starts)

    def _closure(self, path: str) -> frozenset[str]:
        """A module and all that it leads to."""
        known = self._closures.get(path)
        if known is None:
            found = {path}
            queue = [path]
            while queue:
                more = self._imported(queue.pop()) - found
                found |= more
                queue += more
            known = self._closures[path] = frozenset(found)
        return known

    def _imported(self, path: str) -> frozenset[str]:
        """The modules that a module imports itself, and the packages around them."""
        known = self._direct.get(path)
        if known is None:
            module = self._project.symbols.modules[path]
            found = {m.path for node in imports(module.facts.body) for m in self._modules(module, node)}
            found |= self._project.registry.imported.get(path, set())
            known = self._direct[path] = frozenset(found | {p for m in found for p in self._packages(m)})
        return known

    def _modules(self, module: Module, node: f.Import | f.ImportFrom) -> Iterator[Module]:
        symbols = self._project.symbols
        if isinstance(node, f.Import):
            found = [symbols.find(module, alias.name) for alias in node.names]
        else:
            found = [symbols.find_relative(module, node.module, node.level)]
            found += [symbols.submodule(module, node.module, node.level, alias.name) for alias in node.names]
        yield from (m for m in found if isinstance(m, Module))

    def _packages(self, path: str) -> Iterator[str]:
        folder = path.rpartition("/")[0]
        while folder:
            package = f"{folder}/__init__.py"
            if package in self._project.symbols.modules:
                yield package
            folder = folder.rpartition("/")[0]


def imports(body: list[f.Stmt]) -> Iterator[f.Import | f.ImportFrom]:
    """The imports of a block, those of its functions and classes too."""
    for node in statements(body):
        if isinstance(node, (f.Import, f.ImportFrom)):
            yield node
        elif isinstance(node, f.Class) or (isinstance(node, f.Function) and f.IMPORTED in node.code):
            yield from imports(node.body)
