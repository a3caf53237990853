"""Holding a scenario's replies to the contract, before anybody asks for them.

Each reply is composed for a sample request, as JSON and as a stream, and what would be sent is validated; so
a script that loads obeys the contract, whatever form it was written in.
"""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any

from mockgrid.contract.coverage import declared_media
from mockgrid.errors import MockgridError
from mockgrid.findings import Finding
from mockgrid.reply.behaviour import Kit, Turn
from mockgrid.reply.behaviours import BEHAVIOURS, UNKNOWN_FORM, readings, speaking_operations
from mockgrid.reply.delivery.form import data_of, json_or_text, readings_of
from mockgrid.reply.errors import Errors
from mockgrid.reply.generic import GenericReplies
from mockgrid.reply.provided import explained
from mockgrid.reply.request import Request
from mockgrid.reply.scripted import ScriptedReplies, words_of
from mockgrid.reply.tokens import ShortWords
from mockgrid.scenario.possible_calls import PossibleCalls
from mockgrid.scenario.predicate import may_hold
from mockgrid.scenario.reply import SPOKEN, Body, Call, Error, Example, Redirect, SaidChoices
from mockgrid.scenario.template import Template
from mockgrid.scenario.unsatisfiable import Seeker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockgrid.contract.contract import Contract, MediaType, Operation
    from mockgrid.contract.extension import Models
    from mockgrid.reply.behaviour import Behaviour, Samples
    from mockgrid.reply.errors import ErrorShape
    from mockgrid.reply.reply import Reply
    from mockgrid.scenario.reply import ScriptedReply
    from mockgrid.scenario.scenario import Scenario
    from mockgrid.scenario.step import Step
    from mockgrid.scenario.view import RequestView
    from mockgrid.schema.violation import Violation

_CODE = "MG201"
# What is asked of an operation without a conversation.
_SILENT: Samples = ((None, (None,)),)
_SAYS_STREAM = ("stream", "body/stream")
_STREAM = "text/event-stream"
_IDLE = "MG221"
_NOT_FOR_STREAMS = (
    "Leave the header out, write `stream: false` in the step's `when`, "
    "or `contract: off` if breaking the contract is the point."
)
# Statuses from here on are errors.
_ERRORS = 400
# So many events that obey the contract are remembered.
_REMEMBERED = 1000
# A reply that breaks its schema in a hundred places is told of by the first few.
_MOST = 3


class Checking:
    """Checks scenarios against one contract, with replies of its own.

    Args:
        contract: what replies must obey, whatever shape errors are served in.
        shape: that shape.
    """

    def __init__(self, contract: Contract, shape: ErrorShape = "vendor") -> None:
        kit = Kit(contract=contract, tokenizer=ShortWords(), models=contract.policy.models)
        self._behaviours: dict[str | None, Behaviour] = {
            name: behaviour(kit) for name, behaviour in BEHAVIOURS.items()
        }
        self._scripted = ScriptedReplies(Errors(contract), GenericReplies(contract), self._behaviours)
        self._errors = Errors(contract, shape)
        self._sound: set[tuple[str, bytes]] = set()
        self._contract = contract
        self._speaking = speaking_operations(contract.operations)
        self._calls = PossibleCalls(contract, self._speaking)
        self._readings = readings(contract.operations)

    def findings(self, scenario: Scenario) -> list[Finding]:
        """Return where replies break the contract, or say what is never sent, in the order of the file."""
        return [finding for findings in self.by_reply(scenario) for finding in findings]

    def by_reply(self, scenario: Scenario) -> Iterator[list[Finding]]:
        """Yield the same, those of each reply when it has been checked."""
        for step in scenario.steps:
            for reply in step.replies:
                if reply.computed is not None:  # it is checked when it is made
                    continue
                findings: list[Finding] = []
                if isinstance(reply.form, Error) and not reply.form.gateway:
                    findings += self._idle(step, reply, reply.form)
                if reply.contract == "on":
                    findings += self._reply(step, reply)
                yield findings

    def _reply(self, step: Step, reply: ScriptedReply) -> Iterator[Finding]:
        operations = self._operations(step)
        if not operations and not step.placed and isinstance(reply.form, SPOKEN):
            yield _finding(reply, "There is no operation of this contract that such a reply could answer.")
        for operation in operations:
            findings = list(self._for(operation, step, reply))
            yield from findings
            if findings:
                return

    def _idle(self, step: Step, scripted: ScriptedReply, form: Error) -> Iterator[Finding]:
        """Tell of what an error is given though no body that it is sent in has a place for it."""
        operations = self._operations(step)
        unplaced = [
            self._errors.unplaced(form.status, words_of(form, view), operation)
            for operation in operations
            for _, view in [self._call(operation, self._samples(operation, scripted)[0][0])]
        ]
        for name in unplaced[0] if unplaced else ():
            if all(name in others for others in unplaced):
                message = (
                    f"`{name}` has no effect: in the contract's shape, "
                    f"a {form.status} of {operations[0].id} has no place for it."
                )
                hint = "Leave it out, or write the whole error with `body` and `status`."
                yield Finding(_IDLE, "warning", message, scripted.place("error", name, key=True), hint)

    def _operations(self, step: Step) -> list[Operation]:
        """Return the operations that a step's replies answer, as far as its ``when`` says."""
        if step.placed:
            return self._calls.operations(step.when)
        return [operation for operation in self._contract.operations if operation.id in self._speaking]

    def _samples(self, operation: Operation, scripted: ScriptedReply) -> Samples:
        """Return the bodies that replies are composed for."""
        behaviour = self._behaviours.get(operation.behaviour)
        speaker = behaviour.speaker if behaviour is not None else None
        return speaker.samples(scripted) if speaker is not None else _SILENT

    def _for(self, operation: Operation, step: Step, scripted: ScriptedReply) -> Iterator[Finding]:
        forms = (
            [said.form for said in scripted.form.said]
            if isinstance(scripted.form, SaidChoices)
            else [scripted.form]
        )
        for form in forms:
            if isinstance(form, Call):
                yield from _arguments(scripted, form)
        if isinstance(scripted.form, SPOKEN) and operation.id not in self._speaking:
            yield _finding(scripted, f"{operation.id} gives no chat completions; this reply is one.")
            return
        for body in self._requested(step, operation, scripted):
            try:
                reply = self._composed(operation, scripted, body)
            except MockgridError as error:
                yield _finding(scripted, error.message)
                return
            findings = list(self._judged(operation, scripted, reply))
            status = scripted.status or 0
            known = operation.response(status) is not None or status in self._contract.policy.gateway
            declared = status >= _ERRORS and known
            if findings and declared and not isinstance(scripted.form, Body | Example):
                message = f"The status {scripted.status} alone does not make an error of a reply."
                where, hint = scripted.place("status", key=True), f"Write `error: {scripted.status}`."
                findings = [Finding(_CODE, "error", message, where, hint)]
            yield from findings
            if findings:
                return

    def _requested(self, step: Step, operation: Operation, scripted: ScriptedReply) -> list[Any]:
        """Return what a step's replies are composed for: whole and as a stream, as far as ``when`` admits."""
        return [
            body
            for body, alike in self._samples(operation, scripted)
            if body is None
            or any(may_hold(step.when, self._call(operation, other)[1], _SAYS_STREAM) for other in alike)
        ]

    def _composed(self, operation: Operation, scripted: ScriptedReply, body: Any) -> Reply:
        return self._scripted.compose(scripted, Turn(*self._call(operation, body), "0" * 32, "0" * 128))

    def _call(self, operation: Operation, body: Any) -> tuple[Request, RequestView]:
        path = f"{self._contract.base_path}{operation.path}"
        request = Request(operation, path, b"", {b"host": b"127.0.0.1"}, {}, body, b"")
        return request, self._readings[operation.id].view(request)

    def _judged(self, operation: Operation, scripted: ScriptedReply, reply: Reply) -> Iterator[Finding]:
        if isinstance(scripted.form, Error) and scripted.form.gateway:
            return
        declared = operation.response(reply.status)
        by_gateway = reply.status in self._contract.policy.gateway
        if declared is None and by_gateway and isinstance(scripted.form, Error | Body):
            return
        if declared is None:
            statuses = ", ".join(sorted(operation.responses))
            message = f"{operation.id} does not declare the status {reply.status}; it declares {statuses}."
            if isinstance(scripted.form, Error):
                gateways = _ranges(self._contract.policy.gateway)
                message = f"{message} A gateway before it may send {gateways}."
            yield _finding(scripted, message)
            return
        if isinstance(scripted.form, Redirect) or (reply.events is None and not reply.body):
            return
        types = (value for name, value in reply.headers if name == b"content-type")
        sent = next(types, b"").decode("latin-1")
        name = sent.partition(";")[0].strip().lower()
        if reply.events is not None and name != _STREAM and "content-type" in scripted.headers:
            message = (
                f"Where a request asks for a stream, `headers` sends this reply with "
                f"{f'content-type {sent}' if sent else 'no content-type'}; {_STREAM} was expected."
            )
            yield _finding(scripted, message, _NOT_FOR_STREAMS)
            return
        media = declared.media.get((declared_media(name, declared.media) if name else None) or "")
        if media is None:
            names = ", ".join(declared.media) or "no body"
            kind = "reply" if reply.events is None else "stream"
            other = sent or "something else"
            message = f"{operation.id} declares {names} for {reply.status}; this {kind} is {other}."
            yield _finding(scripted, message)
            return
        for where, violation in islice(self._violations(media, scripted, reply), _MOST):
            place = "A chunk of the stream" if media.name == _STREAM else "The body"
            yield _finding(scripted, f"{place} breaks the contract: {violation.sentence}", where=where)

    def _violations(
        self, media: MediaType, scripted: ScriptedReply, reply: Reply
    ) -> Iterator[tuple[str, Violation]]:
        """Yield what breaks the contract first, and where that was written."""
        schema = media.schema if reply.events is None else self._contract.event_validator(media)
        if schema is None:
            return
        if reply.events is None:
            values = [json_or_text(reply.body)] if media.is_json else []
            yield from ((scripted.where, violation) for violation in explained(schema, values))
            return
        done = reply.streaming.form.done if reply.streaming is not None else UNKNOWN_FORM.done
        for place, event in enumerate(reply.events):
            if event in (done, UNKNOWN_FORM.done) or (media.at, event) in self._sound:
                continue
            # Most events are their data, and the first and the last are those of all other replies.
            sound = schema.accepts(json_or_text(data_of(event)))
            if sound and len(self._sound) < _REMEMBERED:
                self._sound.add((media.at, event))
            violations = [] if sound else explained(schema, list(readings_of(event)))
            if violations:
                where = scripted.place("events", place) if scripted.events else scripted.where
                yield from ((where, violation) for violation in violations)
                return


def _arguments(scripted: ScriptedReply, form: Call) -> Iterator[Finding]:
    for call in form.calls:
        if isinstance(call.arguments, Template):
            try:
                value = json.loads(call.arguments.sample())
            except ValueError:
                value = None
            if not isinstance(value, dict):
                yield _finding(scripted, f"The arguments of {call.name} are text that is not a JSON object.")


def _finding(scripted: ScriptedReply, message: str, hint: str = "", *, where: str = "") -> Finding:
    if isinstance(scripted.form, Example):
        hint = hint or "Name one that the contract has, or write `say` or `body`."
    hint = hint or "Mend it, or write `contract: off` beside it if breaking the contract is the point."
    return Finding(_CODE, "error", message, where or scripted.where, hint)


def unsatisfiable_steps(scenario: Scenario, contract: Contract, models: Models | None) -> list[Finding]:
    """Return, as warnings, what a scenario's steps ask for that no request of a contract can have.

    Args:
        scenario: whose steps.
        contract: what requests obey.
        models: those that the server knows; None for any. A scenario's own take their place.
    """
    by_step = unsatisfiable_by_step(scenario, contract, models)
    return [finding for findings in by_step for finding in findings]


def unsatisfiable_by_step(
    scenario: Scenario, contract: Contract, models: Models | None
) -> Iterator[list[Finding]]:
    """Yield the same, those of each step when it has been looked at."""
    seeker = Seeker(scenario, contract, models, speaking_operations(contract.operations))
    for step in scenario.steps:
        yield list(seeker.findings(step))


def _ranges(statuses: Iterable[int]) -> str:
    """Return statuses in order, three and more that follow one another as a range.

    >>> _ranges({504, 502, 503, 520, 521})
    '502 to 504, 520, 521'
    """
    ranges: list[list[int]] = []
    for status in sorted(statuses):
        if ranges and status == ranges[-1][-1] + 1:
            ranges[-1].append(status)
        else:
            ranges.append([status])
    texts = (f"{run[0]} to {run[-1]}" if run[2:] else ", ".join(map(str, run)) for run in ranges)
    return ", ".join(texts)
