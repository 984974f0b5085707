"""One name for each thing of a library, wherever it is imported from.

Source: the re-exports in FastAPI's, Starlette's, SQLAlchemy's, SQLModel's and Pydantic's own packages.
"""

from __future__ import annotations

#: Exact re-exports: name as imported → canonical name.
_EXACT = {
    "fastapi.applications.FastAPI": "fastapi.FastAPI",
    "fastapi.routing.APIRouter": "fastapi.APIRouter",
    "fastapi.params.Depends": "fastapi.Depends",
    "fastapi.param_functions.Depends": "fastapi.Depends",
    "fastapi.params.Security": "fastapi.Security",
    "fastapi.param_functions.Security": "fastapi.Security",
    "fastapi.exceptions.HTTPException": "fastapi.HTTPException",
    "fastapi.exceptions.WebSocketException": "starlette.exceptions.WebSocketException",
    "fastapi.WebSocketException": "starlette.exceptions.WebSocketException",
    "fastapi.background.BackgroundTasks": "starlette.background.BackgroundTasks",
    "fastapi.BackgroundTasks": "starlette.background.BackgroundTasks",
    "fastapi.datastructures.UploadFile": "fastapi.UploadFile",
    "fastapi.Request": "starlette.requests.Request",
    "fastapi.requests.Request": "starlette.requests.Request",
    "fastapi.requests.HTTPConnection": "starlette.requests.HTTPConnection",
    "fastapi.Response": "starlette.responses.Response",
    "fastapi.WebSocket": "starlette.websockets.WebSocket",
    "fastapi.websockets.WebSocket": "starlette.websockets.WebSocket",
    "fastapi.WebSocketDisconnect": "starlette.websockets.WebSocketDisconnect",
    "fastapi.websockets.WebSocketDisconnect": "starlette.websockets.WebSocketDisconnect",
    "fastapi.status": "starlette.status",
    "fastapi.concurrency.run_in_threadpool": "starlette.concurrency.run_in_threadpool",
    "fastapi.concurrency.iterate_in_threadpool": "starlette.concurrency.iterate_in_threadpool",
    "fastapi.staticfiles.StaticFiles": "starlette.staticfiles.StaticFiles",
    "fastapi.testclient.TestClient": "starlette.testclient.TestClient",
    "fastapi.templating.Jinja2Templates": "starlette.templating.Jinja2Templates",
    "starlette.middleware.base.BaseHTTPMiddleware": "starlette.middleware.base.BaseHTTPMiddleware",
    "sqlalchemy.orm.session.Session": "sqlalchemy.orm.Session",
    "sqlalchemy.orm.session.sessionmaker": "sqlalchemy.orm.sessionmaker",
    "sqlalchemy.orm.scoping.scoped_session": "sqlalchemy.orm.scoped_session",
    "sqlalchemy.orm.query.Query": "sqlalchemy.orm.Query",
    "sqlalchemy.orm.decl_api.DeclarativeBase": "sqlalchemy.orm.DeclarativeBase",
    "sqlalchemy.orm.decl_api.declarative_base": "sqlalchemy.orm.declarative_base",
    "sqlalchemy.ext.declarative.declarative_base": "sqlalchemy.orm.declarative_base",
    "sqlalchemy.ext.declarative.api.declarative_base": "sqlalchemy.orm.declarative_base",
    "sqlalchemy.ext.declarative.as_declarative": "sqlalchemy.orm.as_declarative",
    "sqlalchemy.ext.declarative.declared_attr": "sqlalchemy.orm.declared_attr",
    "sqlalchemy.ext.asyncio.session.AsyncSession": "sqlalchemy.ext.asyncio.AsyncSession",
    "sqlalchemy.ext.asyncio.session.async_sessionmaker": "sqlalchemy.ext.asyncio.async_sessionmaker",
    "sqlalchemy.ext.asyncio.engine.AsyncEngine": "sqlalchemy.ext.asyncio.AsyncEngine",
    "sqlalchemy.ext.asyncio.engine.AsyncConnection": "sqlalchemy.ext.asyncio.AsyncConnection",
    "sqlalchemy.ext.asyncio.engine.create_async_engine": "sqlalchemy.ext.asyncio.create_async_engine",
    "sqlalchemy.engine.create_engine": "sqlalchemy.create_engine",
    "sqlalchemy.engine.Engine": "sqlalchemy.Engine",
    "sqlalchemy.engine.base.Engine": "sqlalchemy.Engine",
    "sqlalchemy.future.Engine": "sqlalchemy.Engine",
    "sqlalchemy.future.engine.Engine": "sqlalchemy.Engine",
    "sqlalchemy.engine.Connection": "sqlalchemy.Connection",
    "sqlalchemy.engine.base.Connection": "sqlalchemy.Connection",
    **{
        f"{module}.{name}": f"sqlalchemy.{name}"
        for module in ("sqlalchemy.engine", "sqlalchemy.engine.url")
        for name in ("URL", "URL.create", "make_url")
    },
    "sqlalchemy.engine.Result": "sqlalchemy.Result",
    "sqlalchemy.engine.result.Result": "sqlalchemy.Result",
    "sqlalchemy.future.select": "sqlalchemy.select",
    "sqlalchemy.sql.select": "sqlalchemy.select",
    "sqlalchemy.sql.expression.select": "sqlalchemy.select",
    "sqlalchemy.sql.Select": "sqlalchemy.Select",
    "sqlalchemy.sql.selectable.Select": "sqlalchemy.Select",
    "sqlalchemy.sql.expression.Select": "sqlalchemy.Select",
    "sqlalchemy.sql.text": "sqlalchemy.text",
    "sqlalchemy.sql.expression.text": "sqlalchemy.text",
    "sqlmodel.select": "sqlalchemy.select",
    "sqlmodel.sql.expression.select": "sqlalchemy.select",
    "sqlmodel.create_engine": "sqlalchemy.create_engine",
    "sqlmodel.orm.session.Session": "sqlmodel.Session",
    "sqlmodel.main.SQLModel": "sqlmodel.SQLModel",
    "sqlmodel.main.Field": "sqlmodel.Field",
    "sqlmodel.main.Relationship": "sqlmodel.Relationship",
    "sqlmodel.ext.asyncio.session.AsyncSession": "sqlmodel.ext.asyncio.session.AsyncSession",
    "pydantic.main.BaseModel": "pydantic.BaseModel",
    "pydantic.fields.Field": "pydantic.Field",
    "pydantic.config.ConfigDict": "pydantic.ConfigDict",
    "pydantic.class_validators.validator": "pydantic.validator",
    "pydantic.class_validators.root_validator": "pydantic.root_validator",
    "pydantic.deprecated.class_validators.validator": "pydantic.validator",
    "pydantic.deprecated.class_validators.root_validator": "pydantic.root_validator",
    "pydantic.BaseSettings": "pydantic_settings.BaseSettings",
    "pydantic.env_settings.BaseSettings": "pydantic_settings.BaseSettings",
    "pydantic_settings.main.BaseSettings": "pydantic_settings.BaseSettings",
    "pydantic.generics.GenericModel": "pydantic.generics.GenericModel",
    "fastapi_utils.cbv.cbv": "fastapi_utils.cbv.cbv",
    "fastapi_restful.cbv.cbv": "fastapi_utils.cbv.cbv",
    "fastapi_utils.cbv": "fastapi_utils.cbv",
    "fastapi_utils.InferringRouter": "fastapi_utils.inferring_router.InferringRouter",
    "fastapi_restful.InferringRouter": "fastapi_utils.inferring_router.InferringRouter",
    "fastapi_restful.inferring_router.InferringRouter": "fastapi_utils.inferring_router.InferringRouter",
    "cadwyn.applications.Cadwyn": "cadwyn.Cadwyn",
    "cadwyn.routing.VersionedAPIRouter": "cadwyn.VersionedAPIRouter",
    "typing_extensions.Annotated": "typing.Annotated",
    "asyncio.tasks.create_task": "asyncio.create_task",
    "asyncio.tasks.gather": "asyncio.gather",
    "redis.client.Redis": "redis.Redis",
    "redis.StrictRedis": "redis.Redis",
    "redis.client.StrictRedis": "redis.Redis",
    "redis.cluster.RedisCluster": "redis.RedisCluster",
    "sqlite3.dbapi2.connect": "sqlite3.connect",
    "pymysql.Connection": "pymysql.connections.Connection",
    "MySQLdb.connections.Connection": "MySQLdb.Connection",
    "psycopg.connection.Connection": "psycopg.Connection",
    "psycopg.cursor.Cursor": "psycopg.Cursor",
    "pymongo.synchronous.mongo_client.MongoClient": "pymongo.MongoClient",
    "pymongo.synchronous.database.Database": "pymongo.database.Database",
    "pymongo.synchronous.collection.Collection": "pymongo.collection.Collection",
    "pymongo.synchronous.cursor.Cursor": "pymongo.cursor.Cursor",
    "boto3.session.Session": "boto3.Session",
    "botocore.client.BaseClient": "boto3.Client",
    "boto3.resources.base.ServiceResource": "boto3.Resource",
    "pathlib.PosixPath": "pathlib.Path",
    "pathlib.WindowsPath": "pathlib.Path",
    "psycopg2.extensions.connection": "psycopg2.connection",
    "psycopg2.extensions.cursor": "psycopg2.cursor",
    "pymongo.mongo_client.MongoClient": "pymongo.MongoClient",
    "requests.sessions.Session": "requests.Session",
    **{f"requests.api.{verb}": f"requests.{verb}" for verb in ("get", "post", "put", "patch", "delete", "request")},
    "httpx._client.AsyncClient": "httpx.AsyncClient",
    "httpx._client.Client": "httpx.Client",
}  # fmt: skip

#: Re-exporting modules: everything below the left name is below the right one.
_PREFIXES = (
    ("fastapi.responses.", "starlette.responses."),
    ("fastapi.middleware.", "starlette.middleware."),
    ("fastapi.security.oauth2.", "fastapi.security."),
    ("fastapi.security.http.", "fastapi.security."),
    ("fastapi.security.api_key.", "fastapi.security."),
    ("fastapi.security.open_id_connect_url.", "fastapi.security."),
    ("fastapi.security.base.", "fastapi.security."),
    ("fastapi.status.", "starlette.status."),
    ("sqlalchemy.sql.expression.", "sqlalchemy."),
    ("sqlalchemy.orm.strategy_options.", "sqlalchemy.orm."),
    ("sqlalchemy.orm.exc.", "sqlalchemy.exc."),
    ("typing_extensions.", "typing."),
    ("fastapi_restful.", "fastapi_utils."),
)

_TYPING_TO_BUILTIN = {
    "typing.List": "builtins.list",
    "typing.Dict": "builtins.dict",
    "typing.Set": "builtins.set",
    "typing.FrozenSet": "builtins.frozenset",
    "typing.Tuple": "builtins.tuple",
    "typing.Type": "builtins.type",
    "typing.DefaultDict": "collections.defaultdict",
    "typing.Deque": "collections.deque",
    "typing.OrderedDict": "collections.OrderedDict",
    "typing.Text": "builtins.str",
    "typing.ContextManager": "contextlib.AbstractContextManager",
    "typing.AsyncContextManager": "contextlib.AbstractAsyncContextManager",
}

_COLLECTIONS_ABC = {
    "Sequence", "MutableSequence", "Iterable", "Iterator", "Collection", "Mapping", "MutableMapping", "AsyncIterator",
    "AsyncIterable", "AsyncGenerator", "Generator", "Awaitable", "Coroutine", "Callable", "Container", "Hashable",
    "KeysView", "ValuesView", "ItemsView", "AbstractSet", "MutableSet",
}  # fmt: skip

_cache: dict[str, str] = {}


def canonical(name: str) -> str:
    """The canonical name of a library's thing: `fastapi.routing.APIRouter` → `fastapi.APIRouter`."""
    known = _cache.get(name)
    if known is None:
        known = _cache[name] = _canonical(name)
    return known


def _canonical(name: str) -> str:
    if name in _EXACT:
        return _EXACT[name]
    for prefix, target in _PREFIXES:
        if name.startswith(prefix):
            return canonical(target + name[len(prefix) :])
    if name in _TYPING_TO_BUILTIN:
        return _TYPING_TO_BUILTIN[name]
    module, _, last = name.rpartition(".")
    if module == "typing" and last in _COLLECTIONS_ABC:
        return f"collections.abc.{'Set' if last == 'AbstractSet' else last}"
    return name
