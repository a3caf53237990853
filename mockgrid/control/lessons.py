"""What an exchange teaches: why it was answered as it was, and the step that would answer it again."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from mockgrid.control import ControlError
from mockgrid.recording.exchange import recorded
from mockgrid.recording.scribe import Scribe
from mockgrid.reply.hindsight import Hindsight
from mockgrid.session.exchange import MOST_KEPT, whole_body

if TYPE_CHECKING:
    from mockgrid.contract.extension import Models
    from mockgrid.control.service import Service
    from mockgrid.session.exchange import KeptExchange
    from mockgrid.session.explanation import Explanation
    from mockgrid.session.session import Session


class Lessons:
    """Works out what exchanges teach, when somebody asks.

    Args:
        service: the server that has the sessions.
        models: those that it knows; None where the contract does not say.
    """

    def __init__(self, service: Service, models: Models | None) -> None:
        self._service = service
        default = models.default if models is not None else "default"
        self._hindsight = Hindsight(service.contract, service.redaction, service.settings.max_depth, default)

    @cached_property
    def _scribe(self) -> Scribe:
        service = self._service
        return Scribe(service.contract, service.settings.error_shape, redaction=service.redaction)

    def explanation(self, session: Session, exchange: KeptExchange) -> Explanation:
        """Return why each step did or did not answer an exchange of a session."""
        return self._hindsight.explanation(session, exchange)

    def step(self, session: Session, exchange: KeptExchange) -> str:
        """Return the step that would answer the request of an exchange as it was answered, as YAML.

        Where no step of its scenario answered, it is one that would, with the default reply.

        Raises:
            ControlError: no step could do so; says why.
        """
        if exchange.answer.violations and not exchange.answer.step:
            raise ControlError(409, "The contract refuses this request before any step is asked.")
        if exchange.under_way:
            raise ControlError(409, "The reply has not ended; what it will be is not known.")
        if whole_body(exchange) is None or exchange.reply_size > MOST_KEPT:
            raise ControlError(409, f"Of a body in this exchange only the first {MOST_KEPT} bytes are kept.")
        known = recorded(exchange, session.label)
        step = self._scribe.step(self._scribe.answered(known) if exchange.answer.no_step else known)
        reasons = [line.removeprefix("# ") for line in step.splitlines() if line.startswith("#")]
        if reasons:
            raise ControlError(409, " ".join(reasons))
        return step
