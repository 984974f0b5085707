"""What endpoints ask for: the session of the request, and the services built on it.

Everything that lives as long as the app hangs on `app.state` and is put there in `app.main`.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import BackgroundTasks, Depends
from fastapi.requests import HTTPConnection
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import Settings
from app.core.feed import Feed, MemoryFeed, PostgresFeed
from app.core.mail import Mailer, make_mailer
from app.core.security import PasswordHasher, TokenSigner
from app.database import Database
from app.repositories.attempt import AttemptRepository
from app.repositories.login_session import LoginSessionRepository
from app.repositories.outbox import OutboxRepository
from app.repositories.product import ProductRepository
from app.repositories.user import UserRepository
from app.services.attempt import AttemptLimits, AttemptService
from app.services.auth import AuthService
from app.services.outbox import OutboxService
from app.services.product import ProductService
from app.services.user import UserService


@dataclass(frozen=True)
class Resources:
    """What one running app shares between its requests."""

    settings: Settings
    database: Database
    feed: Feed
    mailer: Mailer
    passwords: PasswordHasher
    tokens: TokenSigner

    @classmethod
    def build(cls, settings: Settings) -> "Resources":
        """Make everything that the settings describe; nothing connects yet."""
        database = Database(settings)
        return cls(
            settings=settings,
            database=database,
            feed=MemoryFeed() if settings.uses_sqlite else PostgresFeed(database.engine),
            mailer=make_mailer(settings),
            passwords=PasswordHasher(settings.BCRYPT_ROUNDS),
            tokens=TokenSigner(
                settings.signing_key,
                access=timedelta(minutes=settings.ACCESS_TOKEN_EXPIRE_MINUTES),
                refresh=timedelta(days=settings.REFRESH_TOKEN_EXPIRE_DAYS),
            ),
        )


async def get_resources(connection: HTTPConnection) -> Resources:
    """Find them, for a request and for a WebSocket alike."""
    resources: Resources = connection.app.state.resources
    return resources


ResourcesDep = Annotated[Resources, Depends(get_resources)]


async def get_db(resources: ResourcesDep) -> AsyncIterator[AsyncSession]:
    """Give a request its unit of work: commit at the end, roll back on any error, close always."""
    async with resources.database.transaction() as session:
        yield session


# "function": the commit happens before the answer leaves, so a client is never told of a success
# that fails afterwards, and no connection waits for a slow reader.
SessionDep = Annotated[AsyncSession, Depends(get_db, scope="function")]


def make_attempt_service(resources: Resources, session: AsyncSession) -> AttemptService:
    """Build the service on any session."""
    settings = resources.settings
    limits = AttemptLimits(
        per_account=settings.ATTEMPTS_PER_ACCOUNT,
        per_address=settings.ATTEMPTS_PER_ADDRESS,
        window=timedelta(seconds=settings.ATTEMPTS_WINDOW_SECONDS),
    )
    return AttemptService(AttemptRepository(session), limits)


def make_auth_service(resources: Resources, session: AsyncSession) -> AuthService:
    """Build the service on any session."""
    return AuthService(
        users=UserRepository(session),
        sessions=LoginSessionRepository(session),
        passwords=resources.passwords,
        tokens=resources.tokens,
    )


def make_user_service(resources: Resources, session: AsyncSession) -> UserService:
    """Build the service on any session."""
    return UserService(
        users=UserRepository(session),
        sessions=LoginSessionRepository(session),
        outbox=OutboxService(OutboxRepository(session)),
        passwords=resources.passwords,
    )


async def get_attempt_service(resources: ResourcesDep, session: SessionDep) -> AttemptService:
    """Provide the attempts of this request's unit of work."""
    return make_attempt_service(resources, session)


async def get_auth_service(resources: ResourcesDep, session: SessionDep) -> AuthService:
    """Provide authentication in this request's unit of work."""
    return make_auth_service(resources, session)


async def get_user_service(resources: ResourcesDep, session: SessionDep) -> UserService:
    """Provide accounts in this request's unit of work."""
    return make_user_service(resources, session)


async def get_product_service(
    resources: ResourcesDep, session: SessionDep, background: BackgroundTasks
) -> ProductService:
    """Provide products in this request's unit of work."""
    return ProductService(ProductRepository(session), background, resources.feed)


AttemptServiceDep = Annotated[AttemptService, Depends(get_attempt_service)]
AuthServiceDep = Annotated[AuthService, Depends(get_auth_service)]
UserServiceDep = Annotated[UserService, Depends(get_user_service)]
ProductServiceDep = Annotated[ProductService, Depends(get_product_service)]
