"""Generated FastAPI projects of any size: a domain has a table, schemas, a repository, a service and a router."""

from __future__ import annotations

import random
from pathlib import Path

NOUNS = [
    "account", "address", "audit", "badge", "basket", "booking", "branch", "budget", "campaign", "carrier",
    "category", "channel", "claim", "comment", "contract", "country", "coupon", "courier", "customer", "delivery",
    "department", "device", "discount", "document", "driver", "employee", "event", "expense", "feature", "file",
    "filter", "folder", "gift", "group", "hotel", "image", "invoice", "item", "journal", "label", "language",
    "lead", "ledger", "license", "listing", "location", "machine", "market", "member", "message", "metric",
    "notice", "offer", "office", "order", "package", "page", "parcel", "partner", "payment", "permission", "person",
    "phone", "plan", "point", "policy", "post", "price", "product", "profile", "project", "quote", "rating",
    "receipt", "refund", "region", "report", "request", "review", "role", "room", "route", "sale", "schedule",
    "segment", "service", "session", "shipment", "shop", "site", "stock", "store", "supplier", "survey", "tag",
    "task", "team", "template", "ticket", "topic", "trip", "unit", "user", "vendor", "visit", "voucher",
    "warehouse", "webhook", "workflow", "zone",
]  # fmt: skip
TYPES = (("str", "String(255)"), ("int", "Integer"), ("float", "Float"), ("bool", "Boolean"), ("datetime", "DateTime"))
GROUP = 25

HEAD = '"""{doc}"""\n\nfrom __future__ import annotations\n\n'

SETTINGS = (
    HEAD.format(doc="Settings of the application.")
    + """from functools import lru_cache

from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    database_url: str
    api_prefix: str = "/api/v1"
    cors_origins: list[str] = ["https://shop.example.com"]
    page_size: int = 50


@lru_cache
def get_settings() -> Settings:
    return Settings()
"""
)

DATABASE = (
    HEAD.format(doc="The database: engine, sessions, base class.")
    + """from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from shop.settings import get_settings

engine = create_async_engine(get_settings().database_url)
Session = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    pass


async def get_session() -> AsyncIterator[AsyncSession]:
    async with Session() as session:
        yield session
        await session.commit()


SessionDep = Annotated[AsyncSession, Depends(get_session)]
"""
)

SECURITY = (
    HEAD.format(doc="Who is calling.")
    + """from typing import Annotated

from fastapi import Depends, HTTPException, status
from fastapi.security import OAuth2PasswordBearer

oauth2_scheme = OAuth2PasswordBearer(tokenUrl="token")


async def get_current_user(token: Annotated[str, Depends(oauth2_scheme)]) -> str:
    if not token:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "Log in first")
    return token


CurrentUser = Annotated[str, Depends(get_current_user)]
"""
)

REPOSITORY = '''from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shop.{name}.models import {cls}


class {cls}Repository:
    """Reads and writes {plural}."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def get(self, {name}_id: int) -> {cls} | None:
        return await self.session.get({cls}, {name}_id)

    async def page(self, limit: int, offset: int) -> Sequence[{cls}]:
        statement = select({cls}).order_by({cls}.id).limit(limit).offset(offset)
        return (await self.session.execute(statement)).scalars().all()

    async def count(self) -> int:
        return (await self.session.execute(select(func.count()).select_from({cls}))).scalar_one()

    async def add(self, {name}: {cls}) -> {cls}:
        self.session.add({name})
        await self.session.flush()
        return {name}

    async def remove(self, {name}: {cls}) -> None:
        await self.session.delete({name})
        await self.session.flush()
'''

FINDER = """
    async def by_{field}(self, {field}: {type}) -> Sequence[{cls}]:
        statement = select({cls}).where({cls}.{field} == {field}).order_by({cls}.id.desc())
        result = await self.session.execute(statement)
        return result.scalars().unique().all()
"""

SERVICE = '''from typing import Annotated

from fastapi import Depends, HTTPException, status

from shop.database import SessionDep
from shop.{name}.models import {cls}
from shop.{name}.repository import {cls}Repository
from shop.{name}.schemas import {cls}Create, {cls}Update


class {cls}Service:
    """What can be done with {plural}."""

    def __init__(self, session: SessionDep) -> None:
        self.repository = {cls}Repository(session)

    async def get(self, {name}_id: int) -> {cls}:
        {name} = await self.repository.get({name}_id)
        if {name} is None:
            raise HTTPException(status.HTTP_404_NOT_FOUND, f"There is no {name} {{{name}_id}}")
        return {name}

    async def page(self, limit: int, offset: int) -> tuple[list[{cls}], int]:
        return list(await self.repository.page(limit, offset)), await self.repository.count()

    async def create(self, data: {cls}Create) -> {cls}:
        return await self.repository.add({cls}(**data.model_dump()))

    async def update(self, {name}_id: int, data: {cls}Update) -> {cls}:
        {name} = await self.get({name}_id)
        for key, value in data.model_dump(exclude_unset=True).items():
            setattr({name}, key, value)
        return await self.repository.add({name})

    async def delete(self, {name}_id: int) -> None:
        await self.repository.remove(await self.get({name}_id))
'''

RULE = """
    def check_{field}(self, {name}: {cls}, allowed: dict[str, {type}] | None = None) -> list[str]:
        problems = []
        for key, value in (allowed or {{}}).items():
            if {name}.{field} == value:
                continue
            try:
                problems.append(f"{{key}} of {{{name}.id}}: expected {{value!r}}, got {{{name}.{field}!r}}")
            except (TypeError, ValueError) as error:
                raise RuntimeError("cannot compare {field}") from error
        return sorted(problems, key=lambda problem: (len(problem), problem))[:{limit}]
"""

SERVICE_TAIL = """

{cls}ServiceDep = Annotated[{cls}Service, Depends({cls}Service)]
"""

ROUTER = """from typing import Annotated

from fastapi import APIRouter, Query, status

from shop.security import CurrentUser
from shop.{name}.schemas import {cls}Create, {cls}Out, {cls}Page, {cls}Update
from shop.{name}.service import {cls}ServiceDep

router = APIRouter(prefix="/{path}", tags=["{path}"])


@router.get("")
async def list_{plural}(
    service: {cls}ServiceDep,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> {cls}Page:
    {plural}, total = await service.page(limit, offset)
    return {cls}Page(items=[{cls}Out.model_validate({name}) for {name} in {plural}], total=total)


@router.post("", status_code=status.HTTP_201_CREATED)
async def create_{name}(data: {cls}Create, service: {cls}ServiceDep, user: CurrentUser) -> {cls}Out:
    return {cls}Out.model_validate(await service.create(data))


@router.get("/{{{name}_id}}")
async def read_{name}({name}_id: int, service: {cls}ServiceDep) -> {cls}Out:
    return {cls}Out.model_validate(await service.get({name}_id))


@router.patch("/{{{name}_id}}")
async def update_{name}({name}_id: int, data: {cls}Update, service: {cls}ServiceDep, user: CurrentUser) -> {cls}Out:
    return {cls}Out.model_validate(await service.update({name}_id, data))


@router.delete("/{{{name}_id}}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_{name}({name}_id: int, service: {cls}ServiceDep, user: CurrentUser) -> None:
    await service.delete({name}_id)
"""

SEARCH = """

@router.get("/by-{field}/{{{field}}}", response_model=list[{cls}Out])
async def find_{plural}_by_{field}({field}: {type}, service: {cls}ServiceDep) -> list[{cls}Out]:
    found = await service.repository.by_{field}({field})
    return [{cls}Out.model_validate({name}) for {name} in found]
"""


def generate(folder: Path, lines: int) -> int:
    """Write a project of about that many lines, the same at each call; gives the number of its lines."""
    dice = random.Random(lines)
    total = _write(
        folder,
        "pyproject.toml",
        '[project]\nname = "shop"\nversion = "0"\ndependencies = ["fastapi==0.165.0", "sqlalchemy>=2"]\n',
    )
    for name, text in (("__init__", ""), ("settings", SETTINGS), ("database", DATABASE), ("security", SECURITY)):
        total += _write(folder, f"shop/{name}.py", text)
    domains: list[str] = []
    while total < lines:
        round_, index = divmod(len(domains), len(NOUNS))
        name = NOUNS[index] + (f"_{round_}" if round_ else "")
        domains.append(name)
        total += _domain(folder, name, dice)
    return total + _assemble(folder, domains)


def _domain(folder: Path, name: str, dice: random.Random) -> int:
    cls = "".join(part.capitalize() for part in name.split("_"))
    names = {"name": name, "cls": cls, "plural": f"{name}_list", "path": f"{name.replace('_', '-')}s"}
    fields = [
        (f"{word}_{kind[0]}", *kind)
        for word in dice.sample(NOUNS, dice.randint(4, 14))
        for kind in [dice.choice(TYPES)]
    ]
    finders = [{**names, "field": f, "type": t, "limit": 10} for f, t, _ in fields if t in ("str", "int")]
    head = HEAD.format(doc=f"Everything about {name}.")
    files = {
        "__init__": "",
        "models": head + _models(names, fields),
        "schemas": head + _schemas(names, fields),
        "repository": head + REPOSITORY.format_map(names) + "".join(FINDER.format_map(f) for f in finders),
        "service": head
        + SERVICE.format_map(names)
        + "".join(RULE.format_map(f) for f in finders)
        + SERVICE_TAIL.format_map(names),
        "router": head + ROUTER.format_map(names) + "".join(SEARCH.format_map(f) for f in finders),
    }
    return sum(_write(folder, f"shop/{name}/{file}.py", text) for file, text in files.items())


def _models(names: dict[str, str], fields: list[tuple[str, str, str]]) -> str:
    columns = "".join(f"    {f}: Mapped[{t}] = mapped_column({sql}, nullable=False)\n" for f, t, sql in fields)
    imports = (
        "from datetime import datetime\n\n"
        "from sqlalchemy import Boolean, DateTime, Float, ForeignKey, Integer, String\n"
        "from sqlalchemy.orm import Mapped, mapped_column, relationship\n\nfrom shop.database import Base\n\n\n"
    )
    return imports + (
        f"class {names['cls']}(Base):\n"
        f'    __tablename__ = "{names["plural"]}"\n\n'
        "    id: Mapped[int] = mapped_column(primary_key=True)\n"
        f'    parent_id: Mapped[int | None] = mapped_column(ForeignKey("{names["plural"]}.id"))\n{columns}'
        f'    parent: Mapped["{names["cls"]} | None"] = relationship(remote_side=[id], lazy="raise")\n'
    )


def _schemas(names: dict[str, str], fields: list[tuple[str, str, str]]) -> str:
    cls = names["cls"]
    typed = "".join(f"    {f}: {t}\n" for f, t, _ in fields)
    optional = "".join(f"    {f}: {t} | None = None\n" for f, t, _ in fields)
    return (
        "from datetime import datetime\n\nfrom pydantic import BaseModel, ConfigDict, Field\n\n\n"
        f"class {cls}Base(BaseModel):\n{typed}\n\n"
        f"class {cls}Create({cls}Base):\n    parent_id: int | None = Field(default=None, ge=1)\n\n\n"
        f"class {cls}Update(BaseModel):\n{optional}\n\n"
        f"class {cls}Out({cls}Base):\n    model_config = ConfigDict(from_attributes=True)\n\n    id: int\n\n\n"
        f"class {cls}Page(BaseModel):\n    items: list[{cls}Out]\n    total: int\n"
    )


def _assemble(folder: Path, domains: list[str]) -> int:
    """The modules that include the routers of all domains, in groups, and the one that makes the app."""
    groups = [domains[at : at + GROUP] for at in range(0, len(domains), GROUP)]
    total = 0
    for number, group in enumerate(groups):
        imports = "".join(f"from shop.{name} import router as {name}\n" for name in group)
        includes = "".join(f"router.include_router({name}.router)\n" for name in group)
        total += _write(
            folder,
            f"shop/api/group_{number}.py",
            f"from fastapi import APIRouter\n\n{imports}\nrouter = APIRouter()\n{includes}",
        )
    total += _write(folder, "shop/api/__init__.py", "")
    names = [f"group_{number}" for number in range(len(groups))]
    listed = "".join(f"    {name},\n" for name in names)
    return total + _write(
        folder,
        "shop/main.py",
        f"from fastapi import FastAPI\n\nfrom shop.api import (\n{listed})\n"
        "from shop.settings import get_settings\n\n\n"
        "def create_app() -> FastAPI:\n    settings = get_settings()\n    app = FastAPI(title='Shop')\n"
        f"    for group in (\n{listed.replace('    ', '        ')}    ):\n"
        "        app.include_router(group.router, prefix=settings.api_prefix)\n"
        "    return app\n\n\napp = create_app()\n",
    )


def _write(folder: Path, path: str, text: str) -> int:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return text.count("\n")
