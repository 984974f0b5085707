"""Which libraries may answer a request: what they return may be a `Response`, unless it is known to be data.

A library that knows nothing of Starlette (the standard library, database drivers, HTTP clients, number crunching)
returns data. Of any other one that is not described in `knowledge.returns` nobody can say.
"""

from __future__ import annotations

import sys

_DATA = frozenset(
    {
        "aioboto3", "aiobotocore", "aiofiles", "aiohttp", "aiomysql", "aiopg", "aioredis", "aiosqlite", "anthropic",
        "arq", "asyncmy", "asyncpg", "attr", "attrs", "azure", "bcrypt", "beanie", "boto3", "botocore", "bson", "bs4",
        "cachetools", "cassandra", "celery", "chromadb", "clickhouse_driver", "cryptography", "databases", "dateutil",
        "docker", "duckdb", "elasticsearch", "geopandas", "google", "httpx", "influxdb_client", "jinja2", "joblib",
        "jose", "jwt", "kafka", "kubernetes", "langchain", "langchain_core", "lxml", "markdown", "minio", "mongoengine",
        "motor", "msgpack", "mysql", "neo4j", "networkx", "nltk", "numpy", "odmantic", "openai", "opensearchpy",
        "orjson", "pandas", "passlib", "peewee", "PIL", "pika", "playwright", "polars", "pony", "psutil", "psycopg",
        "psycopg2", "psycopg_pool", "pwdlib", "pyarrow", "pydantic", "pydantic_settings", "pymongo", "pymysql",
        "pyodbc", "pytz", "qdrant_client", "redis", "regex", "requests", "rq", "scipy", "shapely", "simplejson",
        "sklearn", "slugify", "spacy", "sqlalchemy", "sqlmodel", "stripe", "tenacity", "tensorflow", "toml", "torch",
        "tortoise", "transformers", "ujson", "weaviate", "xmltodict", "yaml",
    }
)  # fmt: skip


def may_answer(name: str) -> bool:
    """Whether the result of something of a library, by qualified name, may be a `Response`."""
    top = name.partition(".")[0]
    return top not in _DATA and top not in sys.stdlib_module_names and not name.startswith("starlette.requests.")
