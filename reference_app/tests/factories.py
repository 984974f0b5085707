"""Objects for tests: each is valid, each is different, a test names only what it is about."""

from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import update

from app.core.clock import utcnow
from app.dependencies import Resources, make_auth_service
from app.models import OutboxMessage, Product, User

PASSWORD = "correct horse battery"
_numbers = count(1)


@dataclass(frozen=True)
class Account:
    """A user that is logged in."""

    id: UUID
    email: str
    access_token: str
    refresh_token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}


class Factory:
    """Writes to the database of the app under test, past its API."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def user(self, **values: Any) -> User:
        number = next(_numbers)
        defaults = {
            "email": f"user{number}@example.com",
            "hashed_password": await self._resources.passwords.hash(PASSWORD),
            "first_name": f"First{number}",
        }
        user = User(**{**defaults, **values})
        async with self._resources.database.transaction() as session:
            session.add(user)
        return user

    async def account(self, **values: Any) -> Account:
        user = await self.user(**{**values, "is_active": True})
        async with self._resources.database.transaction() as session:
            pair = await make_auth_service(self._resources, session).login(user.email, PASSWORD)
        if values.get("is_active") is False:
            async with self._resources.database.transaction() as session:
                await session.execute(
                    update(User).where(User.id == user.id).values(is_active=False)
                )
        return Account(user.id, user.email, pair.access_token, pair.refresh_token)

    async def product(self, owner: Account, **values: Any) -> Product:
        number = next(_numbers)
        defaults = {"name": f"Product {number}", "description": "", "price_cents": number}
        product = Product(**{**defaults, **values}, owner_id=owner.id)
        async with self._resources.database.transaction() as session:
            session.add(product)
        return product

    async def message(self, **values: Any) -> OutboxMessage:
        payload = {"to": f"user{next(_numbers)}@example.com", "subject": "Hello", "text": "Hello"}
        defaults = {"kind": "mail", "payload": payload, "available_at": utcnow()}
        message = OutboxMessage(**{**defaults, **values})
        async with self._resources.database.transaction() as session:
            session.add(message)
        return message
