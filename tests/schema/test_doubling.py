"""Schemas that double: most are told at a glance not to, and that is what the whole look says."""

import random

import pytest

from mockgrid.document.document import Document
from mockgrid.schema import doubling
from mockgrid.schema.node import nodes_within
from mockgrid.schema.schemas import Schemas

pytestmark = pytest.mark.once

NAMES = "ABCDE"


def drawn(rng, depth=0):
    """Return a schema that is combined from others, or holds them."""
    kind = rng.choice(("ref", "ref", "all", "object", "object", "list", "map", "patterns", "text"))
    if kind == "ref" or depth > 2:
        return {"$ref": f"#/components/schemas/{rng.choice(NAMES)}"}
    parts = [drawn(rng, depth + 1) for _ in range(rng.randint(1, 3))]
    return {
        "all": {"allOf": parts},
        "object": {"properties": dict(zip("abc", parts, strict=False))},
        "list": {"items": parts[0]},
        "map": {"additionalProperties": parts[0], "properties": {"a": parts[-1]}},
        "patterns": {"patternProperties": {"^a": parts[0]}, "properties": {"a": parts[-1]}},
        "text": {"type": "string"},
    }[kind]


def test_what_is_told_at_a_glance_is_what_the_whole_look_says(monkeypatch):
    rng = random.Random(4)
    glances = [doubling._is_plain, lambda _: False]
    doubled = plain = 0
    for _ in range(150):
        components = {name: drawn(rng) for name in NAMES}
        document = Document({"openapi": "3.1.0", "components": {"schemas": components}}, "made.yaml")
        document.mistakes.strict = False
        schemas = Schemas(document, "request")
        for name in NAMES:
            schemas.at(f"/components/schemas/{name}")
        for node in nodes_within(schemas.shared.named):
            looks = []
            for glance in glances:
                monkeypatch.setattr(doubling, "_is_plain", glance)
                looks.append(doubling.doubled(node, 1))
            assert looks[0] is looks[1], (components, node.at)
            doubled += looks[0] is not None
            plain += glances[0](node)
    assert doubled > 50
    assert plain > 50
