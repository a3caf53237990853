"""The validator that accepts: `jsonschema-rs`, which decides in microseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema_rs

from mockgrid.errors import DocumentError
from mockgrid.schema.formats import FORMATS, RANGES
from mockgrid.schema.pattern_engine import PATTERN_OPTIONS
from mockgrid.schema.patterns import SLOW_LIMIT, is_slow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from mockgrid.schema.translate import Draft

__all__ = ["compile_fast", "compile_validator"]


def compile_fast(schema: dict[str, Any], draft: Draft) -> Callable[[Any], bool]:
    """Return what tells whether a value obeys a schema that holds all that it refers to.

    Raises:
        DocumentError: the schema cannot be compiled.
    """
    # Any format at all, needed or not, makes each check slower by a third.
    names = {part["format"] for part in _parts(schema) if isinstance(part.get("format"), str)}
    formats = [name for name in FORMATS if name in names]
    accepts: Callable[[Any], bool] = compile_validator(_bounded(schema, formats), draft, formats).is_valid
    return accepts


def compile_validator(schema: dict[str, Any], draft: Draft, formats: Iterable[str] = FORMATS) -> Any:
    """Return the compiled validator itself, which also gives errors.

    Raises:
        DocumentError: the schema cannot be compiled.
    """
    make = jsonschema_rs.Draft4Validator if draft == "draft4" else jsonschema_rs.Draft202012Validator
    checks: Mapping[str, Callable[[Any], bool]] = {name: FORMATS[name] for name in formats}
    try:
        return make(
            schema,
            formats=dict(checks),
            validate_formats=True,
            retriever=_refuse,
            pattern_options=PATTERN_OPTIONS,
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise DocumentError(f"this schema cannot be compiled: {reason}.") from None


def _bounded(schema: dict[str, Any], formats: Collection[str]) -> dict[str, Any]:
    """Return a schema that says what its patterns and formats leave to others.

    No long text is held against a pattern that takes quadratic time, and formats of numbers are bounds: the
    validator asks about those of texts alone.
    """
    patterns = {part["pattern"] for part in _parts(schema) if isinstance(part.get("pattern"), str)}
    slow = frozenset(filter(is_slow, patterns))
    if not slow and RANGES.keys().isdisjoint(formats):
        return schema
    bounded: dict[str, Any] = _copied(schema, slow)
    return bounded


def _copied(value: Any, slow: frozenset[str]) -> Any:
    if isinstance(value, list):
        return [_copied(item, slow) for item in value]
    if not isinstance(value, dict):
        return value
    copied = {key: _copied(item, slow) for key, item in value.items()}
    pattern, named = copied.get("pattern"), copied.get("format")
    if isinstance(pattern, str) and pattern in slow:
        copied["maxLength"] = min(copied.get("maxLength", SLOW_LIMIT), SLOW_LIMIT)
    if isinstance(named, str) and named in RANGES and "type" in copied:
        low, high = RANGES[named]
        copied["allOf"] = [*copied.get("allOf", ()), {"minimum": low, "maximum": high}]
    return copied


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield all objects within a schema: not only schemas, since an example is not told from one."""
    parts = [schema]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            yield part
            parts += part.values()
        elif isinstance(part, list):
            parts += part


def _refuse(uri: str) -> Any:
    raise ValueError(f"{uri} is not part of the document, and nothing is fetched")
