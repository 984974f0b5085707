"""How fast is it, and what do the layers cost?

    python -m tests.load

Starts a PostgreSQL, the app and the smallest possible FastAPI app, each with two workers, sends
both the same requests, and prints requests per second, p50 and p99, and the ratio. Bounded: a fixed
number of requests. The two take turns, round by round, so that a busy machine hurts both alike.
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx

from tests.conftest import SECRET, migrate
from tests.factories import PASSWORD
from tests.servers import Postgres, run_app

WORKERS = 2
CLIENTS = 8
ROUNDS = 4
REQUESTS = {"list": 150, "get": 150, "create": 150, "login": 8}
AIM = 1.4
EMAIL = "load@example.com"


class Target:
    """One server and what was measured on it."""

    def __init__(self, url: str, address: tuple[str, int]) -> None:
        self.url = url
        self.address = address
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.busy: dict[str, float] = defaultdict(float)
        self.requests: dict[str, bytes] = {}
        self.expected = {"list": b"200", "get": b"200", "create": b"201", "login": b"200"}

    def prepare(self) -> None:
        """Log in, make something to read, and write the requests down as bytes."""
        with httpx.Client(base_url=f"{self.url}/api/v1", timeout=30) as client:
            form = {"username": EMAIL, "password": PASSWORD}
            login = client.post("/auth/login", data=form)
            token = login.raise_for_status().json()["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
            product = {"name": "Teapot", "description": "", "price_cents": 100}
            made = [client.post("/products", json=product, headers=headers) for _ in range(30)]
            path = f"/products/{made[0].raise_for_status().json()['id']}"
            for name, request in {
                "list": client.build_request("GET", "/products?size=20", headers=headers),
                "get": client.build_request("GET", path, headers=headers),
                "create": client.build_request("POST", "/products", json=product, headers=headers),
                "login": client.build_request("POST", "/auth/login", data=form),
            }.items():
                lines = [f"{request.method} {request.url.raw_path.decode()} HTTP/1.1"]
                lines += [f"{key}: {value}" for key, value in request.headers.items()]
                self.requests[name] = ("\r\n".join(lines) + "\r\n\r\n").encode() + request.read()

    async def send(self, name: str, count: int) -> None:
        """Send requests over a few connections that stay open."""
        left = iter(range(count))
        started = time.perf_counter()
        await asyncio.gather(*(self._client(name, left) for _ in range(CLIENTS)))
        self.busy[name] += time.perf_counter() - started

    async def _client(self, name: str, left: Iterator[int]) -> None:
        reader, writer = await asyncio.open_connection(*self.address)
        for _ in left:
            started = time.perf_counter()
            writer.write(self.requests[name])
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            self.seconds[name].append(time.perf_counter() - started)
            if head.split(b" ", 2)[1] != self.expected[name]:
                raise RuntimeError(f"{name}: {head!r} {body!r}")
        writer.close()
        await writer.wait_closed()

    def percentile(self, name: str, percent: int) -> float:
        """In milliseconds."""
        return statistics.quantiles(self.seconds[name], n=100)[percent - 1] * 1000

    def rate(self, name: str) -> float:
        """Requests per second."""
        return len(self.seconds[name]) / self.busy[name]


async def measure(targets: dict[str, Target]) -> None:
    """Warm up, then let the targets take turns."""
    for target in targets.values():
        for name in REQUESTS:
            await target.send(name, 40 if name != "login" else 8)
        target.seconds.clear()
        target.busy.clear()
    for number in range(ROUNDS):
        order = list(targets.values())
        for target in order if number % 2 else reversed(order):
            for name, count in REQUESTS.items():
                await target.send(name, count)


def report(targets: dict[str, Target]) -> None:
    """Print a table; the last column is what the layers cost."""
    app, smallest = targets["app"], targets["smallest"]
    print(f"{WORKERS} workers, {CLIENTS} connections, {os.cpu_count()} cores, PostgreSQL")
    print(f"{'':8}{'app':>27}   {'smallest':>27}   p50 ratio (aim ≤ {AIM})")
    print(f"{'':8}" + 2 * f"{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}   ")
    for name in REQUESTS:
        row = f"{name:8}"
        for target in (app, smallest):
            row += f"{target.rate(name):9.0f}"
            row += f"{target.percentile(name, 50):9.1f}{target.percentile(name, 99):9.1f}   "
        print(row + f"{app.percentile(name, 50) / smallest.percentile(name, 50):9.2f}")


def main() -> None:
    """Start everything, measure, stop everything."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        postgres = Postgres(Path(folder))
        stack.callback(postgres.stop)
        targets: dict[str, Target] = {}
        for name in ("app", "smallest"):
            url = asyncio.run(postgres.create_database(name))
            asyncio.run(migrate(url))
            environment = {
                "DATABASE_URL": url,
                "SECRET_KEY": SECRET,
                "WEB_CONCURRENCY": str(WORKERS),
                "ATTEMPTS_PER_ADDRESS": "1000000",
                "ATTEMPTS_PER_ACCOUNT": "1000000",
                "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
            }
            module = "app.main:app" if name == "app" else "tests.smallest:app"
            options = ("--workers", str(WORKERS), "--port", "PORT", "--no-access-log")
            command = (sys.executable, "-m", "uvicorn", module, *options)
            base, _ = stack.enter_context(run_app(environment, *command))
            parsed = httpx.URL(base)
            targets[name] = Target(base, (parsed.host, parsed.port or 80))
        registration = json.dumps({"email": EMAIL, "password": PASSWORD})
        for target in targets.values():
            httpx.post(
                f"{target.url}/api/v1/auth/register",
                content=registration,
                headers={"Content-Type": "application/json"},
                timeout=30,
            ).raise_for_status()
            target.prepare()
        asyncio.run(measure(targets))
        report(targets)


if __name__ == "__main__":
    main()
