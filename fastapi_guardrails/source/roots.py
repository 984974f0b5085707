"""Import roots, found from the files themselves: which folder an absolute import starts from.

Nothing tells a checker what `sys.path` will be. But a folder without `__init__.py` that holds the top of a package is
one place where imports start, and what modules import says which of the other folders are. An import is then looked up
from the importer outwards, so that several backends of a monorepo may each have a package of the same name.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Mapping
from functools import cached_property
from typing import TypeAlias

from fastapi_guardrails.source import facts as f

#: Packages of the standard library: `logging.config` is never the project's.
_STDLIB_PACKAGES = frozenset(
    {
        "asyncio", "collections", "concurrent", "ctypes", "curses", "dbm", "email", "encodings", "html", "http",
        "importlib", "json", "logging", "multiprocessing", "os", "re", "sqlite3", "sysconfig", "tkinter", "tomllib",
        "unittest", "urllib", "wsgiref", "xml", "xmlrpc", "zoneinfo",
    }
)  # fmt: skip

#: Folders whose packages only the files below them import.
_ASIDE = frozenset({"docs", "docs_src", "example", "examples", "fixtures", "samples", "scripts", "test", "tests"})


#: An absolute import: the dotted name of a module, and the names imported from it.
Imported: TypeAlias = tuple[str, tuple[str, ...]]


def imported_by(node: f.Import | f.ImportFrom) -> list[Imported]:
    """What an import statement imports absolutely."""
    if isinstance(node, f.Import):
        return [(alias.name, ()) for alias in node.names]
    return [] if node.level else [(node.module, tuple([alias.name for alias in node.names]))]


def full_names(imported: Imported) -> list[str]:
    """What is imported, in full: `a.b` for `import a.b` and `from a import b`."""
    module, names = imported
    return [f"{module}.{name}" for name in names] if names else [module]


class Roots:
    """Where the modules of a project are, by dotted name.

    Args:
        paths: all files of the project, relative to its root, with `/`.
        imports: what a file imports absolutely, by file. They tell a folder that imports start from from a
            part of a namespace package; without them both are possible.
        root_name: name of the root's own folder, for a root inside a package: `app.main` is then `main.py`.
        bound: the names that a file binds at its top level. They tell whether modules of a package import each other as
            scripts do (`from models import User`), or a library of that name.

    Attributes:
        roots: folders that modules are named from, relative to the project root (`""`), sorted.
    """

    def __init__(
        self,
        paths: Iterable[str],
        imports: Mapping[str, Iterable[Imported]] | None = None,
        root_name: str = "",
        bound: Callable[[str], Container[str]] | None = None,
    ) -> None:
        self._root_name = root_name
        self._files = frozenset(paths)
        self._folders: dict[str, list[str]] = defaultdict(list)
        for path in sorted(self._files):
            self._folders[_parent(path)].append(path)
        self._all_folders = _with_parents(self._folders)
        self._folder_names = {folder.rpartition("/")[2] for folder in self._all_folders}
        self._packages = frozenset(f for f in self._folders if _join(f, "__init__.py") in self._files)
        self._children = self._grandchildren()
        self._chains: dict[str, tuple[str, ...]] = {}
        self._found: dict[tuple[str, str], str | None] = {}
        self._others: dict[str, list[str]] = {}
        self._names: dict[str, str] = {}
        self._strong = {_parent(f) for f in self._packages} - self._packages
        self._roots = self._all_folders - self._packages
        self._last_resort: frozenset[str] = frozenset()
        self._external: frozenset[str] = frozenset()
        evident = self._weigh(imports or {})
        self._inside = self._run_inside(imports or {}, bound) if bound is not None else frozenset()
        self._named = self._named_roots(evident)
        self.roots: tuple[str, ...] = tuple(sorted(self._named))
        self._fallback = [r for r in self.roots if r in self._strong or r in evident or r == ""]

    # --- names -----------------------------------------------------------------------------------------------------

    def module_name(self, path: str) -> str:
        """The dotted name of a file, from the innermost root that it is imported from."""
        name = self._names.get(path)
        if name is None:
            name = self._names[path] = self._module_name(path)
        return name

    def _module_name(self, path: str) -> str:
        root = next((r for r in self._chain(_parent(path)) if r in self._named), "")
        stem = path[len(root) + 1 if root else 0 :].removesuffix(".py").removesuffix("/__init__")
        return self._root_name if stem == "__init__" else stem.replace("/", ".")

    # --- looking up ------------------------------------------------------------------------------------------------

    def find(self, dotted: str, importer: str) -> str | None:
        """The file of an absolute import: a module, or the `__init__.py` of a package.

        Args:
            dotted: the name, as in `app.core.config`.
            importer: path of the file that imports it.

        Returns:
            The path, or None: the name is not the project's, names a folder only, or two files answer equally well.
        """
        key = (importer, dotted)
        try:
            return self._found[key]
        except KeyError:
            found = self._found[key] = self._find(dotted, importer)
            return found

    def find_relative(self, level: int, module: str, importer: str) -> str | None:
        """The file of a relative import.

        Args:
            level: how many dots it begins with.
            module: what follows the dots, maybe nothing.
            importer: path of the file that imports it.
        """
        folder = self.relative_folder(level, importer)
        return None if folder is None else self._at(_join(folder, module.replace(".", "/")))

    def relative_folder(self, level: int, importer: str) -> str | None:
        """The folder that the leading dots of a relative import stand for; None beyond the project."""
        folder = _parent(importer)
        for _ in range(level - 1):
            if not folder:
                return None
            folder = _parent(folder)
        return folder

    def is_namespace(self, dotted: str, importer: str) -> bool:
        """Whether a name is that of a folder with modules below it, but without an `__init__.py`."""
        return self.find(dotted, importer) is None and self.folder(dotted, importer) is not None

    def folder(self, dotted: str, importer: str) -> str | None:
        """The folder of a package or of a namespace package; None if the name is neither."""
        path = self.find(dotted, importer)
        if path is not None:
            return _parent(path) if path.endswith("/__init__.py") else None
        if self._is_standard(dotted):
            return None
        tail = dotted.replace(".", "/")
        for root in self._search(importer):
            folder = _join(root, tail)
            if folder in self._all_folders:
                return folder
        return None

    def submodules(self, folder: str) -> dict[str, str]:
        """The modules and packages directly in a folder: their files by name."""
        return self._children.get(folder, {})

    # --- inside ----------------------------------------------------------------------------------------------------

    def _at(self, stem: str) -> str | None:
        package = _join(stem, "__init__.py")
        if package in self._files:
            return package
        module = stem + ".py"
        return module if module in self._files else None

    def _other(self, stem: str, importer: str) -> str | None:
        """The file there, unless it is a script that would import itself: `redis.py` means another `redis`."""
        path = self._at(stem)
        return None if path == importer and not path.endswith("/__init__.py") else path

    def _chain(self, folder: str) -> tuple[str, ...]:
        """The roots at or above a folder, innermost first."""
        chain = self._chains.get(folder)
        if chain is None:
            above = self._chain(_parent(folder)) if folder else ()
            chain = self._chains[folder] = (folder, *above) if folder in self._roots else above
        return chain

    def _find(self, dotted: str, importer: str) -> str | None:
        if self._is_standard(dotted):
            return None
        tail = dotted.replace(".", "/")
        folder = _parent(importer)
        for root in self._chain(folder):
            path = self._other(_join(root, tail), importer)
            if path is not None:
                return path
        if folder in self._last_resort and dotted.partition(".")[0] not in self._external:
            path = self._other(_join(folder, tail), importer)
            if path is not None:
                return path
        return self._find_elsewhere(tail, importer) or self._find_at_odds(tail, folder)

    def _find_at_odds(self, tail: str, folder: str) -> str | None:
        """What is found only if a folder *inside* a package is on the path too, or the one above the project.

        Names of one part are looked up so only where the imports show it: a module `redis` in some package is not what
        `import redis` means.
        """
        top, _, rest = tail.partition("/")
        while folder:
            stem = _join(folder, tail)
            path = self._at(stem) if folder in self._packages and (rest or stem in self._inside) else None
            if path is not None:
                return path
            folder = _parent(folder)
        return self._at(rest) if top == self._root_name else None

    def _find_elsewhere(self, tail: str, importer: str) -> str | None:
        """The file below the root that is nearest to the importer, unless two are equally near."""
        best, nearest, tied = None, -1, False
        for root in self._elsewhere(importer):
            path = self._at(_join(root, tail))
            if path is None:
                continue
            near = _common(root, importer)
            if near > nearest:
                best, nearest, tied = path, near, False
            elif near == nearest:
                tied = True
        return None if tied else best

    def _elsewhere(self, importer: str) -> list[str]:
        folder = _parent(importer)
        others = self._others.get(folder)
        if others is None:
            chain = self._chain(folder)
            others = [r for r in self._fallback if r not in chain and _ASIDE.isdisjoint(_new_segments(r, importer))]
            self._others[folder] = others
        return others

    def _search(self, importer: str) -> list[str]:
        chain = self._chain(_parent(importer))
        return [*chain, *sorted(self._elsewhere(importer), key=lambda root: -_common(root, importer))]

    def _is_standard(self, dotted: str) -> bool:
        top, dot, _ = dotted.partition(".")
        return top in sys.stdlib_module_names and (not dot or top in _STDLIB_PACKAGES)

    def _grandchildren(self) -> dict[str, dict[str, str]]:
        children: dict[str, dict[str, str]] = defaultdict(dict)
        for folder, paths in self._folders.items():
            for path in paths:
                name = path.rpartition("/")[2].removesuffix(".py")
                if name != "__init__":
                    children[folder].setdefault(name, path)
        for package in self._packages:
            if package:
                children[_parent(package)][package.rpartition("/")[2]] = _join(package, "__init__.py")
        return dict(children)

    def _weigh(self, imports: Mapping[str, Iterable[Imported]]) -> set[str]:
        """Decide from imports which folders without `__init__.py` are roots, and return those that imports start from.

        An import that goes *through* a folder, from a root further out, says that the folder is a part of a namespace
        package. Files in it may still import each other as scripts do: that is tried last.
        """
        starts: Counter[str] = Counter()
        passes: Counter[str] = Counter()
        external: set[str] = set()
        importing_their_own: set[str] = set()
        for importer, found in imports.items():
            own = importer.rpartition("/")[2].removesuffix(".py")
            chain = self._chain(_parent(importer))
            for dotted, names in found:
                top = dotted.partition(".")[0]
                root = None if self._is_standard(dotted) else self._starts_at(dotted, names, importer, chain)
                if root is not None:
                    starts[root] += 1
                    passes.update(self._passed(root, dotted))
                if root is None or top == own:  # a module never imports itself
                    external.add(top)
                    if top in importer:
                        importing_their_own.update(self._named_alike(dotted, names, importer))
        inner = frozenset(folder for folder, count in passes.items() if count >= starts[folder])
        inner |= frozenset(folder for folder in self._roots if not starts[folder] and self._is_in_package(folder))
        self._last_resort = inner
        self._external = frozenset(external)
        self._importing_their_own = frozenset(importing_their_own)
        self._roots -= inner
        self._chains.clear()
        return set(starts) - inner

    def _run_inside(
        self, imports: Mapping[str, Iterable[Imported]], bound: Callable[[str], Container[str]]
    ) -> frozenset[str]:
        """Modules, as paths without their ends, that their neighbours in a package import by their bare names."""
        meant: set[str] = set()
        for importer, found in imports.items():
            for name, names in found:
                if names and "." not in name and name in self._external and not self._is_standard(name):
                    meant.update(self._neighbour(name, names, importer, bound))
        return frozenset(meant)

    def _named_alike(self, dotted: str, names: tuple[str, ...], importer: str) -> Iterable[str]:
        """The importer, or a package around it, that is named as the library which it imports.

        A package of which all that is imported are modules is meant itself.
        """
        top, _, rest = dotted.partition(".")
        segments = importer.removesuffix(".py").removesuffix("/__init__").split("/")
        for index, segment in enumerate(segments):
            stem = "/".join(segments[: index + 1])
            found = self._at(_join(stem, rest.replace(".", "/"))) if rest else self._has_modules(stem, names)
            if segment == top and not found:
                yield stem

    def _has_modules(self, stem: str, names: tuple[str, ...]) -> bool:
        return bool(names) and all(self._at(_join(stem, name)) for name in names)

    def _neighbour(
        self, name: str, names: tuple[str, ...], importer: str, bound: Callable[[str], Container[str]]
    ) -> Iterable[str]:
        """The module of the importer's package, or of one around it, that has all names which a bare name gives."""
        folder = _parent(importer)
        while folder in self._packages and folder:
            stem = _join(folder, name)
            path = self._other(stem, importer)
            if path is not None and stem not in self._importing_their_own:
                inside = (given in bound(path) or self._at(_join(stem, given)) for given in names)
                return [stem] if all(inside) else []
            folder = _parent(folder)
        return []

    @cached_property
    def _by_tail(self) -> dict[str, list[str]]:
        """Paths of modules and packages without their ends, by their last two parts."""
        stems: dict[str, list[str]] = defaultdict(list)
        for path in self._files:
            stem = path.removesuffix(".py").removesuffix("/__init__")
            stems["/".join(stem.split("/")[-2:])].append(stem)
        return stems

    def _is_in_package(self, folder: str) -> bool:
        while folder:
            folder = _parent(folder)
            if folder in self._packages:
                return True
        return False

    def _starts_at(self, dotted: str, names: tuple[str, ...], importer: str, chain: tuple[str, ...]) -> str | None:
        """The root that an import starts from: the innermost where its whole name is a module, else a folder, else the
        one elsewhere.
        """
        tail = dotted.replace(".", "/")
        for root in chain:
            if self._other(_join(root, tail), importer) is not None:
                return root
        folder = next((root for root in chain if _join(root, tail) in self._folders), None)
        if folder is not None or tail.partition("/")[0] not in self._folder_names:
            return folder
        apart = (self._starts_apart(tail, importer) for tail in (tail, *(f"{tail}/{name}" for name in names)))
        return next((root for root in apart if root is not None), None)

    def _starts_apart(self, tail: str, importer: str) -> str | None:
        """The one root elsewhere below which a name of several parts is a module: a namespace package of a monorepo."""
        found = set()
        for stem in self._by_tail.get("/".join(tail.split("/")[-2:]), ()) if "/" in tail else ():
            root = stem.removesuffix(tail)
            if root != stem and root.endswith("/") and root[:-1] in self._roots:
                found.add(root[:-1])
        apart = [root for root in found if _ASIDE.isdisjoint(_new_segments(root, importer))]
        return apart[0] if len(apart) == 1 else None

    def _passed(self, root: str, dotted: str) -> list[str]:
        """The folders without `__init__.py` that an import from a root goes through."""
        passed, stem = [], root
        for part in dotted.split("."):
            stem = _join(stem, part)
            if stem in self._all_folders and stem not in self._packages and stem + ".py" not in self._files:
                passed.append(stem)
        return passed

    def _named_roots(self, evident: set[str]) -> set[str]:
        """The roots that modules are named from: the top of a package, what imports start from, a folder of modules."""
        named = (evident | self._strong) & self._roots
        for folder in self._folders:
            if folder not in self._packages and not any(root in named for root in self._chain(folder)):
                named.add(self._chain(folder)[0] if self._chain(folder) else "")
        return named or {""}


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder and name else folder or name


def _with_parents(folders: Iterable[str]) -> frozenset[str]:
    """Folders and all folders above them, the project root (`""`) included."""
    found = {""}
    for folder in folders:
        while folder and folder not in found:
            found.add(folder)
            folder = _parent(folder)
    return frozenset(found)


def _common(root: str, path: str) -> int:
    """How many leading segments two paths share."""
    count = 0
    for left, right in zip(root.split("/"), path.split("/"), strict=False):
        if left != right:
            break
        count += 1
    return count


def _new_segments(root: str, importer: str) -> list[str]:
    """The segments of a root below the folder that it shares with the importer."""
    return root.split("/")[_common(root, importer) :]
