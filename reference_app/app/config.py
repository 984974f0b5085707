"""Settings: everything that differs between a laptop and production, and nothing else.

Values come from the environment or from `.env`. On a laptop (`ENVIRONMENT=local`) every value has a
default that works. Anywhere else a value that would be unsafe stops the start, with a message that
says what to set: a server that refuses to start is repaired in a minute, an open one is found by
somebody else.
"""

import logging
import secrets
from functools import lru_cache
from typing import Final, Literal

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from typing_extensions import Self

logger = logging.getLogger(__name__)

# A promise to every client, so it is a constant and not a setting.
API_V1_STR: Final = "/api/v1"

SAFE_BCRYPT_ROUNDS: Final = 12


class Settings(BaseSettings):
    """All settings of the app, read once and validated as a whole."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", case_sensitive=True, extra="ignore"
    )

    ENVIRONMENT: Literal["local", "staging", "production"] = "local"
    PROJECT_NAME: str = "Reference App"
    VERSION: str = "1.0.0"
    DEBUG: bool = False
    LOG_LEVEL: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    HOST: str = "127.0.0.1"
    PORT: int = 8000
    # uvicorn reads this name too, so both ways to start several workers are seen here.
    WEB_CONCURRENCY: int = Field(default=1, ge=1)
    SHUTDOWN_SECONDS: int = Field(default=30, ge=1)

    DATABASE_URL: str = "sqlite+aiosqlite:///./app.db"
    DATABASE_POOL_SIZE: int = Field(default=5, ge=1)
    DATABASE_MAX_OVERFLOW: int = Field(default=10, ge=0)
    DATABASE_TIMEOUT_SECONDS: float = Field(default=10, gt=0)

    SECRET_KEY: SecretStr | None = Field(default=None, min_length=32)
    ACCESS_TOKEN_EXPIRE_MINUTES: int = Field(default=15, ge=1)
    REFRESH_TOKEN_EXPIRE_DAYS: int = Field(default=14, ge=1)
    BCRYPT_ROUNDS: int = Field(default=SAFE_BCRYPT_ROUNDS, ge=4, le=20)
    ATTEMPTS_PER_ACCOUNT: int = Field(default=10, ge=1)
    ATTEMPTS_PER_ADDRESS: int = Field(default=100, ge=1)
    ATTEMPTS_WINDOW_SECONDS: int = Field(default=900, ge=1)

    CORS_ORIGINS: list[str] = ["http://localhost:3000"]
    MAX_BODY_BYTES: int = Field(default=1_000_000, ge=1_000)

    SMTP_HOST: str | None = None
    SMTP_PORT: int = 25
    MAIL_FROM: str = "no-reply@example.com"

    @property
    def is_local(self) -> bool:
        """Whether this is somebody's own machine, where convenience may win."""
        return self.ENVIRONMENT == "local"

    @property
    def uses_sqlite(self) -> bool:
        """Whether the embedded database is in use, which belongs to a single process."""
        return self.DATABASE_URL.startswith("sqlite")

    @property
    def signing_key(self) -> str:
        """The key that signs tokens; validation has made sure that there is one."""
        if self.SECRET_KEY is None:
            raise ValueError("SECRET_KEY is not set")
        return self.SECRET_KEY.get_secret_value()

    @model_validator(mode="after")
    def refuse_what_cannot_work(self) -> Self:
        """Stop combinations that break in every environment."""
        if self.uses_sqlite and self.WEB_CONCURRENCY > 1:
            raise ValueError(
                "SQLite serves one process: set WEB_CONCURRENCY=1, or DATABASE_URL to PostgreSQL"
            )
        if self.WEB_CONCURRENCY > 1 and self.SECRET_KEY is None:
            raise ValueError("several workers must share one key: set SECRET_KEY")
        return self

    @model_validator(mode="after")
    def refuse_what_is_unsafe(self) -> Self:
        """Stop what may pass on a laptop and nowhere else, naming every mistake at once."""
        if self.is_local:
            return self
        mistakes = {
            "SECRET_KEY is missing: set it to 32 random characters or more": not self.SECRET_KEY,
            "DEBUG must be false": self.DEBUG,
            "CORS_ORIGINS must list origins, not '*'": any("*" in o for o in self.CORS_ORIGINS),
            "DATABASE_URL must not be SQLite: set a PostgreSQL address": self.uses_sqlite,
            f"BCRYPT_ROUNDS must be {SAFE_BCRYPT_ROUNDS} or more": (
                self.BCRYPT_ROUNDS < SAFE_BCRYPT_ROUNDS
            ),
            "SMTP_HOST is missing: mail would only be logged": not self.SMTP_HOST,
        }
        found = [message for message, wrong in mistakes.items() if wrong]
        if found:
            raise ValueError(f"unsafe for {self.ENVIRONMENT}: " + "; ".join(found))
        return self

    @model_validator(mode="after")
    def make_local_key(self) -> Self:
        """Let the first run on a laptop just work; its tokens end with the process."""
        if self.SECRET_KEY is None:
            logger.warning("SECRET_KEY is not set: using a random one until the process ends")
            self.SECRET_KEY = SecretStr(secrets.token_urlsafe(48))
        return self


@lru_cache
def get_settings() -> Settings:
    """Read the environment once; a mistake in it ends the process with a readable message."""
    try:
        return Settings()
    except ValidationError as exc:
        lines = [
            " ".join((".".join(str(part) for part in error["loc"]), error["msg"])).strip()
            for error in exc.errors()
        ]
        raise SystemExit("The settings are not usable:\n  " + "\n  ".join(lines)) from exc
