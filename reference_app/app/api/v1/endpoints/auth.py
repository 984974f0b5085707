"""Registration, login, refresh, logout."""

from fastapi import APIRouter, Depends, status

from app.api.deps import ClaimsDep, ClientAddress, LoginFormDep, limit_by_address, limit_login
from app.api.responses import CONFLICT, FORBIDDEN, TOO_MANY, UNAUTHORIZED
from app.dependencies import AttemptServiceDep, AuthServiceDep, UserServiceDep
from app.schemas.auth import RefreshRequest, TokenPair
from app.schemas.user import UserCreate, UserResponse

router = APIRouter()


@router.post(
    "/register",
    response_model=UserResponse,
    status_code=status.HTTP_201_CREATED,
    responses={**CONFLICT, **TOO_MANY},
    dependencies=[Depends(limit_by_address)],
)
async def register(data: UserCreate, users: UserServiceDep) -> UserResponse:
    """Make an account."""
    return UserResponse.model_validate(await users.register(data))


@router.post(
    "/login",
    response_model=TokenPair,
    responses={**UNAUTHORIZED, **FORBIDDEN, **TOO_MANY},
    dependencies=[Depends(limit_login)],
)
async def login(
    form: LoginFormDep, address: ClientAddress, auth: AuthServiceDep, attempts: AttemptServiceDep
) -> TokenPair:
    """Exchange email and password for a pair of tokens."""
    pair = await auth.login(form.username, form.password)
    await attempts.succeed(form.username, address)
    return pair


@router.post("/refresh", response_model=TokenPair, responses={**UNAUTHORIZED})
async def refresh(data: RefreshRequest, auth: AuthServiceDep) -> TokenPair:
    """Exchange a refresh token for the next pair. Each works once."""
    return await auth.refresh(data.refresh_token)


@router.post(
    "/logout", status_code=status.HTTP_204_NO_CONTENT, responses={**UNAUTHORIZED, **FORBIDDEN}
)
async def logout(claims: ClaimsDep, auth: AuthServiceDep) -> None:
    """End the session of the token that is sent."""
    await auth.logout(claims)
