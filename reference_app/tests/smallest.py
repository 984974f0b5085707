"""The smallest FastAPI app that runs the same queries: one file, no layers, no middleware.

It is what `tests.load` compares the app with. Nobody should ship it: it limits no body, counts no
attempt outside of the login, logs nothing and says nothing useful when something fails.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from typing import Annotated
from uuid import UUID, uuid4

import bcrypt
import jwt
from anyio import to_thread
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from pydantic import BaseModel, ConfigDict
from sqlalchemy import case, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import selectinload

from app.models import Attempt, LoginSession, OutboxMessage, Product, User

engine = create_async_engine(os.environ["DATABASE_URL"], pool_pre_ping=True, pool_size=5)
Session = async_sessionmaker(engine, expire_on_commit=False)
KEY = os.environ["SECRET_KEY"]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)
oauth2 = OAuth2PasswordBearer(tokenUrl="/api/v1/auth/login")


class Registration(BaseModel):
    email: str
    password: str


class NewProduct(BaseModel):
    name: str
    description: str = ""
    price_cents: int


class Owner(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    first_name: str | None
    last_name: str | None


class ProductOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    description: str
    price_cents: int
    version: int
    owner: Owner
    created_at: datetime
    updated_at: datetime


class Page(BaseModel):
    items: list[ProductOut]
    total: int


async def get_session() -> AsyncIterator[AsyncSession]:
    async with Session.begin() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]


async def get_user(token: Annotated[str, Depends(oauth2)], session: SessionDep) -> User:
    claims = jwt.decode(token, KEY, algorithms=["HS256"])
    user: User | None = await session.scalar(
        select(User)
        .join(LoginSession, LoginSession.user_id == User.id)
        .where(
            User.id == UUID(claims["sub"]),
            LoginSession.id == UUID(claims["sid"]),
            LoginSession.revoked_at.is_(None),
            LoginSession.expires_at > datetime.now(timezone.utc),
        )
    )
    if user is None:
        raise HTTPException(401)
    return user


UserDep = Annotated[User, Depends(get_user)]


@app.get("/ready")
async def ready() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/api/v1/auth/register", status_code=201)
async def register(data: Registration, session: SessionDep) -> None:
    hashed = await to_thread.run_sync(bcrypt.hashpw, data.password.encode(), bcrypt.gensalt(12))
    session.add(User(email=data.email, hashed_password=hashed.decode()))
    now = datetime.now(timezone.utc)
    session.add(OutboxMessage(kind="none", payload={}, available_at=now, delivered_at=now))


@app.post("/api/v1/auth/login")
async def login(
    form: Annotated[OAuth2PasswordRequestForm, Depends()], session: SessionDep
) -> dict[str, str]:
    now = datetime.now(timezone.utc)
    async with Session.begin() as counting:
        for key in ("address", "account" + form.username):
            is_old = Attempt.started_at < now - timedelta(minutes=15)
            statement = insert(Attempt).values(key=key, count=1, started_at=now)
            await counting.scalar(
                statement.on_conflict_do_update(
                    index_elements=[Attempt.key],
                    set_={
                        "count": case((is_old, 1), else_=Attempt.count + 1),
                        "started_at": case((is_old, now), else_=Attempt.started_at),
                    },
                ).returning(Attempt.count)
            )
    user: User | None = await session.scalar(select(User).where(User.email == form.username))
    if user is None or not await to_thread.run_sync(
        bcrypt.checkpw, form.password.encode(), user.hashed_password.encode()
    ):
        raise HTTPException(401)
    opened = LoginSession(
        user_id=user.id, refresh_token_id=uuid4(), expires_at=now + timedelta(days=14)
    )
    session.add(opened)
    await session.flush()
    await session.execute(
        update(Attempt).where(Attempt.key == "address").values(count=Attempt.count - 1)
    )
    await session.execute(delete(Attempt).where(Attempt.key == "account" + form.username))
    claims = {"sub": str(user.id), "sid": str(opened.id), "exp": now + timedelta(minutes=15)}
    refresh = {**claims, "jti": str(opened.refresh_token_id)}
    return {"access_token": jwt.encode(claims, KEY), "refresh_token": jwt.encode(refresh, KEY)}


@app.get("/api/v1/products")
async def list_products(user: UserDep, session: SessionDep, page: int = 1, size: int = 20) -> Page:
    statement = select(Product).options(selectinload(Product.owner))
    total = await session.scalar(select(func.count()).select_from(Product))
    statement = statement.order_by(Product.created_at.desc(), Product.id)
    found = await session.scalars(statement.offset((page - 1) * size).limit(size))
    return Page(items=[ProductOut.model_validate(item) for item in found], total=total or 0)


@app.post("/api/v1/products", status_code=201)
async def create_product(data: NewProduct, user: UserDep, session: SessionDep) -> ProductOut:
    product = Product(**data.model_dump(), owner_id=user.id)
    session.add(product)
    await session.flush()
    await session.refresh(product, ["owner"])
    await session.execute(select(func.pg_notify("product_changes", str(product.id))))
    return ProductOut.model_validate(product)


@app.get("/api/v1/products/{product_id}")
async def get_product(product_id: UUID, user: UserDep, session: SessionDep) -> ProductOut:
    options = [selectinload(Product.owner)]
    product = await session.get(Product, product_id, options=options)
    if product is None:
        raise HTTPException(404)
    return ProductOut.model_validate(product)
