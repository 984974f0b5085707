"""Pages: never a whole table."""

from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")


class PageQuery(BaseModel):
    """Which page, as query parameters. Both have an upper bound; an unknown name is an error."""

    model_config = ConfigDict(extra="forbid")

    page: Annotated[int, Field(ge=1, le=100_000)] = 1
    size: Annotated[int, Field(ge=1, le=100)] = 20

    @property
    def skip(self) -> int:
        """How many items come before this page."""
        return (self.page - 1) * self.size


class PaginatedResponse(BaseModel, Generic[T]):
    """One page and what a client needs to ask for the others."""

    items: list[T]
    total: int
    page: int
    size: int
    pages: int

    @classmethod
    def of(cls, items: Sequence[T], total: int, query: PageQuery) -> "PaginatedResponse[T]":
        """Build the page that `query` asked for."""
        pages = -(-total // query.size)
        return cls(items=list(items), total=total, page=query.page, size=query.size, pages=pages)
