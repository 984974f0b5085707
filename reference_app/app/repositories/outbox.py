"""Queries about the outbox."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update

from app.models.outbox import OutboxMessage
from app.repositories.base import Repository


class OutboxRepository(Repository[OutboxMessage]):
    """Messages: written, claimed, settled."""

    model = OutboxMessage

    async def claim(
        self, now: datetime, lease: timedelta, max_attempts: int
    ) -> OutboxMessage | None:
        """Take the next message that is due, for as long as the lease lasts.

        `SKIP LOCKED` lets several workers take different messages without waiting for each other.
        A worker that dies needs no cleaning up: the lease runs out and the message is due again.
        """
        due = (
            select(OutboxMessage.id)
            .where(
                OutboxMessage.delivered_at.is_(None),
                OutboxMessage.available_at <= now,
                OutboxMessage.attempts < max_attempts,
            )
            .order_by(OutboxMessage.available_at)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        claimed: OutboxMessage | None = await self.session.scalar(
            update(OutboxMessage)
            .where(OutboxMessage.id == due)
            .values(available_at=now + lease, attempts=OutboxMessage.attempts + 1)
            .returning(OutboxMessage)
            .execution_options(synchronize_session=False)
        )
        return claimed

    async def mark_delivered(self, message_id: UUID, now: datetime) -> None:
        """Note that it is done."""
        await self.session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id == message_id)
            .values(delivered_at=now, last_error=None)
        )

    async def mark_failed(self, message_id: UUID, error: str, retry_at: datetime) -> None:
        """Note what went wrong and when to try again."""
        await self.session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id == message_id)
            .values(available_at=retry_at, last_error=error)
        )

    async def purge(self, before: datetime) -> None:
        """Forget what was delivered long ago."""
        await self.session.execute(delete(OutboxMessage).where(OutboxMessage.delivered_at < before))
