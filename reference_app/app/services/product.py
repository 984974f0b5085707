"""Products, their owners, and edits that never overwrite each other."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from fastapi import BackgroundTasks

from app.core.exceptions import (
    ForbiddenException,
    NotFoundException,
    PreconditionFailedException,
)
from app.core.feed import Feed
from app.models.product import Product
from app.models.user import User
from app.repositories.product import ProductRepository
from app.schemas.product import ProductCreate, ProductEvent, ProductQuery, ProductUpdate


class ProductService:
    """Shows products to everybody who is logged in, and lets owners change their own.

    Changes are announced in a background task: it runs after the commit, so nobody hears of a
    change that never was, and if it is lost, only a notice is.
    """

    def __init__(
        self, products: ProductRepository, background: BackgroundTasks, feed: Feed
    ) -> None:
        """Keep what the work needs."""
        self._products = products
        self._background = background
        self._feed = feed

    async def list_page(self, query: ProductQuery) -> tuple[Sequence[Product], int]:
        """List products."""
        return await self._products.list_page(query)

    async def get(self, product_id: UUID) -> Product:
        """Find a product."""
        product = await self._products.get(product_id)
        if product is None:
            raise NotFoundException("No such product")
        return product

    async def create(self, data: ProductCreate, actor: User) -> Product:
        """Make a product that belongs to whoever makes it."""
        product = await self._products.add(Product(**data.model_dump(), owner_id=actor.id))
        self._announce("created", product)
        return product

    async def update(
        self, product_id: UUID, data: ProductUpdate, version: int, actor: User
    ) -> Product:
        """Change what was sent, if the caller has seen the present version."""
        product = await self._get_for_change(product_id, version, actor)
        await self._products.update(product, data.model_dump(exclude_unset=True))
        self._announce("updated", product)
        return product

    async def delete(self, product_id: UUID, version: int, actor: User) -> None:
        """Remove a product, if the caller has seen the present version."""
        product = await self._get_for_change(product_id, version, actor)
        await self._products.delete(product)
        self._announce("deleted", product)

    async def _get_for_change(self, product_id: UUID, version: int, actor: User) -> Product:
        product = await self.get(product_id)
        if product.owner_id != actor.id and not actor.is_superuser:
            raise ForbiddenException("Only its owner may change a product")
        if product.version != version:
            raise PreconditionFailedException
        return product

    def _announce(self, change: Literal["created", "updated", "deleted"], product: Product) -> None:
        event = ProductEvent(type=change, product_id=product.id, version=product.version)
        self._background.add_task(self._feed.publish, event.model_dump_json())
