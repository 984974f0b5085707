"""Actions that nobody can be signed in for: signing in and up, tokens, reset of a password, webhooks."""

from __future__ import annotations

import re

#: Each is a word, or words that follow each other.
PUBLIC_ACTIONS: frozenset[tuple[str, ...]] = frozenset(
    tuple(words.split())
    for words in (
        "login", "log in", "signin", "sign in", "authenticate", "token", "signup", "sign up", "register",
        "registration", "refresh", "logout", "log out", "signout", "sign out", "password reset", "reset password",
        "forgot password", "forgotten password", "password forgot", "recover password", "password recovery",
        "password recover", "verify", "verification", "webhook", "callback", "health", "healthcheck", "ping",
    )
)  # fmt: skip

_LENGTHS = sorted({len(action) for action in PUBLIC_ACTIONS})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def words_of(name: str) -> list[str]:
    """The words of a name in snake, kebab or camel case, lower-case."""
    return [word.lower() for word in _WORD.findall(name)]


def is_public_action(path: str, function: str) -> bool:
    """Whether the last static segment of a path, or a function's name, says that the route is open to everybody.

    The words of one action may stand in two segments: `/password/reset`."""
    static = [words_of(s) for s in path.split("/") if s and not s.startswith("{")]
    if any(_names_action(words) for words in (words_of(function), *static[-1:])):
        return True
    return any(_names_action([*before[-1:], *last[:1]], 2) for before, last in zip(static[-2:-1], static[-1:]))


def _names_action(words: list[str], least: int = 1) -> bool:
    """Whether words that follow each other, `least` or more, are an action."""
    plain = [_singular(word) for word in words]
    return any(
        tuple(some[i : i + length]) in PUBLIC_ACTIONS
        for some in (words, plain)
        for i in range(len(some))
        for length in _LENGTHS
        if length >= least
    )


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
