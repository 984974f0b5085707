"""Two bases: one is strict about what comes in, one reads what goes out."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, StringConstraints

# PostgreSQL cannot store the character NUL, so no text may hold it.
NO_NUL = r"^[^\x00]*$"

Email = Annotated[EmailStr, AfterValidator(str.lower)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=NO_NUL)]


def whole_number(value: object) -> object:
    """Read 2.0 as 2: to JSON they are the same number, and a strict field would refuse one."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


class RequestModel(BaseModel):
    """Input: nothing is converted silently, and an unknown field is an error.

    So a client that sends `is_superuser` learns that it has no effect.
    """

    model_config = ConfigDict(strict=True, extra="forbid")


class ResponseModel(BaseModel):
    """Output: only the fields named here leave the app, read from the ORM object."""

    model_config = ConfigDict(from_attributes=True)
