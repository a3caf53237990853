"""What is remembered of the schemas that clients send, and that it has an end."""

import json

import pytest

from mockgrid.errors import InvalidSchemaError
from mockgrid.schema.values import SCHEMAS_KEPT, VALUES_KEPT, ValueMemory

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def make(memory, schema, seed="seed", text="", *, must_be_object=False):
    return memory.text(schema, seed, text=text, must_be_object=must_be_object)


def test_what_is_remembered_is_what_would_be_made():
    memory = ValueMemory()
    for seed in ("a", "b", "a"):
        assert make(memory, SCHEMA, seed) == make(ValueMemory(), SCHEMA, seed)
    assert len({make(memory, SCHEMA, seed) for seed in "abcdef"}) > 1


def test_all_that_a_value_depends_on_tells_values_apart():
    memory = ValueMemory()
    assert json.loads(make(memory, {})) != json.loads(make(memory, {}, must_be_object=True))
    assert json.loads(make(memory, {"type": "string"}, text="Hello")) == "Hello"
    assert json.loads(make(memory, {"type": "string"}, text="Bye")) == "Bye"


def test_memory_of_schemas_and_values_is_bounded():
    memory = ValueMemory()
    for number in range(300):
        schema = {"type": "object", "properties": {f"p{number}-{i}": {"type": "string"} for i in range(20)}}
        for seed in "abcdef":
            make(memory, schema, seed)
    assert 0 < memory.remembered["schemas"].size <= SCHEMAS_KEPT
    assert 0 < memory.remembered["values"].size <= VALUES_KEPT


def test_a_schema_that_is_none_is_refused_each_time():
    memory = ValueMemory()
    for _ in range(2):
        with pytest.raises(InvalidSchemaError):
            make(memory, {"type": 5})
