"""Strategies for the text of modules: real-looking FastAPI code, broken in many ways, and code of a small grammar."""

from __future__ import annotations

import contextlib
import io
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
    st.sampled_from(
        ["None", "...", "True", "1.5", "1j", 'b"x"', '"/v1/{id}"', "'*'", '"\\ud800"', '""', "[]", "{}", "()"]
    ),
)


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def form(template: str, holes: int) -> st.SearchStrategy[str]:
        return st.tuples(*[inner] * holes).map(lambda parts: template.format(*parts))

    return st.one_of(
        form("{}.get", 1),
        form("{}.include_router({}, prefix={})", 3),
        form("FastAPI(lifespan={})", 1),
        form("APIRouter(prefix={}, dependencies=[Depends({})])", 2),
        form("({}({}, *{}, **{}))", 4),
        form("({})[{}]", 2),
        form("({})[{}:]", 2),
        form("[{}, *{}]", 2),
        form("({}, {})", 2),
        form("{{{}: {}, **{}}}", 3),
        form("{{{}, {}}}", 2),
        form("({} + {})", 2),
        form("({} < {} is not {})", 3),
        form("({} or {})", 2),
        form("(not {})", 1),
        form("({} if {} else {})", 3),
        form("(lambda a, /, b={}, *c, d, **e: {})", 2),
        form("[{} for app in {} if {}]", 3),
        form("{{{}: 1 for x, *y in {}}}", 2),
        form("(await {})", 1),
        form("(yield {})", 1),
        form("(x := {})", 1),
        form('f"/{{{}!r:>{{{}}}}}/{{{{id}}}}"', 2).filter(lambda text: '"' not in text[2:-1] and "\\" not in text),
        form("Annotated[{}, Depends({})]", 2),
    )


# deferred, because the printed form of a strategy repeats those that it is made of
_recursive_expressions = st.recursive(_atoms, _grow, max_leaves=12)
_expressions = st.deferred(lambda: _recursive_expressions)


def _suite(lines: list[str]) -> str:
    return textwrap.indent("\n".join(lines) or "pass", "    ")


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    suite = st.lists(inner, max_size=4).map(_suite)
    e = _expressions
    return st.one_of(
        st.builds("if {}:\n{}\nelse:\n{}".format, e, suite, suite),
        st.builds("for app, *x in {}:\n{}".format, e, suite),
        st.builds("while {}:\n{}".format, e, suite),
        st.builds("with {} as db, {}:\n{}".format, e, e, suite),
        st.builds("async with {} as x.y:\n{}".format, e, suite),
        st.builds("try:\n{}\nexcept {} as x:\n{}\nfinally:\n{}".format, suite, e, suite, suite),
        st.builds("@{}\nasync def get_db(db: {} = {}, *a, k={}, **kw) -> {}:\n{}".format, e, e, e, e, e, suite),
        st.builds("@app.get({})\ndef {}(x, /, self={}):\n{}".format, e, _names, e, suite),
        st.builds("@{}\nclass {}({}, metaclass={}):\n{}".format, e, _names, e, e, suite),
        st.builds("match {}:\n  case [{{'a': x}}, User(y=z)] if {}:\n{}".format, e, e, suite),
    )


_simple = st.one_of(
    _expressions,
    st.builds("{} = {}".format, _names, _expressions),
    st.builds("{}: {} = {}".format, _names, _expressions, _expressions),
    st.builds("{} += {}".format, _names, _expressions),
    st.builds("app.{} = x.y, *z = {}".format, _names, _expressions),
    st.builds("return {}".format, _expressions),
    st.builds("raise {}".format, _expressions),
    st.builds("assert {}, {}".format, _expressions, _expressions),
    st.builds("del {}".format, _names),
    st.builds("from {}{} import {} as {}".format, st.sampled_from(["", ".", "..", "...."]), _names, _names, _names),
    st.sampled_from(
        [
            "from . import *",
            "import app.models as m, x",
            "from m0 import *",
            "global app",
            "pass",
            "break",
            "from fastapi import *",
        ]
    ),
)

#: A module made by the grammar: much of it parses, and makes no sense.
grown = st.lists(st.recursive(_simple, _compound, max_leaves=8), min_size=1, max_size=8).map("\n".join)

#: Text that is, or was, or looks like, a module.
texts = st.one_of(mutated(), grown, st.text(max_size=200))

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
