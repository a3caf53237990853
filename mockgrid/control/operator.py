"""What an operator may ask of a running server. Every answer is a JSON value."""

from __future__ import annotations

import asyncio
import re
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from mockgrid import __version__
from mockgrid.control import ControlError
from mockgrid.control.draft import checked
from mockgrid.control.feed import MOST_READERS, Feed
from mockgrid.control.scenarios import listed_scenarios, scenario_with_text
from mockgrid.control.scripts import Scripts
from mockgrid.document.document import Document
from mockgrid.document.nearest import did_you_mean
from mockgrid.errors import DocumentError
from mockgrid.findings import Finding
from mockgrid.findings.codes import UnknownCodeError, find, render
from mockgrid.reply.behaviours import manners_of, transcript_of
from mockgrid.session.clock import moved_by
from mockgrid.session.har import har
from mockgrid.session.session import named_session, session_name
from mockgrid.session.telling import Teller, clock_state
from mockgrid.session.turns import all_at_once

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from mockgrid.control.lessons import Lessons
    from mockgrid.control.operations import Operations
    from mockgrid.control.service import Service
    from mockgrid.scenario.scenario import Scenario
    from mockgrid.session.exchange import KeptExchange
    from mockgrid.session.journal import Journal
    from mockgrid.session.session import Session
    from mockgrid.session.turns import Turns

_NAME = re.compile(r"s-(?:[0-9a-f]{12}|anonymous)(?:~.+)?")
_QUESTION = ("attempt", "request", "scenario", "session")
# Characters of a key that are shown.
_SHOWN = 60
_LONGEST_LABEL = 500
# That are played through.
_MOST_ATTEMPTS = 10_000


class Operator:
    """Does what the control interface offers; to be called from the server's event loop.

    A session is named by its key, by what ``X-MockGrid-Session`` says, or by the name that logs show.

    Args:
        service: the server that has the sessions.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self.scripts = Scripts(service.contract, service.library, service.settings)
        self._teller = Teller(service.redaction, service.contract.policy.retry, transcript_of, manners_of)
        self._feed = Feed(service.sessions, self._teller)

    def version(self) -> dict[str, Any]:
        """Return which MockGrid this is, and which contract it serves."""
        contract = self._service.contract
        return {
            "mockgrid": __version__,
            "contract": {"title": contract.title, "version": contract.version, "sha256": contract.sha256},
        }

    # ---------------------------------------------------------------- sessions

    def sessions(self, key: str | None = None) -> dict[str, Any]:
        """Return the open sessions, the one idle longest first; of a key, its own, if that is open."""
        name = self.name(key) if key else None
        return {
            "sessions": [
                {
                    "session": session.name,
                    **{name: text for name in ("label", "key") if (text := getattr(session, name))},
                    "scenario": session.play.scenario.name if session.play is not None else None,
                    "exchanges": session.journal.count,
                    "violations": sum(len(exchange.answer.violations) for exchange in session.journal),
                }
                for session in self._service.sessions
                if name is None or session.name == name
            ]
        }

    def session(self, key: str, *, final: bool = False) -> dict[str, Any]:
        """Return what a session has come to; see ``mockgrid.session.telling``.

        Args:
            key: of the session.
            final: whether no more requests will come, so that it can be told whether the client gave up.
        """
        return all_at_once(self.summed(key, final=final))

    def summed(self, key: str, *, final: bool = False) -> Turns[dict[str, Any]]:
        """Find the same in turns: of a session that has had many thousand requests it takes a while."""
        summary = yield from self._teller.summary(self._session(key), final=final)
        return summary.as_json()

    def open(self, key: str, body: Any, label: str = "") -> dict[str, Any]:
        """Open a session anew with a scenario; without one, with what its key asks for.

        Args:
            key: of the session.
            body: what to play.
            label: what people know it by.

        Raises:
            ControlError: the scenario cannot be used; the session is as it was.
        """
        scenario, findings = self.scripts.read(body)
        session = self._opened(key)
        session.label = label[:_LONGEST_LABEL]
        self._restart(session, scenario)
        return self._played(key, findings)

    def begin(self, key: str, label: str = "") -> None:
        """Have a session open before anybody next looks; for any thread."""
        self._service.sessions.announce(*self._place(key), label[:_LONGEST_LABEL])

    def close(self, key: str) -> None:
        """Close a session and forget what it did."""
        self._service.sessions.close(self._session(key))

    def leave(self, key: str, count: int) -> bool:
        """Close a session, unless it has had more exchanges than so many; return whether it has."""
        session = self._session(key)
        left = session.journal.count <= count
        if left:
            self._service.sessions.close(session)
        return left

    def reset(self, key: str) -> dict[str, Any]:
        """Begin a session's scenario, journal, limits and clock anew."""
        self._restart(self._session(key))
        return self.session(key)

    def verdicts(self, key: str) -> Turns[dict[str, Any]]:
        """Find what a session's journal proves so far about its client, in turns."""
        session = self._session(key)
        proved = yield from self._teller.verdicts(session)
        return {"session": session.name, "verdicts": [verdict.as_json() for verdict in proved]}

    def _restart(self, session: Session, scenario: Scenario | None = None) -> None:
        """Begin a session anew, with what its scenario's file says now where no other is given."""
        service = self._service
        if scenario is None and session.play is not None:
            scenario = service.newest(session.play.scenario)
        service.sessions.restart(session, None if scenario is None else partial(service.play, scenario))

    def script(self, key: str, body: Any, *, brief: bool = False) -> dict[str, Any]:
        """Play something else in a session from now on; its journal goes on.

        Args:
            key: of the session.
            body: what to play.
            brief: whether what the session has come to is left out: telling it takes long for a long journal.

        Raises:
            ControlError: it cannot be used; what played goes on.
        """
        scenario, findings = self.scripts.read(body)
        if scenario is None:
            raise ControlError(422, "One of scenario, source, steps is expected.")
        session = self._opened(key)
        self._service.recorder.leave(session)
        session.change(self._service.play(scenario, session.clock))
        return self._played(key, findings, brief=brief)

    def _played(self, key: str, findings: Iterable[Finding], *, brief: bool = False) -> dict[str, Any]:
        """Return what a session has come to, and what is odd in what it plays from now on, or in its key."""
        everything = (*findings, *self._useless(key))
        state = {"session": self.name(key)} if brief else self.session(key)
        return {**state, "findings": [finding.as_json() for finding in everything]}

    def _useless(self, key: str) -> Iterator[Finding]:
        """Yield what is to be said of a key that the server takes from no client."""
        refusal = "" if _NAME.fullmatch(key) else self._service.credentials.refusal(key)
        if refusal:
            message = f"A client that sends {key[:_SHOWN]!r} as its key is refused: {refusal}"
            is_key = self._service.credentials.scenario_of(key) is not None
            hint = "" if is_key else "Its requests reach this session by the header X-MockGrid-Session."
            yield Finding("MG104", "warning", message, "the session's key", hint)

    # ---------------------------------------------------------------- exchanges

    def exchanges(self, key: str, *, after: int = 0) -> dict[str, Any]:
        """Return the exchanges of a session that come after a number."""
        return self._teller.page(self._session(key), after=after).as_json()

    def count(self, key: str) -> int | None:
        """Return how many exchanges a session has had, None where it is not open; for any thread."""
        return self._service.sessions.count(self.name(key))

    def har(self, key: str) -> dict[str, Any]:
        """Return the exchanges of a session as an HTTP archive (HAR 1.2)."""
        return har(self._session(key), self._teller)

    def exchange(self, key: str, number: int) -> dict[str, Any]:
        """Return one exchange."""
        session, kept = self._kept(key, number)
        (exchange,) = self._teller.records(session, after=kept.number - 1, until=kept.number)
        return exchange.as_json()

    def explanation(self, key: str, number: int) -> dict[str, Any]:
        """Return why each step did or did not answer the request of an exchange, as things stood then."""
        return self._lessons.explanation(*self._kept(key, number)).as_json()

    def step(self, key: str, number: int) -> dict[str, Any]:
        """Return the step that would answer the request of an exchange as it was, alone and as a scenario."""
        step = self._lessons.step(*self._kept(key, number))
        return {"step": step, "source": f"steps:\n{step}"}

    @cached_property
    def _lessons(self) -> Lessons:
        from mockgrid.control.lessons import Lessons  # noqa: PLC0415 - 60 ms, for those who ask

        return Lessons(self._service, self.scripts.models)

    async def wait(self, key: str, count: int, seconds: float) -> bool:
        """Return whether so many exchanges of a session have ended, at the latest after so many seconds."""
        session = self._session(key)
        ended = asyncio.Event()

        def look(_journal: Journal | None = None, _exchange: KeptExchange | None = None) -> None:
            if session.journal.count - session.journal.under_way >= count:
                ended.set()

        stop = self._service.sessions.budget.watch(look)
        try:
            look()
            async with asyncio.timeout(seconds):
                await ended.wait()
        except TimeoutError:
            return False
        finally:
            stop()
        return True

    def feed(self, key: str | None = None, *, rows: bool = False) -> AsyncIterator[bytes]:
        """Return what happens from now on, as server-sent events.

        Args:
            key: of the only session that is watched; None for all.
            rows: whether a row of each will do, from its beginning; else it is told when it has ended.

        Raises:
            ControlError: 503 where too many follow what happens already.
        """
        if self._feed.full:
            message = (
                f"{MOST_READERS} follow what happens already: close one of their pages, or another feed."
            )
            raise ControlError(503, message)
        return self._feed.read(self.name(key) if key else None, rows=rows)

    # ---------------------------------------------------------------- clock

    def clock(self, key: str) -> dict[str, Any]:
        """Return a session's time."""
        return clock_state(self._session(key)).as_json()

    def move_clock(self, key: str, move: Any) -> dict[str, Any]:
        """Move a session's virtual clock forward: ``{"advance": "2s"}``, or seconds as a number.

        Raises:
            ControlError: the clock is real, or what is asked is no duration.
        """
        if not isinstance(move, dict) or set(move) != {"advance"}:
            raise ControlError(422, 'An object such as {"advance": "2s"} is expected.')
        try:
            seconds = moved_by(move["advance"])
        except ValueError as error:
            raise ControlError(422, str(error)) from None
        session = self._session(key)
        if not session.clock.virtual:
            raise ControlError(
                409, "The clock of this session is real; start with --clock virtual to move it."
            )
        session.clock.move(seconds)
        return self.clock(key)

    # ---------------------------------------------------------------- scenarios

    def scenarios(self) -> dict[str, Any]:
        """Return the scenarios that keys and headers may ask for."""
        return listed_scenarios(self._service.library())

    def scenario(self, name: str) -> dict[str, Any]:
        """Return one of them, with the text of its file."""
        return scenario_with_text(self.scripts.named(name))

    def check(self, draft: Any) -> Turns[dict[str, Any]]:
        """Check the text of a scenario in turns; see ``mockgrid.control.draft``."""
        return checked(draft, self.scripts)

    @cached_property
    def operations(self) -> Operations:
        """What the contract has for who writes a request."""
        from mockgrid.control.operations import Operations  # noqa: PLC0415 - for people, not for tests

        return Operations(self._service.contract)

    def report(self) -> dict[str, Any]:
        """Return the contract report; see ``mockgrid.report``."""
        return all_at_once(self.reported())

    def reported(self) -> Turns[dict[str, Any]]:
        """Make the contract report in turns."""
        service = self._service
        budget = service.sessions.budget
        return service.recorder.report(
            service.sessions, dropped=budget.dropped, dropped_violations=budget.dropped_violations
        )

    def code(self, name: str) -> dict[str, Any]:
        """Explain a code such as MG112."""
        try:
            code = find(name)
        except UnknownCodeError as error:
            raise ControlError(404, f"{error.message} {error.hint}".strip()) from None
        return {"code": code.code, "name": code.name, "title": code.title, "text": render(code)}

    def explain(self, question: Any) -> dict[str, Any]:
        """Tell which step a request would meet: ``{"scenario": NAME, "request": {…}, "attempt": 1}``.

        In place of ``scenario`` stands ``session`` where the scenario that it plays is meant.
        """
        from mockgrid.reply.dry_run import dry_run, sample_request  # noqa: PLC0415 - 20 ms, for those who ask

        if not isinstance(question, dict) or "request" not in question:
            raise ControlError(422, 'An object such as {"scenario": NAME, "request": {…}} is expected.')
        if not question.keys() <= set(_QUESTION) or len(question.keys() & {"scenario", "session"}) != 1:
            known = ", ".join(_QUESTION)
            raise ControlError(422, f"The keys are {known}; just one of scenario and session is there.")
        if not isinstance(question["request"], dict):
            raise ControlError(
                422, "`request` is an object: a body, or method, path, query, headers and body."
            )
        attempt = question.get("attempt", 1)
        if isinstance(attempt, bool) or not isinstance(attempt, int) or not 1 <= attempt <= _MOST_ATTEMPTS:
            raise ControlError(422, "`attempt` is a whole number from 1 to 10000.")
        if "session" in question:
            if not isinstance(question["session"], str):
                raise ControlError(422, "`session` is the key of a session.")
            play = self._session(question["session"]).play
            if play is None:
                raise ControlError(409, "This session plays no scenario.")
            scenario = play.scenario
        else:
            scenario = self.scripts.named(question["scenario"])
        try:
            sample = sample_request(Document(question["request"], "request"), self._service.contract)
        except DocumentError as error:
            raise ControlError(409, f"{error.message} {error.hint}".strip()) from None
        return dry_run(scenario, sample, self._service.contract, attempt).as_json()

    # ---------------------------------------------------------------- names

    def _kept(self, key: str, number: int) -> tuple[Session, KeptExchange]:
        session = self._session(key)
        exchange = session.journal.get(number)
        if exchange is None:
            gone = " any more" if 0 < number <= session.journal.count else ""
            raise ControlError(404, f"There is no exchange {number} in this session{gone}.")
        return session, exchange

    def _session(self, key: str) -> Session:
        session = self._service.sessions.find(self.name(key))
        if session is None:
            names = [session.name for session in self._service.sessions]
            hint = did_you_mean(key, names) if key.startswith("s-") else ""
            raise ControlError(404, f"There is no such session, or no more.{hint}")
        return session

    def name(self, key: str) -> str:
        """Return the name of the session that a key, or what a header says, stands for."""
        if _NAME.fullmatch(key):
            return key
        name = session_name(key)
        is_key = self._service.credentials.scenario_of(key) is not None
        return name if is_key or self._service.sessions.count(name) is not None else named_session(key)

    def _opened(self, key: str) -> Session:
        """Return the session of a key, which is opened where it is not."""
        name, scenario = self._place(key)
        session = self._service.sessions.find(name)
        mask = self._service.credentials.mask_of(key) if name == session_name(key) else ""
        return self._service.sessions.get(name, scenario, mask) if session is None else session

    def _place(self, key: str) -> tuple[str, str]:
        """Return the name of the session of a key, and the scenario that plays in it where it is new."""
        scenario = "" if _NAME.fullmatch(key) else self._service.credentials.scenario_of(key) or ""
        return self.name(key), scenario
