"""One shape for everything that goes wrong, and nothing in it that is nobody's business."""

import json
import logging
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from httpx import ASGITransport, AsyncClient, Response

from app.core.exceptions import BadRequestException
from app.core.problem import problem
from app.schemas.problem import Problem
from tests.factories import Account


def assert_is_problem(response: Response, status: int) -> None:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body = Problem.model_validate(response.json())
    assert body.status == status
    assert body.request_id == response.headers["x-request-id"]


async def test_framework_errors(client: AsyncClient) -> None:
    assert_is_problem(await client.get("/nowhere"), 404)
    wrong_method = await client.put("/api/v1/users/me")
    assert_is_problem(wrong_method, 405)
    assert wrong_method.headers["allow"] == "GET, PATCH"
    undescribed = await client.put("/docs")
    assert_is_problem(undescribed, 405)
    assert undescribed.headers["allow"] == "GET"


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b"null", b'{"email": 1}', b"\xff\xfe", b'{"email": "\\ud800"}', b"[" * 10_000],
)
async def test_malformed_bodies(client: AsyncClient, content: bytes) -> None:
    response = await client.post(
        "/api/v1/auth/register", content=content, headers={"Content-Type": "application/json"}
    )
    assert response.status_code in {400, 422}
    assert_is_problem(response, response.status_code)


async def test_validation_names_the_field_and_not_the_value(client: AsyncClient) -> None:
    response = await client.post(
        "/api/v1/auth/register", json={"email": "a@example.com", "password": "hunter2"}
    )
    assert_is_problem(response, 422)
    assert [error["location"] for error in response.json()["errors"]] == [["body", "password"]]
    assert "hunter2" not in response.text


async def test_malformed_forms(client: AsyncClient) -> None:
    response = await client.post(
        "/api/v1/auth/login",
        content=b"--x\r\nrubbish",
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert response.status_code in {400, 422}
    assert_is_problem(response, response.status_code)


async def test_announced_bodies_that_are_too_long(client: AsyncClient) -> None:
    response = await client.post("/api/v1/auth/register", content=b"x" * 1_000_001)
    assert_is_problem(response, 413)


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
async def test_unannounced_bodies_that_are_too_long(client: AsyncClient, kind: str) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 100_000
            yield b"x" * 100_000

    path = "/api/v1/auth/register" if kind == "application/json" else "/api/v1/auth/login"
    response = await client.post(path, content=endless(), headers={"Content-Type": kind})
    assert_is_problem(response, 413)


async def test_a_body_within_the_limit_passes(client: AsyncClient, account: Account) -> None:
    response = await client.post(
        "/api/v1/products",
        headers=account.headers,
        json={"name": "x", "price_cents": 1, "description": "d" * 5000},
    )
    assert response.status_code == 201


async def test_unexpected_errors_tell_nothing(
    app: FastAPI, client: AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("the secret is 42")

    response = await client.get("/broken", headers={"Origin": "https://shop.example.com"})
    assert_is_problem(response, 500)
    assert "secret" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["access-control-allow-origin"] == "https://shop.example.com"
    assert "the secret is 42" in caplog.text


async def test_an_answer_that_breaks_off_is_not_patched_up(app: FastAPI) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"first"
        raise RuntimeError("second")

    @app.get("/broken")
    async def broken() -> StreamingResponse:
        return StreamingResponse(parts())

    transport = ASGITransport(app=app)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        with pytest.raises(RuntimeError, match="second"):
            await client.get("/broken")


async def test_an_error_in_a_middleware_has_the_same_shape(app: FastAPI) -> None:
    class Broken:
        def __init__(self, app: object) -> None:
            self.app = app

        async def __call__(self, *_: object) -> None:
            raise RuntimeError("middleware")

    app.add_middleware(Broken)
    transport = ASGITransport(app=app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        response = await client.get("/health")
    assert response.status_code == 500
    assert response.json()["title"] == "Internal Server Error"


async def test_own_refusals(app: FastAPI, client: AsyncClient) -> None:
    @app.get("/refused")
    async def refused() -> None:
        raise BadRequestException("Not like this")

    response = await client.get("/refused")
    assert_is_problem(response, 400)
    assert response.json()["detail"] == "Not like this"


def test_the_schema_and_the_answer_agree() -> None:
    body = json.loads(bytes(problem(404, "x").body))
    assert set(body) == set(Problem.model_fields)
    assert Problem.model_validate(body).title == "Not Found"


async def test_the_description_declares_problems(client: AsyncClient) -> None:
    schema = (await client.get("/api/v1/openapi.json")).json()
    assert "HTTPValidationError" not in schema["components"]["schemas"]
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    assert len(operations) > 10
    for operation in operations:
        for status, response in operation["responses"].items():
            kinds = list(response.get("content", {}))
            expected = ["application/problem+json"] if status >= "400" else ["application/json"]
            assert kinds == expected or status == "204"


async def test_request_ids(client: AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    own = await client.get("/health", headers={"X-Request-ID": "abc-123"})
    assert own.headers["x-request-id"] == "abc-123"
    for bad in ("a b", "x" * 65, "a\\nb"):
        made = await client.get("/health", headers={"X-Request-ID": bad})
        assert made.headers["x-request-id"] != bad
        assert len(made.headers["x-request-id"]) == 32
    records = [record for record in caplog.records if record.name == "app.access"]
    assert len(records) == 4
    fields = vars(records[0])["fields"]
    assert (fields["method"], fields["path"], fields["status"]) == ("GET", "/health", 200)


async def test_headers(client: AsyncClient) -> None:
    response = await client.get("/health")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["x-frame-options"] == "DENY"
    assert response.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert response.headers["server-timing"].startswith("app;dur=")
    assert "strict-transport-security" not in response.headers
    docs = await client.get("/docs")
    assert docs.status_code == 200
    assert "content-security-policy" not in docs.headers
