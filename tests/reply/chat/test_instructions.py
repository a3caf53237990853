"""A schema that stands in the conversation is the one that a JSON object obeys."""

import json
import time

import jsonschema
import pytest
from asgi import Caller

from mockgrid.reply.chat.conversation import described_schema

KIND = {"enum": ["city", "mountain"], "type": "string"}
CITY = {
    "$defs": {"Kind": KIND},
    "properties": {
        "name": {"type": "string", "minLength": 3},
        "kind": {"$ref": "#/$defs/Kind"},
        "n": {"type": "integer"},
    },
    "required": ["name", "kind", "n"],
    "title": "City",
    "type": "object",
}
BARE = {name: value for name, value in CITY.items() if name not in {"title", "type"}}
FOO = {"properties": {"foo": {"type": "array", "items": {"type": "string"}}}, "required": ["foo"]}
NOTE = "        # note: the value you produce must"
PLACEHOLDERS = {
    "reasoning": "{reasoning}",
    "degrees": f"{{degrees}}{NOTE} be a single float value",
    "days": f"{{days}}{NOTE} be a single int value",
    "dry": f"{{dry}}{NOTE} be True or False",
    "sky": f"{{sky}}{NOTE} exactly match (no extra characters) one of: a; b",
    "city": f"{{city}}{NOTE} adhere to the JSON schema: {json.dumps(CITY)}",
}
FIELDS = {
    "$defs": {"Kind": KIND},
    "type": "object",
    "properties": {
        "reasoning": {"type": "string"},
        "degrees": {"type": "number"},
        "days": {"type": "integer"},
        "dry": {"type": "boolean"},
        "sky": {"enum": ["a", "b"]},
        "city": {name: value for name, value in CITY.items() if name != "$defs"},
    },
    "required": list(PLACEHOLDERS),
    "additionalProperties": False,
}
REFERRING = {"$ref": "#/$defs/Foo", "$defs": {"Foo": FOO}}


def system(text):
    return [{"role": "system", "content": text}, {"role": "user", "content": "Oslo, please."}]


EXAMPLES = f"""As an example, for the schema {json.dumps(FOO)}
the object {{"foo": ["a"]}} is well formed. {{"properties": {{"foo": ["a"]}}}} is not.

Here it is:
```
{json.dumps(BARE)}
```"""
PARTS = [{"type": "text", "text": text} for text in ("Forecast", json.dumps(CITY))]
# How frameworks say it.
SAID = [
    (system(f"Match this json_schema:\n\n{json.dumps(CITY, indent=2)}\n\nMind it."), CITY),
    (system(f"JSON schema:\n{json.dumps(CITY)}\nAnswer with an object that matches it."), CITY),
    ([{"role": "user", "content": EXAMPLES}], BARE),
    ([{"role": "user", "content": PARTS}], CITY),
    (
        system(f"Outputs are an object.\n\n{json.dumps(PLACEHOLDERS, indent=2)}\nObjective: tell."),
        FIELDS,
    ),
    (system(f"Schema: {json.dumps(REFERRING)}"), REFERRING),
    ([*system(json.dumps(FOO)), {"role": "user", "content": f"No: {json.dumps(CITY)}"}], CITY),
]


@pytest.mark.parametrize(("messages", "schema"), SAID)
@pytest.mark.parametrize("stream", [False, True])
def test_the_object_obeys_it(messages, schema, stream):
    asked = {"messages": messages, "response_format": {"type": "json_object"}, "n": 2}
    if stream:
        texts = ["", ""]
        for chunk in Caller().chat(stream=True, **asked).chunks():
            for choice in chunk["choices"]:
                texts[choice["index"]] += choice["delta"].get("content") or ""
    else:
        texts = [choice["message"]["content"] for choice in Caller().chat(**asked).json()["choices"]]
    for text in texts:
        assert isinstance(json.loads(text), dict)
        jsonschema.validate(json.loads(text), schema)
    assert described_schema(messages) == schema


@pytest.mark.parametrize(
    "text",
    [
        "Answer in JSON.",
        'Like {"name": "Oslo", "kind": "city"}.',
        '{"type": "Feature", "properties": {"name": {}}}',
        '{"properties": {}}',
        '{"properties": {"foo": ["bar"]}}',
        '{"a": "{a}", "b": "{a}"}',
        '{"name": {"type": "string"',
        '{"type": "object", "properties": {"a": {"type": "strnig"}}}',
        '{"properties": {"a": {"not": {}}}, "required": ["a"]}',
    ],
)
def test_else_it_is_the_plain_object(text):
    messages = [{"role": "user", "content": text}]
    answer = Caller().chat(messages=messages, response_format={"type": "json_object"})
    assert list(json.loads(answer.json()["choices"][0]["message"]["content"])) == ["reply"]


def test_what_the_assistant_and_tools_say_is_no_instruction():
    said = [
        {"role": "user", "content": "Answer in JSON."},
        {"role": "assistant", "content": json.dumps(CITY)},
        {"role": "user", "content": "Again."},
    ]
    assert described_schema(said) is None


def test_a_schema_in_the_format_itself_counts():
    asked = {"response_format": {"type": "json_object", "schema": CITY}}
    answer = Caller().chat("Answer in JSON.", **asked)
    jsonschema.validate(json.loads(answer.json()["choices"][0]["message"]["content"]), CITY)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":' * 50_000,
        "{" * 100_000,
        '{"' * 50_000,
        '{"' * 500_000,
        '{ "a": [' * 20_000,
        '{"a":[' * 300 + "1," * 300_000,
        ('{"a":[' + "1," * 3000) * 200,
    ],
)
def test_no_text_takes_long(text):
    begun = time.process_time()
    assert described_schema([{"role": "user", "content": text}]) is None
    assert time.process_time() - begun < 1


def test_a_number_of_thousands_of_digits_is_no_schema():
    text = 'As JSON: {"properties": ' + "1" * 5000 + "}"
    assert described_schema([{"role": "user", "content": text}]) is None
