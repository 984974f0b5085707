"""What orchestrators ask."""

from typing import Literal

from pydantic import BaseModel


class Health(BaseModel):
    """The process is alive, or ready for requests."""

    status: Literal["ok"] = "ok"
