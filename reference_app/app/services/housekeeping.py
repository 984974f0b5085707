"""Forgets what nobody needs any more, so that no table grows for ever."""

import asyncio
import logging
from datetime import timedelta

from app.core.clock import utcnow
from app.core.exceptions import AppException
from app.database import Database
from app.repositories.attempt import AttemptRepository
from app.repositories.login_session import LoginSessionRepository
from app.repositories.outbox import OutboxRepository

logger = logging.getLogger(__name__)

INTERVAL = timedelta(hours=1)
KEEP_ATTEMPTS = timedelta(days=1)
KEEP_SESSIONS = timedelta(days=7)
KEEP_MESSAGES = timedelta(days=30)


class Housekeeper:
    """Deletes old rows now and then. Several at once do no harm."""

    def __init__(self, database: Database) -> None:
        """Keep what to clean."""
        self._database = database

    async def run(self) -> None:
        """Clean for as long as the app runs."""
        while True:
            try:
                await self.clean()
            except AppException as exc:
                logger.warning("cleaning has to wait: %s", exc.detail)
            await asyncio.sleep(INTERVAL.total_seconds())

    async def clean(self) -> None:
        """Delete what is older than its keeping time."""
        now = utcnow()
        async with self._database.transaction() as session:
            await AttemptRepository(session).purge(now - KEEP_ATTEMPTS)
            await LoginSessionRepository(session).purge(now - KEEP_SESSIONS)
            await OutboxRepository(session).purge(now - KEEP_MESSAGES)
