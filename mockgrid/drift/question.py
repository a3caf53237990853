"""A request that a provider is sent to see what it makes of it, and what the fake makes of the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mockgrid.findings import Finding
from mockgrid.fixed import fixed

if TYPE_CHECKING:
    from mockgrid.contract.operation import Operation
    from mockgrid.findings import Severity
    from mockgrid.recording.exchange import RecordedReply, RecordedRequest

__all__ = ["Drift", "Party", "Question"]

Party: TypeAlias = Literal["contract", "provider", "scenario"]
"""Who is out of step: the one of three that differs from the others; of two, the one that made no promise."""


@fixed
class Drift(Finding):
    """A finding about two that differ.

    Attributes:
        party: who is out of step.
        question: the title of the request whose reply it was.
        pointer: JSON pointer into the body of the reply, or into the data of an event.
        expected: what the contract, or the fake, has there.
        got: what the provider has.
        contract: JSON pointer into the contract; empty where it says nothing.
        others: how many more requests brought the same to light.
    """

    party: Party = "provider"
    question: str = ""
    pointer: str = ""
    expected: str = ""
    got: str = ""
    contract: str = ""
    others: int = 0


@fixed
class Question:
    """A request, and what is expected of its reply.

    Attributes:
        title: what it is, such as ``createChatCompletion, streamed``.
        operation: what it calls.
        request: what is sent, without a credential.
        body: its body as a JSON value; None for none, or for what is no JSON.
        expected: what the fake answers.
        where: ``file:line:column`` of the scenario's reply; else method and path.
        scripted: whether a scenario says so.
        deliberate: whether that may break the contract on purpose.
        recorded: whether it was recorded, and so says what the provider was like.
        credential: whether it comes with the key, with one that nobody knows, or with none.
        most_tokens: how many it may take, of prompt and completion together.
        meant: JSON pointers to what the scenario says in so many words that the reply has.
        counts_on: lower-case names of headers that the reply is to have although no contract asks for them.
        spoken_of: names of what the step of a scenario asks of requests, fields of their bodies among them.
        others: the same request with what else came of it when it was sent again; any will do.
        guessed: whether its path names what may not be there, since no example says what is.
    """

    title: str
    operation: Operation
    request: RecordedRequest
    body: Any
    expected: RecordedReply
    where: str
    scripted: bool = False
    deliberate: bool = False
    recorded: bool = False
    credential: Literal["key", "unknown"] = "key"
    most_tokens: int = 0
    meant: frozenset[str] = frozenset()
    counts_on: frozenset[str] = frozenset()
    guessed: bool = False
    others: tuple[Question, ...] = ()
    spoken_of: frozenset[str] = frozenset()

    @property
    def fake(self) -> str:
        """Whose the expected reply is, in words."""
        return "the scenario" if self.scripted else "the fake"

    @property
    def says(self) -> str:
        """The same, as the beginning of a sentence about it."""
        return f"{self.fake} answers"

    @property
    def other(self) -> Party:
        """Who is out of step where the contract allows both what the fake and what the provider answers."""
        return "scenario" if self.scripted else "provider"

    def drift(self, code: str, message: str, *, severity: Severity = "error", **fields: Any) -> Drift:
        """Return a drift that its reply brings to light.

        Args:
            code: of the finding.
            message: what is so, without a capital and a full stop.
            severity: of the finding; what was known before is a note: what a scenario does on purpose, and
                what the provider broke when it was recorded.
            fields: those of the drift; the party is the provider where they do not say.
        """
        drift = Drift(code, severity, message, self.where, question=self.title, **fields)
        known = self.recorded or self.deliberate
        meant = self.deliberate and not self.recorded
        if (drift.party == "contract" and known) or (drift.party == "scenario" and meant):
            drift = replace(drift, severity="note")
        sentence = f"{self.title}: {message}; out of step: the {drift.party}."
        # What a provider says may hold what a terminal obeys.
        return replace(drift, message="".join(each if each.isprintable() else "?" for each in sentence))

    def breach(self, code: str, message: str, *, known: bool, **fields: Any) -> Drift:
        """Return a drift from the contract; where it is known of the expected reply, that is out of step."""
        both: dict[str, Any] = {"severity": "warning", "party": "contract"} if known else {}
        return self.drift(code, message, **both, **fields)

    def renewal(self, code: str, message: str, where: str, expected: str, got: str, **fields: Any) -> Drift:
        """Return a drift from the scenario at a place of the reply, where the contract allows both."""
        both: dict[str, Any] = {"pointer": where, "expected": expected, "got": got}
        return self.drift(code, message, severity="warning", party="scenario", **both, **fields)
