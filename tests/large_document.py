"""A made-up document of the size and shape of the largest public ones.

Its objects refer to one another as those of payment, code-hosting, chat and orchestration services do:
expandable members, hundreds of properties, deep `allOf`, `oneOf` of fifty, discriminators.

    python tests/large_document.py 400 1200 > large.json
"""

import json
import random
import sys

_WORDS = ("account", "balance", "card", "charge", "coupon", "dispute", "event", "file", "invoice", "payment")


def large_document(kinds: int = 100, operations: int = 300, seed: int = 7) -> dict:
    """An OpenAPI 3.0 document with four schemas for each kind of object, and operations that answer them."""
    rng = random.Random(seed)
    names = [f"{rng.choice(_WORDS)}_{number}" for number in range(kinds)]
    schemas: dict = {}
    for name in names:
        schemas |= _expandable(name, names, rng) | _wide(name, names, rng)
        schemas |= _inherited(name, names, rng) | _chosen(name, names, rng)
    forms = ("", "_wide", "_heir", "_choice")
    paths = {}
    for number in range(operations):
        name = names[number % kinds] + forms[number // kinds % len(forms)]
        paths[f"/v1/{name}/{number}"] = {"get": _operation(name, number)}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Large", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _ref(name: str) -> dict:
    return {"$ref": f"#/components/schemas/{name}"}


def _operation(name: str, number: int) -> dict:
    page = {
        "type": "object",
        "required": ["data", "has_more", "object", "url"],
        "properties": {
            "data": {"type": "array", "items": _ref(name)},
            "has_more": {"type": "boolean"},
            "object": {"type": "string", "enum": ["list"]},
            "url": {"type": "string", "maxLength": 5000, "pattern": "^/v1/"},
        },
    }
    schema = page if number % 3 == 0 else _ref(name)
    return {
        "operationId": f"get_{number}",
        "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": schema}}}},
    }


def _scalar(rng: random.Random, words: str) -> dict:
    return rng.choice(
        (
            {"type": "string", "maxLength": 5000, "description": words},
            {"type": "integer", "format": "unix-time", "description": words},
            {"type": "boolean", "description": words},
            {"type": "string", "enum": ["active", "pending", "canceled"], "description": words},
            {"type": "string", "nullable": True, "description": words},
            {"type": "number", "minimum": 0, "description": words},
            {"type": "string", "format": "date-time", "description": words},
            {"type": "string", "format": "uri", "description": words},
        )
    )


def _words(rng: random.Random) -> str:
    return " ".join(rng.choice(_WORDS) for _ in range(rng.randint(8, 30)))


def _expandable(name: str, names: list[str], rng: random.Random) -> dict:
    """An object in which others stand by their id or whole, and some whole only."""
    properties: dict = {
        "id": {"type": "string", "maxLength": 5000},
        "object": {"type": "string", "enum": [name]},
        "metadata": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 500}},
    }
    for other in rng.sample(names, min(8, len(names))):
        properties[f"{other}_ref"] = {
            "anyOf": [{"type": "string", "maxLength": 5000}, _ref(other)],
            "nullable": rng.random() < 0.5,
            "x-expansionResources": {"oneOf": [_ref(other)]},
        }
    for other in rng.sample(names, min(4, len(names))):
        properties[f"{other}_object"] = {"anyOf": [_ref(other)], "nullable": True}
    for number in range(rng.randint(10, 40)):
        properties[f"field_{number}"] = _scalar(rng, _words(rng))
    lists = {
        "type": "object",
        "required": ["data", "object"],
        "properties": {
            "data": {"type": "array", "items": _ref(rng.choice(names))},
            "object": {"type": "string", "enum": ["list"]},
        },
    }
    properties["children"] = lists
    required = ["id", "object", *rng.sample(sorted(properties), min(9, len(properties)))]
    return {name: {"type": "object", "required": sorted(set(required)), "properties": properties}}


def _wide(name: str, names: list[str], rng: random.Random) -> dict:
    """An object of hundreds of properties, all of them required."""
    properties = {f"field_{number}": _scalar(rng, _words(rng)) for number in range(rng.randint(80, 260))}
    properties |= {f"{other}_wide": _ref(f"{other}_heir") for other in rng.sample(names, min(3, len(names)))}
    return {f"{name}_wide": {"type": "object", "required": sorted(properties)[:-3], "properties": properties}}


def _inherited(name: str, names: list[str], rng: random.Random) -> dict:
    """A chain of `allOf`."""
    schemas: dict = {}
    for level in range(6):
        own = {
            "type": "object",
            "required": [f"level_{level}"],
            "properties": {f"level_{level}": _scalar(rng, _words(rng)), "kind": {"type": "string"}},
        }
        below = [_ref(f"{name}_level_{level - 1}")] if level else []
        schemas[f"{name}_level_{level}"] = {"allOf": [*below, own]}
    schemas[f"{name}_heir"] = {
        "allOf": [
            _ref(f"{name}_level_5"),
            {"properties": {"owner": _ref(rng.choice(names)), "note": {"type": "string"}}},
        ]
    }
    return schemas


def _chosen(name: str, names: list[str], rng: random.Random) -> dict:
    """One of many, told apart by a discriminator, or by what they require."""
    schemas: dict = {}
    branches = [f"{name}_choice_{number}" for number in range(rng.choice((4, 12, 50)))]
    told = rng.random() < 0.6
    for number, branch in enumerate(branches):
        label = {"type": "string"} if rng.random() < 0.5 else {"type": "string", "enum": [branch]}
        schemas[branch] = {
            "type": "object",
            "required": ["type"] if told else ["type", f"only_{number}"],
            "properties": {
                "type": label if told else {"type": "string"},
                f"only_{number}": _scalar(rng, _words(rng)),
                "shared": {"type": "string"},
            },
        }
        if number % 8 == 0:
            schemas[branch]["properties"]["next"] = _ref(f"{rng.choice(names)}_choice")
    whole: dict = {"oneOf": [_ref(branch) for branch in branches]}
    if told:
        whole["discriminator"] = {"propertyName": "type"}
    schemas[f"{name}_choice"] = whole
    return schemas


if __name__ == "__main__":
    json.dump(large_document(*map(int, sys.argv[1:3])), sys.stdout)
