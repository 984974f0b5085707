"""Attacks, and that they fail."""

import asyncio
import base64
import json
import statistics
import time
from datetime import timedelta
from uuid import uuid4

import jwt
import pytest
from httpx import AsyncClient

from app.core.clock import utcnow
from app.core.security import PasswordHasher
from app.dependencies import Resources
from app.models import Attempt, User
from app.services.attempt import account_key
from tests.conftest import SECRET
from tests.factories import PASSWORD, Account, Factory

ME = "/api/v1/users/me"
LOGIN = "/api/v1/auth/login"


def claims(account: Account, **values: object) -> dict[str, object]:
    real = jwt.decode(account.access_token, options={"verify_signature": False})
    return {**real, **values}


def unsigned(payload: dict[str, object]) -> str:
    def part(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(payload)}."


def forgeries(account: Account) -> dict[str, str]:
    good = claims(account)
    head, body, signature = account.access_token.split(".")
    without = {name: value for name, value in good.items() if name != "exp"}
    return {
        "algorithm none": unsigned(good),
        "another key": jwt.encode(good, "another key that is long enough to sign", "HS256"),
        "another algorithm": jwt.encode(good, SECRET * 2, "HS512"),
        "pinned algorithm only": jwt.encode(good, SECRET, "HS384"),
        "expired": jwt.encode({**good, "exp": utcnow() - timedelta(seconds=1)}, SECRET, "HS256"),
        "no end": jwt.encode(without, SECRET, "HS256"),
        "wrong type": account.refresh_token,
        "another user": jwt.encode({**good, "sub": str(uuid4())}, SECRET, "HS256"),
        "another session": jwt.encode({**good, "sid": str(uuid4())}, SECRET, "HS256"),
        "no uuid": jwt.encode({**good, "sub": "1 OR 1=1"}, SECRET, "HS256"),
        "cut signature": f"{head}.{body}.{signature[:-4]}",
        "no signature": f"{head}.{body}.",
        "rubbish": "rubbish",
        "empty": "",
    }


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_forged_tokens(client: AsyncClient, account: Account) -> None:
    answers = {
        name: await client.get(ME, headers={"Authorization": f"Bearer {token}"})
        for name, token in forgeries(account).items()
    }
    statuses = {name: answer.status_code for name, answer in answers.items()}
    assert statuses == dict.fromkeys(statuses, 401)
    for answer in answers.values():
        assert answer.headers["www-authenticate"] == "Bearer"
    assert (await client.get(ME, headers=account.headers)).status_code == 200


async def test_an_access_token_does_not_refresh(client: AsyncClient, account: Account) -> None:
    body = {"refresh_token": account.access_token}
    assert (await client.post("/api/v1/auth/refresh", json=body)).status_code == 401


async def test_another_scheme(client: AsyncClient, account: Account) -> None:
    headers = {"Authorization": f"Basic {account.access_token}"}
    assert (await client.get(ME, headers=headers)).status_code == 401


async def test_unknown_user_and_wrong_password_read_the_same(
    client: AsyncClient, account: Account
) -> None:
    wrong = await client.post(LOGIN, data={"username": account.email, "password": "wrong"})
    for name in ("nobody@example.com", "no address", "\x00", "' OR 1=1 --"):
        unknown = await client.post(LOGIN, data={"username": name, "password": "wrong"})
        assert unknown.status_code == wrong.status_code == 401
        same = {**wrong.json(), "request_id": unknown.json()["request_id"]}
        assert unknown.json() == same


async def test_unknown_user_and_wrong_password_take_the_same_time() -> None:
    """With a cost at which the hash is nearly all of a login, as in production."""
    passwords = PasswordHasher(rounds=10)
    stored = await passwords.hash(PASSWORD)

    async def seconds(hashed: str | None) -> float:
        times = []
        for _ in range(5):
            started = time.perf_counter()
            assert not await passwords.verify("wrong", hashed)
            times.append(time.perf_counter() - started)
        return statistics.median(times)

    assert 0.5 < await seconds(stored) / await seconds(None) < 2


async def test_no_password_opens_an_account_that_does_not_exist() -> None:
    assert not await PasswordHasher(rounds=4).verify("", None)


async def test_attempts_per_account(
    client: AsyncClient, account: Account, resources: Resources, factory: Factory
) -> None:
    limit = resources.settings.ATTEMPTS_PER_ACCOUNT
    wrong = {"username": account.email, "password": "wrong"}
    statuses = [(await client.post(LOGIN, data=wrong)).status_code for _ in range(limit + 1)]
    assert statuses == [401] * limit + [429]
    right = {"username": account.email.upper(), "password": PASSWORD}
    blocked = await client.post(LOGIN, data=right)
    assert blocked.status_code == 429
    assert int(blocked.headers["retry-after"]) > 0
    other = await factory.account()
    allowed = await client.post(LOGIN, data={"username": other.email, "password": PASSWORD})
    assert allowed.status_code == 200


async def test_success_forgets_failures(
    client: AsyncClient, account: Account, resources: Resources
) -> None:
    limit = resources.settings.ATTEMPTS_PER_ACCOUNT
    for _ in range(2):
        for _ in range(limit - 1):
            wrong = {"username": account.email, "password": "wrong"}
            assert (await client.post(LOGIN, data=wrong)).status_code == 401
        right = {"username": account.email, "password": PASSWORD}
        assert (await client.post(LOGIN, data=right)).status_code == 200


async def test_attempts_at_once_are_all_counted(
    client: AsyncClient, account: Account, resources: Resources
) -> None:
    limit = resources.settings.ATTEMPTS_PER_ACCOUNT
    wrong = {"username": account.email, "password": "wrong"}
    answers = await asyncio.gather(*(client.post(LOGIN, data=wrong) for _ in range(limit + 5)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [401] * limit + [429] * 5


async def test_attempts_per_address(client: AsyncClient, resources: Resources) -> None:
    limit = resources.settings.ATTEMPTS_PER_ADDRESS
    async with resources.database.transaction() as session:
        session.add(Attempt(key="address:127.0.0.1", count=limit - 1, started_at=utcnow()))
    wrong = [{"username": f"user{n}@example.com", "password": "wrong"} for n in range(2)]
    assert (await client.post(LOGIN, data=wrong[0])).status_code == 401
    assert (await client.post(LOGIN, data=wrong[1])).status_code == 429
    registration = {"email": "new@example.com", "password": PASSWORD}
    assert (await client.post("/api/v1/auth/register", json=registration)).status_code == 429


async def test_a_window_passes(client: AsyncClient, account: Account, resources: Resources) -> None:
    past = utcnow() - timedelta(seconds=resources.settings.ATTEMPTS_WINDOW_SECONDS + 1)
    async with resources.database.transaction() as session:
        session.add(Attempt(key=account_key(account.email), count=1000, started_at=past))
    right = {"username": account.email, "password": PASSWORD}
    assert (await client.post(LOGIN, data=right)).status_code == 200


@pytest.mark.parametrize("field", ["is_superuser", "is_active", "id", "hashed_password"])
async def test_mass_assignment(
    client: AsyncClient, account: Account, resources: Resources, field: str
) -> None:
    extra = {field: True}
    registration = {"email": "new@example.com", "password": PASSWORD, **extra}
    registered = await client.post("/api/v1/auth/register", json=registration)
    changed = await client.patch(ME, headers=account.headers, json=extra)
    assert registered.status_code == changed.status_code == 422
    async with resources.database.transaction() as session:
        user = await session.get(User, account.id)
        assert user is not None
        assert not user.is_superuser


@pytest.mark.parametrize("field", ["owner_id", "id", "version"])
async def test_mass_assignment_of_products(
    client: AsyncClient, account: Account, factory: Factory, field: str
) -> None:
    product = await factory.product(account)
    body = {"name": "x", "price_cents": 1, field: str(uuid4())}
    created = await client.post("/api/v1/products", headers=account.headers, json=body)
    changed = await client.patch(
        f"/api/v1/products/{product.id}",
        headers={**account.headers, "If-Match": '"1"'},
        json={field: str(uuid4())},
    )
    assert created.status_code == changed.status_code == 422


@pytest.mark.parametrize("text", ["'; DROP TABLE products; --", "' OR '1'='1", "\\' OR 1=1 --"])
async def test_sql_in_filters_is_text(
    client: AsyncClient, account: Account, factory: Factory, text: str
) -> None:
    await factory.product(account, name="Cup")
    named = await factory.product(account, name=text)
    response = await client.get("/api/v1/products", headers=account.headers, params={"q": text})
    assert [item["id"] for item in response.json()["items"]] == [str(named.id)]
    assert (await client.get("/api/v1/products", headers=account.headers)).json()["total"] == 2


async def test_everything_but_the_entrance_needs_a_token(client: AsyncClient) -> None:
    some = uuid4()
    closed = [
        ("POST", "/api/v1/auth/logout"),
        ("GET", "/api/v1/users"),
        ("GET", "/api/v1/users/me"),
        ("PATCH", "/api/v1/users/me"),
        ("GET", f"/api/v1/users/{some}"),
        ("PATCH", f"/api/v1/users/{some}"),
        ("DELETE", f"/api/v1/users/{some}"),
        ("POST", f"/api/v1/users/{some}/deactivate"),
        ("GET", "/api/v1/products"),
        ("POST", "/api/v1/products"),
        ("GET", f"/api/v1/products/{some}"),
        ("PATCH", f"/api/v1/products/{some}"),
        ("DELETE", f"/api/v1/products/{some}"),
    ]
    for method, path in closed:
        body: dict[str, str] | None = {} if method in {"POST", "PATCH"} else None
        response = await client.request(method, path, json=body)
        assert response.status_code == 401, (method, path)


async def test_foreign_origins_get_no_permission(client: AsyncClient) -> None:
    headers = {
        "Origin": "https://evil.example.org",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "Authorization",
    }
    preflight = await client.options(ME, headers=headers)
    assert preflight.status_code == 400
    assert "access-control-allow-origin" not in preflight.headers
    answer = await client.get("/health", headers=headers)
    assert "access-control-allow-origin" not in answer.headers


async def test_our_origin_gets_permission(client: AsyncClient) -> None:
    headers = {
        "Origin": "https://shop.example.com",
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "Authorization, If-Match",
    }
    preflight = await client.options(ME, headers=headers)
    assert preflight.status_code == 200
    answer = await client.get(ME, headers={"Origin": "https://shop.example.com"})
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == "https://shop.example.com"
    assert "ETag" in answer.headers["access-control-expose-headers"]
