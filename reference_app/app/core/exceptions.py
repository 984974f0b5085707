"""Every way in which the app says no, as one tree.

    HTTPException
    └── AppException
        ├── BadRequestException           400
        ├── UnauthorizedException         401  who are you?
        │   ├── WrongCredentialsException      the same words for every reason
        │   └── ReusedTokenException           keeps its changes: the session ends
        ├── ForbiddenException            403  not you
        ├── NotFoundException             404
        ├── ConflictException             409
        ├── PreconditionFailedException   412  it changed since you read it
        ├── PayloadTooLargeException      413
        ├── TooManyRequestsException      429  keeps its changes: the attempt counts
        └── ServiceUnavailableException   503  come back later

Each carries its status, so that a service can raise it and no endpoint has to translate it.
"""

from fastapi import HTTPException, status


class AppException(HTTPException):
    """The root: a refusal that a client may read.

    `keeps_changes` tells the unit of work to commit although the request is refused. A refused
    login still has to be counted, or the limit would never be reached.
    """

    keeps_changes = False

    def __init__(
        self,
        detail: str,
        status_code: int = status.HTTP_500_INTERNAL_SERVER_ERROR,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Keep what the client will read."""
        super().__init__(status_code=status_code, detail=detail, headers=headers)


class BadRequestException(AppException):
    """The request makes no sense as it stands."""

    def __init__(self, detail: str = "Bad request") -> None:
        """Answer 400."""
        super().__init__(detail, status.HTTP_400_BAD_REQUEST)


class UnauthorizedException(AppException):
    """Nobody has proved who is asking."""

    def __init__(self, detail: str = "Not authenticated") -> None:
        """Answer 401 and name the scheme, as RFC 9110 wants."""
        super().__init__(
            detail, status.HTTP_401_UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"}
        )


class WrongCredentialsException(UnauthorizedException):
    """A refused login. It never says whether the account exists."""

    def __init__(self) -> None:
        """Say the same for every reason."""
        super().__init__("Wrong email or password")


class ReusedTokenException(UnauthorizedException):
    """A refresh token came a second time: it was copied, so its session has ended."""

    keeps_changes = True

    def __init__(self) -> None:
        """Say no more than for any other bad token."""
        super().__init__("Invalid or expired token")


class ForbiddenException(AppException):
    """The caller is known and may not do this."""

    def __init__(self, detail: str = "Not enough permissions") -> None:
        """Answer 403."""
        super().__init__(detail, status.HTTP_403_FORBIDDEN)


class NotFoundException(AppException):
    """There is no such thing."""

    def __init__(self, detail: str = "Not found") -> None:
        """Answer 404."""
        super().__init__(detail, status.HTTP_404_NOT_FOUND)


class ConflictException(AppException):
    """The request contradicts what is stored."""

    def __init__(self, detail: str = "Conflict with the present state") -> None:
        """Answer 409."""
        super().__init__(detail, status.HTTP_409_CONFLICT)


class PreconditionFailedException(AppException):
    """The caller's copy is out of date."""

    def __init__(self, detail: str = "Changed since it was read: read it again") -> None:
        """Answer 412."""
        super().__init__(detail, status.HTTP_412_PRECONDITION_FAILED)


class PayloadTooLargeException(AppException):
    """The body is longer than the app reads."""

    def __init__(self, limit: int) -> None:
        """Answer 413 and name the limit."""
        super().__init__(f"The body is larger than {limit} bytes", 413)


class TooManyRequestsException(AppException):
    """Too many attempts in too short a time."""

    keeps_changes = True

    def __init__(self, retry_after: int) -> None:
        """Answer 429 and say when to come back."""
        super().__init__(
            "Too many attempts",
            status.HTTP_429_TOO_MANY_REQUESTS,
            headers={"Retry-After": str(retry_after)},
        )


class ServiceUnavailableException(AppException):
    """Something that the app needs is away."""

    def __init__(self, detail: str = "Temporarily unavailable", retry_after: int = 5) -> None:
        """Answer 503 and say when to come back."""
        super().__init__(
            detail,
            status.HTTP_503_SERVICE_UNAVAILABLE,
            headers={"Retry-After": str(retry_after)},
        )
