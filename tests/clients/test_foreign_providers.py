"""Providers that nobody here wrote: what they say comes through unchanged, and is told and recorded."""

import json
import os
import random
import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from urllib.request import urlopen

import openai
import pytest
from environments import node, node_environment, python_environment

AIMOCK = {
    "fixtures": [
        {"match": {"userMessage": "hello"}, "response": {"content": "Hi from a fake."}},
        {
            "match": {"userMessage": "weather"},
            "response": {"toolCalls": [{"name": "get_weather", "arguments": '{"city": "Oslo"}'}]},
        },
        {
            "match": {"userMessage": "fail"},
            "response": {"error": {"message": "Too many", "type": "rate_limit_error"}, "status": 429},
        },
    ]
}
MOCKLLM = 'responses:\n  "hello": "Hi from a fake."\ndefaults:\n  unknown_response: "I do not know."\n'
TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}
START_SECONDS = 30


def aimock(home, port):
    (home / "aimock.json").write_text(json.dumps(AIMOCK))
    program = node_environment("aimock") / "node_modules/@copilotkit/aimock/dist/cli.js"
    return [node(), str(program), "-p", str(port), "-f", "aimock.json"]


def mockllm(home, port):
    (home / "responses.yml").write_text(MOCKLLM)
    program = str(python_environment("mockllm").with_name("python"))
    main = ["-c", "from mockllm.cli import main; main()", "start", "--host", "127.0.0.1"]
    return [program, *main, "--port", str(port), "--responses", "responses.yml"]


@pytest.fixture(scope="module", params=[aimock, mockllm])
def provider(request, tmp_path_factory):
    home = tmp_path_factory.mktemp("provider")
    port = random.Random().choice(range(20_000, 32_000))
    with started(request.param(home, port), home, port):
        yield f"http://127.0.0.1:{port}/v1"


@contextmanager
def started(command, home, port):
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    log = home / "log.txt"
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=home, env=environment, stdout=output, stderr=output) as process,
    ):
        try:
            end = time.monotonic() + START_SECONDS
            while process.poll() is None and time.monotonic() < end:
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.05)
            else:
                pytest.fail(f"`{' '.join(command)}` did not get ready:\n{log.read_text()}", pytrace=False)
            yield process
        finally:
            process.terminate()


def answers(url, key="sk-of-a-client-0123456789"):
    """What the official client makes of a provider."""
    found = []
    with openai.OpenAI(base_url=url, api_key=key, max_retries=0) as client:
        for text, more in (("hello", {}), ("weather", {"tools": [TOOL]}), ("fail", {}), ("hello", {"n": 1})):
            ask = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **more}
            for stream in (False, True):
                try:
                    answer = client.chat.completions.create(**ask, stream=stream)
                    found.append([each.to_dict() for each in answer] if stream else answer.to_dict())
                except openai.APIStatusError as error:
                    found.append([error.status_code, error.body])
    return found


def lasting(value):
    """What does not differ from one time to the next."""
    text = re.sub(r'"(?:id|created)": (?:"[^"]*"|\d+)', '"x": 0', json.dumps(value))
    return re.sub(r"req[-_][\w-]+", "req", text)


def test_what_they_say_comes_through_and_what_they_break_is_told(provider, serving):
    with serving("--upstream", provider) as url:
        assert lasting(answers(url)) == lasting(answers(provider))
        with urlopen(f"{url.removesuffix('/v1')}/__mockgrid__/report", timeout=10) as answer:
            report = json.load(answer)
    assert report["violations"] == []
    assert report["summary"]["rows"]["covered"] >= 2
    for entry in report.get("provider", []):
        assert entry["operation"] == "createChatCompletion"
        assert entry["message"]


def test_what_was_recorded_of_them_is_played_again_to_the_last_id(provider, serving, tmp_path):
    output = tmp_path / "recorded.yaml"
    with serving("--upstream", provider, "--output", str(output), command="record") as url:
        recorded = answers(url)
    assert "sk-of-a-client" not in output.read_text("utf-8")
    with serving("--scenarios", str(output), "--scenario", "recorded") as url:
        assert answers(url, "mg-x") == recorded


def test_what_was_recorded_of_them_has_not_drifted_and_says_so(provider, serving, tmp_path):
    output = tmp_path / "recorded.yaml"
    with serving("--upstream", provider, "--output", str(output), command="record") as url:
        answers(url)
    code, report = verified(str(output), "--against", provider)
    assert (code, report["findings"]) == (0, [])
    assert report["requests"] == {"request": 8}


def test_where_they_are_unlike_the_fake_is_told(provider):
    code, report = verified("--against", provider, "--model", "gpt-4o")
    assert code == 1
    differing = {(each["code"], each["question"].partition(", ")[2]) for each in report["findings"]}
    # Neither of them knows models, or keys.
    assert differing >= {("MG402", "of an unknown model"), ("MG402", "with an unknown key")}
    assert {each["party"] for each in report["findings"]} == {"provider"}


def verified(*arguments):
    """The exit code of `mockgrid verify`, and what it tells."""
    command = [sys.executable, "-m", "mockgrid", "verify", *arguments, "--format", "json"]
    environment = {**os.environ, "OPENAI_API_KEY": "sk-of-a-client-0123456789"}
    done = subprocess.run(command, capture_output=True, check=False, env=environment, text=True, timeout=120)
    assert done.stderr.count("\n") == 1  # what is sent
    return done.returncode, json.loads(done.stdout)
