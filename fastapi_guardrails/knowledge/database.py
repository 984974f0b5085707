"""Sync database handles of libraries, and which of their methods talk to the database.

Source: the libraries' documentation; building a statement or a query, making a session, and `add`, `add_all` and
`expunge` of a session do no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from fastapi_guardrails.knowledge.classes import ancestors

_CURSOR = frozenset(
    {"execute", "executemany", "executescript", "fetchone", "fetchmany", "fetchall", "callproc", "copy_from", "copy_to"}
)
_CONNECTION = frozenset({"execute", "executemany", "executescript", "commit", "rollback", "close", "ping", "begin"})

#: Class → its methods that do I/O.
SYNC: dict[str, frozenset[str]] = {
    "sqlalchemy.orm.Session": frozenset(
        {
            "execute", "exec", "scalar", "scalars", "get", "get_one", "commit", "flush", "rollback", "refresh",
            "delete", "merge", "close", "bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings",
            "connection", "remove", "begin_nested",
        }
    ),
    "sqlalchemy.orm.Query": frozenset(
        {"all", "first", "one", "one_or_none", "scalar", "get", "count", "delete", "update", "__iter__"}
    ),
    "sqlalchemy.Engine": frozenset({"connect", "begin", "execute", "raw_connection"}),
    "sqlalchemy.Connection": frozenset(
        {"execute", "exec_driver_sql", "scalar", "scalars", "commit", "rollback", "begin", "close"}
    ),
    "sqlite3.Connection": _CONNECTION,
    "sqlite3.Cursor": _CURSOR,
    "psycopg2.connection": _CONNECTION,
    "psycopg2.cursor": _CURSOR,
    "psycopg.Connection": _CONNECTION,
    "psycopg.Cursor": _CURSOR,
    "mysql.connector.connection.MySQLConnection": _CONNECTION,
    "mysql.connector.cursor.MySQLCursor": _CURSOR,
    "pymysql.connections.Connection": _CONNECTION,
    "pymysql.cursors.Cursor": _CURSOR,
    "MySQLdb.Connection": _CONNECTION,
    "MySQLdb.cursors.Cursor": _CURSOR,
    "pymongo.MongoClient": frozenset(
        {"list_database_names", "list_databases", "server_info", "drop_database", "close"}
    ),
    "pymongo.database.Database": frozenset(
        {
            "command", "list_collection_names", "list_collections", "create_collection", "drop_collection", "aggregate",
            "validate_collection",
        }
    ),
    "pymongo.collection.Collection": frozenset(
        {
            "find_one", "insert_one", "insert_many", "update_one", "update_many", "delete_one", "delete_many",
            "replace_one", "find_one_and_update", "find_one_and_delete", "find_one_and_replace", "aggregate",
            "count_documents", "estimated_document_count", "distinct", "bulk_write", "create_index", "create_indexes",
            "drop", "drop_index", "drop_indexes", "index_information", "list_indexes", "rename",
        }
    ),
    "pymongo.cursor.Cursor": frozenset({"__iter__", "next", "to_list", "distinct", "explain", "__getitem__"}),
    "pymongo.command_cursor.CommandCursor": frozenset({"__iter__", "next", "to_list"}),
    "redis.client.Pipeline": frozenset({"execute"}),
    "peewee.Model": frozenset(
        {
            "get", "get_or_none", "get_by_id", "create", "save", "delete_instance", "get_or_create", "bulk_create",
            "bulk_update", "set_by_id", "delete_by_id", "create_table", "drop_table", "truncate_table", "table_exists",
        }
    ),
    "peewee.BaseQuery": frozenset(
        {"execute", "get", "get_or_none", "first", "count", "exists", "scalar", "iterator", "peek", "__iter__"}
    ),
    "peewee.Database": frozenset({"connect", "execute_sql", "close", "create_tables"}),
}  # fmt: skip

#: Methods of a redis client that do no I/O; every other one does.
_REDIS_LOCAL = frozenset(
    {"pipeline", "pubsub", "lock", "register_script", "from_url", "get_encoder", "monitor", "client", "__init__"}
)


#: What a project imports of SQLAlchemy or SQLModel before it can have a sync handle of them.
_SQLALCHEMY = frozenset(
    {
        "Session", "sessionmaker", "scoped_session", "create_engine", "engine_from_config", "Engine", "Connection",
        "Query",
    }
)  # fmt: skip

#: What of redis has no sync client in it.
_REDIS_OTHER = re.compile(r"redis\.(asyncio|exceptions|typing|utils)\b")

#: A library that gives handles of another one.
_GIVERS = {"psycopg_pool": "psycopg"}


def sync_calls(imported: Collection[str]) -> frozenset[str]:
    """Names of the methods that may be sync I/O in a project that imports some names (`sqlalchemy.orm.Session`).

    Those of a sync redis client are not among them: any may be (`has_sync_redis`).
    """
    packages = {name.partition(".")[0] for name in imported}
    at_hand = {_GIVERS.get(package, package) for package in packages}
    at_hand.discard("sqlalchemy")
    if has_sync_sqlalchemy(imported):
        at_hand.add("sqlalchemy")
    return frozenset[str]().union(*(names for cls, names in SYNC.items() if cls.partition(".")[0] in at_hand))


def has_sync_redis(imported: Collection[str]) -> bool:
    """Whether a sync client of redis can come from what is imported."""
    return any(n == "redis" or n.startswith("redis.") for n in imported if not _REDIS_OTHER.match(n))


def has_sync_sqlalchemy(imported: Collection[str]) -> bool:
    """Whether a sync engine or session can come from what is imported: also by a module, whose attributes they are."""
    for name in imported:
        package, _, rest = name.partition(".")
        if package == "fastapi_sqlalchemy":
            return True
        if package not in ("sqlalchemy", "sqlmodel"):
            continue
        last = name.rpartition(".")[2]
        if last in _SQLALCHEMY or last in ("*", "orm", "engine") or not rest:
            return True
    return False


def is_sync_call(owner: str, method: str) -> bool:
    """Whether a method of a library's class is I/O on a sync database handle."""
    names = ancestors(owner)[0]
    if "redis.Redis" in names:
        return method not in _REDIS_LOCAL and not method.startswith("_")
    return any(method in SYNC.get(name, ()) for name in names)
