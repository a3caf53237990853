"""A session, as a test has it: a key of its own, what plays for it, and what the client has done."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any, Final, Never, Self

from mockgrid.document.nearest import did_you_mean
from mockgrid.session.records import Summary
from mockgrid.testing.error import CallError, PlayError, WaitError, hidden, no_attribute, unplayable
from mockgrid.testing.exchange import Exchange
from mockgrid.testing.failure_text import advice, failure_text, verdict_lines
from mockgrid.testing.script import call_site, script_of
from mockgrid.testing.session_clock import SessionClock
from mockgrid.testing.tolerances import Tolerances

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mockgrid.schema.violation import FieldWarning, Violation
    from mockgrid.session.explanation import Explanation
    from mockgrid.session.records import Unmatched, UnusedStep, Verdict
    from mockgrid.testing.controls import Controls
    from mockgrid.testing.script import CallSite, Played

__tracebackhide__ = hidden

# What other tools, and guesses, call what stands here.
_MEANT: Final = {
    "base_url": ("url", "uri", "endpoint", "api_base", "address", "host", "hostname", "port"),
    "api_key": ("key", "token", "apikey", "auth"),
    "exchanges": ("requests", "calls", "journal", "history", "log", "entries", "responses", "replies"),
    "count": ("call_count", "request_count", "called"),
    "last": ("last_request", "last_call", "last_exchange", "last_response", "request", "response"),
    "violations": ("errors", "failures", "problems"),
    "play": ("script", "respond", "reply", "expect", "stub", "mock", "when", "on", "add", "load", "say"),
    "check": ("verify", "assert_all_called"),
    "wait_for": ("wait", "wait_until"),
    "reset": ("clear",),
    "env": ("environ", "environment"),
    "clock": ("time", "now", "advance", "sleep", "tick"),
    "mockgrid_server, a fixture": ("server", "grid", "report", "app", "settings", "start", "stop"),
}
SETTLING: Final = 1.0
"""Seconds for which replies that are still under way are waited for before a session is judged."""


class Environment(dict[str, str]):
    """``OPENAI_BASE_URL`` and ``OPENAI_API_KEY``; in a ``with`` block they are set, and restored after it.

    >>> with mockgrid.env():
    ...     client = OpenAI()
    """

    def __init__(self, base_url: str, api_key: str) -> None:
        super().__init__(OPENAI_BASE_URL=base_url, OPENAI_API_KEY=api_key)
        self._before: list[dict[str, str | None]] = []

    def __enter__(self) -> Self:
        self._before.append({name: os.environ.get(name) for name in self})
        os.environ.update(self)
        return self

    def __exit__(self, *_error: object) -> None:
        for name, value in self._before.pop().items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class GridSession:
    """One session of a server: nothing that happens in another is seen here.

    Args:
        controls: of the server.
        base_url: of its API, without a final slash.
        api_key: names the session.
        folders: of scenario files that may be played by name though the server does not have them.
        label: what people know the session by, such as the name of a test.

    Attributes:
        base_url: what clients are given as base URL.
        api_key: what clients are given as API key.
        failures: of functions that compute replies, and what was wrong with these.
    """

    def __init__(
        self, controls: Controls, base_url: str, api_key: str, folders: Sequence[str] = (), label: str = ""
    ) -> None:
        self._controls = controls
        self._folders = tuple(folders)
        self.base_url = base_url
        self.api_key = api_key
        self.failures: list[BaseException] = []
        controls.open(api_key, label)

    # ---------------------------------------------------------------- what plays

    def play(self, played: Played = "", *more: Never, strict: bool | None = None, **misspelt: Never) -> None:
        """Play something from now on: what a scenario file says, checked like one.

        >>> mockgrid.play([{"error": 503, "retry_after": "10ms"}, {"say": "Hello"}])
        >>> mockgrid.play("tool-loop")
        >>> mockgrid.play("scenarios/first.yaml", strict=True)
        >>> mockgrid.play(lambda request: {"say": f"You said {request.last_user}"})

        Args:
            played: a list of replies, of which the last is repeated; a list of steps; one reply; a whole
                scenario as a mapping; the name of a scenario; or the path of a file, beside the test or from
                the current directory. In place of a reply may stand a function, which makes it of the
                request: its errors are the test's, and so is what is wrong with the reply.
            *more: nothing; a list holds several replies.
            strict: whether a request fails for which there is no reply, and a reply that is left; None
                leaves it to the scenario.
            **misspelt: nothing.

        Raises:
            PlayError: it cannot be played; what played before goes on.
        """
        site = call_site()
        if more or misspelt or played == "":
            raise PlayError(_called_wrongly(len(more), misspelt), where=site.where)
        self.play_as(site, played, strict=strict)

    def play_as(self, site: CallSite, played: Played, *, strict: bool | None = None) -> None:
        """Play something on behalf of a line that is not the caller's own; see ``play``."""
        script = script_of(played, site, strict=strict, folders=self._folders, failures=self.failures)
        try:
            answer = self._controls.call("script", self.api_key, script.body, brief=True)
        except CallError as error:
            if error.findings:
                raise unplayable(script.placed(error.findings)) from None
            raise PlayError(error.message, where=site.where) from None
        site.warn(script.placed(answer.get("findings", ())))

    def reset(self) -> None:
        """Begin anew what plays, and forget the exchanges."""
        self._controls.call("reset", self.api_key)

    @property
    def clock(self) -> SessionClock:
        """The session's time."""
        return SessionClock(self._controls, self.api_key)

    def env(self) -> Environment:
        """Return ``OPENAI_BASE_URL`` and ``OPENAI_API_KEY``; ``with`` sets them, and restores them after."""
        return Environment(self.base_url, self.api_key)

    # ---------------------------------------------------------------- what happened

    @property
    def exchanges(self) -> list[Exchange]:
        """All requests with their replies, in order; those whose reply is under way included."""
        return [Exchange.from_json(data) for data in self._controls.exchanges(self.api_key)]

    @property
    def count(self) -> int:
        """How many requests there have been."""
        return int(self._controls.call("session", self.api_key)["exchanges"]["count"])

    @property
    def last(self) -> Exchange:
        """The last exchange.

        Raises:
            LookupError: there was none yet.
        """
        __tracebackhide__ = True
        exchanges = self.exchanges
        if not exchanges:
            raise LookupError(f"No request has arrived. {advice(self.base_url)}")
        return exchanges[-1]

    def wait_for(self, count: int, timeout: float = 5.0) -> list[Exchange]:
        """Wait until so many exchanges have ended, and return all.

        Args:
            count: of exchanges since the session began.
            timeout: seconds.

        Raises:
            WaitError: there are fewer when the time is over.
        """
        page = self._controls.exchanges(self.api_key, wait=count, seconds=timeout)
        exchanges = [Exchange.from_json(exchange) for exchange in page]
        ended = (exchanges[-1].number if exchanges else 0) - sum(
            exchange.seconds is None for exchange in exchanges
        )
        if ended < count:
            raise WaitError(
                f"Only {ended} of {count} exchanges ended within {timeout:g} s"
                f"{'' if ended == len(exchanges) else ', and one is under way'}.",
                hint=advice(self.base_url) if not exchanges else "",
            )
        return exchanges

    async def wait_for_async(self, count: int, timeout: float = 5.0) -> list[Exchange]:  # noqa: ASYNC109
        """Do what ``wait_for`` does, without holding up the event loop that the client runs on."""
        return await asyncio.to_thread(self.wait_for, count, timeout)

    def explain(self, number: int) -> Explanation:
        """Return why each step did or did not answer the exchange of a number; to be printed."""
        from mockgrid.session.explanation import Explanation  # noqa: PLC0415 - 4 ms, and for those who ask

        return Explanation.from_json(self._controls.explanation(self.api_key, number))

    # ---------------------------------------------------------------- what it proves

    @property
    def summary(self) -> Summary:
        """All that follows, as one value; replies that are under way are waited for, at most a second."""
        return Summary.from_json(self._settled(final=True))

    @property
    def violations(self) -> tuple[Violation, ...]:
        """How requests broke the contract."""
        return self._now().violations

    @property
    def warnings(self) -> tuple[FieldWarning, ...]:
        """Fields of valid requests that the contract does not know, or deprecates."""
        return self._now().warnings

    @property
    def unmatched(self) -> tuple[Unmatched, ...]:
        """Requests for which the scenario had no reply."""
        return self._now().unmatched

    @property
    def unused_steps(self) -> tuple[UnusedStep, ...]:
        """Steps of strict scenarios that gave no reply yet."""
        return self._now().unused_steps

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What the client did wrong over several requests, if no more are to come."""
        return self.summary.verdicts

    @property
    def verdict(self) -> Verdict | None:
        """The first verdict; None where the client's conduct was sound."""
        return next(iter(self.verdicts), None)

    def assert_resilient(self) -> None:
        """Fail with all verdicts, if there are any; to be asked when the client has done its work.

        Raises:
            AssertionError: the client's conduct was not sound.
        """
        __tracebackhide__ = True
        verdicts = self.verdicts
        if verdicts:
            raise AssertionError(f"The client's conduct is not sound:\n{verdict_lines(verdicts)}")

    def check(self, **allowed: Any) -> None:
        """Fail where the client broke the contract, met no step, or left strict steps unused.

        The fixture does this by itself. The keywords are those of the marker, such as
        ``allow_violations=["MG113"]``; see ``mockgrid.testing.tolerances``.

        Raises:
            AssertionError: there is something that is not allowed.
        """
        __tracebackhide__ = True
        left = Tolerances().changed(allowed).left(self.summary)
        if left:
            raise AssertionError(failure_text(left, self.exchanges, self.where, self.base_url))

    def where(self, pointer: str) -> str:
        """Return file and line of a JSON pointer into the contract; empty where that is not known here."""
        return self._controls.where(pointer)

    def close(self) -> None:
        """Forget the session; does nothing where the server has done so."""
        try:
            self._controls.call("close", self.api_key)
        except CallError as error:
            if error.status != _GONE:
                raise

    if not TYPE_CHECKING:  # which find what is misspelt by themselves

        def __getattr__(self, name: str) -> Any:
            """Say what an attribute is called here that has another name elsewhere."""
            __tracebackhide__ = True
            raise no_attribute(type(self), name, ("base_url", "api_key"), _MEANT)

    def _now(self) -> Summary:
        return Summary.from_json(self._controls.call("session", self.api_key))

    def _settled(self, *, final: bool) -> dict[str, Any]:
        state = self._controls.call("session", self.api_key, final=final)
        count = state["exchanges"]["count"]
        if not state["exchanges"]["under_way"]:
            return state
        self._controls.exchanges(self.api_key, after=count, wait=count, seconds=SETTLING)
        return self._controls.call("session", self.api_key, final=final)


def _called_wrongly(more: int, misspelt: Iterable[str]) -> str:
    """Return how ``play`` is called, for a call that is none."""
    for word in misspelt:
        usual = " What plays is the first argument, without a name; the only keyword is strict."
        return f"play() has no keyword {word!r}.{did_you_mean(word, ['strict']) or usual}"
    takes = "one thing: a list of replies, a scenario's name or a path"
    return f"play() takes {takes}; it was given {more + 1 if more else 'none'}."


_GONE: Final = 404
