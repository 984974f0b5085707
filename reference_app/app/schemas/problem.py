"""RFC 9457 problem details, for the API's description."""

from typing import Annotated

from pydantic import BaseModel, Field


class FieldError(BaseModel):
    """What is wrong with one field. It never repeats the value: it may be a password."""

    location: list[str | int]
    message: str
    type: str


class Problem(BaseModel):
    """The one shape of every error."""

    type: Annotated[str, Field(examples=["about:blank"])]
    title: Annotated[str, Field(examples=["Not Found"])]
    status: Annotated[int, Field(examples=[404])]
    detail: str
    request_id: str | None
    errors: list[FieldError]
