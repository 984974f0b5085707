"""Demo data for a laptop, and the way to the first administrator."""

import secrets

from app.config import Settings
from app.core.exceptions import NotFoundException
from app.database import Database
from app.dependencies import Resources, make_user_service
from app.models.product import Product
from app.models.user import User
from app.repositories.product import ProductRepository
from app.repositories.user import UserRepository
from app.schemas.user import UserCreate

PRODUCTS = {"Kettle": 3_900, "Teapot": 5_400, "Tea strainer": 700, "Cup": 1_200, "Saucer": 600}


async def seed(settings: Settings) -> list[str]:
    """Make an administrator, a user and their products; return what to log in with."""
    resources = Resources.build(settings)
    try:
        await resources.database.ensure_schema()
        return [
            await _seed_user(resources, "admin@example.com", is_superuser=True),
            await _seed_user(resources, "user@example.com", is_superuser=False),
        ]
    finally:
        await resources.database.dispose()


async def promote(settings: Settings, email: str) -> None:
    """Make an existing account an administrator."""
    database = Database(settings)
    try:
        async with database.transaction() as session:
            users = UserRepository(session)
            user = await users.get_by_email(email.lower())
            if user is None:
                raise NotFoundException(f"No account has the email {email}")
            await users.update(user, {"is_superuser": True})
    finally:
        await database.dispose()


async def _seed_user(resources: Resources, email: str, *, is_superuser: bool) -> str:
    """Register a user with a password that exists nowhere but in the line returned."""
    secret = secrets.token_urlsafe(12)
    async with resources.database.transaction() as session:
        if await UserRepository(session).get_by_email(email) is not None:
            return f"{email} exists already"
        registration = UserCreate(email=email, password=secret)
        user: User = await make_user_service(resources, session).register(registration)
        user.is_superuser = is_superuser
        for name, price in PRODUCTS.items():
            product = Product(name=name, description="", price_cents=price, owner_id=user.id)
            await ProductRepository(session).add(product)
    return f"{email} with password {secret}"
