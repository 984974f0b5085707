"""Hands messages to everybody who listens in this process."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class SubscriptionEnded(Exception):  # noqa: N818 (it is news, not an error)
    """The subscriber has missed messages and should start anew."""


class Subscription:
    """One listener and what waits for it."""

    def __init__(self, size: int) -> None:
        """Prepare room for `size` messages."""
        self._queue: asyncio.Queue[str | None] = asyncio.Queue(size)
        self._ended = False

    def offer(self, message: str) -> None:
        """Queue a message; if there is no room, end instead of making anybody wait."""
        if self._ended:
            return
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        """Throw away what waits, and wake the listener to tell it."""
        if self._ended:
            return
        self._ended = True
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    async def next(self) -> str:
        """Wait for the next message."""
        message = await self._queue.get()
        if message is None:
            raise SubscriptionEnded
        return message


class Broker:
    """Fans out. Publishing never waits: a slow listener loses its place, nobody else notices."""

    def __init__(self, queue_size: int = 100) -> None:
        """Begin with no listener."""
        self._queue_size = queue_size
        self._subscriptions: set[Subscription] = set()

    @contextmanager
    def subscribe(self) -> Iterator[Subscription]:
        """Listen until the block ends."""
        subscription = Subscription(self._queue_size)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def publish(self, message: str) -> None:
        """Offer a message to every listener."""
        for subscription in tuple(self._subscriptions):
            subscription.offer(message)

    def end_all(self) -> None:
        """Tell every listener that messages may have been missed."""
        for subscription in tuple(self._subscriptions):
            subscription.end()
