"""The bullets of the guide, by id: what each asks for, where it stands, and which rules enforce it.

Everything hangs on this list: a rule names ids, a chapter of the documentation explains ids, and the tour of the
reference app says where each id lives in its code. A bullet without a rule says why it has none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Guardrail(NamedTuple):
    """One bullet of the guide.

    Attributes:
        id: its stable id, as `api-version`.
        text: what it asks for, in a few words.
        chapter: slug of its chapter, a key of `CHAPTERS`.
        rules: codes of the rules that enforce it, some of which may not be written yet.
        reason: why no rule enforces it; empty where one does.
    """

    id: str
    text: str
    chapter: str
    rules: tuple[str, ...]
    reason: str = ""


#: The chapters of the guide in its order: slug → title.
CHAPTERS: dict[str, str] = {
    "principles": "Principles",
    "style": "Code style",
    "api": "API design",
    "security": "Security",
    "errors": "Error handling",
    "layout": "Project layout",
    "setup": "Application setup",
    "schemas": "Schemas",
    "dependencies": "Dependencies",
    "database": "Database",
    "practice": "Tests, habits and commands",
}


def _chapter(slug: str, bullets: Iterable[tuple[str, str, str]]) -> list[Guardrail]:
    return [Guardrail(id, text, slug, tuple(codes.split())) for id, text, codes in bullets]


GUARDRAILS: tuple[Guardrail, ...] = (
    *_chapter(
        "principles",
        [
            ("principle-types", "Types everywhere drive validation and documentation", "FG106 FG209 FG308"),
            ("principle-async", "Async by default for I/O", "FG101 FG102 FG103"),
            ("principle-di", "`Depends` for shared logic and resources", "FG303 FG701 FG702 FG705"),
            ("principle-thin", "Thin endpoints, logic in services", "FG501 FG502"),
            ("principle-schemas", "Pydantic models for every request and response", "FG209 FG210 FG308"),
        ],
    ),
    *_chapter(
        "style",
        [
            ("style-async-io", "`async def` for endpoints with I/O", "FG103 FG105"),
            ("style-sync-cpu", "`def` only for computing without I/O", "FG104"),
            ("style-no-sync-db", "No sync database call in async code", "FG101 FG102 FG107 FG801"),
            ("style-hints", "Type hints on every signature", "FG106"),
            ("style-gate", "Ruff and mypy before each commit", "FG901"),
        ],
    ),
    *_chapter(
        "api",
        [
            ("api-version", "A version in every path", "FG201"),
            ("api-plural", "Plural nouns for resources", "FG202 FG203"),
            ("api-methods", "The right HTTP method", "FG203 FG204 FG205 FG213"),
            ("api-status", "201 for creation, 204 for deletion", "FG206 FG207 FG208"),
            ("api-response-model", "A response model on every endpoint", "FG209"),
        ],
    ),
    *_chapter(
        "security",
        [
            ("sec-validate", "All input is validated", "FG212 FG308 FG311"),
            ("sec-oauth2", "`OAuth2PasswordBearer` for token authentication", "FG303 FG307 FG312"),
            ("sec-bcrypt", "Passwords hashed with bcrypt, never plain", "FG304 FG305 FG607"),
            ("sec-cors", "CORS origins by name", "FG301"),
            ("sec-auth-depends", "Authentication through `Depends` on every protected endpoint", "FG302 FG303 FG313"),
            ("sec-secrets", "Secrets come from settings, never from code", "FG306 FG310"),
        ],
    ),
    *_chapter(
        "errors",
        [
            ("err-custom", "Own exceptions that inherit `HTTPException`", "FG402 FG404"),
            ("err-handlers", "Global exception handlers", "FG402 FG403"),
            ("err-no-leak", "Internal errors never reach a client", "FG309 FG310 FG401"),
            ("err-db-context", "Database errors get context", "FG405 FG406"),
        ],
    ),
    *_chapter(
        "layout",
        [
            ("layout-tree", "One layout for every project", "FG510"),
            ("layout-models", "`models/` is SQLAlchemy only", "FG503 FG505"),
            ("layout-schemas", "`schemas/` is Pydantic only", "FG503 FG505"),
            ("layout-services", "`services/` holds the business logic", "FG501 FG503 FG504"),
            ("layout-repositories", "`repositories/` holds the data access", "FG501 FG504 FG805"),
        ],
    ),
    *_chapter(
        "setup",
        [
            ("setup-lifespan", "Start and end in a lifespan", "FG507"),
            ("setup-settings", "Settings by pydantic-settings, one cached instance", "FG508 FG509"),
            ("setup-health", "A health endpoint", "FG201 FG510"),
            ("setup-routers", "One router per version gathers the others", "FG201 FG214"),
        ],
    ),
    *_chapter(
        "schemas",
        [
            ("schema-v2", "The words of Pydantic 2", "FG601 FG602 FG603"),
            ("schema-from-attributes", "`from_attributes` to read ORM objects", "FG606"),
            ("schema-partial", "Partial updates with `exclude_unset`", "FG604 FG605"),
            ("schema-split", "A schema for each purpose, and no secret in an answer", "FG309 FG605 FG607"),
            ("schema-pagination", "A typed and bounded page", "FG211"),
        ],
    ),
    *_chapter(
        "dependencies",
        [
            (
                "di-session",
                "A `yield` dependency commits, rolls back and closes the session",
                "FG701 FG702 FG705 FG706 FG805",
            ),
            ("di-chain", "Dependencies build on dependencies", "FG302 FG703"),
            ("di-small", "Dependencies stay small", "FG704"),
        ],
    ),
    *_chapter(
        "database",
        [
            ("db-async-driver", "asyncpg, not psycopg2", "FG801"),
            ("db-eager", "`selectinload` instead of a query per row", "FG803 FG804"),
            ("db-flush", "Flush for ids, commit once at the end", "FG805"),
            ("db-refresh", "Refresh after a flush to load defaults", "FG803"),
            ("db-session-factory", "`async_sessionmaker(expire_on_commit=False)`", "FG802"),
            ("db-pool", "Pool settings with `pool_pre_ping`", "FG806"),
        ],
    ),
    *_chapter(
        "practice",
        [
            ("test-async", "Async tests with `httpx.AsyncClient`", "FG902 FG903"),
            ("dont-global-state", "No global mutable state", "FG506"),
            ("dont-ignore-errors", "Errors are handled", "FG402 FG405 FG406"),
            ("dont-orm-response", "ORM models are never the response", "FG210 FG309"),
        ],
    ),
    Guardrail(
        "advanced",
        "Repositories, services, tests, security, middleware, background tasks, WebSocket",
        "practice",
        (),
        "These are patterns to copy, not mistakes to find: the reference app shows each of them.",
    ),
    Guardrail(
        "commands",
        "Commands to run, migrate, test and lint",
        "practice",
        (),
        "A command leaves no trace in the source: the reference app shows each of them.",
    ),
)

#: The guardrails by id, in the order of the guide.
BY_ID: dict[str, Guardrail] = {guardrail.id: guardrail for guardrail in GUARDRAILS}
IDS: tuple[str, ...] = tuple(BY_ID)


def of_chapter(slug: str) -> tuple[Guardrail, ...]:
    """The guardrails of a chapter, in the order of the guide."""
    return tuple(guardrail for guardrail in GUARDRAILS if guardrail.chapter == slug)


def of_rule(code: str) -> tuple[Guardrail, ...]:
    """The guardrails that a rule enforces according to this list."""
    return tuple(guardrail for guardrail in GUARDRAILS if code in guardrail.rules)
