"""Examples and defaults of a document that its own schemas do not admit."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

import orjson

from mockgrid.document.pointer import join
from mockgrid.document.source_map import sentence_of
from mockgrid.schema.node import SchemaNode, nodes_within
from mockgrid.schema.validator import SchemaValidator, indices_broken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockgrid.contract.operation import Operation
    from mockgrid.document.document import Document
    from mockgrid.schema.schemas import Schemas
    from mockgrid.schema.values import DocumentValues

__all__ = ["broken_examples"]

# Explaining takes seconds where very many schemas may have to be gone through.
_MOST_EXPLAINED: Final = 20
_MOST_SCHEMAS: Final = 200
_MOST_JUDGED: Final = 100


def broken_examples(
    operations: Iterable[Operation], schemas: Schemas, values: DocumentValues, document: Document
) -> Iterator[tuple[str, str]]:
    """Yield the JSON examples and defaults that break their schema: where, and a sentence.

    Args:
        operations: of one document.
        schemas: those that the responses' validators are of.
        values: what makes values for them, and holds these to one branch of each ``oneOf``.
        document: gives the places.
    """
    examples = list(_examples(operations))
    known = {at for _, at, _, _ in examples}
    for node in nodes_within(schemas.whole):
        examples += [("", at, node, example) for at, example in node.examples if at not in known]
        known.update(at for at, _ in node.examples)
        if node.source.get("default") is not None and f"{node.at}/default" not in known:
            known.add(f"{node.at}/default")
            examples.append(("", f"{node.at}/default", node, node.source["default"]))
    broken = indices_broken(schemas, [(schema, value) for _, _, schema, value in examples])
    yield from _of_several_branches(
        [example for index, example in enumerate(examples) if index not in set(broken)], values, document
    )
    for number, index in enumerate(broken):
        name, at, schema, written = examples[index]
        reason = _reason(schemas, schema, written) if number < _MOST_EXPLAINED else "."
        if reason:  # the explanation has the last word
            called = f"the example {name}" if name else _called(at)
            effect = "" if name else ", so it is not used"
            sentence = f"{called} breaks its own schema{effect}{reason}"
            yield document.where(at), sentence_of(document.error(sentence, at))


def _of_several_branches(
    examples: list[tuple[str, str, Any, Any]], values: DocumentValues, document: Document
) -> Iterator[tuple[str, str]]:
    """Yield those of valid examples that are valid by several branches of a ``oneOf``."""
    exclusive = [
        example for example in examples if isinstance(example[2], SchemaNode) and _is_exclusive(example[2])
    ]
    for name, at, schema, value in exclusive[:_MOST_JUDGED]:
        judge = values.at(schema.at)
        if not judge.accepts(value) and judge.accepts(value, loosely=True):
            called = f"the example {name}" if name else "this example"
            sentence = f"{called} fits several branches of a oneOf, of which one alone may fit."
            yield document.where(at), sentence_of(document.error(sentence, at))


def _called(at: str) -> str:
    return "this default" if at.endswith("/default") else "this example"


def _is_exclusive(schema: SchemaNode) -> bool:
    """Tell whether a schema, or one of not too many that it leads to, has a ``oneOf``."""
    led_to = list(_led_to(schema))
    return len(led_to) <= _MOST_SCHEMAS and any(node.is_exclusive for node in nodes_within([schema, *led_to]))


def _reason(schemas: Schemas, schema: Any, written: Any) -> str:
    """Return why an example breaks its schema, as the end of a sentence; empty where it does not."""
    if not schema:
        return ""
    if _refers_to_many(schema):
        return "."
    violations = SchemaValidator(schemas, schema.at).explain(_read(written))
    violation = next(iter(violations), None)
    return "" if violation is None else f": {violation.sentence}"


def _refers_to_many(schema: Any) -> bool:
    """Tell whether a schema leads to more schemas than can be gone through in time."""
    return len(list(_led_to(schema))) > _MOST_SCHEMAS


def _led_to(schema: Any) -> Iterator[Any]:
    """Yield the schemas that one leads to, until they are too many."""
    targets: dict[str, Any] = {}
    waiting = [schema]
    while waiting and len(targets) <= _MOST_SCHEMAS:
        referring = (node for node in nodes_within([waiting.pop()]) if "$ref" in node)
        fresh = {node["$ref"]: node.target for node in referring if node["$ref"] not in targets}
        targets |= fresh
        waiting += fresh.values()
        yield from fresh.values()


def _examples(operations: Iterable[Operation]) -> Iterator[tuple[str, str, Any, Any]]:
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
                    yield name, at, media.schema.schema, example


def _read(example: Any) -> Any:
    """Return an example's value; many documents give objects and lists as a text."""
    if isinstance(example, str) and example.lstrip()[:1] in ("{", "["):
        with contextlib.suppress(orjson.JSONDecodeError):
            return orjson.loads(example)
    return example
