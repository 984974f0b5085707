"""What calls of library functions and methods give, as small type expressions.

A type expression is a qualified class name or one of these words, with type arguments in brackets:
`self` the receiver as it is; `args` the receiver's type arguments; `elem` the receiver's first type argument;
`arg0` the first call argument's type (a class given as a value, or the type of its type argument);
`entity` the entity of the statement given as first argument; `T?` the same or None; `await T` a coroutine.
Methods are looked up on the class and its ancestors.
"""

from __future__ import annotations

_STATEMENT = "sqlalchemy.Select"

#: Query-building methods that give the same kind of statement or query back.
_BUILDERS = (
    "where filter filter_by order_by group_by having limit offset options join outerjoin distinct with_for_update "
    "execution_options select_from params correlate prefix_with suffix_with add_columns returning values on_conflict_do_nothing "
    "on_conflict_do_update enable_eagerloads populate_existing yield_per with_hint slice reset_joinpoint union union_all "
    "with_only_columns subquery_ enable_assertions add_entity"
).split()

FUNCTIONS: dict[str, str] = {
    "sqlalchemy.create_engine": "sqlalchemy.Engine",
    "sqlalchemy.engine_from_config": "sqlalchemy.Engine",
    "sqlalchemy.ext.asyncio.create_async_engine": "sqlalchemy.ext.asyncio.AsyncEngine",
    "sqlalchemy.ext.asyncio.async_engine_from_config": "sqlalchemy.ext.asyncio.AsyncEngine",
    "sqlalchemy.select": "sqlalchemy.Select[arg0]",
    "sqlalchemy.insert": "sqlalchemy.Insert[arg0]",
    "sqlalchemy.update": "sqlalchemy.Update[arg0]",
    "sqlalchemy.delete": "sqlalchemy.Delete[arg0]",
    "sqlalchemy.dialects.postgresql.insert": "sqlalchemy.Insert[arg0]",
    "sqlalchemy.dialects.sqlite.insert": "sqlalchemy.Insert[arg0]",
    "sqlalchemy.text": "sqlalchemy.TextClause",
    "sqlite3.connect": "sqlite3.Connection",
    "psycopg2.connect": "psycopg2.connection",
    "psycopg.connect": "psycopg.Connection",
    "psycopg.Connection.connect": "psycopg.Connection",
    "psycopg.AsyncConnection.connect": "await psycopg.AsyncConnection",
    "pymysql.connect": "pymysql.Connection",
    "MySQLdb.connect": "MySQLdb.Connection",
    "redis.from_url": "redis.Redis",
    "redis.Redis.from_url": "redis.Redis",
    "redis.asyncio.from_url": "redis.asyncio.Redis",
    "redis.asyncio.Redis.from_url": "redis.asyncio.Redis",
    "aiosqlite.connect": "aiosqlite.Connection",
    "asyncpg.connect": "await asyncpg.Connection",
    "asyncpg.create_pool": "asyncpg.Pool",
    "boto3.client": "boto3.Client",
    "boto3.resource": "boto3.Resource",
    "requests.session": "requests.Session",
    "requests.get": "requests.Response",
    "requests.post": "requests.Response",
    "requests.put": "requests.Response",
    "requests.patch": "requests.Response",
    "requests.delete": "requests.Response",
    "requests.head": "requests.Response",
    "requests.request": "requests.Response",
    "httpx.get": "httpx.Response",
    "httpx.post": "httpx.Response",
    "httpx.put": "httpx.Response",
    "httpx.patch": "httpx.Response",
    "httpx.delete": "httpx.Response",
    "httpx.request": "httpx.Response",
    "logging.getLogger": "logging.Logger",
    "asyncio.get_event_loop": "asyncio.AbstractEventLoop",
    "asyncio.get_running_loop": "asyncio.AbstractEventLoop",
    "asyncio.new_event_loop": "asyncio.AbstractEventLoop",
    "fastapi.encoders.jsonable_encoder": "?",
    "builtins.str": "builtins.str",
    "builtins.int": "builtins.int",
    "builtins.float": "builtins.float",
    "builtins.bool": "builtins.bool",
    "builtins.repr": "builtins.str",
    "builtins.len": "builtins.int",
    "builtins.open": "io.TextIOWrapper",
    "traceback.format_exc": "builtins.str",
    "uuid.uuid4": "uuid.UUID",
    "uuid.uuid1": "uuid.UUID",
    "secrets.token_urlsafe": "builtins.str",
    "secrets.token_hex": "builtins.str",
    "datetime.datetime.now": "datetime.datetime",
    "datetime.datetime.utcnow": "datetime.datetime",
    "json.dumps": "builtins.str",
    "pathlib.Path.cwd": "pathlib.Path",
    "pathlib.Path.home": "pathlib.Path",
}

_SESSION = {
    "execute": "sqlalchemy.Result[entity]",
    "exec": "sqlalchemy.ScalarResult[entity]",
    "scalars": "sqlalchemy.ScalarResult[entity]",
    "scalar": "entity?",
    "get": "arg0?",
    "get_one": "arg0",
    "merge": "same0",
    "connection": "sqlalchemy.Connection",
    "begin": "sqlalchemy.orm.SessionTransaction",
    "begin_nested": "sqlalchemy.orm.SessionTransaction",
}

METHODS: dict[str, dict[str, str]] = {
    "sqlalchemy.orm.Session": {
        **_SESSION,
        "query": "sqlalchemy.orm.Query[arg0]",
        "__enter__": "self",
        "__call__": "self",
    },
    "sqlalchemy.ext.asyncio.AsyncSession": {
        **{name: f"await {spec}" for name, spec in _SESSION.items() if not name.startswith("begin")},
        "begin": "sqlalchemy.ext.asyncio.AsyncSessionTransaction",
        "begin_nested": "sqlalchemy.ext.asyncio.AsyncSessionTransaction",
        "stream": "await sqlalchemy.ext.asyncio.AsyncResult[entity]",
        "stream_scalars": "await sqlalchemy.ext.asyncio.AsyncScalarResult[entity]",
        "flush": "await none",
        "commit": "await none",
        "rollback": "await none",
        "refresh": "await none",
        "delete": "await none",
        "close": "await none",
        "run_sync": "await ?",
        "__aenter__": "self",
        "__call__": "self",
    },
    "sqlalchemy.orm.sessionmaker": {"__call__": "elem", "begin": "elem"},
    "sqlalchemy.ext.asyncio.async_sessionmaker": {"__call__": "elem", "begin": "elem"},
    "sqlalchemy.Engine": {
        "connect": "sqlalchemy.Connection",
        "begin": "sqlalchemy.Connection",
        "raw_connection": "sqlalchemy.PoolProxiedConnection",
    },
    "sqlalchemy.Connection": {
        "execute": "sqlalchemy.Result[entity]",
        "scalars": "sqlalchemy.ScalarResult[entity]",
        "scalar": "?",
        "__enter__": "self",
        "execution_options": "self",
    },
    "sqlalchemy.ext.asyncio.AsyncEngine": {
        "connect": "sqlalchemy.ext.asyncio.AsyncConnection",
        "begin": "sqlalchemy.ext.asyncio.AsyncConnection",
        "dispose": "await none",
    },
    "sqlalchemy.ext.asyncio.AsyncConnection": {
        "execute": "await sqlalchemy.Result[entity]",
        "scalar": "await ?",
        "scalars": "await sqlalchemy.ScalarResult[entity]",
        "run_sync": "await ?",
        "commit": "await none",
        "rollback": "await none",
        "close": "await none",
        "__aenter__": "self",
    },
    "sqlalchemy.orm.Query": {
        **{name: "self" for name in _BUILDERS},
        "all": "builtins.list[elem]",
        "first": "elem?",
        "one": "elem",
        "one_or_none": "elem?",
        "get": "elem?",
        "scalar": "?",
        "count": "builtins.int",
        "delete": "builtins.int",
        "update": "builtins.int",
        "__iter__": "elem",
    },
    "sqlalchemy.Select": {**{name: "self" for name in _BUILDERS}},
    "sqlalchemy.Insert": {**{name: "self" for name in _BUILDERS}},
    "sqlalchemy.Update": {**{name: "self" for name in _BUILDERS}},
    "sqlalchemy.Delete": {**{name: "self" for name in _BUILDERS}},
    "sqlalchemy.Result": {
        "scalars": "sqlalchemy.ScalarResult[elem]",
        "unique": "self",
        "scalar": "elem?",
        "scalar_one": "elem",
        "scalar_one_or_none": "elem?",
        "all": "builtins.list[sqlalchemy.Row[elem]]",
        "fetchall": "builtins.list[sqlalchemy.Row[elem]]",
        "first": "sqlalchemy.Row[elem]?",
        "one": "sqlalchemy.Row[elem]",
        "one_or_none": "sqlalchemy.Row[elem]?",
        "fetchone": "sqlalchemy.Row[elem]?",
        "mappings": "sqlalchemy.MappingResult",
        "__iter__": "sqlalchemy.Row[elem]",
    },
    "sqlalchemy.ScalarResult": {
        "unique": "self",
        "all": "builtins.list[elem]",
        "fetchall": "builtins.list[elem]",
        "first": "elem?",
        "one": "elem",
        "one_or_none": "elem?",
        "__iter__": "elem",
    },
    "sqlalchemy.ext.asyncio.AsyncResult": {
        "scalars": "sqlalchemy.ext.asyncio.AsyncScalarResult[elem]",
        "scalar_one": "await elem",
        "scalar_one_or_none": "await elem?",
        "__iter__": "sqlalchemy.Row[elem]",
    },
    "sqlalchemy.ext.asyncio.AsyncScalarResult": {
        "all": "await builtins.list[elem]",
        "first": "await elem?",
        "one": "await elem",
        "__iter__": "elem",
    },
    "sqlite3.Connection": {
        "cursor": "sqlite3.Cursor",
        "execute": "sqlite3.Cursor",
        "executemany": "sqlite3.Cursor",
        "__enter__": "self",
    },
    "sqlite3.Cursor": {"execute": "self"},
    "psycopg2.connection": {"cursor": "psycopg2.cursor", "__enter__": "self"},
    "psycopg2.cursor": {"__enter__": "self"},
    "psycopg.Connection": {"cursor": "psycopg.Cursor", "execute": "psycopg.Cursor", "__enter__": "self"},
    "psycopg.Cursor": {"__enter__": "self", "execute": "self"},
    "psycopg.AsyncConnection": {
        "cursor": "psycopg.AsyncCursor",
        "execute": "await psycopg.AsyncCursor",
        "__aenter__": "self",
    },
    "pymysql.Connection": {"cursor": "pymysql.cursors.Cursor", "__enter__": "self"},
    "MySQLdb.Connection": {"cursor": "MySQLdb.cursors.Cursor"},
    "pymongo.MongoClient": {
        "__getitem__": "pymongo.database.Database",
        "__getattr__": "pymongo.database.Database",
        "get_database": "pymongo.database.Database",
        "get_default_database": "pymongo.database.Database",
    },
    "pymongo.database.Database": {
        "__getitem__": "pymongo.collection.Collection",
        "__getattr__": "pymongo.collection.Collection",
        "get_collection": "pymongo.collection.Collection",
    },
    "redis.Redis": {"pipeline": "redis.client.Pipeline", "__enter__": "self"},
    "requests.Session": {
        "get": "requests.Response",
        "post": "requests.Response",
        "request": "requests.Response",
        "__enter__": "self",
    },
    "httpx.Client": {"get": "httpx.Response", "post": "httpx.Response", "request": "httpx.Response", "__enter__": "self"},
    "httpx.AsyncClient": {
        **{
            name: "await httpx.Response"
            for name in ("get", "post", "put", "patch", "delete", "head", "options", "request", "send")
        },
        "aclose": "await none",
        "__aenter__": "self",
    },
    "fastapi.UploadFile": {
        "read": "await builtins.bytes",
        "write": "await none",
        "seek": "await none",
        "close": "await none",
    },
    "starlette.datastructures.UploadFile": {
        "read": "await builtins.bytes",
        "write": "await none",
        "seek": "await none",
        "close": "await none",
    },
    "starlette.requests.Request": {
        "json": "await ?",
        "body": "await builtins.bytes",
        "form": "await starlette.datastructures.FormData",
        "is_disconnected": "await builtins.bool",
        "close": "await none",
    },
    "starlette.websockets.WebSocket": {
        name: "await ?"
        for name in (
            "accept receive receive_text receive_bytes receive_json send send_text send_bytes send_json close"
        ).split()
    },
    "pathlib.Path": {
        "__truediv__": "self",
        "resolve": "self",
        "absolute": "self",
        "expanduser": "self",
        "joinpath": "self",
        "with_suffix": "self",
        "with_name": "self",
        "read_text": "builtins.str",
        "open": "io.TextIOWrapper",
    },
    "builtins.dict": {
        "get": "value?",
        "copy": "self",
        "keys": "builtins.list[elem]",
        "values": "builtins.list[value]",
        "pop": "value?",
    },
    "builtins.list": {"copy": "self", "pop": "elem", "__iter__": "elem"},
    "builtins.str": {
        name: "builtins.str"
        for name in "strip lstrip rstrip lower upper title replace format join capitalize encode_ zfill removeprefix removesuffix".split()
    },
    "boto3.Session": {"client": "boto3.Client", "resource": "boto3.Resource"},
    "io.TextIOWrapper": {"__enter__": "self", "read": "builtins.str"},
}

#: Attributes of library objects: class → attribute → type expression.
ATTRIBUTES: dict[str, dict[str, str]] = {
    "pathlib.Path": {"parent": "self", "name": "builtins.str", "stem": "builtins.str", "suffix": "builtins.str"},
    "starlette.requests.HTTPConnection": {
        "headers": "starlette.datastructures.Headers",
        "cookies": "starlette.datastructures.Cookies",
        "session": "starlette.datastructures.Session",
        "query_params": "starlette.datastructures.QueryParams",
        "url": "starlette.datastructures.URL",
        "app": "fastapi.FastAPI",
        "state": "starlette.datastructures.State",
    },
    "sqlalchemy.ext.asyncio.AsyncSession": {"sync_session": "sqlalchemy.orm.Session"},
    "sqlalchemy.ext.asyncio.AsyncEngine": {"sync_engine": "sqlalchemy.Engine"},
}

#: Classes whose subclass of `collections.abc` generics iterate to their first type argument.
ITERABLES = frozenset(
    {
        "builtins.list", "builtins.set", "builtins.frozenset", "builtins.tuple", "collections.deque",
        "collections.abc.Sequence", "collections.abc.MutableSequence", "collections.abc.Iterable",
        "collections.abc.Iterator", "collections.abc.Collection", "collections.abc.Set", "collections.abc.Generator",
        "collections.abc.AsyncIterator", "collections.abc.AsyncIterable", "collections.abc.AsyncGenerator",
        "fastapi_pagination.Page",
    }
)  # fmt: skip
