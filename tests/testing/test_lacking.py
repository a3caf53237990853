"""A reply that inserts what the request does not have says so in the journal and in the test."""

import pytest
from openai import OpenAI

from mockgrid import MockGrid

SAY = {"say": "It is ${tool_result:get_weather#/celsius} °C, ${body:/user}."}


@pytest.mark.parametrize("stream", [False, True])
def test_the_exchange_has_a_warning_for_each(stream):
    with MockGrid() as grid:
        grid.play([SAY, {"say": "fine"}])
        client = OpenAI(base_url=grid.base_url, api_key=grid.api_key)
        for _ in range(2):
            reply = client.chat.completions.create(
                model="text-prime", messages=[{"role": "user", "content": "Hi"}], stream=stream
            )
            list(reply)
        first, second = grid.wait_for(2)
        assert [(item.code, item.path, item.pointer) for item in first.warnings] == [
            ("MG142", "${tool_result:get_weather#/celsius}", ""),
            ("MG142", "${body:/user}", "/user"),
        ]
        assert str(first.warnings[0]) == (
            "MG142 ${tool_result:get_weather#/celsius}: was to be inserted into the reply, "
            "and the request has no such thing"
        )
        assert second.warnings == ()
        assert [item.exchange for item in grid.warnings] == [1, 1]


TEST = """
import httpx, pytest

def ask(mockgrid):
    body = {"model": "text-prime", "messages": [{"role": "user", "content": "Hi"}]}
    headers = {"authorization": f"Bearer {mockgrid.api_key}"}
    assert httpx.post(f"{mockgrid.base_url}/chat/completions", json=body, headers=headers).status_code == 200

def test_it(mockgrid):
    mockgrid.play([{"say": "${body:/user}"}])
    ask(mockgrid)

@pytest.mark.mockgrid(allow_warnings=False)
def test_strictly(mockgrid):
    mockgrid.play([{"say": "${body:/user}"}])
    ask(mockgrid)
"""


@pytest.mark.once
@pytest.mark.parametrize("options", [(), ("-W", "error::mockgrid.MockgridWarning")])
def test_a_test_is_told(pytester, options):
    pytester.makepyfile(TEST)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", *options)
    if options:
        result.assert_outcomes(failed=2)
    else:
        result.assert_outcomes(passed=1, failed=1, warnings=2)
        result.stdout.fnmatch_lines(["*MockgridWarning: MG142 ${body:/user}: was to be inserted*"])
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
