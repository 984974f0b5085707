"""Who brings the schema up to date, and who only looks whether it is.

Alembic owns the schema. The embedded database migrates itself when the app starts. On a server
several processes start at once and old ones still run, so there a person or a deployment step does.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

ROOT = Path(__file__).resolve().parents[2]


class SchemaBehindError(RuntimeError):
    """The database does not have the schema that this version of the app needs."""


def alembic_config() -> Config:
    """Find `alembic.ini` whatever the working directory is."""
    return Config(ROOT / "alembic.ini")


def head_revision() -> str | None:
    """Return the newest revision that this version of the app knows."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def current_revision(connection: Connection) -> str | None:
    """Return the revision that the database is at."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing on a connection that is open already."""
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
