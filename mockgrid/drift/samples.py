"""The contract's own questions: each operation that does no harm, and each error that can be provoked."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from mockgrid.drift.question import Question
from mockgrid.errors import MockgridError
from mockgrid.recording.exchange import RecordedRequest
from mockgrid.reply.behaviours import BEHAVIOURS, habits_of
from mockgrid.reply.negotiation import BOUNDARY
from mockgrid.reply.proposal import proposed_body, proposed_value
from mockgrid.reply.reply import json_text
from mockgrid.schema.hints import SchemaHints
from mockgrid.schema.members import required_of
from mockgrid.schema.sample import sample

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from mockgrid.contract.contract import Contract
    from mockgrid.contract.operation import Operation, Parameter
    from mockgrid.drift.fake import Fake

__all__ = ["ContractQuestions", "plain_request"]

_READING: Final = ("GET", "HEAD")
_NOBODY: Final = "mockgrid-no-such-thing"
_NOTHING: Final = "404"
# Where a schema says what there is.
_GIVEN: Final = ("example", "examples", "default", "enum", "const")
# What stands between the items of an array in a query.
_BETWEEN: Final = {"spaceDelimited": " ", "pipeDelimited": "|"}
_BROKEN: Final = b'{"'
_JSON: Final = b"application/json"
_TEXT: Final = b"text/plain"
_ERROR: Final = 400
# Of the methods that an operation's path has not, those that do the least where it has them all the same.
_OTHER_METHODS: Final = ("PUT", "PATCH", "POST")


class ContractQuestions:
    """Makes the questions.

    Args:
        contract: whose operations are called.
        fake: answers the same.
        model: that is asked for, where an operation takes one.
        named: ids of operations that are called whatever they do; where there are any, no others are.

    Attributes:
        left_out: operations that are not called, each with the reason.
    """

    def __init__(self, contract: Contract, fake: Fake, model: str, named: Collection[str] = ()) -> None:
        self._contract = contract
        self._fake = fake
        self._model = model
        self._named = named
        self.left_out: list[tuple[Operation, str]] = []

    async def all(self) -> list[Question]:
        """Return them, those of an operation together."""
        questions: list[Question] = []
        for operation in self._contract.operations:
            if self._named and operation.id not in self._named:
                continue
            if not self._named and operation.method not in _READING and operation.behaviour not in BEHAVIOURS:
                self.left_out.append((operation, "it may change something; name it with --operation"))
                continue
            request = plain_request(self._contract, operation, self._model)
            if request is None:
                self.left_out.append((operation, "no request could be made up that obeys its schema"))
                continue
            questions += [
                question
                for draft in self._drafts(operation, *request)
                if (question := await self._asked(operation, *draft)) is not None
            ]
        return questions

    async def _asked(
        self, operation: Operation, words: str, request: RecordedRequest, body: Any, provoked: str
    ) -> Question | None:
        """Return a question with what the fake answers; None where that is not what was to be seen."""
        unknown = provoked == "401"
        expected = await self._fake.reply(request, operation, "unknown" if unknown else "key")
        if provoked and expected.status < _ERROR:
            # What there is, and whose key is good, is known to the provider alone: the fake is told.
            preferring = (*request.headers, (b"prefer", f"code={provoked}".encode()))
            expected = await self._fake.reply(replace(request, headers=preferring), operation, "key")
        refused = provoked == _NOTHING and expected.status != int(_NOTHING)
        if refused or (expected.status >= _ERROR) != bool(provoked):
            if not provoked:
                self.left_out.append(
                    (operation, f"the fake itself answers {expected.status} to {words or 'it'}")
                )
            return None
        habits = habits_of(operation.behaviour)
        return Question(
            f"{operation.id}, {words}" if words else operation.id,
            operation,
            request,
            body,
            expected,
            f"{request.method} {request.path}",
            credential="unknown" if unknown else "key",
            most_tokens=habits.most_tokens(body) if habits is not None and body is not None else 0,
            guessed=not provoked and any(self._is_made_up(each, operation) for each in operation.parameters),
        )

    def _is_made_up(self, parameter: Parameter, operation: Operation) -> bool:
        """Tell whether a part of a path is a text that nothing says the provider knows."""
        source = parameter.source
        hints = SchemaHints(source.get("schema", {}), self._contract.document.data)
        given = (*map(source.get, ("example", "examples")), *map(hints.own, _GIVEN))
        named = parameter.location != "path" or _is_model(parameter, operation)
        return not named and all(value is None for value in given)

    def _drafts(
        self, operation: Operation, request: RecordedRequest, body: Any
    ) -> Iterator[tuple[str, RecordedRequest, Any, str]]:
        """Yield what is asked in words, the request, its body, and for an error its status."""
        habits = habits_of(operation.behaviour)
        if habits is None:
            yield "", request, body, ""
        else:
            for words, each in habits.questions(self._model):
                body = each if body is None or words == "whole" else body
                yield words, _with(request, json_text(each)), each, ""
            for words, each in habits.unanswerable():
                yield words, _with(request, json_text(each)), each, _NOTHING
        if operation.security.required and operation.declares(401):
            yield "with an unknown key", request, body, "401"
        if "{" in operation.path and request.method in _READING and operation.declares(404):
            yield (
                "of nothing that there is",
                _to(self._contract, operation, self._model, _NOBODY),
                None,
                _NOTHING,
            )
        if body is not None and (operation.declares(400) or operation.declares(422)):
            yield "with a body that is not JSON", replace(request, body=_BROKEN), None, "400"
            schema = operation.json_body.schema if operation.json_body is not None else None
            for name in sorted(required_of(schema.schema) if schema is not None else ())[:1]:
                short = (
                    {key: value for key, value in body.items() if key != name}
                    if isinstance(body, dict)
                    else {}
                )
                yield f"without {name}", replace(request, body=json_text(short)), short, "422"
        if body is not None and operation.declares(415):
            yield "with a body that is text", _with(request, b"x", _TEXT), None, "415"
        # Of another document's path it is not known that a method that it leaves out changes nothing.
        known = operation.behaviour in BEHAVIOURS and operation.declares(405)
        match = self._contract.router.find(request.path) if known else None
        variants = match[0].variants if match is not None else _OTHER_METHODS
        for method in [method for method in _OTHER_METHODS if method not in variants][:1]:
            yield f"by {method}", RecordedRequest(method, request.target, body=b""), None, "405"


def plain_request(contract: Contract, operation: Operation, model: str) -> tuple[RecordedRequest, Any] | None:
    """Return a request that an operation answers, with its body if it is JSON; None where none can be made.

    Args:
        contract: of the operation.
        operation: that is called.
        model: that is asked for, where it takes one.
    """
    request = _to(contract, operation, model)
    habits = habits_of(operation.behaviour)
    if habits is not None:
        body = next(iter(habits.questions(model)))[1]
        return _with(request, json_text(body)), body
    if not operation.body or (not operation.body_required and operation.json_body is None):
        return request, None
    if operation.json_body is None or operation.json_body.schema is None:
        other = next((media for media in operation.body.values() if media.schema is not None), None)
        if other is None or other.is_json:
            return None
        boundary = f"; boundary={BOUNDARY}" if other.name.startswith("multipart/") else ""
        name = f"{other.name}{boundary}".encode("latin-1", "replace")
        return _with(request, proposed_body(other, contract), name), None
    schema = operation.json_body.schema
    plain = sample(operation.json_body.source.get("schema"), contract.document.data)
    if isinstance(plain, dict) and "model" in plain and operation.behaviour in BEHAVIOURS:
        plain["model"] = model
    bodies = (*operation.json_body.examples.values(), plain)
    body = next(filter(schema.accepts, bodies), None)
    if body is None:
        with suppress(MockgridError):
            body = contract.request_values.at(schema.at).value("", exemplary=True).value
    media = operation.json_body.name.encode("latin-1", "replace")
    return (_with(request, json_text(body), media), body) if schema.accepts(body) else None


def _to(contract: Contract, operation: Operation, model: str, nobody: str = "") -> RecordedRequest:
    """Return a request without a body, with the parameters that an operation needs."""
    path, pairs, headers = operation.path, sorted(operation.query), []
    for parameter in operation.parameters:
        text = _text(parameter, operation, contract, model)
        if parameter.location == "path":
            text = nobody or text
            lead = {"label": ".", "matrix": f";{parameter.name}="}.get(str(parameter.source.get("style")), "")
            path = path.replace(f"{{{parameter.name}}}", f"{lead}{quote(text, safe=',')}")
        elif parameter.required and parameter.location == "query":
            pairs += (
                [(parameter.name, text)] if _is_model(parameter, operation) else _pairs(parameter, contract)
            )
        elif parameter.required and parameter.location == "header":
            headers.append((parameter.name.lower().encode("latin-1"), text.encode("latin-1", "replace")))
        elif parameter.required and parameter.location == "cookie":
            headers.append((b"cookie", f"{parameter.name}={quote(text)}".encode("latin-1", "replace")))
    query = urlencode(pairs)
    target = f"{contract.base_path}{path}{query and '?'}{query}"
    return RecordedRequest(operation.method, target, tuple(headers))


def _is_model(parameter: Parameter, operation: Operation) -> bool:
    return parameter.name == "model" and operation.behaviour in BEHAVIOURS


def _text(parameter: Parameter, operation: Operation, contract: Contract, model: str) -> str:
    if _is_model(parameter, operation):
        return model
    value = proposed_value(parameter, contract)
    return ",".join(map(_plain, value)) if isinstance(value, list) else _plain(value)


def _pairs(parameter: Parameter, contract: Contract) -> list[tuple[str, str]]:
    """Return a parameter as a query has it, by its style: an array may be several, and an object."""
    name, value = parameter.name, proposed_value(parameter, contract)
    style = parameter.source.get("style", "form")
    apart = parameter.source.get("explode", style == "form")
    if isinstance(value, dict) and (apart or style == "deepObject"):
        names = {key: f"{name}[{key}]" if style == "deepObject" else key for key in value}
        return [(names[key], _plain(item)) for key, item in value.items()]
    if isinstance(value, dict):
        value = [part for pair in value.items() for part in pair]
    if isinstance(value, list) and not apart:
        value = _BETWEEN.get(style, ",").join(map(_plain, value))
    return [(name, _plain(item)) for item in (value if isinstance(value, list) else [value])]


def _plain(value: Any) -> str:
    return "true" if value is True else "false" if value is False else str(value)


def _with(request: RecordedRequest, body: bytes, media: bytes = _JSON) -> RecordedRequest:
    headers = (*(line for line in request.headers if line[0] != b"content-type"), (b"content-type", media))
    return RecordedRequest(request.method, request.target, headers, body)
