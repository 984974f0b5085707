"""Accounts.

The paths take a UUID and nothing else (`:uuid`), so that `/users/me` is never read as an id.
"""

from uuid import UUID

from fastapi import APIRouter, Depends, status

from app.api.deps import (
    ClaimsDep,
    CurrentSuperuser,
    CurrentUser,
    PageParams,
    get_current_superuser,
)
from app.api.responses import CONFLICT, FORBIDDEN, NOT_FOUND, UNAUTHORIZED
from app.dependencies import UserServiceDep
from app.schemas.page import PaginatedResponse
from app.schemas.user import UserResponse, UserUpdate

router = APIRouter(responses={**UNAUTHORIZED, **FORBIDDEN})


@router.get(
    "",
    response_model=PaginatedResponse[UserResponse],
    dependencies=[Depends(get_current_superuser)],
)
async def list_users(query: PageParams, users: UserServiceDep) -> PaginatedResponse[UserResponse]:
    """List accounts, for administrators."""
    found, total = await users.list_page(query)
    items = [UserResponse.model_validate(user) for user in found]
    return PaginatedResponse[UserResponse].of(items, total, query)


@router.get("/me", response_model=UserResponse)
async def get_me(user: CurrentUser) -> UserResponse:
    """Show the account that is logged in."""
    return UserResponse.model_validate(user)


@router.patch("/me", response_model=UserResponse, responses={**NOT_FOUND, **CONFLICT})
async def update_me(
    data: UserUpdate, user: CurrentUser, claims: ClaimsDep, users: UserServiceDep
) -> UserResponse:
    """Change the account that is logged in."""
    return UserResponse.model_validate(await users.update(user.id, data, user, claims))


@router.get("/{user_id:uuid}", response_model=UserResponse, responses={**NOT_FOUND})
async def get_user(user_id: UUID, user: CurrentUser, users: UserServiceDep) -> UserResponse:
    """Show an account to its owner or an administrator."""
    return UserResponse.model_validate(await users.get(user_id, user))


@router.patch("/{user_id:uuid}", response_model=UserResponse, responses={**NOT_FOUND, **CONFLICT})
async def update_user(
    user_id: UUID, data: UserUpdate, user: CurrentUser, claims: ClaimsDep, users: UserServiceDep
) -> UserResponse:
    """Change an account: what is left out stays."""
    return UserResponse.model_validate(await users.update(user_id, data, user, claims))


@router.post(
    "/{user_id:uuid}/deactivate", response_model=UserResponse, responses={**NOT_FOUND, **CONFLICT}
)
async def deactivate_user(
    user_id: UUID, superuser: CurrentSuperuser, users: UserServiceDep
) -> UserResponse:
    """Lock an account without deleting what belongs to it, for administrators."""
    return UserResponse.model_validate(await users.deactivate(user_id, superuser))


@router.delete(
    "/{user_id:uuid}", status_code=status.HTTP_204_NO_CONTENT, responses={**NOT_FOUND, **CONFLICT}
)
async def delete_user(user_id: UUID, user: CurrentUser, users: UserServiceDep) -> None:
    """Delete an account and its products."""
    await users.delete(user_id, user)
