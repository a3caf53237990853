"""What OpenAPI requires of a document that can be served without it: `check` alone tells of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.contract.anatomy import flaws
from mockgrid.document.pointer import join, resolve
from mockgrid.schema.keywords import KNOWN, OLD
from mockgrid.schema.node import nodes_within
from mockgrid.schema.violation import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockgrid.contract.operation import Operation, Parameter
    from mockgrid.document.document import Document
    from mockgrid.errors import DocumentError
    from mockgrid.schema.schemas import Schemas

__all__ = ["gaps"]


def gaps(
    document: Document, operations: Iterable[Operation], schemas: Iterable[Schemas]
) -> Iterator[DocumentError]:
    """Yield what a document lacks, or has twice, as mistakes with their places.

    Args:
        document: what has been compiled.
        operations: its own.
        schemas: its own, of those.
    """
    old = str(document.data.get("openapi", "")).startswith("3.0")
    spoilt: set[str] = set()  # what is missing there was surely meant by what is told
    for flaw in flaws(document):
        if flaw.costs:
            spoilt.add(flaw.at)
        else:
            yield flaw.error
    for operation in operations:
        yield from _of_operation(document, operation, spoilt, old=old)
    for each in schemas if old else ():
        for node in nodes_within(each.whole):
            if node.lacks_items:
                hint = "Write items: {} where they may be anything."
                yield document.error("an array has no items, which OpenAPI 3.0 requires.", node.at, hint)
            for key in node.source.keys() - OLD:
                if not key.startswith("x-"):
                    hint = "Other tools need not read it." if key in KNOWN else "Extensions begin with x-."
                    message = f"{key} is no keyword of OpenAPI 3.0."
                    yield document.error(message, node.at + join((key,)), hint, key=True)
            if isinstance(node.source.get("type"), list):
                hint = "Write one type, with nullable: true where null is admitted."
                yield document.error("type is a list; OpenAPI 3.0 has one type.", f"{node.at}/type", hint)


def _of_operation(
    document: Document, operation: Operation, spoilt: set[str], *, old: bool
) -> Iterator[DocumentError]:
    source = resolve(document.data, operation.at)
    if not isinstance(source, dict):  # which was told
        return
    responses = source.get("responses")
    if (responses == {} or (responses is None and old)) and operation.at not in spoilt:
        hint = "Write what it answers: {'200': {description: …}}."
        yield document.error("this operation has no responses.", operation.at, hint, key=True)
    for response in operation.responses.values():
        written = resolve(document.data, response.at)
        if (
            isinstance(written, dict)
            and not {"$ref", "description"} & written.keys()
            and response.at not in spoilt
        ):
            yield document.error(
                "this response has no description.", response.at, "It may be empty.", key=True
            )
    tags = source.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        message = f"tags is {shown(tags)}; a list of texts was expected."
        yield document.error(message, f"{operation.at}/tags")
    for parameter in operation.parameters:
        if parameter.source and parameter.at not in spoilt:
            yield from _of_parameter(document, parameter)
    around = operation.at.rpartition("/")[0]
    for at in (around, operation.at):
        yield from _repeated(document, f"{at}/parameters")


def _of_parameter(document: Document, parameter: Parameter) -> Iterator[DocumentError]:
    source = parameter.source
    if source.get("in") == "path" and source.get("required") is not True:
        message = f"the path parameter {shown(source.get('name'))} does not say required: true."
        yield document.error(message, parameter.at, "There is no path without it; add that.")
    both = "schema" in source and "content" in source
    if both or not ("schema" in source or "content" in source):
        has = "both schema and content" if both else "neither schema nor content"
        message = f"the parameter {shown(source.get('name'))} has {has}; one of them was expected."
        yield document.error(message, parameter.at)


def _repeated(document: Document, at: str) -> Iterator[DocumentError]:
    """Yield the parameters that are in a list a second time."""
    listed = resolve(document.data, at, [])
    known: set[str] = set()
    for index, entry in enumerate(listed if isinstance(listed, list) else ()):
        reference = entry.get("$ref") if isinstance(entry, dict) else None
        source = resolve(document.data, reference, {}) if isinstance(reference, str) else entry
        if not isinstance(source, dict) or not isinstance(source.get("name"), str):
            continue
        called = f"the {source.get('in')} parameter {shown(source['name'])}"
        if called in known:
            message = f"{called} is there a second time."
            yield document.error(message, at + join((index,)), "The last one counts; remove the other.")
        known.add(called)
