"""Embeddings, with the overlay that the documentation has."""

import base64
import json
import math
import struct
import time

import pytest
from asgi import Caller
from docs.reader import blocks

OVERLAY = next(block.text for place, block in blocks("docs/embeddings.md").items() if place[1] == "yaml")
MODEL = "text-embedding-3-small"


@pytest.fixture(scope="module")
def caller(tmp_path_factory):
    path = tmp_path_factory.mktemp("overlay") / "embeddings.yaml"
    path.write_text(OVERLAY, "utf-8")
    return Caller(overlays=(str(path),))


def embed(caller, value, **fields):
    answer = caller.call(path="/v1/embeddings", body={"model": MODEL, "input": value, **fields})
    assert answer.status == 200, answer.body
    operation = caller.app.contract.operation("createEmbedding")
    assert operation.responses["200"].media["application/json"].schema.accepts(answer.json())
    return answer.json()


def vectors(caller, value, **fields):
    return [item["embedding"] for item in embed(caller, value, **fields)["data"]]


def test_there_is_a_vector_for_each_text_in_order(caller):
    answer = embed(caller, ["one", "two", "one"])
    assert [item["index"] for item in answer["data"]] == [0, 1, 2]
    first, second, third = (item["embedding"] for item in answer["data"])
    assert first == third != second
    assert (answer["object"], answer["model"]) == ("list", MODEL)
    assert answer["usage"] == {"prompt_tokens": 3, "total_tokens": 3}
    assert vectors(caller, "two") == [second]


def test_vectors_have_length_one_and_the_dimensions_that_are_asked_for(caller):
    for size, fields in ((1536, {}), (8, {"dimensions": 8})):
        (vector,) = vectors(caller, "some words", **fields)
        assert len(vector) == size
        assert math.isclose(math.hypot(*vector), 1)


def test_many_long_texts_take_no_time(caller):
    texts = [" ".join(f"w{n}{word}" for word in range(250)) for n in range(40)]
    began = time.process_time()
    assert len(vectors(caller, texts)) == 40
    assert time.process_time() - began < 2


def test_texts_that_share_words_are_near(caller):
    question, answer, other = vectors(
        caller, ["Where is the red house?", "The red house is in Oslo.", "Trains run late today."]
    )
    near, far = (sum(map(float.__mul__, question, vector)) for vector in (answer, other))
    assert near > 0.4 > far + 0.2


@pytest.mark.parametrize("value", ["!?", [1, 2, 3], [[1, 2], [3]]])
def test_texts_without_words_and_tokens_have_vectors_too(caller, value):
    answer = embed(caller, value)
    several = isinstance(value, list) and not isinstance(value[0], int)
    assert len(answer["data"]) == (len(value) if several else 1)


def test_base64_holds_the_same_numbers(caller):
    (text,) = vectors(caller, "some words", encoding_format="base64", dimensions=4)
    (numbers,) = vectors(caller, "some words", encoding_format="float", dimensions=4)
    assert struct.unpack("<4f", base64.b64decode(text)) == pytest.approx(numbers)


@pytest.mark.parametrize("value", ["", [], [""], [[]]])
def test_no_input_is_refused(caller, value):
    assert caller.call(path="/v1/embeddings", body={"model": MODEL, "input": value}).status == 422


def test_an_unknown_model_is_refused(caller):
    answer = caller.call(path="/v1/embeddings", body={"model": "text-embedding-3", "input": "x"})
    assert answer.status == 404
    assert "Did you mean text-embedding-3-" in answer.json()["errors"]["detail"]


LOOSE = {
    "openapi": "3.1.0",
    "paths": {
        "/embeddings": {
            "post": {
                "x-mockgrid": {"behaviour": "embeddings"},
                "requestBody": {"content": {"application/json": {"schema": {}}}},
                "responses": {"200": {"content": {"application/json": {"schema": {}}}}},
            }
        }
    },
}


@pytest.mark.parametrize("value", [None, 5, [None], [1.5], {"a": 1}, [["a"]], [[1, 2], [3]], ""])
def test_a_document_may_ask_for_less_than_texts(tmp_path, value):
    path = tmp_path / "api.json"
    path.write_text(json.dumps(LOOSE), "utf-8")
    caller = Caller(document=str(path), models=("small=real/small",))
    answer = caller.call(path="/embeddings", body={"model": "small", "input": value, "dimensions": "x"})
    assert (answer.status, answer.json()["model"]) == (200, "real/small")


def test_no_vector_is_larger_than_is_asked_for_in_earnest(tmp_path):
    path = tmp_path / "api.json"
    path.write_text(json.dumps(LOOSE), "utf-8")
    answer = Caller(document=str(path)).call(
        path="/embeddings", body={"input": "x", "dimensions": 20_000_000}
    )
    assert (answer.status, b"at most 16384" in answer.body) == (422, True)
