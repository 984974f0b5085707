"""What says that a header, a middleware or a decorator has to do with who calls."""

from __future__ import annotations

from fastapi_guardrails.knowledge.public_actions import words_of

#: Words of headers that carry a proof of who asks, besides `Authorization`.
_PROOFS = frozenset({"assertion", "auth", "credential", "credentials", "hmac", "jwt", "secret", "signature"})
#: Words that may say the same, where no word beside them says that they are of something else.
_KEYS = frozenset({"apikey", "key", "password", "session", "token"})
#: A key of a repeated request, a form, a cache, a page, a phone.
_OTHER_KEYS = frozenset(
    {
        "cache", "continuation", "csrf", "cursor", "device", "fcm", "foreign", "idempotency", "next", "page", "public",
        "push", "sort", "xsrf",
    }
)  # fmt: skip
#: What proxies say of the caller whom they have let through, at the end of a header's name.
_FORWARDED = (["user"], ["user", "id"], ["user", "email"], ["forwarded", "email"], ["role"], ["roles"], ["groups"])
#: The same of parameters of the query, the path or a form, where a plain `key` or `password` may mean many things.
_PROVING = frozenset({"apikey", "hmac", "jwt", "secret", "signature", "token"})

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
#: Words of what a middleware keeps of the caller in the state of a request.
_PRINCIPAL = frozenset(
    {"account", "caller", "claims", "identity", "member", "principal", "subject", "user", "username"}
)
_NO_IDENTITY = frozenset({"author", "authors", "authored", "authoring", "authority"})


def identifies(name: str) -> bool:
    """Whether a name, dotted or not, says that something identifies the caller: `JWTMiddleware`, `auth_gate`."""
    return any(
        word in _IDENTITY or (word.startswith("auth") and word not in _NO_IDENTITY)
        for part in name.split(".")
        for word in words_of(part)
    )


def carries_key(header: str) -> bool:
    """Whether the name of a header says that it proves who asks: `X-API-Key`, `Stripe-Signature`."""
    words = words_of(header)
    if not _PROOFS.isdisjoint(words) or any(words[-len(end) :] == end for end in _FORWARDED):
        return True
    return not _KEYS.isdisjoint(words) and _OTHER_KEYS.isdisjoint(words)


def proves(parameter: str) -> bool:
    """Whether the name of a parameter of the query, path or form says the same: `token`, `api_key`, `signature`."""
    words = words_of(parameter)
    named = words[-1:] and (words[-1] in _PROVING or words[-2:] == ["api", "key"])
    return bool(named) and _OTHER_KEYS.isdisjoint(words)


def guards(name: str) -> bool:
    """Whether the name of a decorator says that it lets only some callers through: `login_required`, `admin_only`."""
    return identifies(name) or not _PROTECTION.isdisjoint(words_of(name.rpartition(".")[2]))


def is_principal(name: str) -> bool:
    """Whether an attribute of a request's state is the caller: `current_user`, `auth`."""
    return identifies(name) or not _PRINCIPAL.isdisjoint(words_of(name))


def names_caller(key: str) -> bool:
    """Whether the key of a cookie or session says who asks: `session_id`, `access_token`."""
    return identifies(key) or not _CALLER.isdisjoint(words_of(key))
