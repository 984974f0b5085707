"""Exceptions whose text speaks of the inside of the program: databases, the operating system, other servers.

Source: the exception trees of Python, SQLAlchemy, the database drivers, httpx, requests and aiohttp.
"""

from __future__ import annotations

from fastapi_guardrails.knowledge.classes import ancestors

_EVERYTHING = frozenset({"builtins.Exception", "builtins.BaseException"})
_TREES = frozenset(
    {
        "builtins.OSError", "builtins.LookupError", "sqlalchemy.exc.SQLAlchemyError", "asyncpg.PostgresError",
        "psycopg.Error", "psycopg2.Error", "sqlite3.Error", "httpx.HTTPError", "requests.RequestException",
        "requests.exceptions.RequestException", "redis.exceptions.RedisError", "redis.RedisError",
    }
)  # fmt: skip
#: Packages all of whose exceptions are of a database, a cache or an HTTP client.
_PACKAGES = ("sqlalchemy.exc.", "asyncpg.", "psycopg.", "psycopg2.", "pymongo.errors.", "pymysql.", "aiohttp.",
             "botocore.exceptions.", "redis.", "requests.", "aiosqlite.", "asyncmy.errors.", "aiomysql.", "MySQLdb.",
             "urllib3.exceptions.", "httpcore.", "httpx.", "elasticsearch.", "tortoise.exceptions.", "peewee.",
             "pyodbc.", "oracledb.", "mysql.connector.", "neo4j.exceptions.")  # fmt: skip
#: What says no more than that the database does not hold something.
_FORESEEN = (".DoesNotExist", ".ObjectDoesNotExistError")


def is_unexpected(name: str) -> bool:
    """Whether an `except` of a library's class catches what nobody foresaw in detail."""
    if name in _EVERYTHING or (name.startswith(_PACKAGES) and not name.endswith(_FORESEEN)):
        return True
    return bool(ancestors(name)[0] & _TREES)


def is_everything(name: str) -> bool:
    """Whether it is `Exception` or `BaseException`."""
    return name in _EVERYTHING
