"""Why a request that came was answered as it was: what each step made of it, as things stood then."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from mockgrid.contract.bodies import media_type_for, read_body, value_as_sent
from mockgrid.errors import MockgridError
from mockgrid.reply.behaviours import readings
from mockgrid.reply.preferences import prefers_of
from mockgrid.reply.request import Request
from mockgrid.scenario.selection import explain
from mockgrid.session.exchange import MOST_KEPT, whole_body
from mockgrid.session.explanation import ExplainedStep, Explanation

if TYPE_CHECKING:
    from mockgrid.contract.contract import Contract
    from mockgrid.scenario.selection import Explained
    from mockgrid.scenario.view import RequestView
    from mockgrid.session.exchange import Answer, KeptExchange, Meeting
    from mockgrid.session.redaction import Redaction
    from mockgrid.session.session import Session

MOST_STEPS: Final = 30
"""Steps of which it is told what they made of a request."""

_LIMITS: Final = {
    "rate_limited": "a limit of the scenario was reached",
    "balance_replenishing": "the scenario's balance was being replenished",
    "insufficient_balance": "the scenario has no balance for it",
}
_MOST_CODES: Final = 5


class Hindsight:
    """Tells what the steps made of requests; worked out when somebody asks, and not before.

    Args:
        contract: whose operations were called.
        redaction: hides credentials.
        max_depth: deepest nesting of a body.
        default_model: the model of a request that names none.
    """

    def __init__(self, contract: Contract, redaction: Redaction, max_depth: int, default_model: str) -> None:
        self._readings = readings(contract.operations)
        self._redaction = redaction
        self._max_depth = max_depth
        self._default_model = default_model

    def explanation(self, session: Session, exchange: KeptExchange) -> Explanation:
        """Return what each step of what played made of a request in a session's journal."""
        met = exchange.met
        if met is None:
            message = f"No step was asked: {self._unasked(session, exchange)}."
            return _explanation(session, exchange, "unasked", message)
        played = met.cursors()
        if played is None:
            message = "The session has played so much since that what played then is forgotten."
            return _explanation(session, exchange, "unknown", message)
        scenario = played.scenario
        known = {"scenario": scenario.name, "state": met.state, "attempt": met.attempt}
        cursors = session.journal.cursors(exchange)
        if cursors is None:
            message = "How far the steps had come is forgotten: the journal had no room for later exchanges."
            return _explanation(session, exchange, "unknown", message, **known)
        body = whole_body(exchange)
        if body is None:
            message = f"Of the request's body only the first {MOST_KEPT} bytes are kept; steps saw all of it."
            return _explanation(session, exchange, "unknown", message, **known)
        steps = explain(scenario, self._view(session, exchange, met, body), cursors, MOST_STEPS)
        hidden = self._redaction.of(exchange.head, body)
        outcome, message = _outcome(steps, exchange.answer, strict=scenario.strict)
        return _explanation(
            session,
            exchange,
            outcome,
            hidden.text(message),
            steps=tuple(ExplainedStep.from_json(hidden.value(step.as_json())) for step in steps),
            further=len(scenario.steps) - len(steps),
            **known,
        )

    def _view(self, session: Session, exchange: KeptExchange, met: Meeting, body: bytes) -> RequestView:
        """Return the request as the steps saw it."""
        operation, head = exchange.operation, exchange.head
        if operation is None:
            raise LookupError("A request that calls no operation has met no step.")
        content_type = head.headers.get(b"content-type")
        name = None if content_type is None else content_type.decode("latin-1")
        value: Any = None
        if exchange.answer.violations:
            with suppress(MockgridError):
                value = value_as_sent(operation, name, body, self._max_depth)
        elif (media := media_type_for(operation, name)) is not None and (body or operation.body_required):
            value = read_body(media, name or "", body, self._max_depth)
        request = Request(operation, head.path, head.query, head.headers, {}, value, body)
        view = self._readings[operation.id].view(request, met.attempt, self._default_model, session.name)
        view.broken = bool(exchange.answer.violations)
        return view

    def _unasked(self, session: Session, exchange: KeptExchange) -> str:
        """Return why a request was put to no step."""
        answer, play, operation = exchange.answer, session.play, exchange.operation
        if answer.violations:
            codes = list(dict.fromkeys(violation.code for violation in answer.violations))
            more = f" and {len(codes) - _MOST_CODES} more" if len(codes) > _MOST_CODES else ""
            return f"the request broke the contract ({', '.join(codes[:_MOST_CODES])}{more})"
        prefer, query = exchange.head.headers.get(b"prefer"), exchange.head.query
        if (prefer is not None or query) and prefers_of(prefer, query):
            return "the request itself says, by `Prefer`, which reply it wants"
        if answer.failure in _LIMITS and play is not None:
            return _LIMITS[answer.failure]
        if answer.failure or operation is None:
            return f"the request was refused before ({answer.failure or answer.status})"
        if play is not None:
            request = Request(operation, exchange.head.path, query, exchange.head.headers, {}, None, b"")
            if not play.scenario.concerns(self._readings[operation.id].view(request)):
                return f"none is for {operation.id}; steps are where `operation`, `method` or `path` names it"
        return "the session played no scenario"


def _outcome(steps: tuple[Explained, ...], answer: Answer, *, strict: bool) -> tuple[str, str]:
    """Return what came of it, and a sentence about that."""
    decisive = next((each for each in steps if each.verdict in {"answers", "fails"}), None)
    if decisive is None:
        least = "No step matches" if steps else "There are no steps"
        if any(each.verdict == "passes" for each in steps):
            least = "Each step that matches had given all its replies"
        if strict:
            return "none", f"{least}, and the scenario is strict."
        # No step has it, so that the name of one stands for a provider's reply.
        came = "it was forwarded to the provider" if answer.step else "the default reply came"
        return "default", f"{least}, so {came}."
    step, count = decisive.step, len(decisive.step.replies)
    if decisive.reply is None:
        return "none", f"{step.label} matches and had given all its replies ({step.allowance()})."
    number = f" with its reply {decisive.reply + 1} of {count}" if count > 1 else ""
    if not answer.step:
        return "step", f"{step.label} was to answer{number}, which could not be made ({answer.failure})."
    return "step", f"{step.label} answered{number}."


def _explanation(
    session: Session, exchange: KeptExchange, outcome: Any, message: str, **known: Any
) -> Explanation:
    steps = known.pop("steps", ())
    return Explanation(outcome, message, steps, exchange=exchange.number, session=session.name, **known)
