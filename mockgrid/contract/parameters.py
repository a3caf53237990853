"""Reading an operation's parameters in the path, the query, headers and cookies to checked values."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from mockgrid.contract.brackets import UnreadableError
from mockgrid.contract.operation import is_json
from mockgrid.contract.styles import (
    Fields,
    Written,
    in_fields,
    in_header,
    in_path,
    percent_decoded,
)
from mockgrid.document.json_body import MalformedJsonError, read_exactly
from mockgrid.document.nearest import nearest
from mockgrid.document.pointer import resolve
from mockgrid.schema.hints import SchemaHints
from mockgrid.schema.violation import shown, violation_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockgrid.contract.operation import Operation, Parameter
    from mockgrid.schema.hints import Raw
    from mockgrid.schema.violation import Violation

__all__ = ["ParameterValues", "read_parameters"]

ParameterValues = dict[tuple[str, str], Any]
"""The values of parameters by location and name, ``("query", "limit")``."""

_DEEPEST = 64
_LONGEST_NAME = 64


def read_parameters(
    operation: Operation, path: Mapping[str, str], query: bytes, headers: Mapping[bytes, bytes]
) -> tuple[ParameterValues, list[Violation]]:
    """Read and check all parameters that an operation declares; what it does not declare is passed over.

    Args:
        operation: the operation that was called.
        path: the path's parameters as they were sent, percent-encoded.
        query: the query string as it was sent, without ``?``.
        headers: by lower-case name.

    Returns:
        the values of all parameters that were sent and could be read, also of those that break their
        schema; and what is wrong, in the order of the contract. A violation's ``path`` starts with its
        location (``query.limit``), its pointer with the parameter's name (``/limit``). Beside the codes
        of schemas there are MG111 for a required parameter that is missing and MG122 for a text that
        cannot be read.
    """
    values: ParameterValues = {}
    violations: list[Violation] = []
    if not operation.parameters:
        return values, violations
    texts = _Texts(operation, path, query, headers)
    for parameter in operation.parameters:
        hints = SchemaHints.of(parameter.schema)
        try:
            readings = texts.json(parameter) if _holds_json(parameter) else texts.typed(parameter, hints)
        except UnreadableError as error:
            violations.append(_unreadable(parameter, error.message, texts.sent(parameter)))
            continue
        if not readings:
            if parameter.required:
                violations.append(_missing(parameter, texts.names(parameter.location)))
            continue
        value, broken = _checked(parameter, readings, allowed=texts.may_be_empty(parameter))
        values[parameter.location, parameter.name] = value
        violations += broken
    return values, violations


class _Texts:
    """What one request says under the names of its operation's parameters."""

    def __init__(
        self, operation: Operation, path: Mapping[str, str], query: bytes, headers: Mapping[bytes, bytes]
    ) -> None:
        self._operation = operation
        self._path = path
        self._raw_query = query
        self._headers = headers

    @cached_property
    def _query(self) -> Fields:
        return Fields.of_query(self._raw_query)

    @cached_property
    def _cookies(self) -> Fields:
        return Fields.of_cookies(self._headers.get(b"cookie", b""))

    @cached_property
    def _joined_cookies(self) -> Fields:
        """The cookies as RFC 6570, and so OpenAPI, writes the parts of a value in one: with ``&`` between."""
        return Fields.of_cookies(self._headers.get(b"cookie", b"").replace(b"&", b";"))

    def names(self, location: str) -> tuple[str, ...]:
        """Return the names that the request uses in a location."""
        if location == "header":
            return tuple(name.decode("latin-1") for name in self._headers)
        fields = {"query": self._query, "cookie": self._cookies}.get(location)
        return fields.names if fields is not None else ()

    def sent(self, parameter: Parameter) -> list[str]:
        """Return the texts under a parameter's name, as they were sent."""
        if parameter.location == "path":
            return [self._path[parameter.name]] if parameter.name in self._path else []
        if parameter.location == "header":
            header = self._headers.get(parameter.name.lower().encode("latin-1", "replace"))
            return [] if header is None else [_header_text(header)]
        fields = self._query if parameter.location == "query" else self._cookies
        return fields.texts(parameter.name)

    def may_be_empty(self, parameter: Parameter) -> bool:
        """Tell whether a parameter is empty, and may be, whatever its schema says."""
        return (
            parameter.location == "query"
            and bool(parameter.source.get("allowEmptyValue"))
            and self.sent(parameter) == [""]
        )

    def typed(self, parameter: Parameter, hints: SchemaHints) -> list[Any]:
        """Return the readings of a parameter that is written in a style."""
        readings = self._readings(parameter, hints)
        # That it says null goes last, since it may be a text.
        null = [None] if hints.names("null") and "null" in readings else []
        return [*(hints.typed(raw) for raw in readings), *null]

    def json(self, parameter: Parameter) -> list[Any]:
        """Return the value of a parameter that is a JSON text."""
        sent = self.sent(parameter)
        if not sent:
            return []
        if len(sent) > 1:
            raise UnreadableError(f"is given {len(sent)} times, where once is expected")
        text = sent[0]
        if parameter.location != "header":
            text = percent_decoded(text, plus=parameter.location == "query")
        try:
            return [read_exactly(text.encode("utf-8", "surrogatepass"), max_depth=_DEEPEST)]
        except MalformedJsonError as error:
            raise UnreadableError(error.message.removeprefix("The request body ").rstrip(".")) from None

    def _readings(self, parameter: Parameter, hints: SchemaHints) -> list[Raw]:
        name, style, explode = parameter.name, parameter.style, parameter.explode
        if parameter.location == "query":
            taken = frozenset(other.name for other in self._operation.parameters if other.location == "query")
            plus = not parameter.source.get("allowReserved")
            written = Written(name, style, explode, partial(percent_decoded, plus=plus), taken - {name})
            return in_fields(self._query, written, hints)
        sent = self.sent(parameter)
        if parameter.location == "cookie":
            return self._in_cookies(parameter, sent, hints)
        if not sent:
            return []
        if parameter.location == "header":
            return in_header(sent[0], hints, explode=explode)
        return in_path(sent[0], name, style, hints, explode=explode)

    def _in_cookies(self, parameter: Parameter, sent: list[str], hints: SchemaHints) -> list[Raw]:
        """Return the readings of a cookie; those of an exploded list or object go on with other writings."""
        written = Written(parameter.name, "form", parameter.explode, _cookie_text)
        # A browser keeps one cookie for each name, so a list comes in one text, exploded or not.
        alone = parameter.explode and hints.names("array") and len(sent) <= 1
        readings: list[Raw] = []
        with suppress(UnreadableError):
            if parameter.explode and hints.names("object") and "=" in "".join(sent[:1]):
                readings = in_header(_cookie_text(sent[0].replace("&", ",")), hints, explode=True)
            if parameter.explode and b"&" in self._headers.get(b"cookie", b""):
                readings += in_fields(self._joined_cookies, written, hints)
        readings += in_fields(self._cookies, replace(written, explode=False) if alone else written, hints)
        return readings


def _holds_json(parameter: Parameter) -> bool:
    return parameter.content is not None and is_json(parameter.content.partition(";")[0].strip().lower())


def _header_text(header: bytes) -> str:
    try:
        return header.decode("utf-8")
    except UnicodeDecodeError:
        return header.decode("latin-1")


def _cookie_text(text: str) -> str:
    try:
        return percent_decoded(text, plus=False)
    except UnreadableError:  # cookies are older than this convention, and many are not encoded
        return text


def _checked(parameter: Parameter, readings: list[Any], *, allowed: bool) -> tuple[Any, list[Violation]]:
    """Choose the first reading that the schema accepts, or tell what is wrong with the first of all."""
    if parameter.schema is None or allowed:
        return readings[0], []
    for value in readings:
        if parameter.schema.accepts(value):
            return value, []
    value = readings[0]
    return value, [_placed(violation, parameter, value) for violation in parameter.schema.explain(value)]


def _placed(violation: Violation, parameter: Parameter, value: Any) -> Violation:
    """Say where a violation is, and speak of text where a text could not be read as another type."""
    moved = _located(violation, parameter)
    if violation.code != "MG110" or _holds_json(parameter):
        return moved
    part = resolve(value, violation.pointer, None)
    if not isinstance(part, str):
        return moved
    return replace(moved, code="MG122", message=f"cannot be read as {violation.expected}: {shown(part)}")


def _unreadable(parameter: Parameter, message: str, sent: list[str]) -> Violation:
    expected = parameter.content
    if expected is None:
        expected = f"a value in the style {parameter.style}"
    text = sent[0] if sent else ""
    return _located(violation_at((), "MG122", message, expected, text, parameter.at), parameter)


def _missing(parameter: Parameter, names: tuple[str, ...]) -> Violation:
    meant = nearest(parameter.name, (name for name in names if len(name) <= _LONGEST_NAME))
    hint = f"; did you mean it by {shown(meant)}?" if meant is not None else ""
    message = f"is required but missing{hint}"
    return _located(violation_at((), "MG111", message, "a value", contract=parameter.at), parameter)


def _located(violation: Violation, parameter: Parameter) -> Violation:
    """Return a violation of a parameter's value as one of the request."""
    moved = violation.moved((parameter.name,), parameter.location)
    return replace(moved, path=f"{parameter.location}.{moved.path}")
