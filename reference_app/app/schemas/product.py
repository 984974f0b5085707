"""Products as clients see them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints

from app.schemas.base import NO_NUL, RequestModel, ResponseModel, whole_number
from app.schemas.page import PageQuery
from app.schemas.user import UserSummary

ProductName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]
Description = Annotated[str, StringConstraints(max_length=5_000, pattern=NO_NUL)]
PriceCents = Annotated[int, Field(ge=0, le=1_000_000_000), BeforeValidator(whole_number)]
SortKey = Literal["created_at", "-created_at", "name", "-name", "price_cents", "-price_cents"]


class ProductBase(RequestModel):
    """What an owner says about a product. Money is whole cents: floats lose some."""

    name: ProductName
    description: Description = ""
    price_cents: PriceCents


class ProductCreate(ProductBase):
    """A new product; its owner is whoever sends it."""


class ProductUpdate(RequestModel):
    """A partial update: what is left out stays as it is, and nothing can be null.

    The defaults only mark the fields as optional and are never read.
    """

    name: ProductName = Field(default_factory=str)
    description: Description = Field(default_factory=str)
    price_cents: PriceCents = Field(default_factory=int)


class ProductResponse(ResponseModel):
    """A product and its owner."""

    id: UUID
    name: str
    description: str
    price_cents: int
    version: int
    owner: UserSummary
    created_at: datetime
    updated_at: datetime


class ProductQuery(PageQuery):
    """Filters and order. The order is one of a list, so no text of a client reaches the SQL."""

    q: Annotated[str | None, Field(max_length=200, pattern=NO_NUL)] = None
    min_price: PriceCents | None = None
    max_price: PriceCents | None = None
    owner_id: UUID | None = None
    sort: SortKey = "-created_at"


class ProductEvent(ResponseModel):
    """One change, as the stream tells it. It names the product; its content is read as usual."""

    type: Literal["created", "updated", "deleted"]
    product_id: UUID
    version: int
