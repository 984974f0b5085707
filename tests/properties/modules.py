"""Strategies for the text of modules: real-looking FastAPI code, broken in many ways, and code of a small grammar."""

from __future__ import annotations

import contextlib
import io
import re
import textwrap
import tokenize

from hypothesis import strategies as st

SNIPPETS = tuple(
    textwrap.dedent(text).lstrip()
    for text in (
        '''
        from typing import Annotated

        from fastapi import APIRouter, Depends, FastAPI, HTTPException, status
        from sqlalchemy import select
        from sqlalchemy.orm import Session, sessionmaker

        from app.models import User
        from app.schemas import UserOut

        Local = sessionmaker()


        def get_db():
            with Local() as session:
                yield session


        SessionDep = Annotated[Session, Depends(get_db)]
        router = APIRouter(prefix=f"/{User.__tablename__}", tags=["users"], dependencies=[Depends(get_db)])


        @router.get("/{user_id}", response_model=UserOut, status_code=status.HTTP_200_OK)
        async def read_user(user_id: int, db: SessionDep, limit: int = 100) -> User:
            """One user."""
            user = db.execute(select(User).where(User.id == user_id)).scalar_one_or_none()
            if user is None:
                raise HTTPException(status_code=404)
            return user


        @router.post("/")
        async def create_user(payload: UserOut, db: Session = Depends(get_db)):
            db.add(user := User(**payload.model_dump()))
            db.commit()
            return {"user": user, "all": [u for u in db.query(User).all() if u.id != user.id]}


        app = FastAPI(root_path="/api")
        app.include_router(router, prefix="/v1")
        ''',
        """
        from __future__ import annotations

        import enum
        from sqlalchemy import ForeignKey
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


        class Base(DeclarativeBase):
            pass


        class Kind(str, enum.Enum):
            A = "a"
            B = A + "b"


        class User(Base):
            __tablename__ = "users"
            id: Mapped[int] = mapped_column(primary_key=True)
            kind: Mapped[Kind | None]
            orders: Mapped[list["Order"]] = relationship(back_populates="user", lazy="raise")


        class Order(Base):
            __tablename__ = "orders"
            id: Mapped[int] = mapped_column(primary_key=True)
            user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
            user: Mapped["User"] = relationship(back_populates="orders")
        """,
        """
        import asyncio, time, requests
        from functools import lru_cache, partial
        from pydantic import BaseModel, Field, field_validator
        from pydantic_settings import BaseSettings
        from fastapi.middleware.cors import CORSMiddleware
        from .main import app, router as r
        from . import *


        class Settings(BaseSettings):
            origins: list[str] = ["*"]
            prefix: str = "/api" + "/v1"
            secret_key: str = "change-me"


        @lru_cache
        def settings() -> Settings:
            return Settings()


        class UserOut(BaseModel):
            id: int = Field(gt=0, description="id")
            name: str | None = None

            @field_validator("name")
            @classmethod
            def strip(cls, value):
                return value.strip() if value else value


        def helper(n=1, /, *args, key=None, **kwargs):
            time.sleep(n)
            return helper(n - 1) if n else requests.get("https://example.com").json()


        async def slow():
            async with asyncio.timeout(3) as t, open("x") as f:
                async for line in f:
                    await asyncio.to_thread(helper, 2)
            slow()
            asyncio.run(slow())
            return [await slow() async for _ in slow() if (lambda x, *y: x)(t)]


        for module in (r, app):
            app.include_router(module, prefix=settings().prefix)
        app.add_middleware(CORSMiddleware, allow_origins=settings().origins, allow_credentials=True)
        """,
        """
        from fastapi import FastAPI, APIRouter, Depends, Security, Request, WebSocket
        from fastapi.security import OAuth2PasswordBearer

        scheme = OAuth2PasswordBearer(tokenUrl="token")


        class Base:
            def __init__(self, router: APIRouter) -> None:
                self.router = router
                self.router.add_api_route("/me", self.me, methods=["GET", "PUT"])

            def me(self, request: Request, token: str = Security(scheme, scopes=["me"])) -> dict:
                return {}


        class Child(Base):
            me = Base.me

            def __call__(self, q: int) -> int:
                return q


        def make(app: FastAPI, *routers, prefix="/x") -> FastAPI:
            for router in routers:
                app.include_router(router, prefix=prefix, dependencies=[Depends(Child(router))])
            sub = FastAPI()
            app.mount("/sub", sub)

            @sub.websocket("/ws/{name:path}")
            async def ws(websocket: WebSocket, name: str):
                await websocket.accept()

            @sub.get("/")
            @app.get("/again")
            def again(): ...

            try:
                return app
            except (ValueError, KeyError) as error:
                raise RuntimeError from error
            else:
                pass
            finally:
                del sub


        app = make(FastAPI(), APIRouter(), Child(APIRouter()).router, prefix="/v2")
        match app:
            case FastAPI(routes=[first, *rest], title="x" | "y") if first:
                global z
            case {"a": 1, **others}:
                nonlocal_ = others
            case _:
                app = None
        """,
    )
)

_WORDS = sorted({token for text in SNIPPETS for token in text.split()})


def _tokens(text: str) -> list[str]:
    """The tokens of a text, as far as it can be read."""
    found: list[str] = []
    with contextlib.suppress(tokenize.TokenError, SyntaxError):  # what was read so far is enough to choose from
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.string.strip():
                found.append(token.string)
    return found


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A snippet after up to eight small accidents: lines lost, doubled, swapped, moved in, and tokens replaced."""
    lines = draw(st.sampled_from(SNIPPETS)).splitlines(keepends=True)
    for _ in range(draw(st.integers(0, 8))):
        if not lines:
            break
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["drop", "double", "swap", "indent", "dedent", "token", "splice", "cut"])):
            case "drop":
                del lines[at]
            case "double":
                lines.insert(at, lines[at])
            case "swap":
                other = draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
            case "indent":
                lines[at] = "    " + lines[at]
            case "dedent":
                lines[at] = lines[at].removeprefix("    ")
            case "token":
                lines[at] = _replace_token(draw, lines[at])
            case "splice":
                lines[at:at] = draw(st.sampled_from(SNIPPETS)).splitlines(keepends=True)[: draw(st.integers(1, 12))]
            case "cut":
                lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))]
    return "".join(lines)


def _replace_token(draw: st.DrawFn, line: str) -> str:
    tokens = _tokens(line)
    return line.replace(draw(st.sampled_from(tokens)), draw(st.sampled_from(_WORDS)), 1) if tokens else line


_names = st.sampled_from(["app", "router", "get_db", "db", "User", "x", "self", "Depends", "settings", "FastAPI", "é"])
_atoms = st.one_of(
    _names,
    st.integers(-2, 2**70).map(str),
    st.sampled_from(["None", "...", "True", "1.5", "1j", 'b"x"', '"/v1/{id}"', "'*'", '"\\ud800"', '""', "[]", "{}"]),
)

#: Forms of expressions; `@` stands for an expression, `#` for a name.
EXPRESSIONS = (
    "@.get",
    "@.include_router(@, prefix=@)",
    "FastAPI(lifespan=@)",
    "APIRouter(prefix=@, dependencies=[Depends(@)])",
    "(@(@, *@, **@))",
    "(@)[@]",
    "(@)[@:]",
    "[@, *@]",
    "(@, @)",
    "{@: @, **@}",
    "{@, @}",
    "(@ + @)",
    "(@ < @ is not @)",
    "(@ or @)",
    "(not @)",
    "(@ if @ else @)",
    "(lambda a, /, b=@, *c, d, **e: @)",
    "[@ for app in @ if @]",
    "{@: 1 for x, *y in @}",
    "(await @)",
    "(yield @)",
    "(# := @)",
    'f"/{#!r:>{#}}/{{id}}"',
    "Annotated[@, Depends(@)]",
)

#: Forms of statements; `$` stands for an indented block.
STATEMENTS = (
    "@",
    "# = @",
    "#: @ = @",
    "# += @",
    "app.# = x.y, *z = @",
    "return @",
    "raise @",
    "assert @, @",
    "del #",
    "import app.models as #, x",
    "from # import # as #",
    "from . import #",
    "from ..# import *",
    "from m0 import *",
    "from fastapi import *",
    "global #",
    "pass",
    "break",
    "if @:\n$\nelse:\n$",
    "for app, *x in @:\n$",
    "while @:\n$",
    "with @ as db, @:\n$",
    "async with @ as x.y:\n$",
    "try:\n$\nexcept @ as x:\n$\nfinally:\n$",
    "\\@@\nasync def get_db(db: @ = @, *a, k=@, **kw) -> @:\n$",
    "\\@app.get(@)\ndef #(x, /, self=@):\n$",
    "\\@@\nclass #(@, metaclass=@):\n$",
    "match @:\n    case [{'a': x}, User(y=z)] if @:\n$",
)


@st.composite
def expression(draw: st.DrawFn, depth: int = 3) -> str:
    """A random expression, nested up to `depth` times."""
    if depth == 0 or draw(st.booleans()):
        return draw(_atoms)
    return _filled(draw, draw(st.sampled_from(EXPRESSIONS)), depth)


@st.composite
def block(draw: st.DrawFn, depth: int) -> str:
    """Some random statements, nested up to `depth` times."""
    forms = st.sampled_from(STATEMENTS).filter(lambda form: depth > 0 or "$" not in form)
    return "\n".join(_filled(draw, draw(forms), depth) for _ in range(draw(st.integers(1, 4))))


def _filled(draw: st.DrawFn, form: str, depth: int) -> str:
    """A form with something drawn for each of its holes."""
    parts = re.split(r"(\\@|[@#$])", form)
    for at, part in enumerate(parts):
        match part:
            case "@":
                parts[at] = draw(expression(max(depth - 1, 0)))
            case "#":
                parts[at] = draw(_names)
            case "$":
                parts[at] = textwrap.indent(draw(block(max(depth - 1, 0))), "    ")
            case "\\@":
                parts[at] = "@"
    return "".join(parts)


def grown() -> st.SearchStrategy[str]:
    """A module made by the grammar: much of it parses, and makes no sense."""
    return block(3)


#: Text that is, or was, or looks like, a module.
texts = st.one_of(mutated(), grown(), st.text(max_size=200))

#: Bytes of a file.
contents = st.one_of(texts.map(lambda t: t.encode("utf-8", "replace")), st.binary(max_size=200))

#: Files of a small project, by path.
projects = st.dictionaries(
    st.sampled_from(
        ["m0.py", "main.py", "app/__init__.py", "app/main.py", "app/models.py", "app/schemas.py", "app/api/users.py"]
    ),
    contents,
    min_size=1,
    max_size=4,
)
