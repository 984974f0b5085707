"""How Alembic reaches the database and what it compares it with.

The app hands over its own connection when it migrates itself; the command line has none, so a
connection is opened from the same settings that the app uses. There is one place for the address.
"""

import asyncio
from logging.config import fileConfig
from typing import Literal

from alembic import context
from sqlalchemy import Connection

from app.config import get_settings
from app.database import Database
from app.models import Base
from app.models.base import UtcDateTime

config = context.config


def render_item(kind: str, item: object, _: object) -> str | Literal[False]:
    """Write our type as what it is to the database: a migration must outlive the app's code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def migrate(connection: Connection) -> None:
    """Run the migrations; `batch` mode lets SQLite alter tables by copying them."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


def print_sql() -> None:
    """Write the statements out instead of running them (`alembic upgrade head --sql`)."""
    context.configure(url=get_settings().DATABASE_URL, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


async def connect_and_migrate() -> None:
    """Open a connection for the command line."""
    database = Database(get_settings())
    try:
        async with database.engine.begin() as connection:
            await connection.run_sync(migrate)
    finally:
        await database.dispose()


if "connection" in config.attributes:
    migrate(config.attributes["connection"])
else:
    if config.config_file_name is not None:
        fileConfig(config.config_file_name, disable_existing_loggers=False)
    if context.is_offline_mode():
        print_sql()
    else:
        asyncio.run(connect_and_migrate())
