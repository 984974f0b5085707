"""Classes: what kind they are, by what they inherit across files and libraries."""

from __future__ import annotations

import pytest

from .asked import understand

ORM = """
# app/db.py
from sqlalchemy import Column, Integer
from sqlalchemy.ext.declarative import as_declarative
from sqlalchemy.ext.declarative import declarative_base as old_base
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass, declarative_base, registry
class Modern(DeclarativeBase): ...
class AsDataclass(MappedAsDataclass, DeclarativeBase): ...
Legacy = declarative_base()
Oldest = old_base()
reg = registry()
Generated = reg.generate_base()
@as_declarative()
class Decorated:
    id = Column(Integer, primary_key=True)
class Timestamps:
    created = Column(Integer)
class Abstract(Modern):
    __abstract__ = True
"""


@pytest.mark.parametrize(
    "head",
    [
        "class User(Modern):",
        "class User(db.Modern):",
        "class User(AsDataclass):",
        "class User(Legacy):",
        "class User(Oldest):",
        "class User(Generated):",
        "class User(Decorated):",
        "class User(Timestamps, Modern):",
        "class User(Modern, Timestamps):",
        "class User(Abstract):",
        "@reg.mapped\nclass User:",
        "@reg.mapped_as_dataclass\nclass User:",
        "class Person(Modern):\n    __tablename__ = 'people'\nclass User(Person):",
    ],
)
def test_a_mapped_class_is_an_orm_class(head: str) -> None:
    asked = understand(
        ORM + f"# app/main.py\nfrom app import db\nfrom app.db import *\n{head}\n    __tablename__ = 'u'\n"
    )
    assert asked.cls("User").is_orm


@pytest.mark.parametrize("name", ["Modern", "AsDataclass", "Decorated", "Abstract", "Timestamps"])
def test_a_base_or_mixin_is_no_orm_class(name: str) -> None:
    assert not understand(ORM + "# app/main.py\nfrom app import db\n").cls(name).is_orm


def test_an_orm_class_is_followed_through_generics() -> None:
    asked = understand("""
        # app/main.py
        from typing import Generic, TypeVar
        from sqlalchemy.orm import DeclarativeBase
        T = TypeVar("T")
        class Base(DeclarativeBase, Generic[T]): ...
        class User(Base[int]):
            __tablename__ = "u"
        """)
    assert asked.cls("User").is_orm


@pytest.mark.parametrize(
    ("head", "is_orm"),
    [
        ("class Hero(SQLModel, table=True):", True),
        ("class Hero(HeroBase, table=True):", True),
        ("class Hero(sqlmodel.SQLModel, table=True):", True),
        ("class Hero(SQLModel):", False),
        ("class Hero(SQLModel, table=False):", False),
        ("class Hero(HeroBase):", False),
        ("class Table(SQLModel, table=True):\n    id: int\nclass Hero(Table):", False),
    ],
)
def test_an_sqlmodel_class_is_mapped_with_table_of_its_own(head: str, is_orm: bool) -> None:
    asked = understand(f"""
# app/main.py
import sqlmodel
from sqlmodel import SQLModel
class HeroBase(SQLModel):
    name: str
{head}
    id: int
""")
    assert asked.cls("Hero").is_orm is is_orm
    assert asked.cls("Hero").is_pydantic is True


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("class Item(BaseModel):", True),
        ("class Item(pydantic.BaseModel):", True),
        ("class Item(Base):", True),
        ("class Item(Mixin, Base):", True),
        ("class Item(BaseModel, Generic[T]):", True),
        ("class Item(Page[int]):", True),
        ("class Item(BaseSettings):", True),
        ("class Item(RootModel[list[int]]):", True),
        ("class Item(Mixin):", False),
        ("class Item:", False),
        ("class Item(V1):", False),
        ("class Item(Nowhere):", None),
        ("class Item(Mixin, Nowhere):", None),
        ("class Item(BaseModel, Nowhere):", True),
    ],
)
def test_a_class_is_a_pydantic_model_or_not_or_nobody_knows(head: str, expected: bool | None) -> None:
    asked = understand(f"""
# app/base.py
from pydantic import BaseModel
class Base(BaseModel): ...
# app/main.py
from typing import Generic, TypeVar
import pydantic
from pydantic import BaseModel, RootModel
from pydantic.v1 import BaseModel as V1
from pydantic_settings import BaseSettings
from app.base import Base
from app.nowhere import Nowhere
T = TypeVar("T")
class Page(BaseModel, Generic[T]):
    items: list[T]
class Mixin: ...
{head}
    name: str
""")
    assert asked.cls("Item").is_pydantic is expected


@pytest.mark.parametrize(
    ("bases", "expected"),
    [
        ("Exception", True),
        ("ValueError", True),
        ("AppError", True),
        ("HTTPException", True),
        ("errors.AppError", True),
        ("AppError, KeyError", True),
        ("object", False),
        ("Nowhere", None),
    ],
)
def test_a_class_is_an_exception_or_not_or_nobody_knows(bases: str, expected: bool | None) -> None:
    asked = understand(f"""
# app/errors.py
class AppError(Exception): ...
# app/main.py
from fastapi import HTTPException
from app import errors
from app.errors import AppError
from app.nowhere import Nowhere
class NotFound({bases}): ...
""")
    assert asked.cls("NotFound").is_exception is expected


@pytest.mark.parametrize(
    ("bases", "library", "expected"),
    [
        ("Enum", "enum.Enum", True),
        ("str, Enum", "enum.Enum", True),
        ("IntEnum", "enum.Enum", True),
        ("StrEnum", "enum.Enum", True),
        ("Kind", "enum.Enum", True),
        ("BaseSettings", "pydantic_settings.BaseSettings", True),
        ("Settings", "pydantic_settings.BaseSettings", True),
        ("Settings", "enum.Enum", False),
        ("HTTPException", "starlette.exceptions.HTTPException", True),
        ("fastapi.HTTPException", "fastapi.HTTPException", True),
    ],
)
def test_a_class_inherits_what_its_library_bases_inherit(bases: str, library: str, expected: bool) -> None:
    asked = understand(f"""
# app/main.py
import fastapi
from enum import Enum, IntEnum, StrEnum
from fastapi import HTTPException
from pydantic_settings import BaseSettings
class Kind(str, Enum): ...
class Settings(BaseSettings): ...
class Mine({bases}): ...
""")
    assert asked.cls("Mine").inherits(library) is expected


def test_a_diamond_is_looked_up_in_pythons_order() -> None:
    asked = understand("""
        # app/main.py
        class Top:
            name = "top"
        class Left(Top): ...
        class Right(Top):
            name = "right"
        class Bottom(Left, Right): ...
        answer = Bottom.name
        """)
    assert asked.value("answer") == "'right'"


def test_classes_that_contradict_each_other_are_no_trap() -> None:
    asked = understand("""
        # app/main.py
        class A: ...
        class B(A): ...
        class C(A, B):
            name = "c"
        answer = C.name
        """)
    assert asked.value("answer") == "'c'"


def test_a_class_that_inherits_itself_is_no_trap() -> None:
    asked = understand("""
        # app/a.py
        from app.b import B
        class A(B): ...
        # app/b.py
        from app.a import A
        class B(A): ...
        # app/main.py
        from app.a import A
        """)
    assert asked.cls("A").is_pydantic in (None, False)


def test_a_long_chain_of_classes_is_followed_in_time() -> None:
    chain = "class C0:\n    name = 'first'\n" + "".join(f"class C{n}(C{n - 1}): ...\n" for n in range(1, 1500))
    assert understand(f"{chain}answer = C1499.name\n").value("answer") == "'first'"


def test_fields_are_inherited_in_order() -> None:
    asked = understand("""
        # app/base.py
        from pydantic import BaseModel
        class Base(BaseModel):
            id: int
            name: str = ""
        # app/main.py
        from typing import ClassVar
        from app.base import Base
        class User(Base):
            kind: ClassVar[str] = "user"
            email: str
            name: str
        """)
    assert [f.name for f in asked.cls("User").fields] == ["id", "name", "email"]


def test_a_class_of_a_conditional_import_has_its_fallback() -> None:
    asked = understand("""
        # app/main.py
        try:
            from pydantic_settings import BaseSettings
        except ImportError:
            from pydantic import BaseSettings
        class Settings(BaseSettings):
            prefix: str = "/v1"
        answer = Settings().prefix
        """)
    assert asked.value("answer") == "'/v1' by default"


def test_a_class_made_in_a_function_is_known() -> None:
    asked = understand("""
        # app/main.py
        from pydantic import BaseModel
        def make():
            class Inner(BaseModel):
                name: str
            return Inner
        Model = make()
        class Outer:
            class Nested(Model): ...
        """)
    assert asked.cls("Inner").is_pydantic is True
    assert asked.cls("Nested").is_pydantic is True


def test_a_class_with_type_parameters_is_generic() -> None:
    asked = understand("""
        # app/main.py
        from pydantic import BaseModel
        class Page[T](BaseModel):
            items: list[T]
        class Users(Page[int]): ...
        def read(users: Users, page: Page[str]) -> None:
            first, second = users.items, page.items
        """)
    assert asked.cls("Users").is_pydantic is True
    assert [asked.local("read", n) for n in ("first", "second")] == ["list[int]", "list[str]"]
