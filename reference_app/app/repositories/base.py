"""What all repositories can do."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.base import Base, IdMixin

ModelT = TypeVar("ModelT", bound=IdMixin)


class BaseRepository:
    """Holds the session of the present unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        """Keep the session."""
        self.session = session

    def upsert(self, model: type[Base]) -> postgresql.Insert | sqlite.Insert:
        """Start an `INSERT … ON CONFLICT`, which both databases know under their own name."""
        if self.session.get_bind().dialect.name == "postgresql":
            return postgresql.insert(model)
        return sqlite.insert(model)


class Repository(BaseRepository, Generic[ModelT]):
    """Reads and writes one model by its id. Subclasses name the model and add their queries."""

    model: type[ModelT]

    async def get(self, item_id: UUID) -> ModelT | None:
        """Find one by its id."""
        return await self.session.get(self.model, item_id)

    async def add(self, item: ModelT) -> ModelT:
        """Write a new one; flushing sends it now, so that its constraints speak here."""
        self.session.add(item)
        await self.session.flush()
        return item

    async def update(self, item: ModelT, values: dict[str, Any]) -> ModelT:
        """Change the given attributes and no other."""
        for name, value in values.items():
            setattr(item, name, value)
        await self.session.flush()
        return item

    async def delete(self, item: ModelT) -> None:
        """Remove one."""
        await self.session.delete(item)
        await self.session.flush()

    async def page(
        self, statement: Select[Any], skip: int, limit: int
    ) -> tuple[Sequence[ModelT], int]:
        """Run a statement for one page, and count what it would give without the limits."""
        rows = statement.order_by(None).subquery()
        total = await self.session.scalar(select(func.count()).select_from(rows))
        items: Sequence[ModelT] = (
            await self.session.scalars(statement.offset(skip).limit(limit))
        ).all()
        return items, total or 0
