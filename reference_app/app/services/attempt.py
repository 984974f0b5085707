"""How often somebody may guess."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from app.core.clock import utcnow
from app.core.exceptions import TooManyRequestsException
from app.repositories.attempt import AttemptRepository


@dataclass(frozen=True)
class AttemptLimits:
    """How many attempts one window allows."""

    per_account: int
    per_address: int
    window: timedelta


def account_key(email: str) -> str:
    """Name an account's counter; a digest fits whatever was typed."""
    return "account:" + hashlib.sha256(email.lower().encode(errors="replace")).hexdigest()


def address_key(address: str) -> str:
    """Name an address's counter."""
    return f"address:{address}"


class AttemptService:
    """Counts attempts before they are judged, and takes back those that were right."""

    def __init__(self, attempts: AttemptRepository, limits: AttemptLimits) -> None:
        """Keep the counters and their limits."""
        self._attempts = attempts
        self._limits = limits

    async def count_account(self, email: str) -> None:
        """Count for the account that somebody wants to enter."""
        await self._count(account_key(email), self._limits.per_account)

    async def count_address(self, address: str) -> None:
        """Count for where the request comes from."""
        await self._count(address_key(address), self._limits.per_address)

    async def succeed(self, email: str, address: str) -> None:
        """Give the address this one attempt back; forget the account's failures.

        First the address, then the account, as when counting: who locks rows in two orders has
        deadlocks.
        """
        await self._attempts.decrement(address_key(address))
        await self._attempts.reset(account_key(email))

    async def _count(self, key: str, limit: int) -> None:
        now = utcnow()
        if await self._attempts.increment(key, now, now - self._limits.window) > limit:
            raise TooManyRequestsException(int(self._limits.window.total_seconds()))
