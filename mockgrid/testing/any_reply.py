"""``any_reply``: a test that is run with one reply after the other that the contract allows."""

from __future__ import annotations

# First, for it says so where Hypothesis is not installed.
from mockgrid import strategies

# isort: split
import hashlib
import inspect
from contextlib import contextmanager, nullcontext, suppress
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hypothesis import HealthCheck, Phase, given, reject, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from mockgrid.errors import MockgridError
from mockgrid.scenario.duration import seconds as seconds_of
from mockgrid.strategies.target import target_of
from mockgrid.strategies.text import steps_of
from mockgrid.testing.smallest import Smallest
from mockgrid.testing.time_limit import TimeLimit

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Sequence

    from hypothesis.strategies import SearchStrategy

    from mockgrid.testing.grid import Grid
    from mockgrid.testing.smallest import HeldTest

Replies: TypeAlias = "dict[str, Any] | list[dict[str, Any]]"
"""What a test is run with: replies in order, or one alone; by operations where they are named."""

__all__ = ["AnyReply", "any_reply"]

_ARGUMENT: Final = "replies"
# A test is held to its session, whichever fixtures it has and whichever class it is run in.
_UNHELD = (
    *(HealthCheck.differing_executors, HealthCheck.function_scoped_fixture),
    *(HealthCheck.filter_too_much, HealthCheck.too_slow),
)
_AT_A_TIME: Final = 5_000
"""Examples that are drawn together: of each, Hypothesis keeps the choices that led to it."""
_REMEMBERED: Final = 4 * _AT_A_TIME
"""Sequences that are not tried again, lest what is kept grows with a run of any length."""
_AT_FIRST: Final = (Phase.explicit, Phase.reuse)


def any_reply(  # noqa: PLR0913 - each by its name
    *,
    faults: bool = False,
    wild: bool | str | Sequence[str] = False,
    operations: str | Sequence[str] | None = None,
    allowed: type[BaseException] | Sequence[type[BaseException]] = (),
    deadline: str | float = "10s",
    max_examples: int | None = None,
    document: str | os.PathLike[str] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Run a test that takes the fixture ``mockgrid`` with one sequence of replies after the other.

    >>> @mockgrid.any_reply(faults=True, allowed=(AppError,))
    ... def test_the_client_survives(mockgrid):
    ...     ask(OpenAI(base_url=mockgrid.base_url, api_key=mockgrid.api_key))

    Args:
        faults: whether some replies break on the wire.
        wild: whether there are some that no contract allows: all, or those named.
        operations: ids of the operations that replies are for, or ``METHOD /path``; by default the chat
            completions, or the only one.
        allowed: what the test may raise; all else fails it, and so does what its client does wrong.
        deadline: how long one run of the test may take: a duration such as ``"2s"``, or seconds.
        max_examples: how many sequences; by default as Hypothesis' settings say.
        document: the OpenAPI document that replies are drawn from; by default what the server serves.

    Raises:
        MockgridError: an argument cannot be meant.
    """
    plan = AnyReply(
        names=(operations,) if isinstance(operations, str) else tuple(operations or (None,)),
        options={"faults": faults, "wild": wild},
        allowed=_classes(allowed),
        deadline=TimeLimit(_seconds(deadline)),
        max_examples=max_examples,
        document=document,
    )
    return plan.decorated


class AnyReply:
    """How a test is run; its decorated function has it as ``any_reply``."""

    def __init__(  # noqa: PLR0913 - as of ``any_reply``
        self,
        *,
        names: tuple[str | None, ...],
        options: dict[str, Any],
        allowed: tuple[type[BaseException], ...],
        deadline: TimeLimit,
        max_examples: int | None,
        document: str | os.PathLike[str] | None,
    ) -> None:
        self._names, self._options = names, options
        self._allowed = allowed
        self._deadline = deadline
        self._max_examples = max_examples
        self._document = document
        self._grid: Grid | None = None
        self._holding: HeldTest | None = None
        self._passed: dict[bytes, None] = {}

    def decorated(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the test as one of Hypothesis', of which all that it offers is true."""
        if inspect.isclass(function):
            raise MockgridError(
                "any_reply is for a test, not for a class.", hint="Decorate each of its tests."
            )

        def drawn() -> SearchStrategy[Any]:  # when the server is there, whose contract it is
            return self._strategy()

        test: Any = self._in_rounds(given(st.deferred(drawn))(self._body(function)))
        test.any_reply = self
        return test  # type: ignore[no-any-return]

    def _in_rounds(self, test: Callable[..., None]) -> Callable[..., None]:
        """Return the test of Hypothesis' as one that keeps no more for many examples than for some."""

        @wraps(test)
        def rounds(*arguments: Any, **named: Any) -> None:
            __tracebackhide__ = True
            # What decorators above it have said stands with this function.
            said = {name: value for name, value in vars(rounds).items() if name != "__wrapped__"}
            vars(test).update(said)
            name, usual = next(item for item in said.items() if isinstance(item[1], settings))
            left, phases = usual.max_examples, usual.phases
            newest: bytes | None = None
            while True:
                vars(test)[name] = settings(usual, max_examples=min(left, _AT_A_TIME), phases=phases)
                with nullcontext() if newest is None else suppress(Unsatisfiable):  # there are no others
                    test(*arguments, **named)
                before, newest = newest, next(reversed(self._passed), None)
                left -= _AT_A_TIME
                if left <= 0 or newest in {before, None} or Phase.generate not in phases:
                    return
                # What came last decides what comes next: where one seed gives the same, so do all.
                seed(int.from_bytes(newest or b""))(test)
                phases = tuple(phase for phase in phases if phase not in _AT_FIRST)

        return rounds

    def hold(self, holding: HeldTest | None, grid: Grid, test: Any) -> None:
        """Begin or end a test.

        Args:
            holding: of its sessions; None at its end.
            grid: the server, whose contract replies are drawn from.
            test: what ``decorated`` has made.
        """
        self._holding = holding
        self._passed.clear()
        self._grid = grid
        # Hypothesis keeps them with the test, whoever has said them.
        for name, value in [*vars(test).items()] if holding is not None else ():
            if isinstance(value, settings):
                setattr(test, name, self._settings(value))

    def _settings(self, usual: settings) -> settings:
        changed: dict[str, Any] = {} if self._max_examples is None else {"max_examples": self._max_examples}
        unheld = {*usual.suppress_health_check, *_UNHELD}
        return settings(
            usual,
            deadline=None,  # there is one of our own, which also ends what hangs
            # Which takes most of the time, and has lines of the client's library and of ours to tell.
            phases=[phase for phase in usual.phases if phase is not Phase.explain],
            suppress_health_check=sorted(unheld, key=lambda check: check.name),
            **changed,
        )

    def _strategy(self) -> SearchStrategy[Any]:
        document: Any = self._document
        if document is None and self._grid is not None:
            document = self._grid.contract
        targets = {name: target_of(name, document) for name in self._names}
        drawn = {
            target.operation.id: strategies.sequences(target.operation.id, target.contract, **self._options)
            for target in targets.values()
        }
        if len(targets) == 1 and next(iter(targets.values())).usual:
            return next(iter(drawn.values()))
        return st.fixed_dictionaries(drawn)

    def _body(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return what Hypothesis runs: the test, with what is drawn as one more argument."""
        signature = inspect.signature(function)
        if _ARGUMENT in signature.parameters:
            raise MockgridError(f"{function.__name__} has an argument {_ARGUMENT!r}, which any_reply gives.")
        body: Callable[..., Any]
        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def body(*arguments: Any, **named: Any) -> None:
                __tracebackhide__ = True
                replies, arguments = _taken(arguments, named)
                with self._new(replies) as smallest:
                    with smallest.told(self._allowed):
                        await self._deadline.hold(function(*arguments, **named))
                    smallest.judge()

        else:

            @wraps(function)
            def body(*arguments: Any, **named: Any) -> None:
                __tracebackhide__ = True
                replies, arguments = _taken(arguments, named)
                with self._new(replies) as smallest:
                    with smallest.told(self._allowed):
                        self._deadline.call(partial(function, *arguments, **named))
                    smallest.judge()

        own = inspect.Parameter(_ARGUMENT, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        known = [*signature.parameters.values()]
        by_name = [parameter for parameter in known if parameter.kind is inspect.Parameter.KEYWORD_ONLY]
        parameters = [*(each for each in known if each not in by_name), own, *by_name]
        body.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        return body

    @contextmanager
    def _new(self, replies: Replies) -> Iterator[Smallest]:
        """Begin a run with replies; those with which the test has passed are not tried again."""
        __tracebackhide__ = True
        known_as = hashlib.blake2b(repr(replies).encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if known_as in self._passed:
            reject()
        yield self._begin(replies)
        self._passed[known_as] = None
        if len(self._passed) > _REMEMBERED:
            del self._passed[next(iter(self._passed))]

    def _begin(self, replies: Replies) -> Smallest:
        holding = self._holding
        if holding is None:
            raise MockgridError("any_reply is for tests that pytest runs and that use the fixture mockgrid.")
        listed = _listed(replies)
        holding.begin_example({"steps": steps_of(listed), "where": _ARGUMENT})
        return Smallest(holding, listed)


def _taken(arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[Replies, tuple[Any, ...]]:
    """Return what was drawn, and the arguments of the test itself."""
    if _ARGUMENT in named:
        return named.pop(_ARGUMENT), arguments
    return arguments[-1], arguments[:-1]


def _listed(replies: Replies) -> Replies:
    """Return what was drawn, or what an ``@example`` says: a reply alone is a list of it."""
    if isinstance(replies, dict) and not all(isinstance(value, list) for value in replies.values()):
        return [replies]
    return replies


def _seconds(deadline: str | float) -> float:
    try:
        seconds = seconds_of(deadline) if isinstance(deadline, str) else float(deadline)
    except ValueError:
        seconds = 0.0
    if seconds <= 0:
        message = f"any_reply has the deadline {deadline!r}, which is no duration."
        raise MockgridError(message, hint='Write one such as "2s", or seconds.')
    return seconds


def _classes(allowed: Any) -> tuple[type[BaseException], ...]:
    classes = (allowed,) if isinstance(allowed, type) else tuple(allowed)
    for each in classes:
        if not (isinstance(each, type) and issubclass(each, (Exception, SystemExit))):
            raise MockgridError(
                f"any_reply allows {each!r}, which is no class of errors.",
                hint="Name what the test may raise: allowed=(AppError,).",
            )
    return classes
