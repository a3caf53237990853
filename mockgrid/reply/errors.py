"""Errors in the vendor's own shapes, rendered from the contract's policy."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

import orjson

from mockgrid.contract.outline import Outline
from mockgrid.contract.pointer import split
from mockgrid.contract.policy import Failure
from mockgrid.errors import SynthesisError
from mockgrid.reply.reply import JSON, Reply
from mockgrid.reply.values import DRAFTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mockgrid.contract.contract import Contract, MediaType, Operation
    from mockgrid.contract.policy import Policy, Shape
    from mockgrid.contract.violation import Violation

ErrorShape = Literal["vendor", "both", "openai"]

PROBLEM = b"application/problem+json"
_HEADER_LIMIT = 4096
_SERVERS = 500
_MESSAGES = ("message", "msg", "detail", "error", "title", "description", "reason")


class Errors:
    """Composes error replies for one contract.

    Args:
        contract: whose policy says status and shape of each failure.
        shape: ``vendor``, ``openai`` (OpenAI's ``error`` object alone) or ``both`` in one body.
    """

    def __init__(self, contract: Contract, shape: ErrorShape = "vendor") -> None:
        self._policy: Policy = contract.policy
        self._shape = shape
        # Synthesised bodies by the pointer to their media type: bounded by the document.
        self._bodies: dict[str, Any] = {}

    def reply(  # noqa: PLR0913 - each says one thing about the error, by name
        self,
        name: str,
        message: str,
        *,
        operation: Operation | None = None,
        violations: Sequence[Violation] = (),
        headers: Mapping[str, str] | None = None,
        code: str = "",
        param: str | None = None,
    ) -> Reply:
        """Compose the reply to one kind of failure.

        Args:
            name: the failure, such as ``unknown_model``.
            message: one sentence for a person.
            operation: the operation that was called, whose declared errors count where the contract
                has no policy.
            violations: what was wrong with the request, in order.
            headers: further headers, such as ``Allow`` or ``Retry-After``.
            code: replaces the failure's own code.
            param: the parameter that caused it, where one did.
        """
        failure = self._policy.failure(name)
        if code:
            failure = replace(failure, code=code)
        return self._composed(failure, message, operation, violations, headers or {}, param)

    def by_status(  # noqa: PLR0913 - each says one thing about the error, by name
        self,
        status: int,
        message: Any = None,
        *,
        operation: Operation | None = None,
        headers: Mapping[str, str] | None = None,
        code: str = "",
        type: str = "",  # noqa: A002 - as the field is called
        param: str | None = None,
    ) -> Reply:
        """Compose an error that is asked for by its status; the rest is as the policy says where not given.

        Args:
            status: from 400 to 599.
            message: what went wrong; for a shape that takes it, also lists of texts by field.
            operation: the operation that was called.
            headers: further headers.
            code: the error's code.
            type: the error's type.
            param: the parameter that caused it.
        """
        failure = self._policy.failure_for(status)
        if failure is None:
            kind = "server_error" if status >= _SERVERS else "invalid_request_error"
            plain = self._policy.failure("malformed_body").shape
            failure = Failure(f"status_{status}", status, plain, kind, f"status_{status}")
        failure = replace(failure, code=code or failure.code, type=type or failure.type)
        if message is None:
            words = self._policy.words.get(status)
            message = words.message if words is not None and words.message else f"{phrase(status)}."
        return self._composed(failure, message, operation, (), headers or {}, param)

    def _composed(  # noqa: PLR0913, PLR0917 - what both ways to an error have in common
        self,
        failure: Failure,
        message: Any,
        operation: Operation | None,
        violations: Sequence[Violation],
        headers: Mapping[str, str],
        param: str | None,
    ) -> Reply:
        if param is None and violations:
            param = violations[0].path
        words = {
            "message": message,
            "title": phrase(failure.status),
            "status": failure.status,
            "type": failure.type,
            "code": failure.code,
            "param": param,
        }
        if self._policy.declared:
            status, body, media = failure.status, self._vendor_body(failure, words, violations), JSON
        else:
            status, body, media = self._declared_body(failure, words, operation, violations)
        sent: list[tuple[bytes, bytes]] = [(b"content-type", media)]
        for key, value in {**failure.headers, **headers}.items():
            sent.append((key.lower().encode("latin-1"), value.encode("latin-1", "replace")))
        if violations:
            sent.append((b"x-mockgrid-violations", violations_header(violations)))
        return Reply(status, sent, orjson.dumps(body), failure=failure.name, violations=tuple(violations))

    def _vendor_body(self, failure: Failure, words: dict[str, Any], violations: Sequence[Violation]) -> Any:
        shapes = self._policy.shapes
        openai = shapes.get("openai")
        if self._shape == "openai" and openai is not None:
            return render(openai, {**words, "message": _summary(words["message"], violations)}, violations)
        body = render(self._shape_of(failure, violations), words, violations)
        if self._shape == "both" and openai is not None and isinstance(body, dict):
            added = render(openai, {**words, "message": _summary(words["message"], violations)}, violations)
            return {**added, **body}
        return body

    def _shape_of(self, failure: Failure, violations: Sequence[Violation]) -> Shape:
        """Return a failure's shape; one that lists violations has nothing to say where there are none."""
        shape = self._policy.shapes[failure.shape]
        if shape.violation is not None and not violations:
            return self._policy.shapes[self._policy.failure("malformed_body").shape]
        return shape

    def _declared_body(
        self,
        failure: Failure,
        words: dict[str, Any],
        operation: Operation | None,
        violations: Sequence[Violation],
    ) -> tuple[int, Any, bytes]:
        """Answer for a document without policy: as it declares, else as RFC 9457 says."""
        status = failure.status
        if failure.name in ("invalid_request", "wrong_type", "malformed_body") and operation is not None:
            status = next((code for code in (422, 400) if operation.declares(code)), 400)
            if failure.name == "malformed_body" and operation.declares(400):
                status = 400
        response = operation.response(status) if operation is not None else None
        media = (
            next((found for found in response.media.values() if found.is_json), None) if response else None
        )
        if media is not None and media.name != PROBLEM.decode():
            body = self._synthesised(media, words["message"], violations)
            if body is not None:
                return status, body, media.name.encode()
        problem = render(
            self._policy.shapes["problem"], {**words, "status": status, "title": phrase(status)}, ()
        )
        if violations:
            problem["errors"] = [violation.as_json() for violation in violations]
        return status, problem, PROBLEM

    def _synthesised(self, media: MediaType, message: str, violations: Sequence[Violation]) -> Any:
        """Return a body as the document declares it, with the message; None where no value can be made."""
        if media.schema is None:
            return None
        if media.at not in self._bodies:
            from mockgrid.contract.synthesis import Synthesiser  # noqa: PLC0415 - few documents need it

            try:
                synthesiser = Synthesiser(media.schema.standalone, draft=DRAFTS[media.schema.draft])
                self._bodies[media.at] = synthesiser.value("error", text="error")
            except SynthesisError:
                self._bodies[media.at] = None
        body = self._bodies[media.at]
        outline = Outline.of(media.schema)
        for candidate in (_with_entries(body, outline, message, violations), _with_message(body, message)):
            if candidate is not None and media.schema.accepts(candidate):
                return candidate
        return body


def render(shape: Shape, words: Mapping[str, Any], violations: Sequence[Violation]) -> Any:
    """Fill a shape's template: a text that is just ``${name}`` becomes that word."""
    entries = [
        _filled(shape.violation, {"path": v.path, "message": v.message, "value": v.value, "code": v.code})
        for v in violations
    ]
    return _filled(shape.body, {**words, "violations": entries})


def _filled(template: Any, words: Mapping[str, Any]) -> Any:
    if isinstance(template, dict):
        return {key: _filled(value, words) for key, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, words) for value in template]
    if isinstance(template, str) and template.startswith("${") and template.endswith("}"):
        return words.get(template[2:-1], template)
    return template


def _with_entries(body: Any, outline: Outline, message: str, violations: Sequence[Violation]) -> Any:
    """Return a body whose list of errors, such as FastAPI's ``detail``, has one entry for each violation."""
    for name in outline.properties:
        item = outline.property(name).item(0)
        text = next((known for known in _MESSAGES if known in item.properties), None)
        if not outline.property(name).names("array") or text is None or not isinstance(body, dict):
            continue
        entries: list[dict[str, Any]] = []
        for violation in violations:
            loc = [violation.location, *(int(p) if p.isdecimal() else p for p in split(violation.pointer))]
            words = {"loc": loc, "type": violation.code, "code": violation.code, "path": violation.path}
            entry = {known: words[known] for known in words if known in item.properties}
            entries.append({**entry, text: violation.message})
        if not entries:
            entries = [{"loc": ["body"], "type": "error", text: message}]
        return {**body, name: entries}
    return None


def _with_message(body: Any, message: str) -> Any:
    """Return a body with the message in the text that is nearest to the top and named for one."""
    if isinstance(body, list):
        return [_with_message(item, message) for item in body[:1]] + body[1:] or None
    if not isinstance(body, dict):
        return message if isinstance(body, str) else None
    for name in _MESSAGES:
        if isinstance(body.get(name), str):
            return {**body, name: message}
    for name, item in body.items():
        if isinstance(item, (dict, list)) and (inner := _with_message(item, message)) is not None:
            return {**body, name: inner}
    return None


def _summary(message: str, violations: Sequence[Violation]) -> str:
    """Say in one sentence what a list of violations says, for shapes without a list."""
    if not violations:
        return message
    first = violations[0]
    more = len(violations) - 1
    return f"{first.path} {first.message}" + (f" (and {more} more)" if more else "")


def violations_header(violations: Sequence[Violation]) -> bytes:
    """Return violations as ASCII JSON of at most 4 kB: as many as fit, whole."""
    import json  # noqa: PLC0415 - orjson cannot escape to ASCII, which a header must be

    taken: list[str] = []
    size = 2
    for violation in violations:
        text = json.dumps(violation.as_json(), separators=(",", ":"))
        size += len(text) + 1
        if size > _HEADER_LIMIT:
            break
        taken.append(text)
    return ("[" + ",".join(taken) + "]").encode("ascii")


def phrase(status: int) -> str:
    """Return the reason phrase of a status; empty for one that has none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
