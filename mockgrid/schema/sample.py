"""The plainest value of a schema, the same for every request: ``string``, ``0``, one item, every property.

It is what users of Prism know as static. It is proposed without a look at most keywords, and made valid with
the parts of a value that was made to be.
"""

from __future__ import annotations

import copy
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from mockgrid.document.pointer import resolve, split
from mockgrid.schema.branches import json_type
from mockgrid.schema.discriminators import derived
from mockgrid.schema.node import item_of, speaking

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mockgrid.schema.validator import SchemaValidator

_BY_FORMAT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "date-time": "2019-08-24T14:15:22Z",
        "date": "2019-08-24",
        "time": "14:15:22Z",
        "duration": "P3D",
        "email": "user@example.com",
        "idn-email": "user@example.com",
        "hostname": "example.com",
        "ipv4": "192.168.0.1",
        "ipv6": "2001:db8:85a3::8a2e:370:7334",
        "uri": "http://example.com",
        "uri-reference": "../dictionary",
        "url": "http://example.com",
        "uuid": "497f6eca-6276-4993-bfeb-53cbbbba6f08",
        "byte": "c3RyaW5n",
        "json-pointer": "/json/pointer",
        "regex": "/regex/",
    }
)
# What properties are called that have no names of their own.
_OTHERS: Final = ("property1", "property2")
_COMPONENTS: Final = "#/components/schemas/"
_GIVEN: Final = ("example", "examples", "default", "const", "enum")
_KINDS: Final = ("object", "array", "string", "integer", "number", "boolean", "null")
# Parts of a value, behind which it has what is required alone, and behind twice as many nothing more.
_ENOUGH: Final = 2_000
# How often a sample is mended before the value that was made is taken as a whole.
_MENDED: Final = 8


def sample(schema: Any, root: dict[str, Any], *, lean: bool = False) -> Any:
    """Return the plainest value of a schema, which need not obey it.

    An example is taken before a default, that before a constant or the first of a list, and null only where
    it stands first.

    Args:
        schema: as it stands in a document.
        root: the document, into which references point.
        lean: whether objects have but what is required.
    """
    return _Sampler(root, lean=lean).value(schema)


class _Sampler:
    """Samples one value.

    Args:
        root: the document.
        lean: whether optional parts are left out.
    """

    def __init__(self, root: dict[str, Any], *, lean: bool) -> None:
        self._root = root
        self._lean = lean
        self._size = 0
        # The schemas whose values are being made, by their identity.
        self._open: set[int] = set()

    def value(self, schema: Any) -> Any:
        """Return a value of a schema; null where it would go on without end."""
        self._size += 1
        parts = list(speaking(schema, lambda reference: resolve(self._root, reference, {}), _first_branches))
        given = [value for keyword in _GIVEN for part in parts for value in _given(part, keyword)]
        if given:
            return given[0]
        kinds = [kind for part in parts for kind in _types(part)]
        if kinds[:1] == ["null"]:
            return None
        kind = next((kind for kind in kinds if kind in _KINDS), _implied(parts))
        if kind == "string":
            return _text(parts)
        if kind not in ("object", "array"):
            return True if kind == "boolean" else _number(parts)
        heir = self._heir(schema, parts[0]) if kind == "object" else ""
        value = self.value({"$ref": f"{_COMPONENTS}{heir}"}) if heir else self._nested(kind, parts)
        return _named(value, parts, heir) if isinstance(value, dict) else value

    def _heir(self, schema: Any, base: dict[str, Any]) -> str:
        """Return the name of the first heir of a base that is referred to; empty where it has none."""
        reference = schema.get("$ref") if isinstance(schema, dict) else None
        base = resolve(self._root, reference, {}) if isinstance(reference, str) else base
        discriminator = base.get("discriminator") if isinstance(base, dict) else None
        components = resolve(self._root, _COMPONENTS[1:-1], {})
        if not isinstance(discriminator, dict) or {"oneOf", "anyOf"} & base.keys() or not components:
            return ""
        own = str(reference).rpartition("/")[2]
        mapped = [str(target).rpartition("/")[2] for target in _mapping(discriminator).values()]
        heirs = [name for name in mapped if name in components] or derived(components).get(own, [])
        return heirs[0] if heirs and own not in heirs else ""

    def _nested(self, kind: str, parts: list[dict[str, Any]]) -> Any:
        entered = {id(part) for part in parts} - self._open
        if not entered or self._size > 2 * _ENOUGH:
            return None
        self._open |= entered
        try:
            return self._members(parts) if kind == "object" else self._items(parts)
        finally:
            self._open -= entered

    def _members(self, parts: list[dict[str, Any]]) -> dict[str, Any]:
        schemas: dict[str, list[Any]] = {}
        for part in parts:
            properties = part.get("properties")
            for name, schema in properties.items() if isinstance(properties, dict) else ():
                schemas.setdefault(name, []).append(schema)
        required = {str(name) for part in parts for name in _listed(part.get("required"))}
        members = {
            name: self.value(_all_of(several))
            for name, several in schemas.items()
            if not self._is_hidden(several)
            and (name in required or not (self._lean or self._size > _ENOUGH or self._closed(several)))
        }
        others = [part["additionalProperties"] for part in parts if part.get("additionalProperties")]
        if not self._lean and others and all(isinstance(each, dict) for each in others):
            members |= {name: self.value(_all_of(others)) for name in _OTHERS if not self._closed(others)}
        return members

    def _closed(self, schemas: list[Any]) -> bool:
        """Tell whether an optional part is left out, since it comes back to itself."""
        return any(id(part) in self._open for part in self._said(schemas))

    def _is_hidden(self, schemas: list[Any]) -> bool:
        """Tell whether a part is for requests alone."""
        return any(part.get("writeOnly") is True for part in self._said(schemas))

    def _said(self, schemas: list[Any]) -> Iterator[dict[str, Any]]:
        return speaking(_all_of(schemas), lambda reference: resolve(self._root, reference, {}))

    def _items(self, parts: list[dict[str, Any]]) -> list[Any]:
        fewest = max((_whole(part, "minItems", 0) for part in parts), default=0)
        items = _all_of([item for part in parts if (item := item_of(part, 0)) is not None])
        if not fewest and (self._lean or self._size > _ENOUGH or self._closed([items])):
            return []
        return [self.value(items)] * max(fewest, 1)


def _mapping(discriminator: dict[str, Any]) -> dict[str, Any]:
    mapping = discriminator.get("mapping")
    return mapping if isinstance(mapping, dict) else {}


def _named(value: dict[str, Any], parts: list[dict[str, Any]], heir: str) -> dict[str, Any]:
    """Return an object whose discriminator names the branch, or the heir, that it is of."""
    for part in parts:
        discriminator = part.get("discriminator")
        name = discriminator.get("propertyName") if isinstance(discriminator, dict) else None
        branch = next((each for each in _first_branches(part) if isinstance(each, dict)), {})
        called = heir or str(branch.get("$ref", "")).rpartition("/")[2]
        if not isinstance(name, str) or not called or value.get(name) not in (None, "string"):
            continue
        pairs = _mapping(part["discriminator"]).items()
        labels = (label for label, target in pairs if str(target).rpartition("/")[2] == called)
        value[name] = next(labels, called)
    return value


def _first_branches(part: dict[str, Any]) -> list[Any]:
    branches = (part.get(keyword) for keyword in ("oneOf", "anyOf"))
    return [several[0] for several in branches if isinstance(several, list) and several]


def _given(part: dict[str, Any], keyword: str) -> list[Any]:
    """Return what a schema gives as a value under a keyword; a list gives its first."""
    given = part.get(keyword)
    if keyword in ("examples", "enum"):
        return _listed(given)[:1]
    return [] if given is None else [given]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _types(part: dict[str, Any]) -> list[str]:
    named = part.get("type")
    return [kind for kind in (named if isinstance(named, list) else [named]) if isinstance(kind, str)]


def _implied(parts: list[dict[str, Any]]) -> str:
    if any("items" in part or "prefixItems" in part for part in parts):
        return "array"
    return "object" if any("properties" in part for part in parts) else "string"


def _all_of(schemas: list[Any]) -> Any:
    return schemas[0] if len(schemas) == 1 else {"allOf": schemas}


def _text(parts: list[dict[str, Any]]) -> str:
    formats = [str(part.get("format")) for part in parts]
    text = next((_BY_FORMAT[name] for name in formats if name in _BY_FORMAT), "string")
    fewest = max((_whole(part, "minLength", 0) for part in parts), default=0)
    most = min((_whole(part, "maxLength", len(text) + fewest) for part in parts), default=len(text) + fewest)
    repeated = text * (fewest // len(text) + 1) if fewest > len(text) else text
    return repeated[: max(min(most, max(fewest, len(text))), 0)]


def _number(parts: list[dict[str, Any]]) -> Any:
    """Return 0, or the bound that is nearest to it."""
    lows = [part["minimum"] for part in parts if json_type(part.get("minimum")) in ("integer", "number")]
    highs = [part["maximum"] for part in parts if json_type(part.get("maximum")) in ("integer", "number")]
    return max([0, *lows]) or min([0, *highs])


def _whole(part: dict[str, Any], keyword: str, usual: int) -> int:
    value = part.get(keyword)
    return min(value, 1_000) if isinstance(value, int) and not isinstance(value, bool) else usual


def mended(proposed: Any, made: Any, validator: SchemaValidator) -> Any:
    """Return a sample with parts of a value that was made where the sample breaks its schema.

    Args:
        proposed: the sample.
        made: a value for the same schema, which obeys it as far as any can.
        validator: of the schema.
    """
    value = copy.deepcopy(proposed)
    for _ in range(_MENDED):
        if validator.accepts(value):
            return value
        for pointer in [violation.pointer for violation in validator.explain(value)]:
            value = _replaced(value, made, split(pointer))
    return value if validator.accepts(value) else made


def _replaced(value: Any, made: Any, path: Sequence[str]) -> Any:
    """Return a value with the part under a path as it was made; without it, where none was made there."""
    if not path:
        return made
    parent, source = value, made
    for name in path[:-1]:
        parent, source = _below(parent, name), _below(source, name)
    last = path[-1]
    if isinstance(parent, dict) and isinstance(source, dict):
        if last in source:
            parent[last] = source[last]
        else:
            parent.pop(last, None)
        return value
    if _below(parent, last) is None or _below(source, last) is None:
        return made
    parent[int(last)] = source[int(last)]
    return value


def _below(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return value.get(name)
    inside = isinstance(value, list) and name.isdecimal() and int(name) < len(value)
    return value[int(name)] if inside else None
