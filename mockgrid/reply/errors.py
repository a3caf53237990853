"""Errors in the vendor's own shapes, rendered from the contract's policy."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from mockgrid.contract.extension import Failure
from mockgrid.contract.http_terms import MediaName, phrase, sendable
from mockgrid.contract.operation import is_json
from mockgrid.reply.error_words import ErrorWords, forms, told, with_words
from mockgrid.reply.negotiation import json_media, media_of_error
from mockgrid.reply.reply import JSON, Reply, json_text
from mockgrid.schema.hints import SchemaHints

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mockgrid.contract.contract import Contract, MediaType, Operation
    from mockgrid.contract.extension import Policy, Shape
    from mockgrid.reply.declared_headers import DeclaredHeaders
    from mockgrid.schema.violation import Violation

ErrorShape = Literal["vendor", "both", "openai"]

PROBLEM = b"application/problem+json"
_HEADER_LIMIT = 4096
_SERVERS = 500
# Failures by which a request breaks the document, and for which the document may have an example.
_REFUSALS = frozenset(
    (
        "body_too_large",
        "invalid_request",
        "malformed_body",
        "not_acceptable",
        "unauthorized",
        "unsupported_media_type",
        "wrong_type",
    )
)
_NO_WORDS = ErrorWords()
# What an error is where a range is declared.
_CONCRETE = ("application/json", "text/plain")


# What a shape calls a word that scenarios call otherwise, and something that no word says.
_KEYS = {"detail": "message"}
_ANYTHING = "\0"


class _Body(NamedTuple):
    """A body, rendered or as a JSON value, how it is sent, and which of the words it has a place for."""

    status: int
    value: Any
    media: bytes
    placed: frozenset[str]


class Errors:
    """Composes error replies for one contract.

    Args:
        contract: whose policy says status and shape of each failure.
        shape: ``vendor``, ``openai`` (OpenAI's ``error`` object alone) or ``both`` in one body.
    """

    def __init__(self, contract: Contract, shape: ErrorShape = "vendor") -> None:
        self._policy: Policy = contract.policy
        self._contract = contract
        self._document = contract.document.data
        self._values = contract.values
        self._shape = shape
        # Synthesised bodies by the pointer to their media type: bounded by the document.
        self._bodies: dict[str, Any] = {}

    def reply(  # noqa: PLR0913 - each says one thing about the failure, by name
        self,
        name: str,
        message: str,
        *,
        operation: Operation | None = None,
        violations: Sequence[Violation] = (),
        headers: Mapping[str, str] | None = None,
        example: str | None = "",
    ) -> Reply:
        """Compose the reply to one kind of failure.

        Args:
            name: the failure, such as ``unknown_model``.
            message: one sentence for a person.
            operation: the operation that was called, whose declared errors count where the contract
                has no policy.
            violations: what was wrong with the request, in order.
            headers: further headers, such as ``Allow`` or ``Retry-After``.
            example: the name of the document's own example that is preferred; empty for its first, and None
                where it is not the document that is broken.

        A document without policy may have an example of its own for it, which is sent as it stands.
        """
        failure = self._policy.failures[name]
        own = self._own_example(failure, operation, example) if example is not None else None
        if own is not None:
            return self._declaring(_sent(failure, own, violations, headers or {}), operation)
        return self._composed(failure, ErrorWords(message), operation, violations, headers or {})

    def by_status(
        self,
        status: int,
        words: ErrorWords = _NO_WORDS,
        *,
        operation: Operation | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Compose an error that is asked for by its status; the rest is as the policy says where not given.

        Where the contract declares the status without a body, there is none, unless something is to be said.

        Args:
            status: from 400 to 599.
            words: what it says.
            operation: the operation that was called.
            headers: further headers.
        """
        failure = self._failure(status, words)
        declared = operation.response(status) if operation is not None else None
        if declared is not None and not declared.media and not words.given:
            bare = Reply(status, lines_of({**failure.headers, **(headers or {})}), failure=failure.name)
            return self._declaring(bare, operation)
        return self._composed(failure, self._worded(status, words), operation, (), headers or {})

    def unplaced(self, status: int, words: ErrorWords, operation: Operation) -> list[str]:
        """Return which of an error's words are given in vain: its body has no place for them."""
        failure = self._failure(status, words)
        said = _said(failure, self._worded(status, words))
        if not self._policy.declared:
            placed = self._declared_body(failure, said, operation, (), words).placed
            return [name for name in words.given if name not in placed]
        body = self._vendor_body(failure, said, ())
        return [
            name
            for name in words.given
            if self._vendor_body(failure, {**said, _KEYS.get(name, name): [_ANYTHING]}, ()) == body
        ]

    def _failure(self, status: int, words: ErrorWords) -> Failure:
        failure = self._policy.failure_for(status, words.code)
        if failure is None:
            kind = "server_error" if status >= _SERVERS else "invalid_request_error"
            plain = self._policy.failures["malformed_body"].shape
            failure = Failure(f"status_{status}", status, plain, kind, f"status_{status}")
        code = failure.code if words.code == "" else words.code
        return replace(failure, code=code, type=words.type or failure.type)

    def _worded(self, status: int, words: ErrorWords) -> ErrorWords:
        """Return words that say at least what the policy says of a status."""
        known = self._policy.words.get(status)
        usual = known.message if known is not None and known.message else f"{phrase(status)}."
        return words if words.detail is not None else words._replace(detail=usual)

    def _composed(
        self,
        failure: Failure,
        words: ErrorWords,
        operation: Operation | None,
        violations: Sequence[Violation],
        headers: Mapping[str, str],
    ) -> Reply:
        said = _said(failure, words, violations)
        if self._policy.declared:
            body = self._vendor_body(failure, said, violations)
            if words.code != "" and operation is not None:
                body = self._fitting(body, failure, said, operation)
            made = _Body(failure.status, body, JSON, frozenset())
        else:
            made = self._declared_body(failure, said, operation, violations, words)
        return self._declaring(_sent(failure, made, violations, headers), operation)

    def _declaring(self, reply: Reply, operation: Operation | None) -> Reply:
        """Return an error with the headers that are declared for it, where no policy says what it is like."""
        declared = operation.response(reply.status) if operation is not None else None
        if declared is not None and declared.headers and not self._policy.declared:
            names = {name for name, _ in reply.headers}
            made = self._headers.of(declared, "error")
            reply.headers = [*reply.headers, *(header for header in made if header[0] not in names)]
        return reply

    @cached_property
    def _headers(self) -> DeclaredHeaders:
        from mockgrid.reply.declared_headers import DeclaredHeaders  # noqa: PLC0415 - few errors declare any

        return DeclaredHeaders(self._contract)

    def _own_example(self, failure: Failure, operation: Operation | None, name: str) -> _Body | None:
        """Return the document's own example of a refusal, where it has no policy that decides; else None."""
        status = _status(failure, operation)
        media = media_of_error(operation, status) if failure.name in _REFUSALS else None
        if self._policy.declared or media is None:
            return None
        if name and name in media.examples:
            return self._body(status, media, media.examples[name])
        own = SchemaHints(media.source.get("schema", {}), self._document).own("example")
        for example in [*media.examples.values(), *([] if own is None else [own])]:
            text = isinstance(example, str) and not media.is_json
            if text or media.schema is None or media.schema.accepts(example):
                return self._body(status, media, example)
        return None

    def _body(self, status: int, media: MediaType, value: Any, placed: frozenset[str] = frozenset()) -> _Body:
        """Return a body in a media type that the document declares for a status."""
        name = next((name for name in _CONCRETE if MediaName(media.name).covers(name)), media.name)
        if not is_json(name.partition(";")[0]):
            from mockgrid.reply.rendering import render as rendered  # noqa: PLC0415 - few errors are not JSON

            outline = SchemaHints(media.source.get("schema", {}), self._document)
            value = rendered(MediaName.of(name).name, value, outline)
            name += "; charset=utf-8" if name.startswith("text/") and "charset" not in name else ""
        return _Body(status, value, sendable(name).encode(), placed)

    def _fitting(self, body: Any, failure: Failure, said: dict[str, Any], operation: Operation) -> Any:
        """Return a body whose code is the number or the text that the contract wants, where it wants one."""
        media = json_media(operation, failure.status)
        if media is None or media.schema is None:
            return body
        ways = (self._vendor_body(failure, {**said, "code": code}, ()) for code in forms(failure.code))
        return next((way for way in ways if media.schema.accepts(way)), body)

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
            return self._policy.shapes[self._policy.failures["malformed_body"].shape]
        return shape

    def _declared_body(
        self,
        failure: Failure,
        said: dict[str, Any],
        operation: Operation | None,
        violations: Sequence[Violation],
        words: ErrorWords,
    ) -> _Body:
        """Answer for a document without policy: as it declares, else as RFC 9457 says."""
        status = _status(failure, operation)
        media = media_of_error(operation, status)
        problem = render(
            self._policy.shapes["problem"], {**said, "status": status, "title": phrase(status)}, ()
        )
        if violations:
            problem["errors"] = [violation.as_json() for violation in violations]
        if media is not None and media.schema is not None and not _is_problem(media, problem):
            made = self._synthesised(media)
            if made is not None:
                body, placed = told(made, media.schema, said["message"], violations)
                body, others = with_words(body, media.schema, words)
                return self._body(status, media, body, placed | others)
        if media is not None and media.name.startswith("text/"):
            return self._body(status, media, said["message"], frozenset({"detail"}))
        problem, placed = with_words(problem, media.schema if media is not None else None, words)
        if media is not None and not media.is_json and "*" not in media.name:
            return self._body(status, media, problem, placed | {"detail"})
        return _Body(status, problem, PROBLEM, placed | {"detail"})

    def _synthesised(self, media: MediaType) -> Any:
        """Return a body as the document declares it; None where no value can be made."""
        if media.at not in self._bodies and media.schema is not None:
            made = self._values.at(media.schema.at).value("error", text="error")
            self._bodies[media.at] = made.value if made.fault is None else None
        return self._bodies[media.at]


def _said(failure: Failure, words: ErrorWords, violations: Sequence[Violation] = ()) -> dict[str, Any]:
    """Return what the places of a shape are filled with."""
    return {
        "message": words.detail,
        "title": phrase(failure.status),
        "status": failure.status,
        "type": failure.type,
        "code": failure.code,
        "param": words.param or (violations[0].path if violations else None),
    }


def gateway_page(status: int, detail: Any) -> Reply:
    """Return an error as gateways send it: a page that names the status, and no word of the API's."""
    from html import escape  # noqa: PLC0415 - 3 ms, for such pages alone

    title = f"{status} {phrase(status)}".strip()
    text = detail if isinstance(detail, str) else json_text(detail).decode()
    line = "" if detail is None else f"<p>{escape(text)}</p>\r\n"
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n"
        f"<body>\r\n<center><h1>{title}</h1></center>\r\n{line}</body>\r\n</html>\r\n"
    )
    headers = [(b"content-type", b"text/html; charset=utf-8")]
    return Reply(status, headers, page.encode(), failure=f"status_{status}")


def _status(failure: Failure, operation: Operation | None) -> int:
    """Return the status of a failure, which for a broken request is the one that its operation declares."""
    if failure.name not in ("invalid_request", "wrong_type", "malformed_body") or operation is None:
        return failure.status
    codes = (400, 422) if failure.name == "malformed_body" else (422, 400)
    return next((code for code in codes if operation.declares(code)), codes[0])


def _sent(
    failure: Failure, made: _Body, violations: Sequence[Violation], headers: Mapping[str, str]
) -> Reply:
    sent = [(b"content-type", made.media), *lines_of({**failure.headers, **headers})]
    if violations:
        sent.append((b"x-mockgrid-violations", violations_header(violations)))
    body = made.value if isinstance(made.value, bytes) else json_text(made.value)
    return Reply(made.status, sent, body, failure=failure.name, violations=tuple(violations))


def _is_problem(media: MediaType, problem: Any) -> bool:
    """Tell whether a media type takes a problem of RFC 9457."""
    return media.name == PROBLEM.decode() and (media.schema is None or media.schema.accepts(problem))


def lines_of(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Return headers as they are sent."""
    return [
        (key.lower().encode("latin-1"), value.encode("latin-1", "replace")) for key, value in headers.items()
    ]


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


def _summary(message: str, violations: Sequence[Violation]) -> str:
    """Say in one sentence what a list of violations says, for shapes without a list."""
    if not violations:
        return message
    first = violations[0]
    more = len(violations) - 1
    return f"{first.path} {first.message}" + (f" (and {more} more)" if more else "")


def violations_header(violations: Sequence[Violation]) -> bytes:
    """Return violations as ASCII JSON of at most 4 kB: as many as fit, whole."""
    taken: list[str] = []
    size = 2
    for violation in violations:
        text = json.dumps(violation.as_json(), separators=(",", ":"))
        size += len(text) + 1
        if size > _HEADER_LIMIT:
            break
        taken.append(text)
    return ("[" + ",".join(taken) + "]").encode("ascii")
