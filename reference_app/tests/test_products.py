"""Products: pages, filters, order, owners, and edits that never get lost."""

import asyncio
from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import select
from sqlalchemy.exc import InvalidRequestError

from app.dependencies import Resources
from app.models import Product
from tests.factories import Account, Factory

PRODUCTS = "/api/v1/products"


async def test_create_and_read(client: AsyncClient, account: Account) -> None:
    created = await client.post(
        PRODUCTS, headers=account.headers, json={"name": "Kettle", "price_cents": 3900}
    )
    assert created.status_code == 201
    assert created.headers["etag"] == '"1"'
    body = created.json()
    assert body["owner"]["id"] == str(account.id)
    assert set(body["owner"]) == {"id", "first_name", "last_name"}
    read = await client.get(f"{PRODUCTS}/{body['id']}", headers=account.headers)
    assert read.json() == body
    assert read.headers["etag"] == '"1"'


async def test_read_missing(client: AsyncClient, account: Account) -> None:
    response = await client.get(f"{PRODUCTS}/{uuid4()}", headers=account.headers)
    assert response.status_code == 404


async def test_pages_cover_everything_once(
    client: AsyncClient, account: Account, factory: Factory
) -> None:
    made = {str((await factory.product(account, price_cents=5)).id) for _ in range(7)}
    seen: list[str] = []
    for page in range(1, 5):
        response = await client.get(
            PRODUCTS,
            headers=account.headers,
            params={"page": page, "size": 2, "sort": "price_cents"},
        )
        body = response.json()
        assert (body["total"], body["pages"]) == (7, 4)
        seen += [item["id"] for item in body["items"]]
    assert len(seen) == 7
    assert set(seen) == made


async def test_filters(client: AsyncClient, account: Account, factory: Factory) -> None:
    other = await factory.account()
    await factory.product(account, name="Blue Cup", price_cents=100)
    await factory.product(account, name="Red cup", price_cents=200)
    await factory.product(other, name="100% plate", price_cents=300)

    async def names(**params: str | int) -> list[str]:
        response = await client.get(
            PRODUCTS, headers=account.headers, params={"sort": "price_cents", **params}
        )
        assert response.status_code == 200
        return [item["name"] for item in response.json()["items"]]

    assert await names(q="CUP") == ["Blue Cup", "Red cup"]
    assert await names(q="%") == ["100% plate"]
    assert await names(q="_") == []
    assert await names(min_price=200) == ["Red cup", "100% plate"]
    assert await names(max_price=200) == ["Blue Cup", "Red cup"]
    assert await names(owner_id=str(other.id)) == ["100% plate"]
    assert await names(sort="-name") == ["Red cup", "Blue Cup", "100% plate"]


@pytest.mark.parametrize(
    "params",
    [
        {"size": 101},
        {"size": 0},
        {"page": 0},
        {"page": 10**12},
        {"sort": "hashed_password"},
        {"sort": "name; DROP TABLE products"},
        {"unknown": "1"},
        {"q": "\x00"},
        {"min_price": "-1"},
    ],
)
async def test_bad_queries(
    client: AsyncClient, account: Account, params: dict[str, str | int]
) -> None:
    response = await client.get(PRODUCTS, headers=account.headers, params=params)
    assert response.status_code == 422


async def test_update_needs_the_present_version(
    client: AsyncClient, account: Account, factory: Factory
) -> None:
    product = await factory.product(account, name="Cup", price_cents=100)
    url = f"{PRODUCTS}/{product.id}"
    blind = await client.patch(url, headers=account.headers, json={"name": "Mug"})
    assert blind.status_code == 422
    headers = {**account.headers, "If-Match": '"1"'}
    changed = await client.patch(url, headers=headers, json={"name": "Mug"})
    assert changed.status_code == 200
    assert changed.headers["etag"] == '"2"'
    assert (changed.json()["name"], changed.json()["price_cents"]) == ("Mug", 100)
    stale = await client.patch(url, headers=headers, json={"name": "Glass"})
    assert stale.status_code == 412
    assert (await client.get(url, headers=account.headers)).json()["name"] == "Mug"


async def test_delete(client: AsyncClient, account: Account, factory: Factory) -> None:
    product = await factory.product(account)
    url = f"{PRODUCTS}/{product.id}"
    stale = await client.delete(url, headers={**account.headers, "If-Match": '"7"'})
    assert stale.status_code == 412
    deleted = await client.delete(url, headers={**account.headers, "If-Match": '"1"'})
    assert deleted.status_code == 204
    assert deleted.content == b""
    assert (await client.get(url, headers=account.headers)).status_code == 404


async def test_only_owner_and_administrator_change(
    client: AsyncClient, account: Account, admin: Account, factory: Factory
) -> None:
    product = await factory.product(account)
    stranger = await factory.account()
    url = f"{PRODUCTS}/{product.id}"
    condition = {"If-Match": '"1"'}
    foreign = {**stranger.headers, **condition}
    assert (await client.patch(url, headers=foreign, json={"name": "x"})).status_code == 403
    assert (await client.delete(url, headers=foreign)).status_code == 403
    allowed = await client.patch(
        url, headers={**admin.headers, **condition}, json={"name": "checked"}
    )
    assert allowed.status_code == 200
    assert allowed.json()["owner"]["id"] == str(account.id)


async def test_simultaneous_edits_lose_nothing(
    client: AsyncClient, account: Account, factory: Factory
) -> None:
    """Each of many editors reads, adds one and writes, again and again until it succeeds."""
    product = await factory.product(account, price_cents=0)
    url = f"{PRODUCTS}/{product.id}"
    refused: list[int] = []

    async def add_one() -> None:
        while True:
            read = await client.get(url, headers=account.headers)
            response = await client.patch(
                url,
                headers={**account.headers, "If-Match": read.headers["etag"]},
                json={"price_cents": read.json()["price_cents"] + 1},
            )
            if response.status_code == 200:
                return
            refused.append(response.status_code)

    await asyncio.gather(*(add_one() for _ in range(8)))
    final = (await client.get(url, headers=account.headers)).json()
    assert (final["price_cents"], final["version"]) == (8, 9)
    assert refused
    assert set(refused) <= {409, 412}


async def test_a_forgotten_eager_load_is_an_error(
    resources: Resources, account: Account, factory: Factory
) -> None:
    await factory.product(account)
    async with resources.database.transaction() as session:
        product = (await session.scalars(select(Product))).one()
        with pytest.raises(InvalidRequestError, match="lazy='raise'"):
            product.owner  # noqa: B018
