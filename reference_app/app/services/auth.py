"""Registration, login and the life of a session."""

from datetime import timedelta
from uuid import uuid4

from app.core.clock import utcnow
from app.core.exceptions import (
    ForbiddenException,
    ReusedTokenException,
    UnauthorizedException,
    WrongCredentialsException,
)
from app.core.security import Claims, PasswordHasher, TokenSigner
from app.models.login_session import LoginSession
from app.models.user import User
from app.repositories.login_session import LoginSessionRepository
from app.repositories.user import UserRepository
from app.schemas.auth import TokenPair


class AuthService:
    """Decides who somebody is, and for how long that is believed."""

    def __init__(
        self,
        users: UserRepository,
        sessions: LoginSessionRepository,
        passwords: PasswordHasher,
        tokens: TokenSigner,
    ) -> None:
        """Keep what the decisions need."""
        self._users = users
        self._sessions = sessions
        self._passwords = passwords
        self._tokens = tokens

    async def login(self, email: str, password: str) -> TokenPair:
        """Open a session. Unknown user and wrong password cost and say the same."""
        user = await self._users.get_by_email(email.lower()) if "\x00" not in email else None
        matches = await self._passwords.verify(password, user.hashed_password if user else None)
        if user is None or not matches:
            raise WrongCredentialsException
        if not user.is_active:
            raise ForbiddenException("This account is deactivated")
        session = LoginSession(
            id=uuid4(),
            user_id=user.id,
            refresh_token_id=uuid4(),
            expires_at=self._tokens.expiry("refresh"),
        )
        await self._sessions.add(session)
        return self._pair(Claims(user.id, session.id, session.refresh_token_id, session.expires_at))

    async def refresh(self, refresh_token: str) -> TokenPair:
        """Replace a refresh token by the next one.

        A token that was replaced already is in two hands, and nobody knows whose are the thief's:
        the session ends for both.
        """
        old = self._tokens.read("refresh", refresh_token)
        new = Claims(old.user_id, old.session_id, uuid4(), self._tokens.expiry("refresh"))
        rotated = await self._sessions.rotate(
            old.session_id, old.token_id, new.token_id, utcnow(), new.expires_at
        )
        if not rotated:
            await self._sessions.revoke(old.session_id, utcnow())
            raise ReusedTokenException
        return self._pair(new)

    async def logout(self, claims: Claims) -> None:
        """End the session of this token, and with it every token of the session."""
        await self._sessions.revoke(claims.session_id, utcnow())

    async def identify(self, claims: Claims) -> User:
        """Find whom a valid token belongs to, if its session has not ended."""
        user = await self._users.get_by_session(claims.user_id, claims.session_id, utcnow())
        if user is None:
            raise UnauthorizedException("Invalid or expired token")
        if not user.is_active:
            raise ForbiddenException("This account is deactivated")
        return user

    def _pair(self, refresh: Claims) -> TokenPair:
        now = utcnow()
        lifetime: timedelta = self._tokens.expiry("access") - now
        return TokenPair(
            access_token=self._tokens.sign("access", refresh.user_id, refresh.session_id),
            refresh_token=self._tokens.sign(
                "refresh", refresh.user_id, refresh.session_id, refresh.token_id
            ),
            expires_in=round(lifetime.total_seconds()),
        )
