"""What is surely a mistake in a document and yet does no harm: where each stands, and a sentence."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import orjson

from mockgrid.contract.operation import plain_id
from mockgrid.document.pointer import join
from mockgrid.schema.validator import indices_broken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockgrid.contract.operation import Operation
    from mockgrid.document.document import Document
    from mockgrid.schema.schemas import Schemas
    from mockgrid.schema.validator import SchemaValidator

__all__ = ["broken_examples", "repeated_ids"]


def repeated_ids(operations: Iterable[Operation], document: Document) -> Iterator[tuple[str, str]]:
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


def broken_examples(
    operations: Iterable[Operation], schemas: Schemas, document: Document
) -> Iterator[tuple[str, str]]:
    """Yield the JSON examples of responses that break their schema: where each stands, and a sentence.

    Args:
        operations: of one document.
        schemas: those that the responses' validators are of.
        document: gives the places.
    """
    examples = list(_examples(operations))
    for index in indices_broken(schemas, [(schema, value) for _, _, schema, value in examples]):
        name, at, schema, written = examples[index]
        violation = next(iter(schema.explain(_read(written))), None)
        if violation is not None:  # the explanation has the last word
            called = f"the example {name}" if name else "this example"
            effect = "" if name else ", so it is not used"
            sentence = f"{called} breaks its own schema{effect}: {violation.sentence}"
            yield document.where(at), sentence


def _examples(operations: Iterable[Operation]) -> Iterator[tuple[str, str, SchemaValidator, Any]]:
    """Yield each example once: its name, its place, and its value with the schema."""
    seen: set[str] = set()
    for operation in operations:
        for response in operation.responses.values():
            for media in response.media.values():
                if media.schema is None or not media.is_json or media.at in seen:
                    continue
                seen.add(media.at)
                for name, example in media.examples.items():
                    at = media.at + join(("examples", name) if name else ("example",))
                    yield name, at, media.schema, example


def _read(example: Any) -> Any:
    """Return an example's value; many documents give objects and lists as a text."""
    if isinstance(example, str) and example.lstrip()[:1] in ("{", "["):
        with contextlib.suppress(orjson.JSONDecodeError):
            return orjson.loads(example)
    return example
