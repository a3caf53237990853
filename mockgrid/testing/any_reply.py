"""``any_reply``: a test that is run with one reply after the other that the contract allows."""

from __future__ import annotations

# First, for it says so where Hypothesis is not installed.
from mockgrid import strategies

# isort: split
import asyncio
import inspect
import signal
import threading
import time
from contextlib import contextmanager, suppress
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mockgrid.errors import MockgridError
from mockgrid.scenario.duration import seconds as seconds_of
from mockgrid.strategies.target import target_of
from mockgrid.strategies.text import steps_of
from mockgrid.testing.smallest import Smallest

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Sequence

    from hypothesis.strategies import SearchStrategy

    from mockgrid.contract.contract import Contract
    from mockgrid.testing.smallest import HeldTest

Replies: TypeAlias = "dict[str, Any] | list[dict[str, Any]]"
"""What a test is run with: replies in order, or one alone; by operations where they are named."""

__all__ = ["AnyReply", "any_reply"]

_ARGUMENT: Final = "replies"
_UNHELD = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow)


class LateReturnError(AssertionError):
    """The test did not return in time."""


class _AlarmError(BaseException):
    """Leaves whatever the client waits in; no client catches it."""


def any_reply(  # noqa: PLR0913 - each by its name
    *,
    faults: bool = False,
    wild: bool | str | Sequence[str] = False,
    operations: str | Sequence[str] | None = None,
    allowed: type[Exception] | Sequence[type[Exception]] = (),
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
        document: the OpenAPI document of a server that runs elsewhere; by default that of the run's own.

    Raises:
        MockgridError: an argument cannot be meant.
    """
    plan = AnyReply(
        names=(operations,) if isinstance(operations, str) else tuple(operations or (None,)),
        options={"faults": faults, "wild": wild},
        allowed=_classes(allowed),
        deadline=_seconds(deadline),
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
        allowed: tuple[type[Exception], ...],
        deadline: float,
        max_examples: int | None,
        document: str | os.PathLike[str] | None,
    ) -> None:
        self._names, self._options = names, options
        self._allowed = allowed
        self._deadline = deadline
        self._max_examples = max_examples
        self._document = document
        self._contract: Contract | None = None
        self._holding: HeldTest | None = None

    def decorated(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the test as one of Hypothesis', of which all that it offers is true."""
        if inspect.isclass(function):
            raise MockgridError(
                "any_reply is for a test, not for a class.", hint="Decorate each of its tests."
            )

        def drawn() -> SearchStrategy[Any]:  # when the server is there, whose contract it is
            return self._strategy()

        test: Any = given(st.deferred(drawn))(self._body(function))
        test.any_reply = self
        return test  # type: ignore[no-any-return]

    def hold(self, holding: HeldTest | None, contract: Contract | None, test: Any) -> None:
        """Begin or end a test.

        Args:
            holding: of its sessions; None at its end.
            contract: what the server serves; None where that is not known here.
            test: what ``decorated`` has made.
        """
        self._holding = holding
        self._contract = contract or self._contract
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
        document: Any = self._contract if self._document is None else self._document
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
                smallest = self._begin(replies)
                with smallest.told(self._allowed):
                    await self._within(function(*arguments, **named))
                smallest.judge()

        else:

            @wraps(function)
            def body(*arguments: Any, **named: Any) -> None:
                __tracebackhide__ = True
                replies, arguments = _taken(arguments, named)
                smallest = self._begin(replies)
                with smallest.told(self._allowed), self._alarm():
                    function(*arguments, **named)
                smallest.judge()

        own = inspect.Parameter(_ARGUMENT, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        known = [*signature.parameters.values()]
        by_name = [parameter for parameter in known if parameter.kind is inspect.Parameter.KEYWORD_ONLY]
        parameters = [*(each for each in known if each not in by_name), own, *by_name]
        body.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        return body

    def _begin(self, replies: Replies) -> Smallest:
        holding = self._holding
        if holding is None:
            raise MockgridError("any_reply is for tests that pytest runs and that use the fixture mockgrid.")
        listed = _listed(replies)
        holding.begin_example({"steps": steps_of(listed), "where": _ARGUMENT})
        return Smallest(holding, listed)

    @contextmanager
    def _alarm(self) -> Iterator[None]:
        """End what hangs: by a signal, which leaves a wait of any kind; only the main thread has those."""
        __tracebackhide__ = True
        if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
            yield
            return
        theirs, interval = signal.getitimer(signal.ITIMER_REAL)
        if 0 < theirs <= self._deadline:  # such as pytest-timeout's, which comes first
            yield
            return
        running, begun = [True], time.monotonic()

        def leave(_number: int, _frame: Any) -> None:
            if running:
                raise _AlarmError

        before = signal.signal(signal.SIGALRM, leave)
        # Again and again, for who catches it once.
        signal.setitimer(signal.ITIMER_REAL, self._deadline, 1.0)
        try:
            yield
            running.clear()
        except _AlarmError as alarm:
            running.clear()
            raise self._late() from alarm  # which says where it hung
        finally:
            running.clear()
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            if theirs:
                left = max(theirs - (time.monotonic() - begun), 0.001)
                signal.setitimer(signal.ITIMER_REAL, left, interval)

    async def _within(self, running: Any) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:  # another kind of loop
            await running
            return
        task = asyncio.ensure_future(running)
        done, _ = await asyncio.wait([task], timeout=self._deadline)
        if not done:
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await asyncio.wait([task], timeout=1)
            raise self._late()
        task.result()

    def _late(self) -> LateReturnError:
        return LateReturnError(f"The test did not return within its deadline of {self._deadline:g} s.")


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


def _classes(allowed: Any) -> tuple[type[Exception], ...]:
    classes = (allowed,) if isinstance(allowed, type) else tuple(allowed)
    for each in classes:
        if not (isinstance(each, type) and issubclass(each, Exception)):
            raise MockgridError(
                f"any_reply allows {each!r}, which is no class of errors.",
                hint="Name what the test may raise: allowed=(AppError,).",
            )
    return classes
