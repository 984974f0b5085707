"""Queries about users."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.models.login_session import LoginSession
from app.models.user import User
from app.repositories.base import Repository


class UserRepository(Repository[User]):
    """Users by id, by email, by login session."""

    model = User

    async def get_by_email(self, email: str) -> User | None:
        """Find the account of an address."""
        found: User | None = await self.session.scalar(select(User).where(User.email == email))
        return found

    async def get_by_session(self, user_id: UUID, session_id: UUID, now: datetime) -> User | None:
        """Find who is logged in, in one query: the user, if the session is still good."""
        found: User | None = await self.session.scalar(
            select(User)
            .join(LoginSession, LoginSession.user_id == User.id)
            .where(
                User.id == user_id,
                LoginSession.id == session_id,
                LoginSession.revoked_at.is_(None),
                LoginSession.expires_at > now,
            )
        )
        return found

    async def list_page(self, skip: int, limit: int) -> tuple[Sequence[User], int]:
        """List all users, the newest first."""
        statement = select(User).order_by(User.created_at.desc(), User.id)
        return await self.page(statement, skip, limit)
