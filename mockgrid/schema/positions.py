"""Whether some value that obeys a schema may have a certain value at a certain place.

What the rest of the value is like is not known. Wherever a schema leaves more than one way, one that admits
the value is enough; conditions (``if``, ``not``, ``dependentSchemas``) may always be met.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mockgrid.document.pointer import resolve
from mockgrid.schema.validator import SchemaValidator, compile_fast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Places"]

# Schemas that refer to themselves are followed as far as the path leads; this ends what leads nowhere.
_DEEPEST: Final = 64


class Places:
    """Looks into schemas, and remembers those that it has compiled."""

    def __init__(self) -> None:
        # By the identity of a translated schema, beside what keeps it alive.
        self._accepting: dict[int, tuple[SchemaValidator, Callable[[Any], bool]]] = {}

    def admit(self, validator: SchemaValidator, path: Sequence[str], value: Any) -> bool:
        """Tell whether a value that obeys a schema may have ``value`` at ``path``; in doubt it may."""
        return self._admits(validator, validator.schema, path, value, 0)

    def _admits(
        self, validator: SchemaValidator, schema: Any, path: Sequence[str], value: Any, depth: int
    ) -> bool:
        if isinstance(schema, bool):
            return schema
        if not path:
            return self._accepts(validator, schema)(value)
        if depth > _DEEPEST or not isinstance(schema, dict):
            return True

        def admits(part: Any) -> bool:
            return self._admits(validator, part, path, value, depth + 1)

        every = list(schema.get("allOf", ()))
        if "$ref" in schema:
            every.append(resolve(validator.schemas.shared, schema["$ref"]))
        choices = [schema[key] for key in ("anyOf", "oneOf") if key in schema]
        if not all(map(admits, every)) or not all(any(map(admits, choice)) for choice in choices):
            return False
        named = schema.get("type", ("object", "array"))
        types = (named,) if isinstance(named, str) else named
        inside = [_members(schema, path[0])] if "object" in types else []
        if "array" in types and path[0].isdecimal():
            inside.append(_items(schema, int(path[0])))
        rest = path[1:]
        return any(
            all(self._admits(validator, part, rest, value, depth + 1) for part in parts) for parts in inside
        )

    def _accepts(self, validator: SchemaValidator, schema: dict[str, Any]) -> Callable[[Any], bool]:
        found = self._accepting.get(id(schema))
        if found is None:
            whole = {"allOf": [schema], **validator.schemas.parts(schema)}
            accepts = compile_fast(whole, validator.draft)
            if accepts is None:
                from mockgrid.schema.explain import Explainer  # noqa: PLC0415 - imports jsonschema

                accepts = Explainer(validator.schemas, schema).accepts
            found = self._accepting[id(schema)] = (validator, accepts)
        return found[1]


def _members(schema: dict[str, Any], name: str) -> list[Any]:
    """Return the schemas that a property has to obey."""
    if name in schema.get("properties", ()):
        return [schema["properties"][name]]
    if schema.get("patternProperties"):
        return []  # one of which may be for it
    return [schema["additionalProperties"]] if "additionalProperties" in schema else []


def _items(schema: dict[str, Any], index: int) -> list[Any]:
    """Return the schemas that an item has to obey."""
    items = schema.get("items")
    first = items if isinstance(items, list) else schema.get("prefixItems", ())
    if index < len(first):
        return [first[index]]
    further = schema.get("additionalItems") if isinstance(items, list) else items
    return [] if further is None else [further]
