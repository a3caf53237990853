"""Streams."""

import pytest

from weather_agent import StreamCutError

pytestmark = pytest.mark.mockgrid(resilient=True)

WHOLE = "The fjord is calm, and the boats come home before the rain."


@pytest.mark.mockgrid("stream-cut")
def test_half_an_answer_is_no_answer(agent, mockgrid):
    answer = agent.tell("How is the fjord?")
    agent.tell("And the boats?")
    assert answer == WHOLE
    assert mockgrid.exchanges[0].text != WHOLE


@pytest.mark.parametrize("fault", [{"kind": "disconnect", "after": 2}, {"kind": "error_event"}, "no_finish"])
def test_a_stream_that_always_breaks_is_told(agent, mockgrid, fault):
    mockgrid.play({"say": WHOLE, "stream": {"chunks": "word", "fault": fault}})
    with pytest.raises(StreamCutError):
        agent.tell("How is the fjord?")
    assert len(mockgrid.exchanges) == 3


@pytest.mark.mockgrid("sse-torture")
def test_odd_but_legal_streams_are_read(agent):
    for _ in range(3):
        assert "東京 🗼" in agent.tell("How is the weather in Tokyo?")
