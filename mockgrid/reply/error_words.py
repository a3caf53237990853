"""What an error says, and where a body that a document declares has places for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from mockgrid.document.pointer import split
from mockgrid.schema.hints import SchemaHints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockgrid.schema.validator import SchemaValidator
    from mockgrid.schema.violation import Violation

_MESSAGES = ("message", "msg", "detail", "error", "title", "description", "reason")
_WHOLE = re.compile(r"-?[0-9]{1,18}")


class ErrorWords(NamedTuple):
    """What is asked of an error besides its status; what is empty is as the contract has it.

    Attributes:
        detail: what went wrong; for a shape that takes it, also lists of texts by field.
        code: the error's code.
        type: the error's type.
        param: the parameter that caused it.
    """

    detail: Any = None
    code: str | int = ""
    type: str = ""
    param: str = ""

    @property
    def given(self) -> tuple[str, ...]:
        """The names of those that are given."""
        return tuple(
            name for name, value in zip(self._fields, self, strict=True) if value is not None and value != ""
        )


def forms(value: str | int) -> tuple[str | int, ...]:
    """Return a code as it is given, and as the number or the text that a schema may want in its place."""
    if isinstance(value, int):
        return value, str(value)
    return (value, int(value)) if _WHOLE.fullmatch(value) else (value,)


def with_entries(body: Any, outline: SchemaHints, message: str, violations: Sequence[Violation]) -> Any:
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


def with_message(body: Any, message: str) -> Any:
    """Return a body with the message in the text that is nearest to the top and named for one."""
    if isinstance(body, list):
        return [with_message(item, message) for item in body[:1]] + body[1:] or None
    if not isinstance(body, dict):
        return message if isinstance(body, str) else None
    for name in _MESSAGES:
        if isinstance(body.get(name), str):
            return {**body, name: message}
    for name, item in body.items():
        if isinstance(item, (dict, list)) and (inner := with_message(item, message)) is not None:
            return {**body, name: inner}
    return None


def with_word(body: Any, outline: SchemaHints, name: str, value: Any) -> Any:
    """Return a body with a value in the field of a name that is nearest to the top; None where none is."""
    if isinstance(body, list):
        inner = with_word(body[0], outline.item(0), name, value) if body else None
        return None if inner is None else [inner, *body[1:]]
    if not isinstance(body, dict):
        return None
    if name in body or name in outline.properties:
        return {**body, name: value}
    for key, item in body.items():
        if (inner := with_word(item, outline.property(key), name, value)) is not None:
            return {**body, key: inner}
    return None


def told(
    body: Any, schema: SchemaValidator, message: Any, violations: Sequence[Violation]
) -> tuple[Any, frozenset[str]]:
    """Return a body with what went wrong, and whether it has a place for it."""
    outline = SchemaHints.of(schema)
    for candidate in (with_entries(body, outline, message, violations), with_message(body, message)):
        if candidate is not None and schema.accepts(candidate):
            return candidate, frozenset({"detail"})
    return body, frozenset()


def with_words(body: Any, schema: SchemaValidator | None, words: ErrorWords) -> tuple[Any, frozenset[str]]:
    """Return a body with what is given of code, type and param, and which of them have a place there."""
    outline, placed = SchemaHints.of(schema), set()
    for name in words.given:
        if name == "detail":
            continue
        candidates = (with_word(body, outline, name, form) for form in forms(getattr(words, name)))
        for candidate in candidates:
            if candidate is not None and (schema is None or schema.accepts(candidate)):
                body = candidate
                placed.add(name)
                break
    return body, frozenset(placed)
