"""The stream of changes, through a real server and a real client."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from app.api.v1.endpoints import stream
from app.config import Settings
from app.core.broker import Broker, SubscriptionEnded
from app.core.clock import utcnow
from app.core.feed import PostgresFeed
from app.dependencies import Resources
from app.main import create_app, running
from tests.factories import Account, Factory
from tests.servers import Postgres, serve

STREAM = "/api/v1/products/stream"


@pytest.fixture
async def feed(resources: Resources) -> AsyncIterator[None]:
    """Listen in the background, as the lifespan does."""
    async with running(resources.feed.run):
        await wait_for_listening(resources)
        yield


async def wait_for_listening(resources: Resources) -> None:
    if isinstance(resources.feed, PostgresFeed):
        await asyncio.wait_for(resources.feed.listening.wait(), 10)


@pytest.fixture
async def address(app: FastAPI, feed: None) -> AsyncIterator[str]:
    async with serve(app) as address:
        yield address


def open_stream(address: str, token: str, scheme: str = "bearer") -> connect:
    return connect(
        f"ws://{address}{STREAM}", subprotocols=[Subprotocol(scheme), Subprotocol(token)]
    )


async def subscribed(resources: Resources, count: int) -> None:
    """Wait until the server listens for that many clients."""
    while len(resources.feed.broker._subscriptions) != count:
        await asyncio.sleep(0.01)


async def receive(socket: ClientConnection) -> dict[str, object]:
    message: dict[str, object] = json.loads(await asyncio.wait_for(socket.recv(), 5))
    return message


async def test_changes_arrive_in_order(
    address: str, client: AsyncClient, account: Account, resources: Resources
) -> None:
    async with open_stream(address, account.access_token) as socket:
        assert socket.subprotocol == "bearer"
        await subscribed(resources, 1)
        await socket.send("what a client says is ignored")
        body = {"name": "Cup", "price_cents": 1}
        made = await client.post("/api/v1/products", headers=account.headers, json=body)
        url = f"/api/v1/products/{made.json()['id']}"
        for version in (1, 2):
            headers = {**account.headers, "If-Match": f'"{version}"'}
            await client.patch(url, headers=headers, json={"price_cents": version * 10})
        await client.delete(url, headers={**account.headers, "If-Match": '"3"'})
        events = [await receive(socket) for _ in range(4)]
    assert [event["type"] for event in events] == ["created", "updated", "updated", "deleted"]
    assert [event["version"] for event in events] == [1, 2, 3, 3]
    assert {event["product_id"] for event in events} == {made.json()["id"]}
    await asyncio.wait_for(subscribed(resources, 0), 5)


async def test_a_refused_change_is_not_announced(
    address: str, client: AsyncClient, account: Account, factory: Factory, resources: Resources
) -> None:
    product = await factory.product(account)
    async with open_stream(address, account.access_token) as socket:
        await subscribed(resources, 1)
        url = f"/api/v1/products/{product.id}"
        headers = {**account.headers, "If-Match": '"9"'}
        assert (await client.patch(url, headers=headers, json={"name": "x"})).status_code == 412
        await client.delete(url, headers={**account.headers, "If-Match": '"1"'})
        assert (await receive(socket))["type"] == "deleted"


@pytest.mark.parametrize("scheme", ["bearer", "basic"])
async def test_strangers_are_refused_before_the_socket_opens(address: str, scheme: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with open_stream(address, "rubbish", scheme):
            pass
    assert refused.value.response.status_code == 401
    assert refused.value.response.headers["content-type"] == "application/problem+json"


async def test_a_session_that_ended_is_refused(
    address: str, client: AsyncClient, account: Account
) -> None:
    await client.post("/api/v1/auth/logout", headers=account.headers)
    with pytest.raises(InvalidStatus) as refused:
        async with open_stream(address, account.access_token):
            pass
    assert refused.value.response.status_code == 401


async def test_the_stream_ends_with_its_token(
    address: str, account: Account, resources: Resources
) -> None:
    claims = resources.tokens.read("access", account.access_token)
    resources.tokens._lifetimes["access"] = timedelta(seconds=1.5)
    short = resources.tokens.sign("access", claims.user_id, claims.session_id)
    async with open_stream(address, short) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 5)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


async def test_a_slow_client_hurts_nobody(
    address: str, account: Account, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One client stops reading; the other gets every message, and the slow one is let go."""
    monkeypatch.setattr(stream, "SEND_TIMEOUT_SECONDS", 0.3)
    slow = await open_without_reading(address, account.access_token)
    async with open_stream(address, account.access_token) as quick:
        await subscribed(resources, 2)
        for _ in range(500):
            resources.feed.broker.publish("x" * 200_000)
            assert len(await asyncio.wait_for(quick.recv(), 5)) == 200_000
            if len(resources.feed.broker._subscriptions) == 1:
                break
        await asyncio.wait_for(subscribed(resources, 1), 5)
        resources.feed.broker.publish("still here")
        assert await asyncio.wait_for(quick.recv(), 5) == "still here"
    slow.close()


async def open_without_reading(address: str, token: str) -> socket.socket:
    """Shake hands, then never read again."""
    host, port = address.split(":")
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, (host, int(port)))
    request = (
        f"GET {STREAM} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: bearer, {token}\r\n\r\n"
    )
    await loop.sock_sendall(client, request.encode())
    assert (await loop.sock_recv(client, 20)).startswith(b"HTTP/1.1 101")
    return client


async def test_a_full_queue_ends_the_subscription() -> None:
    broker = Broker(queue_size=2)
    with broker.subscribe() as slow, broker.subscribe() as quick:
        for number in range(4):
            broker.publish(str(number))
            assert await quick.next() == str(number)
        with pytest.raises(SubscriptionEnded):
            await slow.next()
        broker.end_all()
        with pytest.raises(SubscriptionEnded):
            await quick.next()


async def test_who_missed_something_is_sent_away(
    address: str, account: Account, resources: Resources
) -> None:
    async with open_stream(address, account.access_token) as socket:
        await subscribed(resources, 1)
        resources.feed.broker.end_all()
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 5)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1013


async def test_changes_cross_processes(
    backend: str, settings: Settings, resources: Resources, account: Account, feed: None
) -> None:
    """Two apps on one PostgreSQL: what changes through one is heard through the other."""
    if backend == "sqlite":
        pytest.skip("SQLite serves one process")
    other = create_app(settings)
    other_resources: Resources = other.state.resources
    async with running(other_resources.feed.run):
        await wait_for_listening(other_resources)
        with resources.feed.broker.subscribe() as subscription:
            await other_resources.feed.publish("hello")
            assert await asyncio.wait_for(subscription.next(), 5) == "hello"
    await other_resources.database.dispose()


async def test_listening_survives_a_lost_connection(
    backend: str, resources: Resources, postgres: Postgres, feed: None
) -> None:
    if backend == "sqlite":
        pytest.skip("SQLite has no connection to lose")
    assert isinstance(resources.feed, PostgresFeed)
    resources.feed._retry_seconds = 0.05
    with resources.feed.broker.subscribe() as subscription:
        await postgres.kill_connections("test")
        with pytest.raises(SubscriptionEnded):
            await asyncio.wait_for(subscription.next(), 5)
    deadline = utcnow() + timedelta(seconds=10)
    while not resources.feed.listening.is_set():
        assert utcnow() < deadline
        await asyncio.sleep(0.02)
    with resources.feed.broker.subscribe() as subscription:
        await resources.feed.publish("again")
        assert await asyncio.wait_for(subscription.next(), 5) == "again"
