"""What learns from bodies which branches of a schema they had."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final

from mockgrid.errors import DocumentError
from mockgrid.schema.inventory import (
    discriminating_property,
    forms_of,
    inventory,
    listed_types,
    listed_values,
    property_pointer,
    speaking_of,
)
from mockgrid.schema.probes import (
    CLASSES,
    Arm,
    Choices,
    Discriminated,
    Further,
    Items,
    Properties,
    Several,
    Tested,
    replace,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockgrid.schema.inventory import Form, SchemaBranch
    from mockgrid.schema.node import SchemaNode
    from mockgrid.schema.probes import Probe, Probes
    from mockgrid.schema.validator import SchemaValidator

__all__ = ["CoverageTree"]

_SAMPLES: Final[dict[type, Any]] = {str: "", int: 1, float: 1.5, bool: True, list: [], dict: {}}
_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


class CoverageTree:
    """Learns from values which branches of a schema were sent.

    Args:
        validator: of the values, such as the bodies of requests.

    Attributes:
        sent: the pointers of the branches that were.
    """

    def __init__(self, validator: SchemaValidator) -> None:
        self.sent: set[str] = set()
        self._schema = validator.schema
        self._made: dict[SchemaNode, list[tuple[type, Probe]]] = {}
        self._root = self.probes(self._schema)

    def see(self, value: Any) -> None:
        """Learn from a valid body."""
        probe = self._root.get(value.__class__)
        if probe is not None:
            following = probe.see(value, 1)
            if following is not probe:
                replace(self._root, value.__class__, following)

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to learn, whatever values come."""
        return not self._root

    @cached_property
    def branches(self) -> tuple[SchemaBranch, ...]:
        """The branches in the order of the schema, those below another behind it; of many the nearest."""
        return inventory(self._schema)

    def probes(self, schema: Any) -> Probes:
        """Return what the values of a schema can teach, by their Python class."""
        by_class: dict[type, list[Probe]] = {}
        for node in speaking_of(schema):
            if node not in self._made:
                self._made[node] = list(self._probes_of(node))
            for kind, probe in self._made[node]:
                by_class.setdefault(kind, []).append(probe)
        return {kind: probes[0] if len(probes) == 1 else Several(probes) for kind, probes in by_class.items()}

    def _probes_of(self, node: SchemaNode) -> Iterator[tuple[type, Probe]]:
        yield from self._choices(node)
        yield from self._types(node)
        yield from self._objects(node)
        if "items" in node or "prefixItems" in node:
            yield list, Items(self, node)
        forms = forms_of(node)
        if len(forms) > 1:
            yield from self._alternatives(forms)

    def _choices(self, node: SchemaNode) -> Iterator[tuple[type, Probe]]:
        pending: dict[type, dict[Any, str]] = {str: {}, bool: {}, int: {}}
        for choice, pointer in listed_values(node):
            kind = int if choice.__class__ is float else choice.__class__
            if kind in pending:
                pending[kind].setdefault(choice, pointer)
        for kind, pointers in pending.items():
            if pointers:
                probe = Choices(self, pointers)
                yield from ((each, probe) for each in ((int, float) if kind is int else (kind,)))

    def _types(self, node: SchemaNode) -> Iterator[tuple[type, Probe]]:
        """One of several JSON types is a form, too, where the document lists them."""
        arms: dict[type, Probe] = {}
        for name, pointer in listed_types(node):
            # An integer is one, and not any number, where the document lists both.
            own: dict[type, Probe] = dict.fromkeys(_KINDS[name], Arm(self, pointer, True))
            arms = {**arms, **own} if name == "integer" else {**own, **arms}
        yield from arms.items()

    def _objects(self, node: SchemaNode) -> Iterator[tuple[type, Probe]]:
        properties, patterns = node.get("properties", {}), node.get("patternProperties", {})
        if properties:
            required = node.get("required", ())
            pointers = {
                name: None if name in required else property_pointer(node, name) for name in properties
            }
            yield dict, Properties(self, node, pointers)
        matches = node.shared.patterns.found
        for pattern, schema in patterns.items():
            yield dict, Further(self, partial(matches, pattern), schema)
        if isinstance(node.get("additionalProperties"), dict):
            yield (
                dict,
                Further(
                    self,
                    lambda name: (
                        name not in properties and not any(matches(pattern, name) for pattern in patterns)
                    ),
                    node["additionalProperties"],
                ),
            )

    def _alternatives(self, forms: list[Form]) -> Iterator[tuple[type, Probe]]:
        discriminating = discriminating_property(forms)
        arms = [(Arm(self, form.pointer, form.schema), form) for form in forms]
        for kind in CLASSES:
            takers = [(arm, form) for arm, form in arms if form.branch.takes(_SAMPLES[kind])]
            if len(takers) == 1:
                yield kind, takers[0][0]
            elif kind is dict and discriminating is not None:
                choices = {
                    choice: arm for arm, form in takers for choice in form.branch.constants[discriminating]
                }
                yield kind, Discriminated(discriminating, choices)
            elif takers:
                yield kind, Tested([(arm, _accepting(form.schema)) for arm, form in takers])


def _accepting(schema: Any) -> Callable[[Any], bool]:
    def accepts(value: Any) -> bool:
        with suppress(DocumentError):  # what cannot be compiled teaches nothing
            return bool(schema.accepts(value))
        return False

    return (lambda _: schema) if isinstance(schema, bool) else accepts
