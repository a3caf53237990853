"""The schemas of an OpenAPI document, each compiled when a value first comes to it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from mockgrid.document.pointer import join
from mockgrid.schema.branches import Branch
from mockgrid.schema.discriminators import derived, own_name
from mockgrid.schema.generate.document import SchemaDocument
from mockgrid.schema.generate.keywords import choose_draft
from mockgrid.schema.generate.schema import Resource, Schema
from mockgrid.schema.node import SchemaNode
from mockgrid.schema.regex import Pattern, RegexError, compile_pattern

if TYPE_CHECKING:
    from mockgrid.schema.schemas import Schemas

_COMPONENTS = "/components/schemas"
_METASCHEMA: dict[str, Any] = {"type": "object", "maxProperties": 0}


class PublishedSchemas(SchemaDocument):
    """The schemas of an OpenAPI document.

    What is wrong with them was told when the document was read, so nothing is refused here.

    Args:
        schemas: them, translated.
        components: as they are written, by name.
    """

    natural = True

    def __init__(self, schemas: Schemas, components: dict[str, Any]) -> None:
        super().__init__(schemas.shared.data, choose_draft({}, schemas.draft))
        self._whole = True
        self._schemas = schemas
        self._components = components
        self._heirs: dict[str, dict[str, dict[str, Any]]] = {}

    def at(self, node: Any) -> Schema:
        """Compile a translated schema."""
        return self._walk(node, "", self.outermost)

    def follow(self, schema: Schema) -> dict[str, Schema]:
        """What the reference of a schema leads to; of what a metaschema admits, that is the plainest."""
        reference = schema.keywords.get("$ref")
        if reference is None:
            return {}
        target = self._schemas.shared.referred(reference)
        return {"$ref": self._walk(_METASCHEMA if target is None else target, schema.pointer, self.outermost)}

    def heirs(self, base: Schema, name: str) -> dict[str, dict[str, Any]]:
        """The schemas that a value of a base can be of, by their pointers, with what else holds for each.

        That is how a discriminator names it. They are those that its mapping leads to, those that have it in
        their ``allOf``, and it itself where it has no others.
        """
        if base.pointer not in self._heirs:
            own = base.pointer.rpartition("/")[2]
            mapping = (
                base.raw.source["discriminator"].get("mapping") if isinstance(base.raw, SchemaNode) else {}
            )
            labels: dict[str, list[Any]] = {}
            for label, target in mapping.items() if isinstance(mapping, dict) else ():
                labels.setdefault(str(target).rpartition("/")[2], []).append(label)
            names = {heir: None for heir in labels if heir in self._components}
            waiting = [own, *names]
            while waiting:
                further = [heir for heir in self._derived.get(waiting.pop(), ()) if heir not in names]
                names.update(dict.fromkeys(further))
                waiting += further
            if not names or own in labels:
                names[own] = None
            self._heirs[base.pointer] = {
                _COMPONENTS + join((heir,)): self._label(heir, name, labels.get(heir)) for heir in names
            }
        return self._heirs[base.pointer]

    def heir(self, pointer: str) -> Schema:
        """Compile the schema under a pointer that ``heirs`` gave."""
        return self.at(self._schemas.at(pointer))

    @cached_property
    def _derived(self) -> dict[str, list[str]]:
        return derived(self._components)

    def _label(self, heir: str, name: str, labels: list[Any] | None) -> dict[str, Any]:
        labels = labels or [own_name(heir, self._components.get(heir))]
        node = self._schemas.at(_COMPONENTS + join((heir,)))
        return _labelled(name, _fitting(labels, Branch.of(node).constants.get(name)))

    def _compile(self, raw: object, pointer: str, resource: Resource) -> Schema:
        return self._walk(raw, pointer, resource)

    def _place(self, child: object, around: Schema, keyword: str, key: str | int | None) -> str:
        return child.at if isinstance(child, SchemaNode) else super()._place(child, around, keyword, key)

    def _node(self, raw: object, pointer: str, resource: Resource, *, boolean: bool) -> Schema:
        del boolean  # which OpenAPI 3.0 does not know, and people write
        return super()._node(raw, raw.at if isinstance(raw, SchemaNode) else pointer, resource, boolean=True)

    def _read(self, raw: dict[str, Any], pointer: str, resource: Resource) -> Schema:
        exclusive = isinstance(raw, SchemaNode) and raw.is_exclusive
        written = {"oneOf" if key == "anyOf" else key: raw[key] for key in raw} if exclusive else raw
        schema = Schema(self._follower, len(self.schemas), pointer, resource, written)
        self._compiled[id(written)] = schema
        self._fill(schema, written)
        if isinstance(raw, SchemaNode):
            schema.examples = tuple(example for _, example in raw.examples)  # mostly that which all share
            made_up = schema.examples or not _is_unread(schema)
            schema.unmet = raw.at in self._schemas.document.unmet or not made_up
            self._tell_apart(schema, raw)
        return schema

    def _tell_apart(self, schema: Schema, node: SchemaNode) -> None:
        """Note how a discriminator names the branches of a schema, or that it names the heirs."""
        discriminator = node.source.get("discriminator")
        if node.discriminator is not None:
            name, known = node.discriminator
            branches = [Branch.of(part) for part in node["anyOf"]]
            values = [
                _fitting(labels, branch.constants.get(name))
                for labels, branch in zip(known, branches, strict=True)
            ]
            schema.labels = [
                _labelled(name, labels) if "object" in branch.types and labels else None
                for branch, labels in zip(branches, values, strict=True)
            ]
        elif isinstance(discriminator, dict) and "anyOf" not in node:
            tag = discriminator.get("propertyName")
            schema.tag = tag if isinstance(tag, str) and _is_component(node.at) else None

    def _pattern(self, source: str, pointer: str) -> Pattern:
        del pointer
        if source not in self._patterns:
            try:
                self._patterns[source] = compile_pattern(source)
            except RegexError:
                # No texts can be made up for it; an example may fit, or what is made breaks it.
                self._patterns[source] = compile_pattern("")
        return self._patterns[source]


def _is_unread(schema: Schema) -> bool:
    """Whether no texts can be made up for the pattern of a schema."""
    source = schema.keywords.get("pattern")
    return isinstance(source, str) and schema.patterns[source].source != source


def _labelled(name: str, values: list[Any]) -> dict[str, Any]:
    """A schema of objects that a discriminator names by one of some values."""
    return {"required": [name], "properties": {name: {"enum": values}}}


def _is_component(pointer: str) -> bool:
    """Whether a pointer leads to a schema with a name of its own."""
    return pointer.startswith(f"{_COMPONENTS}/") and pointer.count("/") == _COMPONENTS.count("/") + 1


def _fitting(labels: list[Any], constants: list[Any] | None) -> list[Any]:
    """The labels that a schema admits; those that it lists itself where it admits none."""
    if constants is None:
        return labels
    plain = {_plain(label) for label in labels}
    return (
        [constant for constant in constants if constant in labels]
        or [constant for constant in constants if _plain(constant) in plain]
        or constants
    )


def _plain(label: object) -> str:
    return "".join(char for char in str(label).lower() if char.isalnum())
