"""The litellm proxy between openai-python and the fake: a server, and a client of the fake's."""

import json
import os
import random
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import openai
import pytest

GREETING = "Good morning, Oslo 🌤 æøå."
MASTER = "sk-local"
START_SECONDS = 120
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    """The address of a proxy that knows one model, and lets a client say by a header whose session it is."""
    home = tmp_path_factory.mktemp("proxy")
    model = {"model": "openai/agent-prime", "api_base": os.environ["MOCKGRID_URL"], "api_key": "mg-proxy"}
    config = {
        "model_list": [{"model_name": "grid", "litellm_params": model}],
        "general_settings": {"master_key": MASTER, "forward_client_headers_to_llm_api": True},
        # An error of one check keeps no other check waiting.
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
    }
    (home / "config.json").write_text(json.dumps(config))
    # One of those that no system hands out to whoever takes any.
    for port in random.Random().sample(range(20_000, 32_000), 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            break
    command = [sys.executable, "-c", "import loopback, litellm; litellm.run_server()"]
    command += ["--config", "config.json", "--host", "127.0.0.1", "--port", str(port)]
    log = home / "log.txt"
    variables = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=home, env=variables, stdout=output, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            try:
                with urlopen(f"http://127.0.0.1:{port}/health/liveliness"):
                    break
            except URLError:
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def api(proxy, grid):
    return openai.OpenAI(
        base_url=proxy, api_key=MASTER, max_retries=0, default_headers={"X-MockGrid-Session": grid.key}
    )


@pytest.fixture(params=["plain", "streamed"])
def ask(request, api):
    """Gives the message and why it ended, of either kind of answer."""

    def ask(*messages, **options):
        asked = {"model": "grid", "messages": [{"role": "user", "content": GREETING}, *messages], **options}
        if request.param == "plain":
            choice = api.chat.completions.create(**asked).choices[0]
        else:
            with api.chat.completions.stream(**asked) as stream:
                choice = stream.get_final_completion().choices[0]
        return choice.message, choice.finish_reason

    return ask


@pytest.fixture
def run(ask):
    """An agent's loop; gives the cities that it was called for, and the answer."""

    def run(**options):
        called, messages = [], []
        while len(called) < 5:
            message, reason = ask(*messages, tools=[WEATHER], **({} if called else options))
            if reason != "tool_calls":
                return called, message.content
            messages.append(message.model_dump(include={"role", "content", "tool_calls"}))
            for call in message.tool_calls:
                called.append(json.loads(call.function.arguments)["city"])
                messages.append({"role": "tool", "tool_call_id": call.id, "content": "3 °C"})
        return called, None

    return run


def statuses(grid):
    """What the fake answered to the proxy."""
    return [exchange["status"] for exchange in grid.exchanges]


def test_an_agent_that_may_answer_in_words_does(run, grid):
    called, answer = run()
    assert called == []
    assert GREETING in answer
    assert statuses(grid) == [200]


def test_an_agent_that_must_call_its_tool_ends(run, grid):
    called, answer = run(tool_choice="required")
    assert [type(city) for city in called] == [str]
    assert GREETING in answer
    assert statuses(grid) == [200, 200]


def test_a_scripted_call_and_then_the_answer(run, grid):
    grid.play({"call": {"weather": {"city": "Oslo"}}}, {"say": "It is 3 °C in Oslo."})
    assert run() == (["Oslo"], "It is 3 °C in Oslo.")
    assert statuses(grid) == [200, 200]


def test_scripted_calls_at_once(run, grid):
    grid.play(
        {"call": [{"weather": {"city": "Oslo"}}, {"weather": {"city": "Rome"}}]}, {"say": "Rome is warmer."}
    )
    assert run() == (["Oslo", "Rome"], "Rome is warmer.")
    assert statuses(grid) == [200, 200]


ERRORS = {
    401: openai.AuthenticationError,
    404: openai.NotFoundError,
    422: openai.UnprocessableEntityError,
    429: openai.RateLimitError,
    500: openai.InternalServerError,
    503: openai.InternalServerError,
}


@pytest.mark.parametrize("status", ERRORS)
def test_an_error_comes_through(ask, grid, status):
    grid.play({"error": status})
    with pytest.raises(ERRORS[status]):
        ask()
    assert statuses(grid) == [status]


def test_reasoning_comes_through(api, grid):
    grid.play({"think": "The city is in the north.", "say": "Cold."})
    message = api.chat.completions.create(model="grid", messages=[{"role": "user", "content": GREETING}])
    assert message.choices[0].message.reasoning_content == "The city is in the north."
    assert message.choices[0].message.content == "Cold."
