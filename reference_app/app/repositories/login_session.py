"""Queries about login sessions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, update

from app.models.login_session import LoginSession
from app.repositories.base import Repository


class LoginSessionRepository(Repository[LoginSession]):
    """Login sessions: opened, rotated, revoked."""

    model = LoginSession

    async def rotate(
        self, session_id: UUID, old: UUID, new: UUID, now: datetime, expires_at: datetime
    ) -> bool:
        """Replace the refresh token, if `old` is the one that is good now.

        One statement decides: of two requests with the same token, one finds nothing to replace.
        """
        rotated = await self.session.scalar(
            update(LoginSession)
            .where(
                LoginSession.id == session_id,
                LoginSession.refresh_token_id == old,
                LoginSession.revoked_at.is_(None),
                LoginSession.expires_at > now,
            )
            .values(refresh_token_id=new, expires_at=expires_at)
            .returning(LoginSession.id)
        )
        return rotated is not None

    async def revoke(self, session_id: UUID, now: datetime) -> None:
        """End one session."""
        await self.session.execute(
            update(LoginSession).where(LoginSession.id == session_id).values(revoked_at=now)
        )

    async def revoke_all(self, user_id: UUID, now: datetime, keep: UUID | None = None) -> None:
        """End all sessions of a user, perhaps but for the one that asks for it."""
        await self.session.execute(
            update(LoginSession)
            .where(LoginSession.user_id == user_id, LoginSession.id.is_distinct_from(keep))
            .values(revoked_at=now)
        )

    async def purge(self, before: datetime) -> None:
        """Forget sessions that ended long ago."""
        await self.session.execute(delete(LoginSession).where(LoginSession.expires_at < before))
