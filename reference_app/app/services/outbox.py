"""Promises that are kept: written with the data, kept by a worker, tried again until done."""

import asyncio
import logging
import smtplib
from dataclasses import asdict, dataclass
from datetime import timedelta

import anyio

from app.core.clock import utcnow
from app.core.exceptions import AppException
from app.core.mail import Mail, Mailer
from app.database import Database
from app.models.outbox import OutboxMessage
from app.repositories.outbox import OutboxRepository

logger = logging.getLogger(__name__)


class OutboxService:
    """The writing end."""

    def __init__(self, messages: OutboxRepository) -> None:
        """Keep the table of the present transaction."""
        self._messages = messages

    async def promise(self, mail: Mail) -> None:
        """Promise a mail: if the transaction fails, so does the promise, and the reverse."""
        await self._messages.add(
            OutboxMessage(kind="mail", payload=asdict(mail), available_at=utcnow())
        )


@dataclass(frozen=True)
class OutboxPolicy:
    """How patient the worker is. The lease outlasts the delivery, or two would deliver."""

    poll: timedelta = timedelta(seconds=1)
    delivery_timeout: timedelta = timedelta(seconds=30)
    lease: timedelta = timedelta(seconds=60)
    first_retry: timedelta = timedelta(seconds=2)
    max_attempts: int = 10

    def retry_after(self, attempts: int) -> timedelta:
        """Wait twice as long after each failure."""
        return self.first_retry * int(2 ** (attempts - 1))


class OutboxWorker:
    """The working end: one per process, and any number of processes.

    Delivery happens between two short transactions, so a slow mail server holds no lock. A crash
    between delivery and its note means a second delivery: at least once is what can be promised.
    """

    def __init__(
        self, database: Database, mailer: Mailer, policy: OutboxPolicy | None = None
    ) -> None:
        """Keep where the messages are and how they go out."""
        self._database = database
        self._mailer = mailer
        self._policy = policy or OutboxPolicy()

    async def run(self) -> None:
        """Work for as long as the app runs; while the database is away, wait for it."""
        while True:
            try:
                while await self.work_once():
                    pass
            except AppException as exc:
                logger.warning("the outbox has to wait: %s", exc.detail)
            await asyncio.sleep(self._policy.poll.total_seconds())

    async def work_once(self) -> bool:
        """Take one message and deliver it; say whether there was one."""
        async with self._database.transaction() as session:
            message = await OutboxRepository(session).claim(
                utcnow(), self._policy.lease, self._policy.max_attempts
            )
        if message is None:
            return False
        error = await self._deliver(message)
        async with self._database.transaction() as session:
            messages = OutboxRepository(session)
            if error is None:
                await messages.mark_delivered(message.id, utcnow())
            else:
                retry_at = utcnow() + self._policy.retry_after(message.attempts)
                await messages.mark_failed(message.id, error, retry_at)
        return True

    async def _deliver(self, message: OutboxMessage) -> str | None:
        """Try; return what went wrong, or nothing."""
        try:
            with anyio.fail_after(self._policy.delivery_timeout.total_seconds()):
                await self._mailer.send(Mail(**message.payload))
        except (smtplib.SMTPException, OSError, TypeError, ValueError) as exc:
            last = message.attempts >= self._policy.max_attempts
            logger.log(
                logging.ERROR if last else logging.WARNING,
                "message %s failed at attempt %d",
                message.id,
                message.attempts,
                exc_info=exc,
            )
            return repr(exc)
        return None
