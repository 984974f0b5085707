"""What says that a header, a middleware or a decorator has to do with who calls."""

from __future__ import annotations

from fastapi_guardrails.knowledge.public_actions import words_of

#: Headers that carry a key of the caller, besides `Authorization`.
KEY_HEADERS: frozenset[str] = frozenset(
    {"x-api-key", "api-key", "x-token", "x-auth-token", "x-access-token", "x-key", "x-auth", "x-user-id"}
)

#: Words of the names of what identifies a caller; those that begin with `auth` count too.
_IDENTITY = frozenset(
    {
        "bearer", "clerk", "cognito", "firebase", "jwt", "kerberos", "keycloak", "ldap", "login", "oauth", "oidc",
        "okta", "saml", "sso", "supertokens", "token",
    }
)  # fmt: skip

#: Words of decorators that let only some callers through.
_PROTECTION = frozenset(
    {
        "access", "admin", "credentials", "only", "permission", "permissions", "permitted", "protect", "protected",
        "require", "required", "requires", "role", "roles", "scope", "scopes", "secure", "secured", "superuser", "user",
    }
)  # fmt: skip
#: Words of cookies and of keys of a session that say who asks.
_CALLER = frozenset(
    {"access", "account", "id", "key", "member", "principal", "refresh", "session", "sid", "uid", "user", "username"}
)
_NO_IDENTITY = frozenset({"author", "authors", "authored", "authoring", "authority"})


def identifies(name: str) -> bool:
    """Whether a name, dotted or not, says that something identifies the caller: `JWTMiddleware`, `auth_gate`."""
    return any(
        word in _IDENTITY or (word.startswith("auth") and word not in _NO_IDENTITY)
        for part in name.split(".")
        for word in words_of(part)
    )


def guards(name: str) -> bool:
    """Whether the name of a decorator says that it lets only some callers through: `login_required`, `admin_only`."""
    return identifies(name) or not _PROTECTION.isdisjoint(words_of(name.rpartition(".")[2]))


def names_caller(key: str) -> bool:
    """Whether the key of a cookie or session says who asks: `session_id`, `access_token`."""
    return identifies(key) or not _CALLER.isdisjoint(words_of(key))
