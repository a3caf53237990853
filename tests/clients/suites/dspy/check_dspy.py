"""dspy: programs and both of its agents, by its own client of chat completions.

dspy 3.4.1 reads answers in a form that it describes in words: fields below markers, or, if that fails, JSON.
A `response_format` goes with the description only for models that are declared to know it.
"""

import json
import os

import dspy
import pytest
from dspy.lm15 import AccessPolicy, ModelSupport, OpenAIChatCompat, ProviderDefinition, register_provider
from dspy.utils.exceptions import AdapterParseError

GREETING = "Good morning, Oslo 🌤 æøå."

register_provider(
    ProviderDefinition.chat(
        AccessPolicy(provider="grid", base_url=os.environ["MOCKGRID_URL"]), compat=OpenAIChatCompat()
    ),
    supports=ModelSupport(function_calling=True, response_schema=True),
)


def fields(**values):
    """An answer in dspy's own form."""
    parts = [f"[[ ## {name} ## ]]\n{value}\n" for name, value in values.items()]
    return {"say": "\n".join([*parts, "[[ ## completed ## ]]"])}


def step(name, arguments):
    return fields(next_thought="Look.", next_tool_name=name, next_tool_args=json.dumps(arguments))


def statuses(grid):
    return [exchange["status"] for exchange in grid.exchanges]


@pytest.fixture
def called():
    return []


@pytest.fixture
def weather(called):
    def weather(city: str) -> str:
        """Tells the weather."""
        called.append(city)
        return "3 °C"

    return weather


@pytest.fixture
def told(grid):
    """A context of dspy's in which the model is the fake's, with the adapter that is given."""

    def told(adapter=None, provider="grid"):
        lm = dspy.LM(f"{provider}/agent-prime", api_base=grid.url, api_key=grid.key, cache=False)
        return dspy.context(lm=lm, adapter=adapter)

    return told


def test_a_program_gets_its_fields(told, grid):
    # The markers are not understood; the second try asks for JSON of a schema.
    with told():
        assert GREETING in dspy.Predict("question -> answer")(question=GREETING).answer
    assert statuses(grid) == [200, 200]


def test_a_program_gets_its_fields_in_json(told, grid):
    with told(dspy.JSONAdapter()):
        answer = dspy.Predict("question -> words: list[str], number: int")(question=GREETING)
    assert {type(word) for word in answer.words} <= {str}
    assert type(answer.number) is int
    assert statuses(grid) == [200]


def test_a_program_gets_the_fields_that_it_tells_in_words(told, grid):
    # A mapping has no strict schema: dspy asks for a JSON object, and describes it in a message.
    with told(dspy.JSONAdapter()):
        answer = dspy.Predict("question -> counts: dict[str, int], words: list[str], sure: bool")(
            question=GREETING
        )
    assert {type(count) for count in answer.counts.values()} <= {int}
    assert {type(word) for word in answer.words} <= {str}
    assert type(answer.sure) is bool
    assert statuses(grid) == [200]


def test_without_a_response_format_the_answer_has_to_be_scripted(told, grid):
    # For models that it does not know, dspy 3.4.1 asks for JSON in words alone.
    with told(provider="openai"), pytest.raises(AdapterParseError):
        dspy.Predict("question -> answer")(question=GREETING)
    grid.play(fields(answer="3 °C"))
    with told(provider="openai"):
        assert dspy.Predict("question -> answer")(question=GREETING).answer == "3 °C"


def test_a_scripted_call_and_then_the_answer(told, weather, called, grid):
    grid.play(
        step("weather", {"city": "Oslo"}),
        step("finish", {}),
        fields(reasoning="It is known.", answer="3 °C in Oslo."),
    )
    with told():
        assert dspy.ReAct("question -> answer", [weather])(question=GREETING).answer == "3 °C in Oslo."
    assert called == ["Oslo"]
    assert statuses(grid) == [200, 200, 200]


def test_a_scripted_call_of_a_tool_and_then_the_answer(told, weather, called, grid):
    grid.play({"call": {"weather": {"city": "Oslo"}}}, {"call": {"submit": {"answer": "3 °C in Oslo."}}})
    with told(dspy.ChatAdapter(use_native_function_calling=True)):
        assert dspy.ReActV2("question -> answer", [weather])(question=GREETING).answer == "3 °C in Oslo."
    assert called == ["Oslo"]
    assert statuses(grid) == [200, 200]


def test_a_program_streams(told, grid, runner):
    grid.play(fields(answer="It is 3 °C in Oslo."))
    listener = dspy.streaming.StreamListener("answer")
    program = dspy.streamify(dspy.Predict("question -> answer"), stream_listeners=[listener])

    async def run():
        with told():
            return [part async for part in program(question=GREETING)]

    *pieces, final = runner.run(run())
    assert final.answer == "It is 3 °C in Oslo."
    assert len(pieces) > 1
    assert "".join(piece.chunk for piece in pieces).strip() == final.answer


def test_an_agent_whose_conversation_gets_too_long_ends_with_what_it_has(told, weather, called, grid):
    # A single call cannot be left out to make it shorter.
    grid.play(step("weather", {"city": "Oslo"}), grid.TOO_LONG, fields(reasoning="So.", answer="3 °C."))
    with told():
        assert dspy.ReAct("question -> answer", [weather])(question=GREETING).answer == "3 °C."
    assert called == ["Oslo"]
    assert statuses(grid) == [200, 400, 200]


def test_the_guide(documented):
    assert "Hello?" in documented("dspy")
