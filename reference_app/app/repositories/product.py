"""Queries about products."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import UnaryExpression, select
from sqlalchemy.orm import InstrumentedAttribute, selectinload

from app.models.product import Product
from app.repositories.base import Repository
from app.schemas.product import ProductQuery, SortKey

ORDER: dict[SortKey, InstrumentedAttribute[Any] | UnaryExpression[Any]] = {
    "created_at": Product.created_at,
    "-created_at": Product.created_at.desc(),
    "name": Product.name,
    "-name": Product.name.desc(),
    "price_cents": Product.price_cents,
    "-price_cents": Product.price_cents.desc(),
}


class ProductRepository(Repository[Product]):
    """Products, always with their owner."""

    model = Product

    async def get(self, item_id: UUID) -> Product | None:
        """Find one product and its owner."""
        return await self.session.get(Product, item_id, options=[selectinload(Product.owner)])

    async def add(self, item: Product) -> Product:
        """Write a product, then load the owner that the answer shows."""
        await super().add(item)
        await self.session.refresh(item, ["owner"])
        return item

    async def list_page(self, query: ProductQuery) -> tuple[Sequence[Product], int]:
        """Filter, sort and cut; the id decides between equals, so that pages never overlap."""
        statement = select(Product).options(selectinload(Product.owner))
        if query.q is not None:
            statement = statement.where(Product.name.icontains(query.q, autoescape=True))
        if query.min_price is not None:
            statement = statement.where(Product.price_cents >= query.min_price)
        if query.max_price is not None:
            statement = statement.where(Product.price_cents <= query.max_price)
        if query.owner_id is not None:
            statement = statement.where(Product.owner_id == query.owner_id)
        statement = statement.order_by(ORDER[query.sort], Product.id)
        return await self.page(statement, query.skip, query.size)
