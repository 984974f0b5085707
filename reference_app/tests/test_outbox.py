"""Promises: kept once, tried again, never forgotten."""

import asyncio
from collections import Counter
from datetime import timedelta
from email import message_from_bytes
from email.message import Message

import pytest
from sqlalchemy import func, select

from app.core.clock import utcnow
from app.core.mail import LogMailer, Mail, SmtpMailer, make_mailer
from app.database import Database
from app.dependencies import Resources
from app.main import running
from app.models import Attempt, LoginSession, OutboxMessage
from app.services.housekeeping import Housekeeper
from app.services.outbox import OutboxPolicy, OutboxWorker
from tests.conftest import make_settings
from tests.factories import Account, Factory

NOW = timedelta(0)
QUICK = OutboxPolicy(
    poll=timedelta(seconds=0.01), first_retry=NOW, delivery_timeout=timedelta(seconds=0.2)
)


class Mailbox:
    """A mailer that keeps what it gets, and refuses the first `failures` times."""

    def __init__(self, failures: int = 0, delay: float = 0) -> None:
        self.received: list[str] = []
        self._failures = failures
        self._delay = delay

    async def send(self, mail: Mail) -> None:
        await asyncio.sleep(self._delay)
        if self._failures:
            self._failures -= 1
            raise ConnectionRefusedError("no mail server")
        self.received.append(mail.to)


async def stored(database: Database) -> list[OutboxMessage]:
    async with database.transaction() as session:
        return list((await session.scalars(select(OutboxMessage))).all())


async def test_delivers_and_remembers(resources: Resources, factory: Factory) -> None:
    message = await factory.message()
    mailbox = Mailbox()
    worker = OutboxWorker(resources.database, mailbox)
    assert await worker.work_once()
    assert not await worker.work_once()
    assert mailbox.received == [message.payload["to"]]
    (after,) = await stored(resources.database)
    assert after.delivered_at is not None
    assert after.attempts == 1


async def test_waits_longer_after_each_failure(resources: Resources, factory: Factory) -> None:
    await factory.message()
    worker = OutboxWorker(resources.database, Mailbox(failures=1))
    assert await worker.work_once()
    (after,) = await stored(resources.database)
    assert after.delivered_at is None
    assert after.last_error is not None
    assert "no mail server" in after.last_error
    assert after.available_at > utcnow() + timedelta(seconds=1)
    assert not await worker.work_once()
    policy = OutboxPolicy()
    assert [policy.retry_after(n).total_seconds() for n in (1, 2, 3, 4)] == [2, 4, 8, 16]


async def test_a_slow_mailer_is_a_failure(resources: Resources, factory: Factory) -> None:
    await factory.message()
    assert await OutboxWorker(resources.database, Mailbox(delay=5), QUICK).work_once()
    (after,) = await stored(resources.database)
    assert after.delivered_at is None
    assert after.last_error is not None
    assert "Timeout" in after.last_error


async def test_gives_up_loudly(
    resources: Resources, factory: Factory, caplog: pytest.LogCaptureFixture
) -> None:
    await factory.message()
    mailbox = Mailbox(failures=100)
    worker = OutboxWorker(resources.database, mailbox, QUICK)
    tries = 0
    while await worker.work_once():
        tries += 1
    assert tries == QUICK.max_attempts
    assert [record.levelname for record in caplog.records].count("ERROR") == 1


async def test_a_worker_that_died_is_replaced(resources: Resources, factory: Factory) -> None:
    """It took the message and was never heard of again: its lease runs out."""
    await factory.message(attempts=1, available_at=utcnow() + timedelta(seconds=0.2))
    mailbox = Mailbox()
    worker = OutboxWorker(resources.database, mailbox)
    assert not await worker.work_once()
    await asyncio.sleep(0.25)
    assert await worker.work_once()
    assert len(mailbox.received) == 1


async def test_two_workers_deliver_once_each(resources: Resources, factory: Factory) -> None:
    expected = {(await factory.message()).payload["to"] for _ in range(20)}
    mailbox = Mailbox(delay=0.005)
    second = Database(resources.settings)
    workers = [OutboxWorker(resources.database, mailbox), OutboxWorker(second, mailbox)]
    done = Counter[int]()

    async def drain(number: int) -> None:
        while await workers[number].work_once():
            done[number] += 1

    await asyncio.gather(drain(0), drain(1))
    await second.dispose()
    assert Counter(mailbox.received) == dict.fromkeys(expected, 1)
    assert sum(done.values()) == 20
    assert min(done[0], done[1]) > 0


async def test_the_loop_works_and_survives_the_database(
    resources: Resources, factory: Factory, caplog: pytest.LogCaptureFixture
) -> None:
    away = Database(make_settings("postgresql+asyncpg://nobody@127.0.0.1:1/none"))
    mailbox = Mailbox()
    await factory.message()
    async with running(
        OutboxWorker(away, mailbox, QUICK).run,
        OutboxWorker(resources.database, mailbox, QUICK).run,
        Housekeeper(away).run,
    ):
        while not mailbox.received or "cleaning has to wait" not in caplog.text:
            await asyncio.sleep(0.01)
        while "the outbox has to wait" not in caplog.text:
            await asyncio.sleep(0.01)
    await away.dispose()
    assert len(mailbox.received) == 1


async def test_housekeeping(resources: Resources, factory: Factory, account: Account) -> None:
    past = utcnow() - timedelta(days=365)
    await factory.message(delivered_at=past)
    waiting = await factory.message(available_at=past)
    async with resources.database.transaction() as session:
        session.add(Attempt(key="address:old", count=1, started_at=past))
        session.add(LoginSession(user_id=account.id, refresh_token_id=waiting.id, expires_at=past))
    await Housekeeper(resources.database).clean()
    async with resources.database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Attempt)) == 0
        assert await session.scalar(select(func.count()).select_from(LoginSession)) == 1
    assert [message.id for message in await stored(resources.database)] == [waiting.id]


async def test_smtp() -> None:
    """A mail server of ten lines says what arrives."""
    received: list[Message] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 test\r\n")
        while line := await reader.readline():
            command = line[:4].upper()
            if command == b"DATA":
                writer.write(b"354 go on\r\n")
                received.append(message_from_bytes(await reader.readuntil(b"\r\n.\r\n")))
            writer.write(b"221 bye\r\n" if command == b"QUIT" else b"250 ok\r\n")
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    async with server:
        mail = Mail(to="you@example.com", subject="Hello", text="Hello you")
        await SmtpMailer("127.0.0.1", port, "me@example.com").send(mail)
    assert len(received) == 1
    assert received[0]["To"] == "you@example.com"
    assert received[0]["Subject"] == "Hello"


async def test_choice_of_mailer() -> None:
    url = "sqlite+aiosqlite:///unused.db"
    assert isinstance(make_mailer(make_settings(url)), LogMailer)
    assert isinstance(make_mailer(make_settings(url, SMTP_HOST="mail")), SmtpMailer)


async def test_log_mailer(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    await LogMailer().send(Mail(to="you@example.com", subject="Hello", text="secret link"))
    assert "you@example.com" in caplog.text
    assert "secret link" not in caplog.text
