"""An OpenAPI document compiled once into what answering a request needs."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mockgrid.contract.compiler import Compiler
from mockgrid.contract.examples import broken_examples
from mockgrid.contract.extension import Policy, policy_of
from mockgrid.contract.lint import check_document, check_operations
from mockgrid.contract.operation import CHAT, MediaType, Operation, Parameter, Response, is_json
from mockgrid.contract.operation_ids import repeated_ids
from mockgrid.contract.router import Router
from mockgrid.document.json_body import canonical_json
from mockgrid.schema.required import one_way
from mockgrid.schema.schemas import Schemas
from mockgrid.schema.validator import SchemaValidator, check_compiling

if TYPE_CHECKING:
    from mockgrid.document.document import Document
    from mockgrid.schema.translate import Draft

__all__ = ["Contract", "MediaType", "Operation", "Parameter", "Response", "base_path_of", "is_json"]


class Contract:
    """A compiled OpenAPI document.

    Args:
        document: the effective document, overlays applied.
        base_path: replaces the path of the document's first server.
        lenient: also accept null for optional fields, and texts that a list of texts does not name.

    Raises:
        DocumentError: the document is not OpenAPI 3.0 or 3.1, or a part of it cannot be used.
    """

    def __init__(self, document: Document, *, base_path: str | None = None, lenient: bool = False) -> None:
        self.document = document
        data = check_document(document)
        info = data.get("info") or {}
        self.title = str(info.get("title", "API"))
        self.version = str(info.get("version", ""))
        self.base_path = _clean(base_path) if base_path is not None else base_path_of(data)
        self.policy: Policy = policy_of(document)
        requests = Schemas(document, "request", lenient=lenient)
        same = not lenient and not one_way(data, "readOnly", "writeOnly")
        self._responses = requests if same else Schemas(document, "response")
        self.draft: Draft = requests.draft
        operations = tuple(Compiler(document, requests, self._responses).operations())
        if any(operation.behaviour == CHAT for operation in operations):
            operations = tuple(replace(one, aside=one.behaviour != CHAT) for one in operations)
        self.operations: tuple[Operation, ...] = operations
        check_operations(document, self.operations)
        for schemas in dict.fromkeys((requests, self._responses)):
            check_compiling(schemas, document.where)
        self.router = Router(self.operations, self.base_path)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the document as canonical JSON: which contract a reply or a report was made from."""
        return hashlib.sha256(canonical_json(self.document.data)).hexdigest()

    @cached_property
    def remarks(self) -> tuple[tuple[str, str], ...]:
        """What is surely a mistake in the document and yet does no harm: where it stands, and a sentence."""
        return (*self.repeated_ids, *broken_examples(self.operations, self._responses, self.document))

    @cached_property
    def repeated_ids(self) -> tuple[tuple[str, str], ...]:
        """Operation ids that are given a second time, which OpenAPI forbids: where, and a sentence."""
        return tuple(repeated_ids(self.operations, self.document))

    def operation(self, operation_id: str) -> Operation | None:
        """Return an operation by its id."""
        return next((operation for operation in self.operations if operation.id == operation_id), None)

    def validator(self, at: str) -> SchemaValidator:
        """Return the validator of the schema under a JSON pointer, as a part of responses.

        Raises:
            KeyError: there is nothing under the pointer.
        """
        return SchemaValidator(self._responses, at)


def base_path_of(data: dict[str, Any]) -> str:
    """Return the path of a document's first server, its variables filled in: ``/v1``; empty for none."""
    servers = data.get("servers") or [{}]
    server = servers[0] if isinstance(servers, list) and isinstance(servers[0], dict) else {}
    url = str(server.get("url", ""))
    for name, variable in (server.get("variables") or {}).items():
        url = url.replace("{" + name + "}", str(variable.get("default", "")))
    try:
        return _clean(urlsplit(url).path)
    except ValueError:  # no host can be called so, and none is called
        return ""


def _clean(path: str) -> str:
    stripped = path.strip("/")
    return f"/{stripped}" if stripped else ""
