"""Registration, login and the life of tokens."""

import asyncio

import pytest
from httpx import AsyncClient
from sqlalchemy import select

from app.dependencies import Resources
from app.models import OutboxMessage
from tests.factories import PASSWORD, Account, Factory

REGISTRATION = {"email": "New@Example.com", "password": PASSWORD, "first_name": "New"}


async def test_register(client: AsyncClient, resources: Resources) -> None:
    response = await client.post("/api/v1/auth/register", json=REGISTRATION)
    assert response.status_code == 201
    body = response.json()
    assert (body["email"], body["first_name"]) == ("new@example.com", "New")
    assert (body["is_active"], body["is_superuser"]) == (True, False)
    async with resources.database.transaction() as session:
        message = (await session.scalars(select(OutboxMessage))).one()
        assert message.payload["to"] == "new@example.com"


async def test_register_twice_promises_no_second_mail(
    client: AsyncClient, resources: Resources
) -> None:
    answers = await asyncio.gather(
        *(client.post("/api/v1/auth/register", json=REGISTRATION) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    async with resources.database.transaction() as session:
        assert len((await session.scalars(select(OutboxMessage))).all()) == 1


@pytest.mark.parametrize("password", ["1234567", "x" * 101])
async def test_register_bounds_the_password(client: AsyncClient, password: str) -> None:
    response = await client.post(
        "/api/v1/auth/register", json={**REGISTRATION, "password": password}
    )
    assert response.status_code == 422
    assert password not in response.text


async def test_every_byte_of_a_password_counts(client: AsyncClient) -> None:
    long = "ü" * 90
    registered = await client.post("/api/v1/auth/register", json={**REGISTRATION, "password": long})
    assert registered.status_code == 201
    login = {"username": "new@example.com", "password": long[:-1]}
    assert (await client.post("/api/v1/auth/login", data=login)).status_code == 401
    login["password"] = long
    assert (await client.post("/api/v1/auth/login", data=login)).status_code == 200


async def test_login_ignores_the_case_of_the_email(client: AsyncClient, account: Account) -> None:
    response = await client.post(
        "/api/v1/auth/login", data={"username": account.email.upper(), "password": PASSWORD}
    )
    assert response.status_code == 200
    body = response.json()
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 15 * 60
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    me = await client.get("/api/v1/users/me", headers=headers)
    assert me.json()["email"] == account.email


async def test_many_logins_of_one_account_at_once(client: AsyncClient, account: Account) -> None:
    """They touch the same counters, and must not wait for each other in a circle."""
    login = {"username": account.email, "password": PASSWORD}
    for _ in range(5):
        answers = await asyncio.gather(
            *(client.post("/api/v1/auth/login", data=login) for _ in range(8))
        )
        assert {answer.status_code for answer in answers} == {200}


async def test_refresh_rotates(client: AsyncClient, account: Account) -> None:
    response = await client.post(
        "/api/v1/auth/refresh", json={"refresh_token": account.refresh_token}
    )
    assert response.status_code == 200
    assert response.json()["refresh_token"] != account.refresh_token
    headers = {"Authorization": f"Bearer {response.json()['access_token']}"}
    assert (await client.get("/api/v1/users/me", headers=headers)).status_code == 200


async def test_a_refresh_token_used_twice_ends_the_session(
    client: AsyncClient, account: Account
) -> None:
    old = {"refresh_token": account.refresh_token}
    first = await client.post("/api/v1/auth/refresh", json=old)
    stolen = await client.post("/api/v1/auth/refresh", json=old)
    assert (first.status_code, stolen.status_code) == (200, 401)
    new = {"refresh_token": first.json()["refresh_token"]}
    assert (await client.post("/api/v1/auth/refresh", json=new)).status_code == 401
    headers = {"Authorization": f"Bearer {first.json()['access_token']}"}
    assert (await client.get("/api/v1/users/me", headers=headers)).status_code == 401


async def test_of_simultaneous_refreshes_one_wins(client: AsyncClient, account: Account) -> None:
    body = {"refresh_token": account.refresh_token}
    answers = await asyncio.gather(
        *(client.post("/api/v1/auth/refresh", json=body) for _ in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401]


async def test_logout_ends_the_session(client: AsyncClient, account: Account) -> None:
    response = await client.post("/api/v1/auth/logout", headers=account.headers)
    assert response.status_code == 204
    assert (await client.get("/api/v1/users/me", headers=account.headers)).status_code == 401
    body = {"refresh_token": account.refresh_token}
    assert (await client.post("/api/v1/auth/refresh", json=body)).status_code == 401


async def test_logout_leaves_other_sessions_alone(client: AsyncClient, factory: Factory) -> None:
    one, other = await factory.account(), await factory.account()
    await client.post("/api/v1/auth/logout", headers=one.headers)
    assert (await client.get("/api/v1/users/me", headers=other.headers)).status_code == 200
