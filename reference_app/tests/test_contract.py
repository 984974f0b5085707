"""schemathesis reads the API's description and tries to prove it wrong.

It runs against the server as a person would start it, with and without a token, and does not know
the code. `logout` is left out of the run with a token: it would end that run's own session.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import SECRET
from tests.factories import PASSWORD
from tests.servers import ROOT, clean_environment, run_app

EMAIL = "fuzz@example.com"
EXAMPLES = 8
CONFIG = ROOT / "tests" / "schemathesis.toml"


@pytest.fixture
def server(database_url: str) -> Iterator[str]:
    environment = {
        "DATABASE_URL": database_url,
        "SECRET_KEY": SECRET,
        "BCRYPT_ROUNDS": "4",
        "ATTEMPTS_PER_ACCOUNT": "1000000",
        "ATTEMPTS_PER_ADDRESS": "1000000",
        "LOG_LEVEL": "WARNING",
    }
    with run_app(environment) as (url, process):
        registration = {"email": EMAIL, "password": PASSWORD}
        response = httpx.post(f"{url}/api/v1/auth/register", json=registration)
        assert response.status_code == 201
        command = [sys.executable, "-m", "app", "promote", EMAIL]
        options = {**clean_environment(), **environment}
        subprocess.run(command, cwd=ROOT, env=options, check=True)
        yield url
        assert process.poll() is None


def log_in(url: str) -> str:
    form = {"username": EMAIL, "password": PASSWORD}
    token: str = httpx.post(f"{url}/api/v1/auth/login", data=form).json()["access_token"]
    return token


@pytest.mark.parametrize("authenticated", [True, False])
def test_nothing_contradicts_the_description(
    server: str, authenticated: bool, tmp_path: Path
) -> None:
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG)),
        *("run", f"{server}/api/v1/openapi.json"),
        *("--checks", "all", "--max-examples", str(EXAMPLES), "--seed", "1", "--no-color"),
        *("--phases", "examples,coverage,fuzzing,stateful", "--suppress-health-check", "all"),
        *("--generation-database", "none"),
    ]
    if authenticated:
        command += ["-H", f"Authorization: Bearer {log_in(server)}"]
        command += ["--exclude-path", "/api/v1/auth/logout"]
    environment = {**clean_environment(), "SCHEMATHESIS_HOOKS": "tests.schemathesis_hooks"}
    environment["PYTHONPATH"] = str(ROOT)
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=200
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "operations" in result.stdout.lower()
