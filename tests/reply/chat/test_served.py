"""A reply names the model that served, which need not be the one that was asked for."""

import pytest
from asgi import Caller

OSS, QWEN = "openai/gpt-oss-120b", "qwen/qwen3-235b"
OVERLAY = f"""
overlay: 1.0.0
info: {{title: What serves, version: 1.0.0}}
actions:
  - target: $['x-mockgrid'].models.known['text-prime']
    update: {{served: {OSS}}}
"""
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]


@pytest.fixture
def play(tmp_path):
    def write(text, **settings):
        (tmp_path / "mine.yaml").write_text(text, "utf-8")
        return Caller(scenarios=(str(tmp_path),), scenario="mine", **settings)

    return write


def served(caller, **asked):
    """What JSON and each chunk of the stream say, the one with the usage included."""
    whole = caller.chat(**asked).json()
    chunks = caller.chat(stream=True, stream_options={"include_usage": True}, **asked).chunks()
    assert chunks[-1]["usage"] == whole["usage"]
    (model,) = {whole["model"], *(chunk["model"] for chunk in chunks)}
    return model


@pytest.mark.parametrize(
    "form", ["say: x", "json: {}", "refuse: x", "call: {f: {}}", "auto: true", "think: x, say: x"]
)
def test_a_reply_says_which_model_served(play, form):
    assert served(play(f"steps: [{{reply: {{{form}, served: {OSS}}}}}]")) == OSS


def test_two_turns_are_served_by_two_models(play):
    caller = play(
        f"steps: [{{when: {{turn: 1}}, reply: {{say: x, served: {OSS}}}}}, "
        f"{{when: {{turn: 2}}, reply: {{say: y, served: '{QWEN}, for ${{model}}'}}}}]"
    )
    first = [{"role": "user", "content": "Hi"}]
    second = [*first, {"role": "assistant", "content": "x"}, *first]
    assert served(caller, messages=first, model="text-max") == OSS
    assert served(caller, messages=second, model="text-max") == f"{QWEN}, for text-max"


@pytest.mark.parametrize("asked", [{}, {"n": 2}, {"tools": TOOLS, "tool_choice": "required"}])
def test_an_instrument_answers_with_the_model_that_serves_it(tmp_path, asked):
    (tmp_path / "overlay.yaml").write_text(OVERLAY, "utf-8")
    caller = Caller(overlays=(str(tmp_path / "overlay.yaml"),))
    assert served(caller, model="Text-Prime", **asked) == OSS
    assert served(caller, model="text-max", **asked) == "text-max"


def test_models_of_the_command_line_name_what_serves_them():
    caller = Caller(models=(f"gpt-4o={OSS}", f"agent-*={QWEN}", "gpt-5"))
    assert served(caller) == OSS
    assert served(caller, model="agent-9") == QWEN
    assert served(caller, model="gpt-5") == "gpt-5"
    assert caller.chat(model=OSS).status == 404


def test_and_so_do_those_of_a_scenario(play):
    caller = play(f"models: ['text-prime={OSS}']\nsteps: [{{reply: {{say: x}}}}]")
    assert served(caller, model="text-prime") == OSS


def test_what_serves_in_the_contract_serves_in_a_scenario_that_names_it(play, tmp_path):
    overlay = tmp_path / "overlays"
    overlay.mkdir()
    (overlay / "overlay.yaml").write_text(OVERLAY, "utf-8")
    caller = play("models: [text-prime]\nsteps: []", overlays=(str(overlay / "overlay.yaml"),))
    assert served(caller, model="text-prime") == OSS


def test_a_served_model_that_is_no_text_is_told(tmp_path):
    (tmp_path / "overlay.yaml").write_text(OVERLAY.replace(OSS, "[1]"), "utf-8")
    with pytest.raises(Exception, match="served"):
        Caller(overlays=(str(tmp_path / "overlay.yaml"),))
