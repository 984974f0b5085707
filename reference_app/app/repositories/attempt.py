"""Queries about login attempts."""

from datetime import datetime

from sqlalchemy import case, delete, update

from app.models.attempt import Attempt
from app.repositories.base import BaseRepository


class AttemptRepository(BaseRepository):
    """Counters that stay right when many requests count at once."""

    async def increment(self, key: str, now: datetime, window_start: datetime) -> int:
        """Count one attempt and return the new count; a window that has passed starts again.

        It is one statement, so a burst of requests cannot slip through between read and write.
        """
        is_old = Attempt.started_at < window_start
        statement = (
            self.upsert(Attempt)
            .values(key=key, count=1, started_at=now)
            .on_conflict_do_update(
                index_elements=[Attempt.key],
                set_={
                    "count": case((is_old, 1), else_=Attempt.count + 1),
                    "started_at": case((is_old, now), else_=Attempt.started_at),
                },
            )
            .returning(Attempt.count)
        )
        count: int = (await self.session.scalars(statement)).one()
        return count

    async def decrement(self, key: str) -> None:
        """Take one attempt back."""
        await self.session.execute(
            update(Attempt)
            .where(Attempt.key == key, Attempt.count > 0)
            .values(count=Attempt.count - 1)
        )

    async def reset(self, key: str) -> None:
        """Forget all attempts."""
        await self.session.execute(delete(Attempt).where(Attempt.key == key))

    async def purge(self, before: datetime) -> None:
        """Forget windows that have passed."""
        await self.session.execute(delete(Attempt).where(Attempt.started_at < before))
