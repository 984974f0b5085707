"""Light types: what a name of a function is, from annotations, constructors, returns, `with`, attributes, queries."""

from __future__ import annotations

import pytest

from .asked import understand

MODELS = """
# app/models.py
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
class Base(DeclarativeBase): ...
class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    orders: Mapped[list["Order"]] = relationship(back_populates="user")
class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    user: Mapped["User"] = relationship(back_populates="orders")
"""

IMPORTS = """
import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Annotated, Any, Dict, Generic, List, Optional, Self, Type, TypeVar, Union
import sqlalchemy as sa
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from app.models import Order, User
"""


def answer(body: str, before: str = "", parameters: str = "", head: str = "async def") -> str:
    """What `x` is at the end of a function."""
    text = "\n".join("    " + line for line in body.splitlines())
    asked = understand(f"{MODELS}\n# app/main.py\n{IMPORTS}\n{before}\n{head} read({parameters}):\n{text}\n")
    return asked.local("read", "x")


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("User", "User"),
        ("'User'", "User"),
        ("User | None", "User | None"),
        ("Optional[User]", "User | None"),
        ("Optional['User']", "User | None"),
        ("Union[User, Order]", "User | Order"),
        ("Annotated[User, 'x']", "User"),
        ("list[User]", "list[User]"),
        ("List['User']", "list[User]"),
        ("dict[str, User]", "dict[str, User]"),
        ("Type[User]", "class User"),
        ("Alias", "User"),
        ("Any", "?"),
        ("Missing", "?"),
        ("Session", "sqlalchemy.orm.Session"),
        ("sa.orm.Session", "sqlalchemy.orm.Session"),
    ],
)
def test_a_parameter_is_what_its_annotation_says(annotation: str, expected: str) -> None:
    assert answer("pass", before="Alias = User", parameters=f"x: {annotation}") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("x = User()", "User"),
        ("x = y = User()", "User"),
        ("x: User = load()", "User"),
        ("x = make()", "User"),
        ("x = make_inferred()", "User"),
        ("x = make_either(1)", "User | Order"),
        ("x = maybe()", "User | None"),
        ("x = maybe() or User()", "User"),
        ("x = await fetch()", "User"),
        ("x = await asyncio.wait_for(fetch(), 1)", "User"),
        ("x, y = await asyncio.gather(fetch(), fetch())", "User"),
        ("x = await asyncio.to_thread(make)", "User"),
        ("x = fetch()", "coroutine of User"),
        ("x = many()[0]", "User"),
        ("x = many()[1:][0]", "User"),
        ("x = many()[:load()]", "list[User]"),
        ("x = [User(), User()][1:]", "list(User)"),
        ("x = 'text'[load():]", "str"),
        ("x = [u for u in many()][0]", "User"),
        ("for x in many(): pass", "User"),
        ("async for x in stream(): pass", "User"),
        ("for _, x in enumerate(many()): pass", "User"),
        ("for x, y in zip(many(), many()): pass", "User"),
        ("for x in {'a': User()}.values(): pass", "User"),
        ("for key, x in pairs().items(): pass", "User"),
        ("x = next(iter(many()))", "User"),
        ("x = pairs()['a']", "User"),
        ("x = both()[1]", "Order"),
        ("y, x = both()", "Order"),
        ("if (x := maybe()): pass", "User | None"),
        ("x = User() if many() else None", "User | None"),
        ("x = identity(User())", "User"),
        ("x = construct(User)", "User"),
        ("x = load()", "?"),
        ("with opened() as x: pass", "sqlalchemy.orm.Session"),
        ("with Session() as x: pass", "sqlalchemy.orm.Session"),
        ("async with aopened() as x: pass", "sqlalchemy.ext.asyncio.AsyncSession"),
        ("with Manager() as x: pass", "User"),
    ],
)
def test_a_name_is_what_it_is_assigned(body: str, expected: str) -> None:
    before = """
from contextlib import asynccontextmanager, contextmanager
from app.nowhere import load
T = TypeVar("T")
def make() -> User: ...
def make_inferred():
    user = User()
    return user
def make_either(n):
    if n:
        return User()
    return Order()
def maybe() -> User | None: ...
async def fetch() -> User: ...
def many() -> list[User]: ...
def pairs() -> dict[str, User]: ...
def both() -> tuple[User, Order]: ...
async def stream() -> AsyncIterator[User]:
    yield User()
def identity(value: T) -> T: ...
def construct(cls: Type[T]) -> T: ...
@contextmanager
def opened():
    with Session() as session:
        yield session
@asynccontextmanager
async def aopened():
    yield AsyncSession()
class Manager:
    def __enter__(self) -> User: ...
    def __exit__(self, *args): ...
"""
    assert answer(body, before) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("service.session", "sqlalchemy.orm.Session"),
        ("service.kind", "'service'"),
        ("service.made", "Order"),
        ("service.lazy", "Order"),
        ("service.declared", "User"),
        ("service.late", "Order"),
        ("service.shared", "Order"),
        ("service.inherited", "User"),
        ("service.own()", "User"),
        ("service.me()", "Service"),
        ("Service.build()", "Service"),
        ("service.inner.order", "Order"),
        ("user.orders", "list[Order]"),
        ("user.orders[0].user", "User"),
        ("user.name", "str | None"),
        ("nothing.at.all", "?"),
    ],
)
def test_an_attribute_is_what_its_class_says(expression: str, expected: str) -> None:
    before = """
class Base:
    shared = Order()
    def __init__(self):
        self.inherited = User()
class Inner:
    def __init__(self, order: Order):
        self.order = order
class Service(Base):
    kind = "service"
    declared: User
    def __init__(self, session: Session):
        super().__init__()
        self.session = session
        self.made = Order()
        self.inner = Inner(Order())
    @property
    def lazy(self):
        return Order()
    def start(self):
        self.late = Order()
    def own(self):
        return self.declared
    def me(self) -> Self: ...
    @classmethod
    def build(cls) -> "Service": ...
"""
    assert answer(f"x = {expression}", before, "service: Service, user: User, nothing") == expected


@pytest.mark.parametrize("base", ["BaseRepository[User]", "Named[User]", "Middle"])
def test_a_generic_repository_gives_its_model(base: str) -> None:
    before = f"""
T = TypeVar("T")
K = TypeVar("K")
class BaseRepository(Generic[T]):
    model: type[T]
    def __init__(self, session: AsyncSession): ...
    async def get(self, id: int) -> T | None: ...
    async def all(self) -> list[T]: ...
class Named(BaseRepository[K], Generic[K]): ...
class Middle(BaseRepository[User]): ...
class UserRepository({base}): ...
"""
    parameters = "users: UserRepository, plain: BaseRepository[Order]"
    assert answer("x = await users.get(1)", before, parameters) == "User | None"
    assert answer("x = (await users.all())[0]", before, parameters) == "User"
    assert answer("x = await plain.get(1)", before, parameters) == "Order | None"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("await db.get(User, 1)", "User | None"),
        ("await db.scalar(select(User))", "User | None"),
        ("await db.scalar(sa.select(User).where(User.id == 1))", "User | None"),
        ("(await db.execute(select(User))).scalar_one_or_none()", "User | None"),
        ("(await db.execute(select(User))).scalar_one()", "User"),
        ("(await db.execute(select(User).limit(1))).scalars().first()", "User | None"),
        ("(await db.execute(select(User))).scalars().one()", "User"),
        ("(await db.execute(select(User))).scalars().all()[0]", "User"),
        ("(await db.execute(select(User))).unique().scalars().all()[0]", "User"),
        ("(await db.scalars(select(User).order_by(User.id))).all()[0]", "User"),
        ("(await db.scalars(select(User))).one_or_none()", "User | None"),
        ("sync.get(User, 1)", "User | None"),
        ("sync.get_one(User, 1)", "User"),
        ("sync.scalars(select(User)).first()", "User | None"),
        ("sync.execute(select(User)).scalar_one()", "User"),
        ("sync.query(User).filter(User.id == 1).first()", "User | None"),
        ("sync.query(User).filter_by(id=1).one()", "User"),
        ("sync.query(User).all()[0]", "User"),
        ("sync.query(User).get(1)", "User | None"),
    ],
)
def test_a_query_gives_the_class_that_it_selects(expression: str, expected: str) -> None:
    assert answer(f"x = {expression}", parameters="db: AsyncSession, sync: Session") == expected


def test_a_statement_is_followed_through_names_and_functions() -> None:
    before = """
def statement():
    return select(User).where(User.id > 1)
async def run(db: AsyncSession):
    query = statement()
    query = query.limit(10)
    result = await db.execute(query)
    return result.scalars().all()
"""
    assert answer("for x in await run(db): pass", before, "db: AsyncSession") == "User"


def test_sqlmodel_gives_the_class_that_it_selects() -> None:
    asked = understand("""
        # app/main.py
        from sqlmodel import Field, Session, SQLModel, select
        class Hero(SQLModel, table=True):
            id: int | None = Field(default=None, primary_key=True)
        def read(session: Session):
            one = session.get(Hero, 1)
            first = session.exec(select(Hero)).first()
            every = session.exec(select(Hero)).all()[0]
        """)
    assert [asked.local("read", n) for n in ("one", "first", "every")] == ["Hero | None", "Hero | None", "Hero"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if value is None:\n    return\nx = value", "User"),
        ("if not value:\n    raise ValueError\nx = value", "User"),
        ("if value:\n    x = value", "User"),
        ("if value is not None:\n    x = value", "User"),
        ("if value is not None and value.name:\n    x = value", "User"),
        ("assert value\nx = value", "User"),
        ("while value is None: value = load()\nx = value", "User | None"),
        ("x = value", "User | None"),
        ("if isinstance(value, User):\n    x = value", "User"),
        ("if isinstance(other, User):\n    x = other", "User"),
        ("if isinstance(other, (User, Order)):\n    x = other", "User | Order"),
    ],
)
def test_a_test_narrows_a_name(body: str, expected: str) -> None:
    found = answer(body, parameters="value: User | None, other")
    assert set(found.split(" | ")) - {"?"} == set(expected.split(" | "))


def test_either_of_two_branches_counts() -> None:
    body = "if flag:\n    x = User()\nelse:\n    x = Order()"
    assert answer(body, parameters="flag") == "User | Order"


def test_a_name_of_an_except_is_what_was_caught() -> None:
    body = "try:\n    pass\nexcept (KeyError, ValueError) as error:\n    x = error"
    assert answer(body) == "KeyError | ValueError"


def test_a_recursive_function_has_a_type() -> None:
    before = "def depth(n):\n    return User() if not n else depth(n - 1)"
    assert answer("x = depth(3)", before) in ("User", "User | ?")


def test_functions_that_return_each_other_end() -> None:
    before = "def a(n):\n    return b(n)\ndef b(n):\n    return a(n)"
    assert answer("x = a(1)", before) == "?"


def test_a_decorated_function_keeps_its_type() -> None:
    before = """
import functools
def logged(function):
    @functools.wraps(function)
    async def wrapper(*args, **kwargs):
        return await function(*args, **kwargs)
    return wrapper
@logged
async def fetch() -> User: ...
@functools.lru_cache(maxsize=None)
def cached() -> User: ...
"""
    assert answer("x = await fetch()", before) == "User"
    assert answer("x = cached()", before) == "User"


def test_an_overloaded_function_has_the_type_of_its_body() -> None:
    before = """
from typing import overload
@overload
def load(n: int) -> User: ...
@overload
def load(n: str) -> Order: ...
def load(n) -> User | Order: ...
"""
    assert answer("x = load(1)", before) == "User | Order"


@pytest.mark.parametrize(
    ("code", "type_"),
    [
        ("x = db.execute(delete(User).returning(User)).scalar_one()", "User"),
        ("x = db.execute(delete(User).returning(User.id)).scalar_one()", "?"),
        ("x = db.query(User).with_entities(User.id).all()", "list[?]"),
        ("x, y = db.execute(select(User, Order)).one()", "User"),
        ("y, x = db.execute(select(User, Order)).one()", "Order"),
        ("x = next(filter(None, db.scalars(select(User)).all()))", "User"),
    ],
)
def test_a_statement_says_what_its_columns_are(code: str, type_: str) -> None:
    assert answer(code, parameters="db: Session") == type_


def test_a_method_binds_type_variables_behind_its_object() -> None:
    before = """
T = TypeVar("T")
class Flow:
    def forget(self, response: T, user: User) -> T: ...
"""
    assert answer("x = Flow().forget(Order(), User())", before) == "Order"


@pytest.mark.parametrize(
    ("parameter", "type_"),
    [
        ("user=first_user()", "User"),
        ("user: Order = first_user()", "Order"),
        ("user=None", "?"),
        ("user=[first_user()]", "?"),
    ],
)
def test_a_default_says_what_a_parameter_without_annotation_is(parameter: str, type_: str) -> None:
    before = "def first_user():\n    return User()"
    assert answer("x = user", before, parameter) == type_


@pytest.mark.parametrize(
    ("method", "call", "type_"),
    [
        ("@classmethod\n    def find(cls) -> Self | None: ...", "User.find()", "User | None"),
        ("@classmethod\n    def find(cls) -> Optional[Self]: ...", "User.find()", "User | None"),
        ("@classmethod\n    def find(cls) -> 'list[Self]': ...", "User.find()", "list[User]"),
        ("@classmethod\n    def find(cls: type[T]) -> T | None: ...", "User.find()", "User | None"),
        ("def same(self) -> Self | None: ...", "User().same()", "User | None"),
        ("def same(self: T) -> T: ...", "User().same()", "User"),
        ("@classmethod\n    def find(cls) -> Self | None: ...", "unknown().find()", "?"),
    ],
)
def test_self_is_the_class_that_a_method_is_called_on(method: str, call: str, type_: str) -> None:
    asked = understand(f"""
from typing import Optional, Self, TypeVar
T = TypeVar("T", bound="Base")
class Base:
    {method}
class User(Base): ...
def read():
    x = {call}
""")
    assert asked.local("read", "x") == type_


@pytest.mark.parametrize(
    ("base", "attribute", "type_"),
    [
        ("", "client: Client", "Client"),
        ("(ABC)", "client: Client | None = None", "Client | None"),
        ("", "client: ClassVar[Client]", "Client"),
        ("(BaseModel)", "client: Client", "?"),
        ("(Base)", "client: Client", "?"),
        ("(DeclarativeBase)", "client: Mapped[Client]", "?"),
    ],
)
def test_an_attribute_of_a_class_itself_is_what_it_declares(base: str, attribute: str, type_: str) -> None:
    asked = understand(f"""
from abc import ABC
from typing import ClassVar
from pydantic import BaseModel
from sqlalchemy.orm import DeclarativeBase, Mapped
from library import Base
class Client: ...
class Clients{base}:
    {attribute}
def read():
    x = Clients.client
""")
    assert asked.local("read", "x") == type_


@pytest.mark.parametrize(
    ("module", "read", "type_"),
    [
        ("clients: dict[str, Client] = {}", "clients['a']", "Client"),
        ("clients: list[Client] = []", "[c for c in clients if c][0]", "Client"),
        ("clients: list[Client] = [Client(), other]", "clients[1]", "library.other"),
        ("clients = {}", "clients['a']", "?"),
        ("class All:\n    clients: dict[str, Client] = {}", "All.clients['a']", "Client"),
        ("class All:\n    clients: dict[str, Client] = {}", "All().clients['a']", "Client"),
    ],
)
def test_what_is_empty_at_start_holds_what_it_declares(module: str, read: str, type_: str) -> None:
    asked = understand(f"from library import other\nclass Client: ...\n{module}\ndef read():\n    x = {read}")
    assert asked.local("read", "x") == type_


@pytest.mark.parametrize(
    ("module", "read", "type_"),
    [
        ("client = None\ndef fill():\n    global client\n    client = Client()", "client", "None | Client"),
        (
            "client: Client | None = None\ndef fill():\n    global client\n    client = Client()",
            "client",
            "None | Client",
        ),
        ("client = None\nasync def fill():\n    global client\n    client = unknown()", "client", "None | ?"),
        ("client = None\ndef fill():\n    client = Client()", "client", "None"),
        (
            "client = None\ndef get():\n    global client\n    if client is None:\n        client = Client()\n"
            "    return client",
            "get()",
            "Client",
        ),
        (
            "class One:\n    made = None\n    @classmethod\n    def get(cls):\n        if cls.made is None:\n"
            "            cls.made = cls()\n        return cls.made",
            "One.get()",
            "None | One",
        ),
    ],
)
def test_a_variable_that_is_none_at_start_is_what_functions_fill_it_with(module: str, read: str, type_: str) -> None:
    asked = understand(f"class Client: ...\n{module}\ndef read():\n    x = {read}")
    assert asked.local("read", "x") == type_


def test_variables_that_fill_each_other_end() -> None:
    asked = understand("""
a = b = None
def fill():
    global a, b
    a, b = b, a
def read():
    x = a
""")
    assert asked.local("read", "x") == "None"


def test_a_module_is_asked_for_a_variable_that_its_functions_fill() -> None:
    asked = understand("""
# app/clients.py
class Client: ...
client = None
pool: list[Client] = []
def fill():
    global client
    client = Client()
# app/main.py
from app import clients
def read():
    x = clients.client
    y = clients.pool[0]
""")
    assert [asked.local("read", name) for name in "xy"] == ["None | Client", "Client"]


@pytest.mark.parametrize(
    ("function", "call", "type_"),
    [
        ("def first(items: list[T]) -> T: return items[0]", "first([Client()])", "Client"),
        ("def need(item: T | None) -> T: return item", "need(Client())", "Client"),
        ("def each(items: Iterable[T]) -> list[T]: return []", "each(clients)[0]", "Client"),
        (
            "class Repo(Generic[T]):\n    def __init__(self, model: type[T]): ...\n    def get(self) -> T: ...",
            "Repo(Client).get()",
            "Client",
        ),
        ("def need(item: T | None) -> T: return item", "need(unknown())", "? | None"),
    ],
)
def test_an_argument_says_what_a_type_variable_stands_for(function: str, call: str, type_: str) -> None:
    asked = understand(f"""
from typing import Generic, Iterable, TypeVar
T = TypeVar("T")
class Client: ...
clients: list[Client] = []
{function}
def read():
    x = {call}
""")
    assert asked.local("read", "x") == type_


@pytest.mark.parametrize(
    "statement",
    ["x = await asyncio.get_running_loop().run_in_executor(None, make)", "with nullcontext(make()) as x:\n        ..."],
)
def test_an_object_is_followed_through_an_executor_and_a_context_that_does_nothing(statement: str) -> None:
    asked = understand(f"""
import asyncio
from contextlib import nullcontext
class Client: ...
def make() -> Client: ...
async def read():
    {statement}
""")
    assert asked.local("read", "x") == "Client"


@pytest.mark.parametrize(
    ("annotation", "use", "type_"),
    [
        ("Callable[[], Client]", "make()", "Client"),
        ("Callable[..., Client] | None", "make()", "Client"),
        ("Make", "make()", "Client"),
        ("Callable[[], Callable[[], Client]]", "make()()", "Client"),
        ("list[Callable[[], Client]]", "make[0]()", "Client"),
        ("Callable[[], Iterator[Client]]", "next(make())", "Client"),
        ("Callable[[], AbstractContextManager[Client]]", "make().__enter__()", "?"),
        ("Callable[[], Any]", "make()", "?"),
        ("Callable", "make()", "?"),
    ],
)
def test_what_is_called_gives_what_its_type_says(annotation: str, use: str, type_: str) -> None:
    asked = understand(f"""
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
class Client: ...
Make = Callable[[], Client]
def read(make: {annotation}):
    x = {use}
""")
    assert asked.local("read", "x") == type_


@pytest.mark.parametrize("context", ["AbstractContextManager", "ContextManager", "AbstractAsyncContextManager"])
def test_a_context_manager_gives_what_its_type_says(context: str) -> None:
    asked = understand(f"""
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import ContextManager
class Client: ...
class Repo:
    def __init__(self, make: Callable[..., {context}[Client]]) -> None:
        self.make = make
    async def read(self):
        {"async " if "Async" in context else ""}with self.make() as x:
            ...
""")
    assert asked.local("Repo.read", "x") == "Client"


def test_what_a_dependency_gives_counts_more_than_what_its_calls_promise() -> None:
    asked = understand("""
from collections.abc import Callable
from fastapi import Depends
class Client: ...
class Special(Client): ...
def special(): return Special
def read(make: Callable[[], Client] = Depends(special)):
    x = make()
""")
    assert asked.local("read", "x") == "Special"


FILLED = """
# app/clients.py
from typing import Any
class Client: ...
clients = {}
declared: dict[str, Any] = {}
several = []
other = {}
mixed = {}
def fill(key, unknown):
    clients[key] = Client()
    declared[key] = Client()
    several.append(Client())
    other.setdefault(key, Client())
    mixed[key] = Client()
def fill_more(unknown):
    mixed.update(unknown)
    clients = {}
    clients["a"] = 1
class Pool:
    every = {}
    def __init__(self):
        self.clients = {}
        self.stack: list[Any] = []
    def fill(self, key):
        self.clients[key] = Client()
        self.stack.append(Client())
    @classmethod
    def make(cls, key):
        cls.every[key] = Client()
pool = Pool()
# app/main.py
from app import clients
from app.clients import Pool, pool
def read(key, given: Pool):
    x = EXPRESSION
"""


@pytest.mark.parametrize(
    ("expression", "type_"),
    [
        ("clients.clients[key]", "Client"),
        ("clients.clients.get(key)", "Client | None"),
        ("clients.declared[key]", "Client"),
        ("clients.several[0]", "Client"),
        ("clients.other[key]", "Client"),
        ("clients.mixed[key]", "?"),
        ("pool.clients[key]", "Client"),
        ("given.clients[key]", "Client"),
        ("given.stack.pop()", "Client"),
        ("Pool.every[key]", "Client"),
        ("given.every[key]", "Client"),
    ],
)
def test_a_container_that_is_empty_at_start_holds_what_functions_put_into_it(expression: str, type_: str) -> None:
    asked = understand(FILLED.replace("EXPRESSION", expression))
    assert asked.local("read", "x") == type_


@pytest.mark.parametrize(
    ("annotation", "expression"),
    [
        ("OrderedDict[str, Client]", "given['a']"),
        ("Mapping[str, Client]", "given.get('a')"),
        ("dict[str, Client]", "given.setdefault('a', unknown())"),
        ("deque[Client]", "given.popleft()"),
        ("set[Client]", "given.pop()"),
        ("Queue[Client]", "given.get()"),
        ("asyncio.Queue[Client]", "await given.get()"),
        ("asyncio.Task[Client]", "await given"),
        ("asyncio.Task[Client]", "given.result()"),
        ("AsyncGenerator[Client, None]", "await given.__anext__()"),
    ],
)
def test_what_a_container_of_the_standard_library_gives(annotation: str, expression: str) -> None:
    asked = understand(f"""
import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Mapping
from queue import Queue
class Client: ...
async def read(given: {annotation}):
    x = {expression}
""")
    assert asked.local("read", "x") in ("Client", "Client | None")


@pytest.mark.parametrize(
    ("attribute", "expression"),
    [
        ("self.kept: dict[str, Client] = {}", "pool.kept['a']"),
        ("self.kept: list[Client] = []", "pool.kept[0]"),
        ("self.kept: dict[str, Client] | None = None", "pool.kept['a']"),
    ],
)
def test_what_an_object_keeps_at_start_is_what_its_attribute_declares(attribute: str, expression: str) -> None:
    asked = understand(f"""
class Client: ...
class Pool:
    def __init__(self):
        {attribute}
pool = Pool()
def read():
    x = {expression}
""")
    assert asked.local("read", "x") == "Client"


def test_what_a_subscript_gives_of_a_value_that_may_be_none_is_what_it_gives_of_the_other() -> None:
    asked = understand("""
class Client: ...
def read(given: list[Client] | None):
    x = given[0]
""")
    assert asked.local("read", "x") == "Client"
