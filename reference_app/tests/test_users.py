"""Accounts: who may see them, change them, remove them."""

from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select

from app.dependencies import Resources
from app.models import LoginSession, User
from tests.factories import PASSWORD, Account, Factory


async def test_me(client: AsyncClient, account: Account) -> None:
    response = await client.get("/api/v1/users/me", headers=account.headers)
    assert response.status_code == 200
    assert response.json()["email"] == account.email
    assert "password" not in response.text


async def test_list_is_paged_and_for_administrators(
    client: AsyncClient, account: Account, admin: Account, factory: Factory
) -> None:
    for _ in range(3):
        await factory.user()
    refused = await client.get("/api/v1/users", headers=account.headers)
    assert refused.status_code == 403
    page = await client.get("/api/v1/users?page=2&size=2", headers=admin.headers)
    assert page.status_code == 200
    body = page.json()
    assert (body["total"], body["page"], body["size"], body["pages"]) == (5, 2, 2, 3)
    assert len(body["items"]) == 2


async def test_get(client: AsyncClient, account: Account, admin: Account) -> None:
    own = await client.get(f"/api/v1/users/{account.id}", headers=account.headers)
    assert own.status_code == 200
    foreign = await client.get(f"/api/v1/users/{admin.id}", headers=account.headers)
    missing = await client.get(f"/api/v1/users/{uuid4()}", headers=account.headers)
    assert foreign.status_code == missing.status_code == 403
    seen = await client.get(f"/api/v1/users/{account.id}", headers=admin.headers)
    assert seen.json()["email"] == account.email
    nobody = await client.get(f"/api/v1/users/{uuid4()}", headers=admin.headers)
    assert nobody.status_code == 404


async def test_update_changes_only_what_is_sent(client: AsyncClient, account: Account) -> None:
    before = (await client.get("/api/v1/users/me", headers=account.headers)).json()
    response = await client.patch(
        "/api/v1/users/me", headers=account.headers, json={"last_name": "Doe"}
    )
    assert response.status_code == 200
    assert response.json() == {**before, "last_name": "Doe"}
    cleared = await client.patch(
        f"/api/v1/users/{account.id}", headers=account.headers, json={"first_name": None}
    )
    assert cleared.json() == {**before, "last_name": "Doe", "first_name": None}


@pytest.mark.parametrize("field", ["email", "password"])
async def test_update_refuses_null(client: AsyncClient, account: Account, field: str) -> None:
    response = await client.patch("/api/v1/users/me", headers=account.headers, json={field: None})
    assert response.status_code == 422


async def test_update_to_an_email_in_use(
    client: AsyncClient, account: Account, admin: Account
) -> None:
    response = await client.patch(
        "/api/v1/users/me", headers=account.headers, json={"email": admin.email.upper()}
    )
    assert response.status_code == 409


async def test_new_password_ends_other_sessions(
    client: AsyncClient, account: Account, resources: Resources
) -> None:
    login = {"username": account.email, "password": PASSWORD}
    other = (await client.post("/api/v1/auth/login", data=login)).json()["access_token"]
    changed = await client.patch(
        "/api/v1/users/me", headers=account.headers, json={"password": "something new"}
    )
    assert changed.status_code == 200
    ended = await client.get("/api/v1/users/me", headers={"Authorization": f"Bearer {other}"})
    assert ended.status_code == 401
    kept = await client.get("/api/v1/users/me", headers=account.headers)
    assert kept.status_code == 200
    assert (await client.post("/api/v1/auth/login", data=login)).status_code == 401
    login["password"] = "something new"
    assert (await client.post("/api/v1/auth/login", data=login)).status_code == 200


async def test_deactivate(client: AsyncClient, account: Account, admin: Account) -> None:
    url = f"/api/v1/users/{account.id}/deactivate"
    assert (await client.post(url, headers=account.headers)).status_code == 403
    response = await client.post(url, headers=admin.headers)
    assert response.status_code == 200
    assert response.json()["is_active"] is False
    assert (await client.get("/api/v1/users/me", headers=account.headers)).status_code == 401
    login = {"username": account.email, "password": PASSWORD}
    assert (await client.post("/api/v1/auth/login", data=login)).status_code == 403


async def test_an_inactive_user_with_a_good_token_is_refused(
    client: AsyncClient, factory: Factory
) -> None:
    inactive = await factory.account(is_active=False)
    response = await client.get("/api/v1/users/me", headers=inactive.headers)
    assert response.status_code == 403


async def test_delete_takes_everything_along(
    client: AsyncClient, account: Account, factory: Factory, resources: Resources
) -> None:
    product = await factory.product(account)
    url = f"/api/v1/users/{account.id}"
    assert (await client.delete(url, headers=account.headers)).status_code == 204
    assert (await client.get("/api/v1/users/me", headers=account.headers)).status_code == 401
    other = await factory.account()
    gone = await client.get(f"/api/v1/products/{product.id}", headers=other.headers)
    assert gone.status_code == 404
    async with resources.database.transaction() as session:
        statement = select(func.count()).where(LoginSession.user_id == account.id)
        assert await session.scalar(statement) == 0
        assert await session.get(User, account.id) is None


async def test_administrators_stay(client: AsyncClient, admin: Account) -> None:
    url = f"/api/v1/users/{admin.id}"
    assert (await client.delete(url, headers=admin.headers)).status_code == 409
    assert (await client.post(f"{url}/deactivate", headers=admin.headers)).status_code == 409
