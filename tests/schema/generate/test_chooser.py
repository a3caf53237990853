"""The choices that a generator leaves open may come from anywhere: here from Hypothesis."""

import jsonschema
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from mockgrid.schema.generate import CompiledSchema

SCHEMA = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["a", "b", "c"]},
        "size": {"type": "integer", "minimum": 3, "maximum": 60},
        "tags": {"type": "array", "items": {"type": "string", "pattern": "^[a-z]{2,5}$"}},
        "more": {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
    },
    "required": ["kind", "size", "tags"],
}


class DrawnChooser:
    """Hands every choice on to Hypothesis, which can then shrink values as it shrinks its own."""

    def __init__(self, draw):
        self.draw = draw

    def integer(self, low, high):
        return self.draw(st.integers(low, high))

    def choice(self, items):
        return self.draw(st.sampled_from(items))

    def boolean(self):
        return self.draw(st.booleans())


@st.composite
def values(draw):
    return CompiledSchema(SCHEMA).value_by(DrawnChooser(draw), text="Hello")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(values())
def test_values_by_anybodys_choices_validate(value):
    jsonschema.Draft202012Validator(SCHEMA).validate(value)


def test_a_property_based_tester_finds_and_shrinks():
    value = find(
        values(),
        lambda value: value["kind"] != "a" and value["size"] > 10,
        settings=settings(max_examples=2_000, deadline=None),
    )
    assert value["kind"] == "b"
    assert value["size"] == 11
