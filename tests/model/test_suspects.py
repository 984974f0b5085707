"""Suspects: whatever may come to a call that matters is looked at, under whichever name it is called."""

from __future__ import annotations

import pytest

from fastapi_guardrails.model.suspects import Suspects

from .asked import understand

#: Beside each body: a function that blocks, and what may lead to it.
HELPERS = """
    import time
    from functools import cached_property, partial
    from time import sleep as doze

    def wait(): time.sleep(1)
    def deep(): wait()
    def enters(store):
        with store: pass
    def harmless(): return len("a")
    def given(call): call()

    def timed(function):
        def inner(): return function()
        return inner

    @timed
    def decorated(): return 1

    alias = wait
    later = partial(wait)

    class Store:
        loader: object

        def __init__(self): self.reader = wait
        @cached_property
        def rows(self): return wait()
        def __enter__(self): wait()
        def __exit__(self, *args): ...

    class Opened:
        def __init__(self): wait()

    class Derived(Opened): ...

    async def asked(thing, store: Store):
        {body}
"""


def is_suspect(body: str) -> bool:
    asked = understand(HELPERS.format(body=body))
    return asked.function("asked").value in Suspects(asked.project, {"sleep"})


@pytest.mark.parametrize(
    "body",
    [
        "time.sleep(1)",
        "doze(1)",
        "deep()",
        "decorated()",
        "alias()",
        "later()",
        "thing()",
        "thing[0]()",
        "sorted([1], key=wait)",
        "store.reader()",
        "store.loader()",
        "print(store.rows)",
        "with store: pass",
        "enters(store)",
        "Opened()",
        "Derived()",
        "given(wait)",
        "(lambda: wait())()",
        "[wait() for _ in range(2)]",
    ],
)
def test_what_may_come_there_is_suspect(body: str) -> None:
    assert is_suspect(body)


@pytest.mark.parametrize(
    "body",
    ["harmless()", "await thing.sleep(1)", "return wait", "thing.close()"],
)
def test_what_cannot_come_there_is_not(body: str) -> None:
    assert not is_suspect(body)
