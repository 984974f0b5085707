"""Passwords and tokens: the two places where a small mistake opens every door."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Literal
from uuid import UUID, uuid4

import bcrypt
import jwt
from anyio import to_thread

from app.core.clock import utcnow
from app.core.exceptions import UnauthorizedException

TokenType = Literal["access", "refresh"]

# Pinned: a token that names another algorithm, or `none`, is not even looked at.
ALGORITHM = "HS256"
REQUIRED_CLAIMS = ["exp", "iat", "jti", "sub", "sid", "type"]


def _bcrypt_input(password: str) -> bytes:
    """Shorten the password without loss: bcrypt ignores or refuses what follows byte 72."""
    return base64.b64encode(hashlib.sha256(password.encode()).digest())


class PasswordHasher:
    """bcrypt, always in a thread: a hash takes a quarter of a second that the loop has not got."""

    def __init__(self, rounds: int) -> None:
        """Prepare a hash that fits no password, of the same cost as the real ones."""
        self._rounds = rounds
        self._nobody = f"$2b${rounds:02d}${'.' * 53}"

    async def hash(self, password: str) -> str:
        """Return what may be stored."""
        salt = bcrypt.gensalt(self._rounds)
        hashed = await to_thread.run_sync(bcrypt.hashpw, _bcrypt_input(password), salt)
        return hashed.decode()

    async def verify(self, password: str, hashed: str | None) -> bool:
        """Compare; without a hash do the same work, so that time tells nobody who exists."""
        matches = await to_thread.run_sync(
            bcrypt.checkpw, _bcrypt_input(password), (hashed or self._nobody).encode()
        )
        return matches and hashed is not None


@dataclass(frozen=True)
class Claims:
    """What a valid token says."""

    user_id: UUID
    session_id: UUID
    token_id: UUID
    expires_at: datetime


class TokenSigner:
    """Makes and reads the app's tokens."""

    def __init__(self, key: str, access: timedelta, refresh: timedelta) -> None:
        """Keep the key and how long each type lives."""
        self._key = key
        self._lifetimes: dict[TokenType, timedelta] = {"access": access, "refresh": refresh}

    def expiry(self, token_type: TokenType) -> datetime:
        """Return when a token made now ends."""
        return utcnow() + self._lifetimes[token_type]

    def sign(
        self, token_type: TokenType, user_id: UUID, session_id: UUID, token_id: UUID | None = None
    ) -> str:
        """Make a token; each has an id of its own and an end."""
        return jwt.encode(
            {
                "sub": str(user_id),
                "sid": str(session_id),
                "jti": str(token_id or uuid4()),
                "type": token_type,
                "iat": utcnow(),
                "exp": self.expiry(token_type),
            },
            self._key,
            algorithm=ALGORITHM,
        )

    def read(self, token_type: TokenType, token: str) -> Claims:
        """Check signature, time and type; every failure reads the same to the caller."""
        try:
            payload = jwt.decode(
                token, self._key, algorithms=[ALGORITHM], options={"require": REQUIRED_CLAIMS}
            )
            if payload["type"] != token_type:
                raise UnauthorizedException("Invalid or expired token")
            return Claims(
                user_id=UUID(payload["sub"]),
                session_id=UUID(payload["sid"]),
                token_id=UUID(payload["jti"]),
                expires_at=datetime.fromtimestamp(payload["exp"], timezone.utc),
            )
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError) as exc:
            raise UnauthorizedException("Invalid or expired token") from exc
