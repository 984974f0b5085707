"""Who is asking, and what was asked for: dependencies that build on each other."""

from typing import Annotated

from fastapi import Depends, Header, Query, Request
from fastapi.requests import HTTPConnection
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm

from app.config import API_V1_STR
from app.core.exceptions import ForbiddenException, UnauthorizedException
from app.core.security import Claims
from app.dependencies import (
    AuthServiceDep,
    ResourcesDep,
    make_attempt_service,
    make_auth_service,
)
from app.models.user import User
from app.schemas.page import PageQuery
from app.schemas.product import ProductQuery

# Without a token it answers through our own exception, so that the error has the common shape.
oauth2_scheme = OAuth2PasswordBearer(tokenUrl=f"{API_V1_STR}/auth/login", auto_error=False)

LoginFormDep = Annotated[OAuth2PasswordRequestForm, Depends()]


async def get_claims(
    resources: ResourcesDep, token: Annotated[str | None, Depends(oauth2_scheme)]
) -> Claims:
    """Read the access token; signature, time and type are right after this."""
    if token is None:
        raise UnauthorizedException
    return resources.tokens.read("access", token)


ClaimsDep = Annotated[Claims, Depends(get_claims)]


async def get_current_user(claims: ClaimsDep, auth: AuthServiceDep) -> User:
    """Find the user of the token, if the session still stands."""
    return await auth.identify(claims)


CurrentUser = Annotated[User, Depends(get_current_user)]


async def get_current_superuser(user: CurrentUser) -> User:
    """Let only administrators pass."""
    if not user.is_superuser:
        raise ForbiddenException
    return user


CurrentSuperuser = Annotated[User, Depends(get_current_superuser)]


async def get_client_address(request: Request) -> str:
    """Say where the request comes from. Behind a proxy, uvicorn puts the client here."""
    return request.client.host if request.client else "unknown"


ClientAddress = Annotated[str, Depends(get_client_address)]


async def limit_by_address(resources: ResourcesDep, address: ClientAddress) -> None:
    """Count a registration.

    Attempts are counted in a transaction of their own, over before the expensive work begins:
    many at once are counted right, and none of them holds a lock while a password is hashed.
    """
    async with resources.database.transaction() as session:
        await make_attempt_service(resources, session).count_address(address)


async def limit_login(resources: ResourcesDep, address: ClientAddress, form: LoginFormDep) -> None:
    """Count a login for its address and for its account."""
    async with resources.database.transaction() as session:
        attempts = make_attempt_service(resources, session)
        await attempts.count_address(address)
        await attempts.count_account(form.username)


async def get_expected_version(
    if_match: Annotated[
        str,
        Header(pattern=r'^"[0-9]{1,9}"$', description="The ETag of the version that was read"),
    ],
) -> int:
    """Read the version that the caller has seen. Without it no edit is accepted."""
    return int(if_match.strip('"'))


ExpectedVersion = Annotated[int, Depends(get_expected_version)]
PageParams = Annotated[PageQuery, Query()]
ProductParams = Annotated[ProductQuery, Query()]

SOCKET_PROTOCOL = "bearer"


async def get_socket_claims(connection: HTTPConnection, resources: ResourcesDep) -> Claims:
    """Authenticate a WebSocket before it is accepted.

    A browser cannot send an `Authorization` header with a WebSocket, and a token in the address
    ends up in logs. So it is offered as a protocol: `new WebSocket(url, ["bearer", token])`.
    The transaction is over at once: a stream may last for hours.
    """
    offered = connection.headers.get("sec-websocket-protocol", "")
    scheme, _, token = offered.partition(",")
    if scheme.strip() != SOCKET_PROTOCOL:
        raise UnauthorizedException
    claims = resources.tokens.read("access", token.strip())
    async with resources.database.transaction() as session:
        await make_auth_service(resources, session).identify(claims)
    return claims


SocketClaims = Annotated[Claims, Depends(get_socket_claims)]
