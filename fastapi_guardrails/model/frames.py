"""Frames of evaluation, and what a call is given."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from fastapi_guardrails.model.values import UNKNOWN, FunctionValue, Scope, Value
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.calls import Recorder
    from fastapi_guardrails.model.symbols import Module


#: Numbers of branches that nobody can decide.
_NUMBERS = count()


class Skip(NamedTuple):
    """The rest of a round of a loop may be left out: by a branch that nobody can decide, or by one that is *off*."""

    number: int
    word: str
    off: bool


class Frame:
    """One execution of a module, a class body or a function.

    Attributes:
        inline: calls of project functions are carried out (start-up code); otherwise only typed.
        recorder: takes down what happens (analysis of one function), or None.
        branches: numbers of the branches around that nobody can decide.
        left: numbers of such branches that may have left the function before; skips: that may have left this round.
        word: `break` or `continue`, which was carried out last.
        off: how many branches around that the defaults do not take.
        depth: how many calls deep.
        startup: inside what an app runs at start-up: only calls that may register something are followed.
        returns, yields: what came out; returned: what came out where the defaults lead.
        entered: what `off` was when it began.
        loops: how many loops around, for the recorder.
        catching: handlers around, innermost last, for the recorder.
        deferred: inside a lambda, whose body does not run here.
    """

    __slots__ = (
        "branches", "catching", "deferred", "depth", "entered", "function", "inline", "left", "loops", "module", "off",
        "recorder", "returned", "returns", "scope", "skips", "startup", "word", "yields",
    )  # fmt: skip

    def __init__(
        self,
        module: Module,
        scope: Scope,
        *,
        function: FunctionValue | None = None,
        inline: bool = True,
        recorder: Recorder | None = None,
        caller: Frame | None = None,
    ) -> None:
        self.module = module
        self.scope = scope
        self.function = function
        self.inline = inline
        self.recorder = recorder
        self.branches: tuple[int, ...] = caller.branches if caller else ()
        self.left: tuple[int, ...] = caller.all_left if caller else ()
        self.skips: tuple[Skip, ...] = ()
        self.word = ""
        self.off: int = caller.off if caller else 0
        self.entered = self.off
        self.depth: int = caller.depth + 1 if caller else 0
        self.startup: bool = caller.startup if caller else False
        self.returns: list[Value] = []
        self.returned: list[Value] = []
        self.yields: list[Value] = []
        self.loops: tuple[f.Node, ...] = ()
        self.catching: tuple[Value, ...] = ()
        self.deferred = 0

    @property
    def uncertain(self) -> int:
        """How many branches around that nobody can decide."""
        return len(self.branches)

    @uncertain.setter
    def uncertain(self, number: int) -> None:
        around = self.branches[:number]
        self.branches = around + tuple(next(_NUMBERS) for _ in range(number - len(around)))

    @property
    def all_left(self) -> tuple[int, ...]:
        """Numbers of the branches that may have left before what is carried out now."""
        return self.left + tuple(skip.number for skip in self.skips if not skip.off)

    @property
    def doubts(self) -> frozenset[int]:
        """Numbers of all branches of which one has to be taken, or not, to come here."""
        return frozenset(self.branches + self.all_left)

    def leave(self, word: str) -> None:
        """What stands behind comes only if a branch is not taken that nobody can decide; it ends with `word`."""
        if word == "return":
            self.left += (next(_NUMBERS),)
        else:
            self.skips += (Skip(next(_NUMBERS), word, False),)

    def leave_by_default(self, word: str) -> None:
        """What stands behind, the defaults do not come to."""
        self.off += 1
        if word != "return":
            self.skips += (Skip(next(_NUMBERS), word, True),)

    def end_round(self, before: tuple[Skip, ...], *words: str) -> None:
        """A round of a loop ends, and with it what left it by one of these words."""
        for skip in self.skips[len(before) :]:
            self.off -= skip.off and skip.word in words
        self.skips = before + tuple(skip for skip in self.skips[len(before) :] if skip.word not in words)

    def within(self, scope: Scope) -> Frame:
        """The same frame with another scope (class bodies, comprehensions)."""
        inner = Frame(self.module, scope, function=self.function, inline=self.inline, recorder=self.recorder)
        inner.branches, inner.off, inner.depth = self.branches, self.off, self.depth
        inner.left, inner.skips = self.left, self.skips
        inner.startup = self.startup
        inner.returns, inner.returned, inner.yields = self.returns, self.returned, self.yields
        inner.entered = self.entered
        inner.loops, inner.catching, inner.deferred = self.loops, self.catching, self.deferred
        return inner


class Arguments:
    """Evaluated arguments of a call.

    Attributes:
        args: positional values; kwargs: keyword values.
        open: `*args` or `**kwargs` of unknown content may bring more.
        node: the call, or None where the evaluator itself calls.
        frame: where the call stands.
    """

    __slots__ = ("args", "frame", "kwargs", "node", "open")

    def __init__(
        self,
        args: list[Value],
        kwargs: dict[str, Value],
        *,
        open: bool = False,
        node: f.Call | None = None,
        frame: Frame,
    ) -> None:
        self.args = args
        self.kwargs = kwargs
        self.open = open
        self.node = node
        self.frame = frame

    def get(self, index: int | None, name: str) -> Value | None:
        """The argument at `index` or called `name`; None where it is absent, Unknown where it may be there."""
        if name in self.kwargs:
            return self.kwargs[name]
        if index is not None and index < len(self.args):
            return self.args[index]
        return UNKNOWN if self.open else None

    def replaced(self, args: list[Value], kwargs: dict[str, Value] | None = None) -> Arguments:
        """The same call with other arguments."""
        return Arguments(
            args, self.kwargs if kwargs is None else kwargs, open=self.open, node=self.node, frame=self.frame
        )
