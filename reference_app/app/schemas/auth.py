"""Tokens as clients see them."""

from typing import Annotated, Literal

from pydantic import Field

from app.schemas.base import RequestModel, ResponseModel


class TokenPair(ResponseModel):
    """A short token for requests and a long one to get the next pair."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 (a name, not a token)
    expires_in: Annotated[int, Field(description="Seconds until the access token ends")]


class RefreshRequest(RequestModel):
    """The refresh token of the last pair."""

    refresh_token: Annotated[str, Field(max_length=2000)]
