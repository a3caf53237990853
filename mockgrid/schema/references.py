"""Where the references of a document's schemas lead, as JSON pointers into the document."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urljoin

from mockgrid.document.nearest import nearest
from mockgrid.document.pointer import join, resolve, split
from mockgrid.schema.discriminators import BUNDLED
from mockgrid.schema.keywords import DATA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.document.document import Document
    from mockgrid.errors import DocumentError

__all__ = ["References", "Scope"]

Scope = tuple[tuple[str, str], ...]
"""Where dynamic references lead on one way through schemas: pointers by the names of anchors, sorted."""

_METASCHEMA: Final = re.compile(r"https?://json-schema\.org/draft[-/]")
_ADDRESSING: Final = ("$id", "$anchor", "$dynamicAnchor", "$schema")
_BASE: Final = "urn:document"


class References:
    """The addresses in one document.

    A schema with an ``$id`` is a document of its own, inside which ``#/$defs/Cat`` leads to its own
    ``$defs``. Documents in the wild mix this with ``#/components/schemas/Cat``, which leads out of it; so
    what the schema itself does not hold is looked for in the whole document.

    Args:
        document: an OpenAPI document.
        old: whether it is OpenAPI 3.0, where ``$id`` and anchors mean nothing.
    """

    def __init__(self, document: Document, *, old: bool) -> None:
        self._document = document
        self._old = old
        # Where nothing has an address of its own, a reference leads to the same place from everywhere.
        self._targets: dict[str, str] = {}
        self._bundled = document.data.get(BUNDLED) or {}

    def target(self, reference: str, at: str) -> str | None:
        """Return the pointer that a reference leads to; None for a metaschema, which is in no document.

        Args:
            reference: a URI reference.
            at: pointer to the keyword that holds it.

        Raises:
            DocumentError: it leads to nothing, or out of the document.
        """
        if reference in self._targets:
            return self._targets[reference]
        if _METASCHEMA.match(reference):
            return None
        address, _, fragment = reference.partition("#")
        fragment = unquote(fragment)
        resource = "" if self._old else self._resource(at)
        if address:
            resource_at = self._resources.get(self._joined(self._uri(resource), address, at))
            if resource_at is None:
                hint = "Files and addresses outside it are not read here." if ":" not in address else ""
                raise self._error(f"the reference {reference!r} leads out of the document.", at, hint)
            resource = resource_at
        if fragment and not fragment.startswith("/"):
            return self.anchor(fragment, reference, at, resource)
        for base in dict.fromkeys((resource, "")):
            if self._document.holds(base + fragment):
                if not self._schemas:
                    self._targets[reference] = fragment
                return base + fragment
        return self._around(reference, at)

    def is_schema(self, pointer: str) -> bool:
        """Tell whether there may be a schema under a pointer: something that is nothing else for sure."""
        parts = split(pointer)
        component = parts[:1] == ("components",) and len(parts) == 3  # noqa: PLR2004 - its kind, and its name
        is_other = not parts or (component and parts[1] != "schemas")
        return not is_other and isinstance(resolve(self._document.data, pointer), (dict, bool))

    def _meant(self, fragment: str) -> str:
        """Return what a pointer that leads to nothing was probably meant to be, as a hint."""
        holder, _, name = fragment.rpartition("/")
        if not fragment.startswith("/") or not self._document.holds(holder):
            return ""
        known = resolve(self._document.data, holder)
        meant = nearest(name, known) if isinstance(known, dict) else None
        return f"Did you mean #{holder}/{meant}?" if meant is not None else ""

    def _around(self, reference: str, at: str) -> str:
        """Return what a reference means as if a schema around it were a document of its own."""
        fragment = unquote(reference).removeprefix("#")
        error = self._error(f"the reference {reference!r} leads to nothing.", at, self._meant(fragment))
        parts = split(at) if fragment.startswith("/") else ()
        for base in (join(parts[:length]) for length in range(len(parts) - 1, 0, -1)):
            if self._document.holds(base + fragment):
                self._document.mistakes.tell(error)
                return base + fragment
        raise error

    def dynamic(self, reference: str, at: str, scope: Scope = ()) -> str:
        """Return the pointer that a ``$dynamicRef`` leads to.

        Args:
            reference: a URI reference.
            at: pointer to the keyword that holds it.
            scope: where it leads on the way that led to it.

        Raises:
            DocumentError: it leads to nothing, or out of the document.
        """
        name = reference.partition("#")[2]
        if name not in self._contested and len(self._dynamic.get(name, ())) == 1:
            return self._dynamic[name][0]
        target = self.target(reference, at)
        if target is None:
            raise self._error(f"the reference {reference!r} leads out of the document.", at)
        anchors = self._dynamic.get(name, ())
        return dict(scope).get(name, target) if target in anchors else target

    def entered(self, pointer: str, scope: Scope = ()) -> Scope:
        """Return where dynamic references lead below a schema: the outermost of the way to it counts."""
        if not self._contested:
            return scope
        resource = self._resource(pointer)
        own = {name: at for (home, name), at in self._dynamic_anchors.items() if home == resource}
        own = {name: at for name, at in own.items() if name in self._contested}
        return tuple(sorted((own | dict(scope)).items()))

    @cached_property
    def dialects(self) -> dict[str, Any]:
        """What the schemas with a ``$schema`` of their own say there, by their pointers."""
        return {
            at: schema["$schema"] for at, schema in self._schemas if isinstance(schema.get("$schema"), str)
        }

    def resource(self, at: str) -> str:
        """Return the pointer to the nearest schema with an ``$id`` around a place; empty for the document."""
        return "" if self._old else self._resource(at)

    def anchor(self, name: str, reference: str, at: str, resource: str) -> str:
        """Return the pointer to the schema that an ``$anchor`` names."""
        anchors = {**self._dynamic_anchors, **self._anchors}
        if (resource, name) in anchors:
            return anchors[resource, name]
        anchored = [pointer for (_, anchor), pointer in anchors.items() if anchor == name]
        if len(anchored) == 1 and not self._old:
            return anchored[0]
        hint = "Write it as #/components/schemas/NAME." if self._old else ""
        error = self._error(f"the reference {reference!r} leads to nothing.", at, hint)
        if self._document.holds(f"/{name}"):
            self._document.mistakes.tell(error)
            return f"/{name}"
        raise error

    def _joined(self, base: str, reference: str, at: str) -> str:
        try:
            return urljoin(base, reference).removesuffix("#")
        except ValueError as error:
            raise self._error(f"{reference!r} is not a URI: {error}.", at) from None

    def _resource(self, at: str) -> str:
        if not self._pointers:
            return ""
        parts = split(at)
        around = (join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((pointer for pointer in around if pointer in self._pointers), "")

    def _uri(self, resource: str) -> str:
        return next((uri for uri, pointer in self._resources.items() if pointer == resource), _BASE)

    @cached_property
    def _resources(self) -> dict[str, str]:
        """Pointers to schemas by their absolute ``$id``; inside another, it is relative to that one's."""
        resources: dict[str, str] = {}
        bases: list[tuple[str, str]] = []
        for pointer, schema in self._schemas:
            own = schema.get("$id")
            if not isinstance(own, str) or own.startswith("#"):
                continue
            base = next((uri for at, uri in reversed(bases) if pointer.startswith(f"{at}/")), "")
            with self._document.mistakes:
                uri = self._joined(base, own, f"{pointer}/$id")
                resources.setdefault(uri, pointer)
                bases.append((pointer, uri))
        return resources

    @cached_property
    def _pointers(self) -> frozenset[str]:
        """What has anchors of its own: schemas with an ``$id``, and files."""
        return frozenset((*self._resources.values(), *(join((BUNDLED, key)) for key in self._bundled)))

    @cached_property
    def _dynamic(self) -> dict[str, list[str]]:
        """Pointers to all schemas with a ``$dynamicAnchor``, by its name."""
        anchored: dict[str, list[str]] = {}
        for (_, name), pointer in self._dynamic_anchors.items():
            anchored.setdefault(name, []).append(pointer)
        return anchored

    @cached_property
    def _contested(self) -> frozenset[str]:
        """The names of which more than one schema has a ``$dynamicAnchor``: the way decides between them."""
        return frozenset(name for name, pointers in self._dynamic.items() if len(pointers) > 1)

    @cached_property
    def _anchors(self) -> dict[tuple[str, str], str]:
        anchors: dict[tuple[str, str], str] = {}
        for pointer, schema in self._schemas:
            name = schema.get("$anchor")
            if not isinstance(name, str) and str(schema.get("$id", "")).startswith("#"):
                name = schema["$id"][1:]  # as draft-07 has it
            if isinstance(name, str):
                anchors.setdefault((self._resource(pointer), name), pointer)
        return anchors

    @cached_property
    def _dynamic_anchors(self) -> dict[tuple[str, str], str]:
        return {
            (self._resource(pointer), schema["$dynamicAnchor"]): pointer
            for pointer, schema in self._schemas
            if isinstance(schema.get("$dynamicAnchor"), str)
        }

    @cached_property
    def _schemas(self) -> list[tuple[str, dict[str, Any]]]:
        """All that has an address of its own, from the outside in."""
        return [] if self._old else list(_addressed(self._document.data, ""))

    def _error(self, message: str, at: str, hint: str = "") -> DocumentError:
        return self._document.error(message, at, hint)


def _addressed(value: Any, at: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict):
        if any(isinstance(value.get(key), str) for key in _ADDRESSING):
            yield at, value
        for key, item in value.items():
            if key not in DATA and key != "examples" and isinstance(item, (dict, list)):
                yield from _addressed(item, at + join((key,)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, (dict, list)):
                yield from _addressed(item, f"{at}/{index}")
