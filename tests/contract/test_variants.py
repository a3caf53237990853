"""Operations of one path and method, by what they ask for."""

import random

import pytest

from mockgrid.contract.contract import Contract
from mockgrid.contract.variants import Variants
from mockgrid.document.document import Document

pytestmark = pytest.mark.once


def named(place, name, *texts):
    return {"in": place, "name": name, "required": True, "schema": {"type": "string", "enum": list(texts)}}


def variants(parameters):
    responses = {"200": {"description": "ok"}}
    paths = {
        f"/#{number}": {"get": {"parameters": each, "responses": responses}}
        for number, each in enumerate(parameters)
    }
    document = {"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": paths}
    return Variants(Contract(Document(document, "a.json")).operations)


def test_of_hundreds_those_alone_are_looked_at_whose_own_text_is_there():
    several = variants(
        [[named("query", "Version", "1"), named("query", "Action", f"Do{number}")] for number in range(300)]
    )
    _, marked = several._index
    assert {key: {len(numbers) for numbers in texts.values()} for key, texts in marked.items()} == {
        ("query", "Action"): {1}
    }
    assert several.possible(b"Version=1&Action=Do7", {}) == [several.operations[7]]
    assert several.possible(b"Version=2&Action=Do7", {}) == [several.operations[0]]
    assert several.possible(b"Version=1&Action=Do7&Action=Do8", {}) == [several.operations[0]]


def test_those_that_are_possible_are_the_same_as_by_looking_at_each():
    rng = random.Random("variants")
    marks = [("query", "a"), ("query", "b"), ("header", "x-c")]
    parameters = [
        [named(*mark, *rng.sample("123", rng.randint(1, 2))) for mark in rng.sample(marks, rng.randint(0, 3))]
        for _ in range(40)
    ]
    several = variants(parameters)
    for _ in range(300):
        sent = {
            mark: rng.choices("1234", k=rng.randint(1, 2)) for mark in rng.sample(marks, rng.randint(0, 3))
        }
        query = "&".join(
            f"{name}={text}" for (place, name), texts in sent.items() if place == "query" for text in texts
        )
        sent = {mark: texts[:1] if mark[0] == "header" else texts for mark, texts in sent.items()}
        headers = {
            name.encode(): texts[0].encode() for (place, name), texts in sent.items() if place == "header"
        }
        expected = [
            operation
            for operation, asked in zip(several.operations, parameters, strict=True)
            if all(
                {*sent.get((each["in"], each["name"]), (None,))} <= {*each["schema"]["enum"]}
                for each in asked
            )
        ]
        assert several.possible(query.encode(), headers) == (expected or [several.operations[0]])
