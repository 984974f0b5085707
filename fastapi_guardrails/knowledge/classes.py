"""Classes of libraries: what they inherit, as far as a rule asks.

A class that is not listed has unknown ancestors, so that "does it inherit X?" is answered with unknown.
Source: the class statements of CPython, Starlette, FastAPI, SQLAlchemy, SQLModel, Pydantic, httpx, redis,
fastapi-utils, fastapi-users, fastapi-login, fastapi-azure-auth, Beanie, Cadwyn, NiceGUI, FastStream.
"""

from __future__ import annotations

import builtins

#: Class → its direct bases (canonical names).
BASES: dict[str, tuple[str, ...]] = {
    "builtins.object": (),
    "abc.ABC": ("builtins.object",),
    "typing.Protocol": ("builtins.object",),
    "typing.Generic": ("builtins.object",),
    "typing.NamedTuple": ("builtins.tuple",),
    "typing.TypedDict": ("builtins.dict",),
    "enum.Enum": ("builtins.object",),
    "enum.IntEnum": ("builtins.int", "enum.Enum"),
    "enum.StrEnum": ("builtins.str", "enum.Enum"),
    "enum.Flag": ("enum.Enum",),
    "enum.IntFlag": ("builtins.int", "enum.Flag"),
    "threading.Thread": ("builtins.object",),
    "threading.local": ("builtins.object",),
    "fastapi.FastAPI": ("starlette.applications.Starlette",),
    "starlette.applications.Starlette": ("builtins.object",),
    "fastapi.APIRouter": ("starlette.routing.Router",),
    "starlette.routing.Router": ("builtins.object",),
    "fastapi_utils.inferring_router.InferringRouter": ("fastapi.APIRouter",),
    "cadwyn.Cadwyn": ("fastapi.FastAPI",),
    "cadwyn.VersionedAPIRouter": ("fastapi.APIRouter",),
    "nicegui.APIRouter": ("fastapi.APIRouter",),
    "faststream.confluent.fastapi.KafkaRouter": ("fastapi.APIRouter",),
    "faststream.kafka.fastapi.KafkaRouter": ("fastapi.APIRouter",),
    "faststream.nats.fastapi.NatsRouter": ("fastapi.APIRouter",),
    "faststream.rabbit.fastapi.RabbitRouter": ("fastapi.APIRouter",),
    "faststream.redis.fastapi.RedisRouter": ("fastapi.APIRouter",),
    "fastapi.routing.APIRoute": ("starlette.routing.Route",),
    "starlette.routing.Route": ("builtins.object",),
    "fastapi.HTTPException": ("starlette.exceptions.HTTPException",),
    "starlette.exceptions.HTTPException": ("builtins.Exception",),
    "starlette.exceptions.WebSocketException": ("builtins.Exception",),
    "starlette.websockets.WebSocketDisconnect": ("builtins.Exception",),
    "fastapi.exceptions.RequestValidationError": ("builtins.Exception",),
    "fastapi.exceptions.WebSocketRequestValidationError": ("builtins.Exception",),
    "fastapi.exceptions.ResponseValidationError": ("builtins.Exception",),
    "starlette.requests.HTTPConnection": ("builtins.object",),
    "starlette.requests.Request": ("starlette.requests.HTTPConnection",),
    "starlette.websockets.WebSocket": ("starlette.requests.HTTPConnection",),
    "starlette.background.BackgroundTasks": ("starlette.background.BackgroundTask",),
    "starlette.background.BackgroundTask": ("builtins.object",),
    "starlette.datastructures.UploadFile": ("builtins.object",),
    "fastapi.UploadFile": ("starlette.datastructures.UploadFile",),
    "starlette.middleware.base.BaseHTTPMiddleware": ("builtins.object",),
    "starlette.middleware.cors.CORSMiddleware": ("builtins.object",),
    "starlette.responses.Response": ("builtins.object",),
    "starlette.responses.JSONResponse": ("starlette.responses.Response",),
    "starlette.responses.ORJSONResponse": ("starlette.responses.JSONResponse",),
    "starlette.responses.UJSONResponse": ("starlette.responses.JSONResponse",),
    "starlette.responses.HTMLResponse": ("starlette.responses.Response",),
    "starlette.responses.PlainTextResponse": ("starlette.responses.Response",),
    "starlette.responses.RedirectResponse": ("starlette.responses.Response",),
    "starlette.responses.StreamingResponse": ("starlette.responses.Response",),
    "starlette.responses.FileResponse": ("starlette.responses.Response",),
    "fastapi.sse.EventSourceResponse": ("starlette.responses.StreamingResponse",),
    "sse_starlette.EventSourceResponse": ("starlette.responses.Response",),
    "sse_starlette.sse.EventSourceResponse": ("starlette.responses.Response",),
    "pydantic.BaseModel": ("builtins.object",),
    "pydantic.RootModel": ("pydantic.BaseModel",),
    "pydantic.generics.GenericModel": ("pydantic.BaseModel",),
    "pydantic_settings.BaseSettings": ("pydantic.BaseModel",),
    "pydantic.v1.BaseModel": ("builtins.object",),
    "pydantic.v1.BaseSettings": ("pydantic.v1.BaseModel",),
    "sqlmodel.SQLModel": ("pydantic.BaseModel",),
    **dict.fromkeys(
        (
            "beanie.Document",
            "beanie.View",
            "beanie.odm.documents.Document",
            "beanie.odm.views.View",
            "fastapi_users.schemas.BaseOAuthAccount",
            "fastapi_users.schemas.BaseUser",
            "fastapi_users.schemas.BaseUserCreate",
            "fastapi_users.schemas.BaseUserUpdate",
        ),
        ("pydantic.BaseModel",),
    ),
    "beanie.DocumentWithSoftDelete": ("beanie.Document",),
    "sqlmodel.Session": ("sqlalchemy.orm.Session",),
    "sqlmodel.ext.asyncio.session.AsyncSession": ("sqlalchemy.ext.asyncio.AsyncSession",),
    "sqlalchemy.orm.Session": ("builtins.object",),
    "sqlalchemy.orm.scoped_session": ("sqlalchemy.orm.Session",),
    "sqlalchemy.orm.Query": ("builtins.object",),
    "sqlalchemy.Engine": ("builtins.object",),
    "sqlalchemy.Connection": ("builtins.object",),
    "sqlalchemy.orm.DeclarativeBase": ("builtins.object",),
    "sqlalchemy.orm.DeclarativeBaseNoMeta": ("sqlalchemy.orm.DeclarativeBase",),
    "sqlalchemy.orm.MappedAsDataclass": ("builtins.object",),
    "sqlalchemy.ext.asyncio.AsyncAttrs": ("builtins.object",),
    "sqlalchemy.ext.asyncio.AsyncSession": ("builtins.object",),
    "sqlalchemy.ext.asyncio.async_scoped_session": ("sqlalchemy.ext.asyncio.AsyncSession",),
    "sqlalchemy.ext.asyncio.AsyncEngine": ("builtins.object",),
    "sqlalchemy.ext.asyncio.AsyncConnection": ("builtins.object",),
    "sqlalchemy.exc.SQLAlchemyError": ("builtins.Exception",),
    "sqlalchemy.exc.StatementError": ("sqlalchemy.exc.SQLAlchemyError",),
    "sqlalchemy.exc.DBAPIError": ("sqlalchemy.exc.StatementError",),
    "sqlalchemy.exc.DatabaseError": ("sqlalchemy.exc.DBAPIError",),
    "sqlalchemy.exc.InterfaceError": ("sqlalchemy.exc.DBAPIError",),
    "sqlalchemy.exc.IntegrityError": ("sqlalchemy.exc.DatabaseError",),
    "sqlalchemy.exc.OperationalError": ("sqlalchemy.exc.DatabaseError",),
    "sqlalchemy.exc.ProgrammingError": ("sqlalchemy.exc.DatabaseError",),
    "sqlalchemy.exc.DataError": ("sqlalchemy.exc.DatabaseError",),
    "sqlalchemy.exc.InternalError": ("sqlalchemy.exc.DatabaseError",),
    "sqlalchemy.exc.InvalidRequestError": ("sqlalchemy.exc.SQLAlchemyError",),
    "sqlalchemy.exc.NoResultFound": ("sqlalchemy.exc.InvalidRequestError",),
    "sqlalchemy.exc.MultipleResultsFound": ("sqlalchemy.exc.InvalidRequestError",),
    "sqlalchemy.exc.ArgumentError": ("sqlalchemy.exc.SQLAlchemyError",),
    "sqlalchemy.exc.CompileError": ("sqlalchemy.exc.SQLAlchemyError",),
    "sqlalchemy.exc.TimeoutError": ("sqlalchemy.exc.SQLAlchemyError",),
    "asyncpg.PostgresError": ("builtins.Exception",),
    "psycopg.Error": ("builtins.Exception",),
    "psycopg2.Error": ("builtins.Exception",),
    "sqlite3.Error": ("builtins.Exception",),
    "httpx.HTTPError": ("builtins.Exception",),
    "httpx.RequestError": ("httpx.HTTPError",),
    "httpx.HTTPStatusError": ("httpx.HTTPError",),
    "httpx.TimeoutException": ("httpx.RequestError",),
    "httpx.ConnectError": ("httpx.RequestError",),
    "requests.RequestException": ("builtins.OSError",),
    "requests.exceptions.RequestException": ("builtins.OSError",),
    "requests.HTTPError": ("requests.exceptions.RequestException",),
    "requests.exceptions.HTTPError": ("requests.exceptions.RequestException",),
    "requests.exceptions.ConnectionError": ("requests.exceptions.RequestException",),
    "requests.exceptions.Timeout": ("requests.exceptions.RequestException",),
    "jwt.PyJWTError": ("builtins.Exception",),
    "jwt.exceptions.PyJWTError": ("builtins.Exception",),
    "jwt.InvalidTokenError": ("jwt.PyJWTError",),
    "jwt.exceptions.InvalidTokenError": ("jwt.exceptions.PyJWTError",),
    "jwt.ExpiredSignatureError": ("jwt.InvalidTokenError",),
    "jose.JWTError": ("builtins.Exception",),
    "jose.exceptions.JWTError": ("builtins.Exception",),
    "pydantic.ValidationError": ("builtins.ValueError",),
    "pydantic_core.ValidationError": ("builtins.ValueError",),
    "json.JSONDecodeError": ("builtins.ValueError",),
    "asyncio.TimeoutError": ("builtins.Exception",),
    "asyncio.CancelledError": ("builtins.BaseException",),
    "redis.exceptions.RedisError": ("builtins.Exception",),
    "redis.RedisError": ("builtins.Exception",),
    "redis.Redis": ("builtins.object",),
    "redis.RedisCluster": ("redis.Redis",),
    "smtplib.SMTP": ("builtins.object",),
    "smtplib.SMTP_SSL": ("smtplib.SMTP",),
    "smtplib.LMTP": ("smtplib.SMTP",),
    "ftplib.FTP": ("builtins.object",),
    "ftplib.FTP_TLS": ("ftplib.FTP",),
    "http.client.HTTPSConnection": ("http.client.HTTPConnection",),
    "requests_oauthlib.OAuth1Session": ("requests.Session",),
    "requests_oauthlib.OAuth2Session": ("requests.Session",),
    "requests_cache.CachedSession": ("requests.Session",),
    "psycopg2.extras.DictCursor": ("psycopg2.cursor",),
    "psycopg2.extras.RealDictCursor": ("psycopg2.cursor",),
    "psycopg2.extras.NamedTupleCursor": ("psycopg2.cursor",),
    "pymysql.cursors.DictCursor": ("pymysql.cursors.Cursor",),
    "peewee.SqliteDatabase": ("peewee.Database",),
    "peewee.PostgresqlDatabase": ("peewee.Database",),
    "peewee.MySQLDatabase": ("peewee.Database",),
    "requests.Session": ("builtins.object",),
    "httpx.Client": ("builtins.object",),
    "httpx.AsyncClient": ("builtins.object",),
    "fastapi.security.base.SecurityBase": ("builtins.object",),
    "fastapi.security.OAuth2": ("fastapi.security.SecurityBase",),
    "fastapi.security.SecurityBase": ("builtins.object",),
    "fastapi.security.OAuth2PasswordBearer": ("fastapi.security.OAuth2",),
    "fastapi.security.OAuth2AuthorizationCodeBearer": ("fastapi.security.OAuth2",),
    "fastapi.security.HTTPBearer": ("fastapi.security.HTTPBase",),
    "fastapi.security.HTTPBasic": ("fastapi.security.HTTPBase",),
    "fastapi.security.HTTPDigest": ("fastapi.security.HTTPBase",),
    "fastapi.security.HTTPBase": ("fastapi.security.SecurityBase",),
    "fastapi.security.APIKeyHeader": ("fastapi.security.APIKeyBase",),
    "fastapi.security.APIKeyCookie": ("fastapi.security.APIKeyBase",),
    "fastapi.security.APIKeyQuery": ("fastapi.security.APIKeyBase",),
    "fastapi.security.APIKeyBase": ("fastapi.security.SecurityBase",),
    "fastapi.security.OpenIdConnect": ("fastapi.security.SecurityBase",),
    **dict.fromkeys(
        (
            "fastapi_azure_auth.B2CMultiTenantAuthorizationCodeBearer",
            "fastapi_azure_auth.MultiTenantAzureAuthorizationCodeBearer",
            "fastapi_azure_auth.SingleTenantAzureAuthorizationCodeBearer",
            "fastapi_azure_auth.auth.B2CMultiTenantAuthorizationCodeBearer",
            "fastapi_azure_auth.auth.MultiTenantAzureAuthorizationCodeBearer",
            "fastapi_azure_auth.auth.SingleTenantAzureAuthorizationCodeBearer",
        ),
        ("fastapi.security.SecurityBase",),
    ),
    "fastapi_login.LoginManager": ("fastapi.security.OAuth2PasswordBearer",),
    "fastapi_login.fastapi_login.LoginManager": ("fastapi.security.OAuth2PasswordBearer",),
    # The dependency that fastapi-users makes of its backends: a function that depends on the scheme of each.
    "fastapi_users.CurrentUser": ("fastapi.security.SecurityBase",),
    "fastapi.security.OAuth2PasswordRequestForm": ("builtins.object",),
    "fastapi.security.OAuth2PasswordRequestFormStrict": ("fastapi.security.OAuth2PasswordRequestForm",),
}


def _builtin_bases() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, value in vars(builtins).items():
        if isinstance(value, type) and value is not object:
            found[f"builtins.{name}"] = tuple(f"builtins.{b.__name__}" for b in value.__bases__)
    found["builtins.EnvironmentError"] = found["builtins.IOError"] = ("builtins.Exception",)
    found.setdefault("builtins.ExceptionGroup", ("builtins.Exception",))
    return found


for _name, _bases in _builtin_bases().items():
    BASES.setdefault(_name, _bases)

_ancestors: dict[str, tuple[frozenset[str], bool]] = {}


def ancestors(name: str) -> tuple[frozenset[str], bool]:
    """All ancestors of a library's class, itself included, and whether they are all known."""
    known = _ancestors.get(name)
    if known is None:
        bases = BASES.get(name)
        if bases is None:
            known = (frozenset((name,)), False)
        else:
            parts = [ancestors(b) for b in bases]
            names = frozenset((name,)).union(*(p[0] for p in parts))
            known = (names, all(p[1] for p in parts))
        _ancestors[name] = known
    return known


def is_security_scheme(name: str) -> bool:
    """Whether a library's class is one of FastAPI's security schemes."""
    return "fastapi.security.SecurityBase" in ancestors(name)[0]


#: What a dependency injection library puts into `Depends(...)` in place of a provider: FastAPI calls it with nothing
#: (`_Marker.__call__` of dependency-injector's `wiring`).
INJECTED = frozenset(f"dependency_injector.wiring.{name}" for name in ("Closing", "Provide", "Provider"))
