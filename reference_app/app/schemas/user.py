"""Users as clients see them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import Email, Name, RequestModel, ResponseModel

Password = Annotated[str, Field(min_length=8, max_length=100)]


class UserBase(RequestModel):
    """What a person says about themselves."""

    email: Email
    first_name: Name | None = None
    last_name: Name | None = None


class UserCreate(UserBase):
    """A registration."""

    password: Password


class UserUpdate(RequestModel):
    """A partial update: what is left out stays as it is.

    Names may be cleared with null. Email and password may not, so null is no value of theirs;
    their default only marks them as optional and is never read.
    """

    email: Email = Field(default_factory=str)
    first_name: Name | None = None
    last_name: Name | None = None
    password: Password = Field(default_factory=str)


class UserSummary(ResponseModel):
    """As much of a user as any other user may see."""

    id: UUID
    first_name: str | None
    last_name: str | None


class UserResponse(ResponseModel):
    """A user, for themselves and for administrators."""

    id: UUID
    email: str
    first_name: str | None
    last_name: str | None
    is_active: bool
    is_superuser: bool
    created_at: datetime
