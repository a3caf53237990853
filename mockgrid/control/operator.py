"""What an operator may ask of a running server. Every answer is a JSON value."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import TYPE_CHECKING, Any

from mockgrid import __version__
from mockgrid.control.error import ControlError
from mockgrid.control.scripts import Scripts
from mockgrid.document.document import Document
from mockgrid.document.nearest import did_you_mean
from mockgrid.errors import DocumentError
from mockgrid.findings import UnknownCodeError, find, render
from mockgrid.session.accounts import account, accounts
from mockgrid.session.clock import VirtualClock, moved_by
from mockgrid.session.har import har
from mockgrid.session.sessions import named_session, session_name
from mockgrid.session.summary import clock_state, summary

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockgrid.app.app import App
    from mockgrid.app.auth import Credentials
    from mockgrid.scenario.scenario import Scenario
    from mockgrid.session.exchange import Exchange
    from mockgrid.session.journal import Journal
    from mockgrid.session.session import Session

_NAME = re.compile(r"s-(?:[0-9a-f]{12}|anonymous)(?:~.+)?")
_QUESTION = ("attempt", "request", "scenario", "session")
# That are played through.
_MOST_ATTEMPTS = 10_000


def session_called(key: str, credentials: Credentials, find: Callable[[str], object]) -> str:
    """Return the name of the session that an operator means.

    Args:
        key: the session's key, or what ``X-MockGrid-Session`` says, or the name that logs show.
        credentials: which keys are accepted.
        find: returns None for names that are not open.
    """
    if _NAME.fullmatch(key):
        return key
    name = session_name(key)
    return name if credentials.scenario_of(key) is not None or find(name) is not None else named_session(key)


class Operator:
    """Does what the control interface offers; to be called from the server's event loop.

    A session is named by its key, by what ``X-MockGrid-Session`` says, or by the name that logs show.

    Args:
        app: whose sessions.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._scripts = Scripts(app.contract, app.library, app.settings.error_shape)

    def version(self) -> dict[str, Any]:
        """Return which MockGrid this is, and which contract it serves."""
        contract = self._app.contract
        return {
            "mockgrid": __version__,
            "contract": {"title": contract.title, "version": contract.version, "sha256": contract.sha256},
        }

    # ---------------------------------------------------------------- sessions

    def sessions(self) -> dict[str, Any]:
        """Return the open sessions, the one idle longest first."""
        return {
            "sessions": [
                {
                    "session": session.name,
                    "scenario": session.play.scenario.name if session.play is not None else None,
                    "exchanges": session.journal.count,
                    "violations": sum(len(exchange.violations) for exchange in session.journal),
                }
                for session in self._app.sessions
            ]
        }

    def session(self, key: str, *, final: bool = False) -> dict[str, Any]:
        """Return what a session has come to; see ``mockgrid.session.summary``.

        Args:
            key: of the session.
            final: whether no more requests will come, so that it can be told whether the client gave up.
        """
        app = self._app
        return summary(self._found(key), app.redaction, app.contract.policy.retry, final=final)

    def open(self, key: str, asked: Any) -> dict[str, Any]:
        """Open a session anew with a scenario; without one, with what its key asks for.

        Raises:
            ControlError: the scenario cannot be used; the session is as it was.
        """
        scenario = self._scripts.read(asked)
        app = self._app
        session = app.sessions.find(self.name(key))
        if session is None:
            session = self._opened(key)
        self._restart(session, scenario)
        return self.session(key)

    def close(self, key: str) -> None:
        """Close a session and forget what it did."""
        self._app.sessions.close(self._found(key))

    def reset(self, key: str) -> dict[str, Any]:
        """Begin a session's scenario, journal, limits and clock anew."""
        self._restart(self._found(key))
        return self.session(key)

    def _restart(self, session: Session, scenario: Scenario | None = None) -> None:
        """Begin a session anew, with what its scenario's file says now where no other is given."""
        app = self._app
        if scenario is None and session.play is not None:
            scenario = app.newest(session.play.scenario)
        app.sessions.restart(session, None if scenario is None else partial(app.play, scenario))

    def script(self, key: str, asked: Any) -> dict[str, Any]:
        """Play something else in a session from now on; its journal goes on.

        Raises:
            ControlError: it cannot be used; what played goes on.
        """
        scenario = self._scripts.read(asked)
        if scenario is None:
            raise ControlError(422, "One of scenario, source, steps is expected.")
        session = self._app.sessions.find(self.name(key))
        if session is None:
            session = self._opened(key)
        self._app.recorder.leave(session)
        session.change(self._app.play(scenario, session.clock))
        return self.session(key)

    # ---------------------------------------------------------------- exchanges

    def exchanges(self, key: str, *, after: int = 0) -> dict[str, Any]:
        """Return the exchanges of a session that come after a number."""
        session = self._found(key)
        journal = session.journal
        return {
            "session": session.name,
            "count": journal.count,
            "dropped": {"exchanges": journal.dropped, "violations": journal.dropped_violations},
            "exchanges": accounts(session, self._app.redaction, after=after),
        }

    def har(self, key: str) -> dict[str, Any]:
        """Return the exchanges of a session as an HTTP archive (HAR 1.2)."""
        return har(self._found(key), self._app.redaction)

    def exchange(self, key: str, number: int) -> dict[str, Any]:
        """Return one exchange."""
        session = self._found(key)
        found = accounts(session, self._app.redaction, after=number - 1, until=number)
        if not found:
            gone = " any more" if 0 < number <= session.journal.count else ""
            raise ControlError(404, f"There is no exchange {number} in this session{gone}.")
        return found[0]

    async def wait(self, key: str, count: int, seconds: float) -> bool:
        """Return whether so many exchanges of a session have ended, at the latest after so many seconds."""
        session = self._found(key)
        ended = asyncio.Event()

        def look(_journal: Journal | None = None, _exchange: Exchange | None = None) -> None:
            if session.journal.count - session.journal.under_way >= count:
                ended.set()

        stop = self._app.sessions.room.watch(look)
        try:
            look()
            async with asyncio.timeout(seconds):
                await ended.wait()
        except TimeoutError:
            return False
        finally:
            stop()
        return True

    def told(self, journal: Journal, exchange: Exchange) -> dict[str, Any] | None:
        """Return an exchange that has just ended; None where its session is closed."""
        session = self._app.sessions.find(journal.session)
        return None if session is None else account(exchange, session, self._app.redaction)

    # ---------------------------------------------------------------- clock

    def clock(self, key: str) -> dict[str, Any]:
        """Return a session's time."""
        return clock_state(self._found(key))

    def move_clock(self, key: str, asked: Any) -> dict[str, Any]:
        """Move a session's virtual clock forward: ``{"advance": "2s"}``, or seconds as a number.

        Raises:
            ControlError: the clock is real, or what is asked is no duration.
        """
        if not isinstance(asked, dict) or set(asked) != {"advance"}:
            raise ControlError(422, 'An object such as {"advance": "2s"} is expected.')
        try:
            seconds = moved_by(asked["advance"])
        except ValueError as error:
            raise ControlError(422, str(error)) from None
        session = self._found(key)
        if not isinstance(session.clock, VirtualClock):
            raise ControlError(
                409, "The clock of this session is real; start with --clock virtual to move it."
            )
        session.clock.move(seconds)
        return self.clock(key)

    # ---------------------------------------------------------------- scenarios

    def scenarios(self) -> dict[str, Any]:
        """Return the scenarios that keys and headers may ask for."""
        library = self._app.library() if self._app.library is not None else None
        return {
            "scenarios": [
                {
                    "name": scenario.name,
                    "description": scenario.description,
                    "strict": scenario.strict,
                    "where": scenario.where,
                    "steps": [step.label for step in scenario.steps],
                    "contract_off": [reply.where for _, reply in scenario.contract_off],
                }
                for scenario in (library.scenarios.values() if library is not None else ())
            ],
            "findings": [finding.as_json() for finding in library.findings] if library is not None else [],
        }

    def report(self) -> dict[str, Any]:
        """Return the contract report; see ``mockgrid.report``."""
        app = self._app
        room = app.sessions.room
        return app.recorder.report(
            app.sessions, dropped=room.dropped, dropped_violations=room.dropped_violations
        )

    def code(self, name: str) -> dict[str, Any]:
        """Explain a code such as MG112."""
        try:
            code = find(name)
        except UnknownCodeError as error:
            raise ControlError(404, f"{error.message} {error.hint}".strip()) from None
        return {"code": code.code, "name": code.name, "title": code.title, "text": render(code)}

    def explain(self, asked: Any) -> dict[str, Any]:
        """Tell which step a request would meet: ``{"scenario": NAME, "request": {…}, "attempt": 1}``.

        In place of ``scenario`` stands ``session`` where the scenario that it plays is meant.
        """
        from mockgrid.scenario.given import given_request  # noqa: PLC0415 - only those who ask need it
        from mockgrid.scenario.meeting import meet  # noqa: PLC0415 - the same

        if not isinstance(asked, dict) or "request" not in asked:
            raise ControlError(422, 'An object such as {"scenario": NAME, "request": {…}} is expected.')
        if not asked.keys() <= set(_QUESTION) or len(asked.keys() & {"scenario", "session"}) != 1:
            known = ", ".join(_QUESTION)
            raise ControlError(422, f"The keys are {known}; just one of scenario and session is there.")
        if not isinstance(asked["request"], dict):
            raise ControlError(
                422, "`request` is an object: a body, or method, path, query, headers and body."
            )
        attempt = asked.get("attempt", 1)
        if isinstance(attempt, bool) or not isinstance(attempt, int) or not 1 <= attempt <= _MOST_ATTEMPTS:
            raise ControlError(422, "`attempt` is a whole number from 1 to 10000.")
        if "session" in asked:
            if not isinstance(asked["session"], str):
                raise ControlError(422, "`session` is the key of a session.")
            play = self._found(asked["session"]).play
            if play is None:
                raise ControlError(409, "This session plays no scenario.")
            scenario = play.scenario
        else:
            scenario = self._scripts.named(asked["scenario"])
        try:
            given = given_request(Document(asked["request"], "request"), self._app.contract)
        except DocumentError as error:
            raise ControlError(409, f"{error.message} {error.hint}".strip()) from None
        return meet(scenario, given, self._app.contract, attempt).as_json()

    # ---------------------------------------------------------------- names

    def _found(self, key: str) -> Session:
        session = self._app.sessions.find(self.name(key))
        if session is None:
            known = [found.name for found in self._app.sessions]
            hint = did_you_mean(key, known) if key.startswith("s-") else ""
            raise ControlError(404, f"There is no such session, or no more.{hint}")
        return session

    def name(self, key: str) -> str:
        """Return the name of the session that a key, or what a header says, stands for."""
        return session_called(key, self._app.credentials, self._app.sessions.find)

    def _opened(self, key: str) -> Session:
        name = self.name(key)
        scenario = "" if _NAME.fullmatch(key) else self._app.credentials.scenario_of(key) or ""
        return self._app.sessions.get(name, scenario)
