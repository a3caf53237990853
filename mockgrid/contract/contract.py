"""An OpenAPI document compiled once into what answering a request needs."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from mockgrid.contract.extension import EXTENSION, UNDRAWN, Policy, policy_of
from mockgrid.contract.lint import WEBHOOKS, check_document
from mockgrid.contract.operation import MediaType, Operation, Parameter, Response, is_json, plain_id
from mockgrid.contract.operation_reader import OperationReader
from mockgrid.contract.router import Router
from mockgrid.contract.servers import base_path_of, clean_path
from mockgrid.document.json_body import canonical_json
from mockgrid.document.pointer import join, resolve
from mockgrid.document.source_map import sentence_of
from mockgrid.schema.schemas import Schemas, one_way
from mockgrid.schema.validator import SchemaValidator, check_compiling
from mockgrid.schema.values import DocumentValues

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mockgrid.contract.compiled import Compiled
    from mockgrid.document.document import Document
    from mockgrid.errors import DocumentError
    from mockgrid.schema.translate import Draft

__all__ = ["Contract", "MediaType", "Operation", "Parameter", "Response", "is_json"]

_COMPILED: Final = 6_000  # bytes that each schema takes
_ENDLESS: Final = (
    "every value of this schema contains another of the same, without end, so replies are cut short."
)
_LEFT_OUT: Final = "Replies leave the part out; correct it."
_CUT: Final = "Make the part that comes back optional or nullable."


class Contract:
    """A compiled OpenAPI document.

    Args:
        document: the effective document, overlays applied.
        base_path: replaces the path of the document's first server.
        lenient: also accept null for optional fields, and texts that a list of texts does not name.
        webhooks: also serve the document's webhooks, each at its name.
        compiled: what compiling the same document gave before.

    Raises:
        DocumentError: there is nothing in the document that can be served, or it has a mistake and is not to
            have any.
    """

    def __init__(
        self,
        document: Document,
        *,
        base_path: str | None = None,
        lenient: bool = False,
        webhooks: bool = False,
        compiled: Compiled | None = None,
    ) -> None:
        self.document = document
        self.learned: Callable[[tuple[tuple[str, str], ...]], None] = lambda _: None
        self._compiled = compiled
        if compiled is not None:
            compiled.tell(document.mistakes, document)
        data = check_document(document, webhooks=webhooks)
        info = data.get("info") or {}
        self.title = str(info.get("title", "API"))
        self.version = str(info.get("version", ""))
        self.base_path = clean_path(base_path) if base_path is not None else base_path_of(data)
        self.policy: Policy = policy_of(document)
        self.one_way = frozenset(one_way(data) if compiled is None else compiled.one_way)
        on_demand = compiled is not None and not compiled.order_counts
        requests = Schemas(document, "request", lenient=lenient, one_way=self.one_way, on_demand=on_demand)
        same = not lenient and not self.one_way
        self._responses = requests
        if not same:
            self._responses = Schemas(document, "response", one_way=self.one_way, on_demand=on_demand)
        self._requests = requests
        self.draft: Draft = requests.draft
        self.operations: tuple[Operation, ...] = tuple(
            OperationReader(document, data, requests, self._responses).operations(webhooks=webhooks)
        )
        if not self.operations:
            # A mistake that was told before is why, or comes first.
            message = "no path has a method, so there is nothing to serve."
            hint = "Give each path a method such as get."
            if not data["paths"] and data["webhooks"]:
                hint = WEBHOOKS
            nothing = document.error(message, "/paths", hint, key=True)
            raise next(iter(document.mistakes), nothing)
        if compiled is None:
            self._tell_mistakes()
        self.router = Router(self.operations, self.base_path, self.policy.absent)

    def _tell_mistakes(self) -> None:
        from mockgrid.contract.anatomy import flaws  # noqa: PLC0415 - 2 ms, for what was not compiled before
        from mockgrid.schema.contradictions import contradictory_schemas  # noqa: PLC0415 - the same
        from mockgrid.schema.endless import endless_schemas  # noqa: PLC0415 - the same

        document = self.document
        for flaw in flaws(document):
            if flaw.costs:
                document.mistakes.tell(flaw.error)
        if document.mistakes.strict:
            self.check_compiling()
        else:
            for node in endless_schemas(self._responses.shared):
                document.mistakes.tell(document.error(_ENDLESS, node.at, _CUT))
            for node, sentence in contradictory_schemas(self._responses):
                document.mistakes.tell(document.error(sentence, node.at, _LEFT_OUT))

    @property
    def order_counts(self) -> bool:
        """Whether its schemas are what they are because of the order in which they were read."""
        return self._requests.order_counts or self._responses.order_counts

    @property
    def compiled_bytes(self) -> int:
        """How much is compiled of its schemas, more or less."""
        return _COMPILED * sum(each.shared.compiled for each in {self._requests, self._responses})

    def check_compiling(self) -> None:
        """Compile all schemas, to find out that they can be; a request compiles those alone that it needs."""
        for schemas in dict.fromkeys((self._requests, self._responses)):
            check_compiling(schemas)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the document as canonical JSON: which contract a reply or a report was made from.

        Replies are drawn from it, so that what is said of paths that it lacks, or of prices, is left out.
        """
        if self._compiled is not None:
            return self._compiled.sha256
        data = self.document.data
        extension = data.get(EXTENSION)
        if isinstance(extension, dict):
            drawn = {name: value for name, value in extension.items() if name not in UNDRAWN}
            data = {**data, EXTENSION: drawn}
        return hashlib.sha256(canonical_json(data)).hexdigest()

    @cached_property
    def warnings(self) -> tuple[tuple[str, str], ...]:
        """Mistakes in the document that cost no more than their part: where each stands, and a sentence."""
        if self._compiled is not None and self._compiled.warned:
            return tuple((where, sentence) for where, sentence in self._compiled.warnings)
        mistakes = tuple(
            (error.where, f"{sentence_of(error)} {error.hint}".rstrip()) for error in self.document.mistakes
        )
        warnings = (*mistakes, *self.repeated_ids, *self.broken_examples)
        self.learned(warnings)
        return warnings

    @cached_property
    def broken_examples(self) -> tuple[tuple[str, str], ...]:
        """Examples that break their schema: where each stands, and a sentence."""
        from mockgrid.contract.examples import broken_examples  # noqa: PLC0415 - for `mockgrid check`

        return tuple(broken_examples(self.operations, self._responses, self.values, self.document))

    @cached_property
    def repeated_ids(self) -> tuple[tuple[str, str], ...]:
        """Operation ids that are given a second time, which OpenAPI forbids: where, and a sentence."""
        return tuple(_repeated_ids(self.operations, self.document))

    @property
    def gaps(self) -> Iterator[DocumentError]:
        """What OpenAPI requires of the document that can be served without it."""
        from mockgrid.contract.gaps import gaps  # noqa: PLC0415 - for `mockgrid check`

        return gaps(self.document, self.operations, dict.fromkeys((self._requests, self._responses)))

    @cached_property
    def values(self) -> DocumentValues:
        """What makes values for the schemas of responses."""
        return DocumentValues(self._responses, self.document.data)

    @cached_property
    def request_values(self) -> DocumentValues:
        """What makes values for the schemas of requests."""
        return DocumentValues(self._requests, self.document.data)

    def operation(self, operation_id: str) -> Operation | None:
        """Return an operation by its id."""
        return next((operation for operation in self.operations if operation.id == operation_id), None)

    def validator(self, at: str) -> SchemaValidator:
        """Return the validator of the schema under a JSON pointer, as a part of responses.

        Raises:
            KeyError: there is nothing under the pointer.
        """
        return SchemaValidator(self._responses, at)

    def event_validator(self, media: MediaType) -> SchemaValidator | None:
        """Return the validator of a stream's events: of its items, where the document describes these."""
        return self.validator(f"{media.at}/itemSchema") if "itemSchema" in media.source else media.schema

    def header_validator(self, response: Response, name: str) -> SchemaValidator | None:
        """Return the validator of a response's header, by its name in lower case; None without a schema."""
        entries = response.source.get("headers") or {}
        written = next((key for key in entries if key.lower() == name), name)
        at, entry = f"{response.at}/headers{join((written,))}", entries.get(written)
        while isinstance(entry, dict) and isinstance(entry.get("$ref"), str):
            at = unquote(entry["$ref"])[1:]
            entry = resolve(self.document.data, at)  # it leads somewhere, as compiling has seen
        return self.validator(f"{at}/schema") if isinstance(entry, dict) and "schema" in entry else None


def _repeated_ids(operations: Iterable[Operation], document: Document) -> Iterator[tuple[str, str]]:
    """Yield the operation ids that were given before: where each stands, and a sentence.

    Args:
        operations: of one document, in its order.
        document: gives the places.
    """
    first: dict[str, Operation] = {}
    for operation in operations:
        known = first.setdefault(operation.written_id, operation)
        if known is operation or not operation.written_id:
            continue
        own = plain_id(operation.method, operation.path)
        of = f"{plain_id(known.method, known.path)} ({_place(known, document)})"
        if known.at == operation.at:  # two paths refer to one path item
            where = document.where_key(join(("paths", operation.path)))
        else:
            where = _place(operation, document)
        yield (
            where,
            f"the operationId {operation.written_id} is already that of {of}; this one is called {own!r}.",
        )


def _place(operation: Operation, document: Document) -> str:
    return document.where(f"{operation.at}/operationId")
