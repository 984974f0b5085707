"""Classes: their ancestors across files and libraries, their members, and what kind they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from fastapi_guardrails.knowledge.classes import ancestors
from fastapi_guardrails.model.values import (
    Annotated,
    ClassValue,
    Const,
    External,
    FunctionValue,
    Generic,
    Instance,
    Lazy,
    Method,
    Union,
    Unknown,
    Value,
    options,
    truth,
)
from fastapi_guardrails.source import facts as f

_IGNORED_BASES = frozenset({"typing.Generic", "typing.Protocol", "builtins.object"})


def plain(base: Value) -> Value:
    """A base or type without its type arguments and metadata."""
    while True:
        if isinstance(base, Generic):
            base = base.origin
        elif isinstance(base, Annotated):
            base = base.type
        else:
            return base


def mro(cls: ClassValue) -> list[Value]:
    """The class and its ancestors in the order of lookup: project classes, library classes (`External`), `Unknown`."""
    if cls.mro_cache is None:
        cls.mro_cache = [cls]  # an inheritance cycle, which Python forbids, ends here
        bases = [plain(b) for b in cls.bases]
        above = _linear(bases[0]) if len(bases) == 1 else _merge([*map(_linear, bases), bases])
        cls.mro_cache = [cls, *above]
    return cls.mro_cache


def _linear(base: Value) -> list[Value]:
    return mro(base) if isinstance(base, ClassValue) else [base]


def _key(value: Value) -> object:
    return value.name if isinstance(value, External) else id(value)


def _merge(lists: list[list[Value]]) -> Iterator[Value]:
    """C3 merge; where the classes contradict each other, the first list wins."""
    rest = [list(reversed(items)) for items in lists if items]  # the next of each is its last
    behind = Counter(_key(value) for items in rest for value in items[:-1])
    while rest:
        head = next((items[-1] for items in rest if not behind[_key(items[-1])]), rest[0][-1])
        yield head
        for items in rest:
            if _key(items[-1]) == _key(head):
                items.pop()
                if items:
                    behind[_key(items[-1])] -= 1
        rest = [items for items in rest if items]


def inherits(cls: Value, *names: str) -> bool | None:
    """Whether a class is or inherits one of the library classes `names`: yes, no, or None for unknown."""
    cls = plain(cls)
    if isinstance(cls, External):
        return _is_below((cls,), names)
    if not isinstance(cls, ClassValue):
        return None
    if names not in cls.inherits_cache:
        cls.inherits_cache[names] = _is_below(mro(cls)[1:], names)
    return cls.inherits_cache[names]


def _is_below(bases: Sequence[Value], names: tuple[str, ...]) -> bool | None:
    """Whether one of some bases is or inherits one of the library classes `names`; None for unknown."""
    answer: bool | None = False
    for base in bases:
        if isinstance(base, ClassValue):
            continue
        if not isinstance(base, External):
            answer = None
            continue
        known, complete = ancestors(base.name)
        if not known.isdisjoint(names):
            return True
        if not complete:
            answer = None
    return answer


def is_subclass(cls: Value, of: Value) -> bool | None:
    """Whether `cls` is or inherits `of`, both of the project or a library."""
    cls, of = plain(cls), plain(of)
    if isinstance(of, External):
        return inherits(cls, of.name)
    if not isinstance(cls, ClassValue):
        return False if isinstance(cls, External) else None
    if any(base is of or _same_class(base, of) for base in mro(cls)):
        return True
    return None if any(isinstance(base, Unknown) for base in mro(cls)) else False


def _same_class(a: Value, b: Value) -> bool:
    return isinstance(a, ClassValue) and isinstance(b, ClassValue) and a.node is b.node


def member(cls: ClassValue, name: str, after: ClassValue | None = None) -> tuple[Value, ClassValue] | None:
    """A class attribute by name, with the project class that has it; looks behind `after` in the order of lookup."""
    chain = mro(cls)
    if after is not None:
        start = next((i for i, c in enumerate(chain) if c is after or _same_class(c, after)), -1)
        chain = chain[start + 1 :]
    for base in chain:
        if isinstance(base, ClassValue):
            found = base.scope.vars.get(name)
            if found is not None and not isinstance(found, Lazy):
                return found, base
        elif isinstance(base, Unknown):
            return None
    return None


def annotation(cls: ClassValue, name: str) -> tuple[f.Expr, ClassValue] | None:
    """The annotation of a field by name, with the class that declares it."""
    for base in mro(cls):
        if isinstance(base, ClassValue) and name in base.annotations:
            return base.annotations[name], base
    return None


def method(cls: ClassValue, name: str) -> FunctionValue | None:
    """A method by name, of the class or an ancestor."""
    found = member(cls, name)
    return found[0] if found and isinstance(found[0], FunctionValue) else None


def externals(cls: ClassValue) -> list[External]:
    """The library classes among the ancestors."""
    return [base for base in mro(cls) if isinstance(base, External) and base.name not in _IGNORED_BASES]


def is_complete(cls: Value) -> bool:
    """Whether all ancestors are known down to `object`."""
    cls = plain(cls)
    if isinstance(cls, External):
        return ancestors(cls.name)[1]
    if not isinstance(cls, ClassValue):
        return False
    return all(isinstance(b, ClassValue) or (isinstance(b, External) and ancestors(b.name)[1]) for b in mro(cls))


def is_pydantic(cls: Value) -> bool | None:
    """Whether it is a Pydantic v2 model (settings and SQLModel included).

    None for one whose base is of either version, as the installed one decides.
    """
    answer = inherits(cls, "pydantic.BaseModel")
    return None if answer and inherits(cls, "pydantic.v1.BaseModel") is True else answer


def is_settings(cls: Value) -> bool | None:
    """Whether it is a pydantic-settings class."""
    return inherits(cls, "pydantic_settings.BaseSettings", "pydantic.v1.BaseSettings")


def is_enum(cls: Value) -> bool | None:
    """Whether it is an enumeration."""
    return inherits(cls, "enum.Enum")


def is_exception(cls: Value) -> bool | None:
    """Whether it is an exception class."""
    return inherits(cls, "builtins.BaseException")


def is_dataclass(cls: Value) -> bool:
    """Whether it, or an ancestor, is decorated as a dataclass or an attrs class."""
    cls = plain(cls)
    if not isinstance(cls, ClassValue):
        return False
    names = {
        "dataclasses.dataclass",
        "pydantic.dataclasses.dataclass",
        "attr.s",
        "attrs.define",
        "attr.define",
        "attr.attrs",
    }
    return any(
        isinstance(d, External) and d.name in names
        for base in mro(cls)
        if isinstance(base, ClassValue)
        for d in base.decorators
    )


def is_interface(cls: Value) -> bool:
    """Whether it is a protocol, or a class with abstract methods of its own."""
    cls = plain(cls)
    if not isinstance(cls, ClassValue):
        return False
    if any(_key(plain(base)) == "typing.Protocol" for base in cls.bases):
        return True
    functions = (value for value in cls.scope.vars.values() if isinstance(value, FunctionValue))
    return any(_key(decorator) == "abc.abstractmethod" for function in functions for decorator in function.decorators)


def where_false(value: Value) -> list[Value]:
    """What a value may be where it is false: no object of a class that does not say when it is."""
    return [option for option in options(value) if not _is_always_true(option)]


def _is_always_true(value: Value) -> bool:
    if not isinstance(value, Instance) or not isinstance(value.cls, ClassValue) or not is_complete(value.cls):
        return False
    library = {name for base in externals(value.cls) for name in ancestors(base.name)[0]} - {"builtins.object"}
    if any(name.startswith("builtins.") for name in library):
        return False
    return member(value.cls, "__bool__") is None and member(value.cls, "__len__") is None


def is_namedtuple(cls: Value) -> bool:
    """Whether it is a class of named tuples."""
    return isinstance(cls, ClassValue) and inherits(cls, "typing.NamedTuple") is True


def field_names(cls: ClassValue) -> list[str]:
    """The names that the class and its ancestors annotate, in the order of declaration."""
    annotated = (base.annotations for base in reversed(mro(cls)) if isinstance(base, ClassValue))
    return list(dict.fromkeys(name for names in annotated for name in names))


def is_sqlmodel_table(cls: Value) -> bool:
    """Whether it is an SQLModel class with `table=True` of its own."""
    cls = plain(cls)
    return (
        isinstance(cls, ClassValue)
        and inherits(cls, "sqlmodel.SQLModel") is True
        and truth(cls.keywords.get("table", Const(False))) is True
    )


def is_orm(cls: Value) -> bool:
    """Whether it is a mapped SQLAlchemy class, or an SQLModel class with `table=True`; abstract bases are not."""
    cls = plain(cls)
    if not isinstance(cls, ClassValue):
        return False
    if inherits(cls, "sqlmodel.SQLModel") is True:
        return is_sqlmodel_table(cls)
    return is_declarative(cls) and not is_abstract_orm(cls)


def is_declarative(cls: Value) -> bool:
    """Whether it stands below a SQLAlchemy declarative base."""
    cls = plain(cls)
    if not isinstance(cls, ClassValue):
        return False
    if inherits(cls, "sqlalchemy.orm.DeclarativeBase") is True:
        return True
    return any(_maps_declaratively(d) for base in mro(cls) if isinstance(base, ClassValue) for d in base.decorators)


def _maps_declaratively(decorator: Value) -> bool:
    name = decorator.qualified if isinstance(decorator, Method) else getattr(decorator, "name", "")
    return isinstance(decorator, (External, Method)) and name in {
        "sqlalchemy.orm.as_declarative",
        "sqlalchemy.orm.registry.mapped",
        "sqlalchemy.orm.registry.mapped_as_dataclass",
        "sqlalchemy.orm.registry.as_declarative_base",
        "sqlalchemy.orm.mapped_as_dataclass",
    }


def is_abstract_orm(cls: ClassValue) -> bool:
    """Whether a declarative class maps no table: the base itself, `__abstract__`, or a class without columns."""
    if "__abstract__" in cls.scope.vars:
        return truth(cls.scope.vars["__abstract__"]) is not False
    bases = [plain(b) for b in cls.bases]
    direct = {"sqlalchemy.orm.DeclarativeBase", "sqlalchemy.orm.DeclarativeBaseNoMeta"}
    if any(isinstance(b, External) and b.name in direct for b in bases) and "__tablename__" not in cls.scope.vars:
        return not any(isinstance(v, Instance) and _is_column(v) for v in cls.scope.vars.values())
    return any(
        _maps_declaratively(d)
        for d in cls.decorators
        if isinstance(d, (External, Method)) and "as_declarative" in d.name
    )


def _is_column(value: Instance) -> bool:
    return isinstance(value.cls, External) and value.cls.name in {
        "sqlalchemy.Column",
        "sqlalchemy.orm.mapped_column",
        "sqlalchemy.Table",
    }


def flat_classes(value: Value) -> list[Value]:
    """The classes that a type is made of: of unions, containers' arguments and generics."""
    if isinstance(value, (ClassValue, External)):
        return [value]
    if isinstance(value, Union):
        return [cls for option in value.options for cls in flat_classes(option)]
    if isinstance(value, Annotated):
        return flat_classes(value.type)
    if isinstance(value, Generic):
        return [cls for part in (value.origin, *value.args) for cls in flat_classes(part)]
    return []
