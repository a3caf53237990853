"""The overlays of docs/providers.md do what stands beside them."""

import json

import pytest
from asgi import Caller
from docs.reader import blocks

BLOCKS = blocks("docs/providers.md")
LONG = "A conversation that is too long"
MODELS = "Models and what they cost"
LIMITS = "What is left of the limits"
WORD = " yes"


@pytest.fixture
def overlaid(tmp_path):
    def caller(section, **settings):
        path = tmp_path / "mine.yaml"
        path.write_text(BLOCKS[section, "yaml", 1].text, "utf-8")
        return Caller(overlays=(str(path),), **settings)

    return caller


def error_of(answer):
    assert answer.status == 400
    return answer.json()["error"]


def test_a_prompt_over_the_input_limit(overlaid):
    caller = overlaid(LONG)
    answer = caller.chat(WORD * 120_006, model="text-standard")
    assert answer.body.decode() + "\n" == BLOCKS[LONG, "json", 1].text
    assert answer.header("x-mockgrid-violations") is None
    assert caller.chat(WORD * 119_000, model="text-standard").status == 200
    assert caller.chat(WORD * 119_000, model="Text-Standard", stream=True).status == 200


@pytest.mark.parametrize("limit", ["max_completion_tokens", "max_tokens"])
def test_prompt_and_answer_over_the_context(overlaid, limit):
    caller = overlaid(LONG)
    message = error_of(caller.chat("Hi", model="text-standard", **{limit: 127_994}))["message"]
    assert message == (
        "This model's maximum context length is 128000 tokens. However, you requested 128001 tokens "
        "(7 in the messages, 127994 in the completion). Please reduce the length of the messages or "
        "completion."
    )
    assert caller.chat("Hi", model="text-standard", **{limit: 127_993}).status == 200


def test_a_model_of_which_no_limit_is_known_takes_all(overlaid):
    assert overlaid(LONG).chat(WORD * 130_000, model="code-max").status == 200


def test_pictures_count_for_more_than_their_names(overlaid):
    part = {"type": "image_url", "image_url": {"url": "x"}}
    content = [{"type": "text", "text": "Look"}, *[part] * 1500]
    messages = [{"role": "user", "content": content}]
    body = {"model": "text-standard", "messages": messages}
    assert overlaid(LONG).call(body=body).status == 400


def test_without_an_overlay_the_grid_answers_as_before():
    assert Caller().chat(WORD * 120_006, model="text-standard").status == 200
    assert Caller(strict=True).chat(WORD * 120_006, model="text-standard").status == 422


def test_the_models_of_a_scenario_keep_their_limits(overlaid):
    caller = overlaid(LONG)
    script = {"steps": {"models": ["text-standard"], "steps": []}}
    caller.app.operator.script("mg-test", script)
    assert error_of(caller.chat("Hi", max_tokens=130_000))["code"] == "context_length_exceeded"


def test_a_step_answers_with_it_at_any_length(overlaid):
    caller = overlaid(LONG)
    detail = "This model's maximum context length is 8192 tokens."
    said = {"status": 400, "code": "context_length_exceeded", "detail": detail}
    caller.app.operator.script("mg-test", {"steps": [{"error": said, "contract": "off"}]})
    assert error_of(caller.chat()) == {
        "message": detail,
        "type": "invalid_request_error",
        "param": None,
        "code": "context_length_exceeded",
    }


def test_a_step_with_both_shapes_needs_no_overlay():
    caller = Caller(error_shape="both")
    said = {"status": 400, "code": "context_length_exceeded", "detail": "Too long."}
    assert caller.app.operator.script("mg-test", {"steps": [{"error": said}]})["findings"] == []
    assert error_of(caller.chat())["code"] == "context_length_exceeded"


def test_a_model_of_ones_own_is_listed_with_what_is_known_of_it(overlaid):
    caller = overlaid(MODELS)
    model = caller.call("GET", "/v1/models/our-model").json()
    assert (model["context_length"], model["max_input_tokens"]) == (32_768, 30_000)
    assert model["top_provider"] == {"context_length": 32_768, "max_completion_tokens": 4096}
    assert model["pricing"]["prompt"] == "0.0000002"
    assert model["served_models"] == ["meta/llama-4"]
    assert "tools" in model["capabilities"]
    assert caller.chat(model="our-model").status == 200


def test_limits_are_told_as_openai_tells_them(overlaid):
    caller = overlaid(LIMITS)
    script = {"limits": [{"requests": 3, "per": "1m"}], "steps": []}
    caller.app.operator.script("mg-test", {"steps": script})
    assert caller.chat().header("x-ratelimit-remaining-requests") == "2"


def test_every_block_is_used():
    assert {(section, language) for section, language, _ in BLOCKS} == {
        (LONG, "yaml"),
        (LONG, "json"),
        (MODELS, "yaml"),
        (LIMITS, "yaml"),
    }
    assert json.loads(BLOCKS[LONG, "json", 1].text)["error"]["code"] == "context_length_exceeded"
