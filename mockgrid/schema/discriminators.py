"""Discriminators: which values of a property name which of several schemas.

A mapping names them, and each has its own name as well. Where a schema lists values for the property itself,
those of them that name it count, or all where none does: such documents write what their servers take.
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from mockgrid.document.pointer import resolve
from mockgrid.schema.branches import Branch
from mockgrid.schema.keywords import TYPES
from mockgrid.schema.node import SchemaNode

if TYPE_CHECKING:
    from mockgrid.document.document import Document

__all__ = ["BUNDLED", "Discriminators", "derived", "named_branches", "naming_files", "own_name"]

BUNDLED: Final = "x-bundled"
"""Under which key a document has the other files that it refers to."""

_COMPONENTS = "/components/schemas"


class Discriminators:
    """Holds the values of one document's schemas to what their discriminators name.

    Args:
        document: what the schemas are of.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._met: list[SchemaNode] = []

    def meet(self, node: SchemaNode) -> None:
        """Remember a translated schema until all is there that it refers to."""
        if isinstance(node.source.get("discriminator"), dict):
            self._met.append(node)

    def enforce(self) -> None:
        """Let each schema that was met admit those names alone that are known."""
        while self._met:
            node = self._met.pop()
            if node.discriminator is not None:
                self._enforce_branches(node, *node.discriminator)
            elif "anyOf" not in node:
                self._enforce_heirs(node)

    def _enforce_branches(self, node: SchemaNode, name: str, known: list[list[str]]) -> None:
        branches = node.get("anyOf", ())
        for index, (part, labels) in enumerate(zip(branches, known, strict=False)):
            if not labels or not isinstance(part, SchemaNode) or _tells_apart(part):
                continue
            own = _called(part.source.get("$ref"))
            names = [*labels, *([own] if own and own not in labels else [])]
            constants = Branch.of(part).constants.get(name)
            if constants is not None:
                names = [constant for constant in constants if constant in names]
            if names and names != constants and (label := _label(node, name, names, part)):
                held = {"allOf": [part, label]}
                branches[index] = SchemaNode(held, node.shared, part.at, part.source, {"allOf": ""})

    def _enforce_heirs(self, node: SchemaNode) -> None:
        discriminator = node.source["discriminator"]
        name, mapping = discriminator.get("propertyName"), discriminator.get("mapping")
        if not isinstance(name, str) or name in Branch.of(node).constants:
            return
        mapped = mapping if isinstance(mapping, dict) else {}
        around, _, own = node.at.rpartition("/")
        own = own if around == _COMPONENTS else ""
        names = dict.fromkeys(mapped)
        waiting = [own, *(str(target).rpartition("/")[2] for target in mapped.values())]
        heirs: dict[str, None] = {}
        while waiting:
            further = [heir for heir in self._derived.get(waiting.pop(), ()) if heir not in heirs]
            heirs.update(dict.fromkeys(further))
            waiting += further
        for heir in heirs:
            source = self._components[heir]
            names.update(dict.fromkeys([heir, own_name(heir, source), *self._listed(source, name)]))
        label = _label(node, name, [*dict.fromkeys([*names, *filter(None, [own])])], node) if names else None
        if label is not None:
            node["allOf"] = [*node.get("allOf", ()), label]

    def _listed(self, source: Any, name: str) -> list[str]:
        """Return the values that a schema, as it is written, lists for a property of its own."""
        values: list[Any] = []
        for part in [source, *_parts(source)]:
            properties = part.get("properties")
            schema = properties.get(name) if isinstance(properties, dict) else None
            if isinstance(schema, dict) and str(schema.get("$ref")).startswith("#/"):
                schema = resolve(self._document.data, schema["$ref"], None)
            if isinstance(schema, dict):
                listed = [schema["const"]] if "const" in schema else schema.get("enum")
                values += listed if isinstance(listed, list) else []
        return [value for value in values if isinstance(value, str)]

    @property
    def _components(self) -> dict[str, Any]:
        components = resolve(self._document.data, _COMPONENTS, {})
        return components if isinstance(components, dict) else {}

    @cached_property
    def _derived(self) -> dict[str, list[str]]:
        return derived(self._components)


def derived(components: dict[str, Any]) -> dict[str, list[str]]:
    """Return the names of the schemas that have another in their ``allOf``, by its name.

    Args:
        components: schemas as they are written, by name.
    """
    heirs: dict[str, list[str]] = {}
    for name, source in components.items():
        for part in _parts(source):
            reference = part.get("$ref")
            if isinstance(reference, str):
                heirs.setdefault(reference.rpartition("/")[2], []).append(name)
    return heirs


def own_name(heir: str, source: Any) -> str:
    """Return what a discriminator without a mapping calls a schema: its name, or what Azure writes in it."""
    written = source.get("x-ms-discriminator-value") if isinstance(source, dict) else None
    return written if isinstance(written, str) else heir


def naming_files(written: dict[str, Any], rewritten: dict[str, Any]) -> dict[str, Any]:
    """Return a schema whose discriminator names the branches that are whole files, as the files are called.

    Args:
        written: the schema as it stands in its file.
        rewritten: the same with references into the one document that has all files.
    """
    discriminator = rewritten.get("discriminator")
    mapping = discriminator.get("mapping", {}) if isinstance(discriminator, dict) else None
    if (
        not isinstance(discriminator, dict)
        or "propertyName" not in discriminator
        or not isinstance(mapping, dict)
    ):
        return rewritten
    named = {target for target in mapping.values() if isinstance(target, str)}
    names: dict[str, str] = {}
    for key in ("oneOf", "anyOf"):
        branches = [written.get(key), rewritten.get(key)]
        for before, after in zip(*branches, strict=True) if isinstance(branches[0], list) else ():
            reference = before.get("$ref") if isinstance(before, dict) else None
            if isinstance(reference, str) and after["$ref"] not in named and _is_whole_file(after["$ref"]):
                own = PurePosixPath(unquote(reference.partition("#")[0])).stem
                meant = [name for name, target in mapping.items() if target == own]
                names |= {name: after["$ref"] for name in meant or [own] if mapping.get(name, own) == own}
    if not names:
        return rewritten
    return {**rewritten, "discriminator": {**discriminator, "mapping": {**mapping, **names}}}


def named_branches(node: SchemaNode) -> tuple[str, list[list[str]]] | None:
    """Return which values of which property a discriminator has for each branch, if it has a name."""
    discriminator = node.source.get("discriminator")
    key = next((key for key in ("oneOf", "anyOf") if key in node), None)
    if not isinstance(discriminator, dict) or key is None:
        return None
    name, mapping = discriminator.get("propertyName"), discriminator.get("mapping")
    if not isinstance(name, str):
        return None
    pairs = mapping.items() if isinstance(mapping, dict) else ()
    values: list[list[str]] = []
    for branch in node.source[key]:
        reference = str(branch.get("$ref", "")) if isinstance(branch, dict) else ""
        called = _called(reference)
        mapped = [value for value, target in pairs if reference and target in (reference, called)]
        values.append(mapped or ([called] if called else []))
    return (name, values) if any(values) else None


def _is_whole_file(reference: Any) -> bool:
    """Tell whether a reference leads to all of another file."""
    return isinstance(reference, str) and re.fullmatch(f"#/{BUNDLED}/[^/]+", reference) is not None


def _called(reference: Any) -> str:
    """Return the name of what a reference leads to; a file has none."""
    return "" if _is_whole_file(reference) else str(reference or "").rpartition("/")[2]


def _tells_apart(part: SchemaNode) -> bool:
    """Tell whether a branch has branches, or heirs, with names of their own."""
    return any("anyOf" in node or "discriminator" in node.source for node in part.chain())


def _label(node: SchemaNode, name: str, values: list[Any], holder: SchemaNode) -> SchemaNode | None:
    """Return a schema of objects whose discriminator has one of some values; None where it is no text.

    Args:
        node: which has the discriminator.
        name: of the property.
        values: that it may have, besides null where that is taken.
        holder: the schema that the objects are of.
    """
    types = frozenset(TYPES)
    for part in holder.speaking():
        described = part.get("properties", {}).get(name)
        types &= described.branch.types if isinstance(described, SchemaNode) else types
    if "string" not in types:
        return None
    at = f"{node.at}/discriminator"
    listed = {"enum": [*values, *([None] if "null" in types else [])]}
    label = SchemaNode(listed, node.shared, at, {}, {"enum": "propertyName"})
    return SchemaNode({"properties": {name: label}}, node.shared, at, {}, {"properties": ""})


def _parts(source: Any) -> list[dict[str, Any]]:
    parts = source.get("allOf") if isinstance(source, dict) else None
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
