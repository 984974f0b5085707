"""Accounts and who may touch them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.core.clock import utcnow
from app.core.exceptions import ConflictException, ForbiddenException, NotFoundException
from app.core.mail import Mail
from app.core.security import Claims, PasswordHasher
from app.models.user import User
from app.repositories.login_session import LoginSessionRepository
from app.repositories.user import UserRepository
from app.schemas.page import PageQuery
from app.schemas.user import UserCreate, UserUpdate
from app.services.outbox import OutboxService

EMAIL_TAKEN = "This email is in use"


class UserService:
    """Registers, shows, changes and removes accounts."""

    def __init__(
        self,
        users: UserRepository,
        sessions: LoginSessionRepository,
        outbox: OutboxService,
        passwords: PasswordHasher,
    ) -> None:
        """Keep what the work needs."""
        self._users = users
        self._sessions = sessions
        self._outbox = outbox
        self._passwords = passwords

    async def register(self, data: UserCreate) -> User:
        """Make an account, and promise its welcome mail in the same transaction.

        The unique index decides about the email: to look first would let two at once pass.
        """
        user = User(
            **data.model_dump(exclude={"password"}),
            hashed_password=await self._passwords.hash(data.password),
        )
        try:
            await self._users.add(user)
        except IntegrityError as exc:
            raise ConflictException(EMAIL_TAKEN) from exc
        await self._outbox.promise(
            Mail(to=user.email, subject="Welcome", text="Your account is ready.")
        )
        return user

    async def list_page(self, query: PageQuery) -> tuple[Sequence[User], int]:
        """List accounts."""
        return await self._users.list_page(query.skip, query.size)

    async def get(self, user_id: UUID, actor: User) -> User:
        """Show an account to its owner or to an administrator."""
        self._require_access(user_id, actor)
        user = await self._users.get(user_id)
        if user is None:
            raise NotFoundException("No such user")
        return user

    async def update(self, user_id: UUID, data: UserUpdate, actor: User, claims: Claims) -> User:
        """Change what was sent. A new password ends all other sessions of the account."""
        user = await self.get(user_id, actor)
        values = data.model_dump(exclude_unset=True, exclude={"password"})
        if "password" in data.model_fields_set:
            values["hashed_password"] = await self._passwords.hash(data.password)
            await self._sessions.revoke_all(user.id, utcnow(), keep=claims.session_id)
        try:
            return await self._users.update(user, values)
        except IntegrityError as exc:
            raise ConflictException(EMAIL_TAKEN) from exc

    async def deactivate(self, user_id: UUID, actor: User) -> User:
        """Lock an account and end its sessions; its data stays."""
        user = await self.get(user_id, actor)
        self._refuse_last_administrator(user)
        await self._sessions.revoke_all(user.id, utcnow())
        return await self._users.update(user, {"is_active": False})

    async def delete(self, user_id: UUID, actor: User) -> None:
        """Remove an account and all that belongs to it."""
        user = await self.get(user_id, actor)
        self._refuse_last_administrator(user)
        await self._users.delete(user)

    @staticmethod
    def _require_access(user_id: UUID, actor: User) -> None:
        """Refuse before looking, so that nobody learns which ids exist."""
        if user_id != actor.id and not actor.is_superuser:
            raise ForbiddenException

    @staticmethod
    def _refuse_last_administrator(user: User) -> None:
        if user.is_superuser:
            raise ConflictException("An administrator cannot be removed")
