"""Two contracts: which scenarios stop being valid under the newer, and what has changed of what they use."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from mockgrid.contract.bodies import media_type_for
from mockgrid.document.document import Document
from mockgrid.document.pointer import dotted, split
from mockgrid.drift.fake import Fake
from mockgrid.drift.question import Drift
from mockgrid.drift.reading import STREAM
from mockgrid.drift.steps import ScenarioQuestions
from mockgrid.errors import DocumentError
from mockgrid.recording.exchange import header
from mockgrid.reply.checking import Checking, unsatisfiable_steps
from mockgrid.reply.dry_run import sample_request
from mockgrid.schema.fields import changes, of_streams
from mockgrid.schema.node import SchemaNode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockgrid.contract.contract import Contract
    from mockgrid.contract.operation import MediaType, Operation
    from mockgrid.drift.question import Question
    from mockgrid.findings import Finding
    from mockgrid.reply.errors import ErrorShape
    from mockgrid.scenario.scenario import Scenario
    from mockgrid.schema.validator import SchemaValidator
    from mockgrid.schema.violation import Violation

__all__ = ["ContractComparison"]

_REQUEST: Final = "MG451"
_REPLY: Final = "MG452"
_BREAK: Final = "its requests break the new contract: "
_PARAMETER: Final = re.compile(r"\{[^{}]*\}")
_CHANGED: Final = "MG453"


class ContractComparison:
    """Compares two contracts, by the scenarios for the older.

    Args:
        before: the older.
        after: the newer.
        shape: of the fake's errors.
    """

    def __init__(self, before: Contract, after: Contract, shape: ErrorShape = "vendor") -> None:
        self._before = before
        self._after = after
        self._shape = shape

    def drifts(self, scenarios: Sequence[Scenario]) -> list[Drift]:
        """Return what stops being valid, and what has changed of the operations that scenarios use.

        Args:
            scenarios: that are valid under the older contract; where there are none, all operations count.
        """
        drifts: list[Drift] = []
        used: dict[str, Operation] = {}
        makes = ScenarioQuestions(self._before, Fake(self._before, self._shape))
        for scenario in scenarios:
            for question in makes.of(scenario, provoked=False):
                used[question.operation.id] = question.operation
                drifts += self._request(question)
                drifts += self._reply_headers(question)
            drifts += self._scenario(scenario)
        operations = used.values() if scenarios else self._before.operations
        for operation in operations:
            drifts += self._operation(operation)
        return list(dict.fromkeys(drifts))

    def _match(self, operation: Operation) -> Operation | None:
        """Return the newer contract's operation of the same id, else of the same method and path."""
        here = operation.method, operation.path
        alike = (each for each in self._after.operations if (each.method, each.path) == here)
        named = self._after.operation(operation.id) if operation.written_id else None
        return named or next(alike, None)

    def _is_elsewhere(self, operation: Operation, after: Operation) -> bool:
        """Tell whether an operation has another method or path, but for base paths and parameters' names."""
        here, there = (
            {_PARAMETER.sub("{}", path) for path in (each.path, contract.base_path + each.path)}
            for each, contract in ((operation, self._before), (after, self._after))
        )
        return operation.method != after.method or here.isdisjoint(there)

    def _request(self, question: Question) -> Iterator[Drift]:
        """Tell why the newer contract refuses requests that a step matches."""
        request, operation = question.request, question.operation
        after = self._match(operation)
        if after is None or self._is_elsewhere(operation, after):
            there = f"{after.method} {after.path}" if after is not None else "no such operation"
            message = f"the new contract has no {operation.method} {operation.path}"
            if after is not None:
                message = f"{message}: {operation.id} is {there}"
            yield _of(question, "MG450", message, expected=there, got=operation.id)
            return
        form = header(request.headers, b"content-type")
        if request.body and media_type_for(operation, form) and not media_type_for(after, form):
            taken = ", ".join(after.body) or "no body"
            message = f"{_BREAK}{after.id} takes {taken}, not {form}"
            yield _of(question, _REQUEST, message, expected=taken, got=form)
            return
        if not after.security.grants(operation.security):
            wanted, earlier = after.security.wanted, operation.security.wanted
            yield _of(question, _REQUEST, f"{_BREAK}they have to have {wanted}", expected=wanted, got=earlier)
        path = request.path.removeprefix(self._before.base_path)
        same = (after.method, after.path) == (operation.method, operation.path)
        try:
            violations = _violations(question, self._after, after, path if same else after.path)
            # One that was recorded may be refused by the older, too.
            known = {each.sentence for each in _violations(question, self._before, operation, path)}
        except DocumentError as error:
            yield _of(question, _REQUEST, f"its requests do not suit the new contract: {error.message}")
            return
        for violation in violations:
            if violation.sentence in known or (not question.recorded and _is_spare(violation, question)):
                continue
            yield _of(
                question,
                _REQUEST,
                f"{_BREAK}{violation.sentence}",
                pointer=violation.pointer,
                expected=violation.expected,
                got=violation.got,
                contract=violation.contract,
            )

    def _reply_headers(self, question: Question) -> Iterator[Drift]:
        """Tell of headers that the newer contract alone requires, and a step's reply has not."""
        after, status = self._match(question.operation), question.expected.status
        earlier, later = (
            set(_required_headers(operation, status)) if operation is not None else set()
            for operation in (question.operation, after)
        )
        for name in sorted(later - earlier):
            if not header(question.expected.headers, name.encode("latin-1", "replace")):
                message = f"the new contract objects: its reply has no header {name}"
                yield _of(question, _REPLY, message, expected=name)

    def _scenario(self, scenario: Scenario) -> Iterator[Drift]:
        """Tell which of a scenario's replies, and of its conditions, the newer contract alone objects to."""
        for code, objections in (
            (_REPLY, _replies(scenario, self._before, self._after, self._shape)),
            (_REQUEST, _conditions(scenario, self._before, self._after)),
        ):
            for finding in objections:
                message = f"{scenario.name}: the new contract objects: {finding.message}"
                severity = finding.severity
                yield replace(_drift(code, message, finding.where, party="scenario"), severity=severity)

    def _operation(self, operation: Operation) -> Iterator[Drift]:
        """Tell how the newer contract describes an operation in another way."""
        after = self._match(operation)
        where = f"{operation.method} {operation.path}"
        if after is not None and self._is_elsewhere(operation, after):
            there = f"{after.method} {after.path}"
            message = f"The new contract has no {where}: {operation.id} is {there}."
            at = self._after.document.where(after.at)
            yield _drift("MG450", message, at, party="contract", expected=where, got=there)
        if after is None:
            message = f"The new contract has no {where}."
            at = self._before.document.where(operation.at)
            yield _drift(
                "MG450", message, at, party="contract", expected=operation.id, got="no such operation"
            )
            return
        ours, theirs = (each.security.wanted for each in (operation, after))
        if ours != theirs:
            message = f"{operation.id} asked for {ours}, and asks for {theirs} in the new contract."
            yield self._changed(message, after.at, ours, theirs)
        yield from self._parameters(operation, after)
        yield from self._media(f"{operation.id}: in the request", operation.body, after.body)
        for status in dict.fromkeys((*operation.responses, *after.responses)):
            earlier, later = operation.responses.get(status), after.responses.get(status)
            if earlier is None or later is None:
                known = "declares" if earlier is None else "does not declare"
                message = f"{operation.id}: the new contract {known} the status {status}."
                both = ("nothing" if each is None else status for each in (earlier, later))
                yield self._changed(message, (later or after).at, *both)
                continue
            place = f"{operation.id}: in the reply {status}"
            yield from self._media(place, earlier.media, later.media)
            for name in sorted({*later.headers} ^ {*earlier.headers}):
                known = "declares" if name in later.headers else "does not declare"
                yield self._changed(f"{place}, the new contract {known} the header {name}.", later.at, name)

    def _changed(self, message: str, at: str, expected: str, got: str = "", **fields: str) -> Drift:
        """Return what the newer contract describes in another way, and where."""
        where = self._after.document.where(at)
        return _drift(_CHANGED, message, where, party="contract", expected=expected, got=got, **fields)

    def _parameters(self, operation: Operation, after: Operation) -> Iterator[Drift]:
        """Tell how parameters differ; those of the path may have other names."""
        ours, theirs = (
            {(each.location, each.name): each for each in known.parameters if each.location != "path"}
            for known in (operation, after)
        )
        for kind, name in dict.fromkeys((*ours, *theirs)):
            earlier, later = ours.get((kind, name)), theirs.get((kind, name))
            before, now = (
                "nothing" if each is None else "required" if each.required else "optional"
                for each in (earlier, later)
            )
            place = f"{operation.id}: the {kind} parameter {name}"
            if before != now:
                message = f"{place} was {before}, and is {now} in the new contract."
                yield self._changed(message, (later or after).at, before, now)
            elif earlier is not None and later is not None:
                yield from self._fields(place, _schema(earlier.schema), _schema(later.schema))

    def _media(self, place: str, ours: Any, theirs: Any) -> Iterator[Drift]:
        for name in dict.fromkeys((*ours, *theirs)):
            before: MediaType | None = ours.get(name)
            after: MediaType | None = theirs.get(name)
            if before is None or after is None:
                known = "takes" if before is None else "has no"
                message = f"{place}, the new contract {known} {name}."
                both = {
                    "expected": "nothing" if before is None else name,
                    "got": "nothing" if after is None else name,
                }
                media, document = (before, self._before) if before is not None else (after, self._after)
                at = document.document.where(media.at if media is not None else "")
                yield _drift(_CHANGED, message, at, party="contract", **both)
            elif name == STREAM:
                both_ways = self._before.event_validator(before), self._after.event_validator(after)
                yield from self._fields(place, *of_streams(*map(_schema, both_ways)))
            else:
                yield from self._fields(place, _schema(before.schema), _schema(after.schema))

    def _fields(self, place: str, before: Any, after: Any) -> Iterator[Drift]:
        if not (isinstance(before, SchemaNode) and isinstance(after, SchemaNode)):
            return
        for change in changes(before, after):
            name = dotted(change.path)
            message = f"{place}, {name} was {change.before}, and is {change.after} in the new contract."
            fields = {"pointer": "/" + "/".join(change.path), "contract": change.at}
            yield self._changed(message, change.at, change.before, change.after, **fields)


def _schema(validator: SchemaValidator | None) -> Any:
    return validator.schema if validator is not None else None


def _violations(question: Question, contract: Contract, operation: Operation, path: str) -> list[Violation]:
    """Return why a contract refuses a request.

    Raises:
        DocumentError: the request does not suit the contract at all.
    """
    request = question.request
    sent: dict[str, Any] = {
        "method": request.method,
        "path": f"{contract.base_path}{path}",
        "query": request.query,
        "headers": {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers},
        "body": question.body,
    }
    violations = list(sample_request(Document(sent, question.where), contract).violations)
    schema = operation.json_body.schema if operation.json_body is not None else None
    if question.body is not None and schema is not None:
        violations += schema.explain(question.body)
    return violations


def _required_headers(operation: Operation, status: int) -> Iterator[str]:
    """Yield the names of the headers that replies with a status must have."""
    response = operation.response(status)
    for name, source in (response.headers if response is not None else {}).items():
        if source.get("required") is True:
            yield name


def _is_spare(violation: Violation, question: Question) -> bool:
    """Tell whether a body that was made up need not have what is wrong in it."""
    body, media = question.body, question.operation.json_body
    name = next(iter(split(violation.pointer)), None)
    if not isinstance(body, dict) or name not in body or name in question.spoken_of:
        return False
    if media is None or media.schema is None:
        return False
    return media.schema.accepts({key: value for key, value in body.items() if key != name})


def _replies(scenario: Scenario, before: Contract, after: Contract, shape: ErrorShape) -> list[Finding]:
    known = {(each.where, each.message) for each in Checking(before, shape).findings(scenario)}
    return [
        each for each in Checking(after, shape).findings(scenario) if (each.where, each.message) not in known
    ]


def _conditions(scenario: Scenario, before: Contract, after: Contract) -> list[Finding]:
    earlier = unsatisfiable_steps(scenario, before, before.policy.models)
    known = {(each.where, each.code) for each in earlier}
    later = unsatisfiable_steps(scenario, after, after.policy.models)
    return [each for each in later if (each.where, each.code) not in known]


def _drift(code: str, message: str, where: str, **fields: Any) -> Drift:
    severity: Any = (
        "warning" if code == _CHANGED or (code == "MG450" and fields["party"] == "contract") else "error"
    )
    return Drift(code, severity, message, where, **fields)


def _of(question: Question, code: str, message: str, **fields: Any) -> Drift:
    return _drift(code, f"{question.title}: {message}", question.where, party="scenario", **fields)
