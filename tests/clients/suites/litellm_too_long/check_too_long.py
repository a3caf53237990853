"""litellm, where a conversation can be too long: by this error alone its router takes a larger model."""

import litellm
import pytest


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("words", "answer"), [(120_006, None), (1, 130_000)])
def test_it_is_an_error_of_its_own(grid, words, answer, stream):
    with pytest.raises(litellm.ContextWindowExceededError, match="maximum context length is 12"):
        litellm.completion(
            model="openai/text-standard",
            messages=[{"role": "user", "content": " yes" * words}],
            api_base=grid.url,
            api_key=grid.key,
            max_tokens=answer,
            stream=stream,
        )
    assert grid.statuses == [400]


def test_its_router_takes_a_larger_model(grid):
    models = {
        name: {"model": f"openai/{name}", "api_base": grid.url, "api_key": grid.key}
        for name in ("text-standard", "claude-opus-latest")
    }
    router = litellm.Router(
        model_list=[{"model_name": name, "litellm_params": params} for name, params in models.items()],
        context_window_fallbacks=[{"text-standard": ["claude-opus-latest"]}],
    )
    messages = [{"role": "user", "content": " yes" * 120_006}]
    assert router.completion(model="text-standard", messages=messages).model == "claude-opus-latest"
    assert grid.statuses == [400, 200]
