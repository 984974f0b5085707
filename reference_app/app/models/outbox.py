"""Messages that must not get lost."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, IdMixin, TimestampMixin, UtcDateTime


class OutboxMessage(IdMixin, TimestampMixin, Base):
    """A promise to do something, written in the transaction that makes it necessary.

    `available_at` is when a worker may take it: at once, after the wait of a retry, or when the
    worker that took it has been silent for too long.
    """

    __tablename__ = "outbox_messages"
    __table_args__ = (Index(None, "delivered_at", "available_at"),)

    kind: Mapped[str] = mapped_column(String(50))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    attempts: Mapped[int] = mapped_column(default=0)
    available_at: Mapped[datetime] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
