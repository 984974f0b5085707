"""Imports of a file: by which name it calls something, and the edits that add an import once and in place.

Made with `ast` and text, so that adding an import to a large file costs little.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator

from fastapi_guardrails.finding import Edit, Import, Range
from fastapi_guardrails.source.loader import parse_again
from fastapi_guardrails.source.text import character_column, split_lines


def local_name(text: str, module: str, name: str = "") -> str | None:
    """The name by which a file's top level knows `module.name` (with an empty `name`, the module), if it imports it.

    `from pydantic import ConfigDict as CD` gives `CD`; `import pydantic` gives `pydantic.ConfigDict`.
    """
    tree = parse_again(text)
    found: list[str] = []
    for statement in tree.body if tree else ():
        if isinstance(statement, ast.ImportFrom) and not statement.level:
            for alias in statement.names:
                known = alias.asname or alias.name
                if name and (statement.module, alias.name) == (module, name):
                    return known
                if f"{statement.module}.{alias.name}" == module:
                    found.append(f"{known}.{name}" if name else known)
        elif isinstance(statement, ast.Import):
            for alias in statement.names:
                if alias.name == module:
                    found.append(f"{alias.asname or alias.name}{'.' if name else ''}{name}")
    return found[0] if found else None


def imported_names(text: str) -> list[str]:
    """The names that `from … import …` gives a file at its top level; relative imports count, `TYPE_CHECKING` not."""
    tree = parse_again(text)
    statements = (s for s in tree.body if isinstance(s, ast.ImportFrom)) if tree else ()
    return [alias.asname or alias.name for statement in statements for alias in statement.names]


def can_import(text: str, wanted: Import) -> bool:
    """Whether an import can be added (or is there): no, where its name means something else in the file, anywhere."""
    tree = parse_again(text)
    if tree is None:
        return False
    name = wanted.name or wanted.module.partition(".")[0]
    return _is_imported(tree, wanted) or name not in _bound_names(tree)


def import_edits(text: str, path: str, wanted: Iterable[Import]) -> list[Edit] | None:
    """The edits that add some imports to a file; None if one of them cannot be added (see `can_import`).

    What is imported at the top level already is left alone. A name joins a `from` import of the same module, in its
    parentheses if it has some; else a line is added after the last import, or at the beginning of the code, below the
    docstring and `from __future__`.
    """
    tree = parse_again(text)
    todo = list(dict.fromkeys(wanted))
    if tree is None or not all(can_import(text, item) for item in todo):
        return None
    file = _File(text, path, tree)
    edits: list[Edit] = []
    by_module: dict[str, list[str]] = {}
    for item in sorted(todo, key=lambda i: (bool(i.name), i.module, i.name)):
        if _is_imported(tree, item):
            continue
        if item.name:
            by_module.setdefault(item.module, []).append(item.name)
        else:
            edits.append(file.add_import(item.module))
    for module, names in by_module.items():
        statement = next((s for s in _from_imports(tree) if s.module == module and s.names[0].name != "*"), None)
        if statement is None:
            edits.append(file.add_from_import(module, names))
        else:
            edits += file.join(statement, names)
    return edits


class _File:
    """A file that gets imports."""

    def __init__(self, text: str, path: str, tree: ast.Module) -> None:
        self._lines = split_lines(text)
        self._path = path
        self._tree = tree

    def join(self, statement: ast.ImportFrom, names: list[str]) -> Iterator[Edit]:
        """Add names to a `from` import: each before the first name that sorts after it, else at the end."""
        aliases = statement.names
        places: dict[int, list[str]] = {}
        for name in names:
            index = next((i for i, a in enumerate(aliases) if _order(a.name) > _order(name)), len(aliases))
            places.setdefault(index, []).append(name)
        for index, added in places.items():
            alias = aliases[min(index, len(aliases) - 1)]
            indentation = self._indentation(statement, alias)
            if index < len(aliases):
                yield self._before(alias, added, indentation)
            else:
                yield self._after(alias, added, indentation)

    def _indentation(self, statement: ast.ImportFrom, alias: ast.alias) -> str | None:
        """What stands before a name that has a line of its own, in parentheses; None for others."""
        head = self._lines[statement.lineno - 1 : alias.lineno]
        before = head[-1][: self._column(alias.lineno, alias.col_offset) - 1]
        in_parentheses = "(" in "".join([*head[:-1], before])
        return before if in_parentheses and not before.strip() else None

    def _before(self, alias: ast.alias, names: list[str], indentation: str | None) -> Edit:
        column = self._column(alias.lineno, alias.col_offset)
        separator = ", " if indentation is None else f",\n{indentation}"
        return self._insert(alias.lineno, column, "".join(name + separator for name in names))

    def _after(self, alias: ast.alias, names: list[str], indentation: str | None) -> Edit:
        number = alias.end_lineno or alias.lineno
        column = self._column(number, alias.end_col_offset or 0)
        rest = self._lines[number - 1][column - 1 :]
        if indentation is None:
            return self._insert(number, column, "".join(f", {name}" for name in names))
        if rest.lstrip().startswith(","):  # one name per line, the last one with its comma and perhaps a comment
            return self._insert(number, column + len(rest), "".join(f"\n{indentation}{name}," for name in names))
        return self._insert(number, column, "".join(f",\n{indentation}{name}" for name in names))

    def add_import(self, module: str) -> Edit:
        """Add `import module` among the others of its kind; a module of Python itself else before all imports."""
        line = f"import {module}"
        plain = [s for s in self._leading_imports() if isinstance(s, ast.Import) and self._ends_its_line(s)]
        smaller = [s for s in plain if s.names[0].name < module]
        if smaller:
            return self._line_after(smaller[-1], line)
        if plain:
            return self._insert(plain[0].lineno, 1, line + "\n")
        return self._at_the_beginning(line) if module in sys.stdlib_module_names else self._at_the_end(line)

    def add_from_import(self, module: str, names: list[str]) -> Edit:
        """Add `from module import names` behind imports of the same package, else behind all."""
        line = f"from {module} import {', '.join(names)}"
        package = module.partition(".")[0]
        near = [
            s
            for s in self._leading_imports()
            if isinstance(s, ast.ImportFrom) and (s.module or "").partition(".")[0] == package and not s.level
        ]
        return self._line_after(near[-1], line) if near and self._ends_its_line(near[-1]) else self._at_the_end(line)

    def _at_the_end(self, line: str) -> Edit:
        """Behind the imports at the top; at the beginning of the code if there are none."""
        last = [s for s in self._leading_imports() if not _is_future(s) and self._ends_its_line(s)]
        return self._line_after(last[-1], line) if last else self._at_the_beginning(line)

    def _at_the_beginning(self, line: str) -> Edit:
        """Below the docstring and `from __future__`, above everything else, set off by a blank line."""
        last = 0
        for statement in self._tree.body:
            is_docstring = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            if not (_is_future(statement) or (is_docstring and statement is self._tree.body[0])):
                break
            last = statement.end_lineno or statement.lineno
        if last:
            return self._insert(last, len(self._lines[last - 1]) + 1, f"\n\n{line}")
        number = 1
        while number <= len(self._lines) and re.match(r"#!|#.*coding[:=]", self._lines[number - 1]):
            number += 1
        return self._insert(number, 1, f"{line}\n\n")

    def _leading_imports(self) -> list[ast.stmt]:
        """The imports at the top of the file, up to the first other statement that is neither a docstring."""
        found: list[ast.stmt] = []
        for index, statement in enumerate(self._tree.body):
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                found.append(statement)
            elif index or not isinstance(statement, ast.Expr):
                break
        return found

    def _ends_its_line(self, statement: ast.stmt) -> bool:
        number = statement.end_lineno or statement.lineno
        rest = self._lines[number - 1][self._column(number, statement.end_col_offset or 0) - 1 :].strip()
        return not rest or rest.startswith("#")

    def _line_after(self, statement: ast.stmt, line: str) -> Edit:
        number = statement.end_lineno or statement.lineno
        return self._insert(number, len(self._lines[number - 1]) + 1, f"\n{line}")

    def _insert(self, line: int, column: int, text: str) -> Edit:
        return Edit(Range(self._path, line, column, line, column), text)

    def _column(self, line: int, offset: int) -> int:
        return character_column(self._lines[line - 1], offset)


def _from_imports(tree: ast.Module) -> Iterator[ast.ImportFrom]:
    return (s for s in tree.body if isinstance(s, ast.ImportFrom) and not s.level)


def _is_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def _is_imported(tree: ast.Module, wanted: Import) -> bool:
    """Whether the top level imports it already, under its own name."""
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and wanted.name and not statement.level:
            names = [a.name for a in statement.names if a.asname in (None, a.name)]
            if statement.module == wanted.module and wanted.name in names:
                return True
        if isinstance(statement, ast.Import) and not wanted.name and _has_plain_name(statement, wanted.module):
            return True
    return False


def _has_plain_name(statement: ast.Import, module: str) -> bool:
    return any(alias.name == module and alias.asname is None for alias in statement.names)


def _bound_names(tree: ast.Module) -> set[str]:
    """All names that are bound anywhere in a file; functions have their own, but a rule's code may stand in one."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update(_names_of(node))
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
    return names


def _names_of(statement: ast.Import | ast.ImportFrom) -> Iterator[str]:
    is_plain = isinstance(statement, ast.Import)
    for alias in statement.names:
        if alias.asname:
            yield alias.asname
        elif not is_plain or "." not in alias.name:
            yield alias.name


def _order(name: str) -> tuple[int, str]:
    """How import sorters order names: constants, classes, the rest."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name.lower()
