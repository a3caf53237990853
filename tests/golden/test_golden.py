"""The same request gets the same bytes, today and on any machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from asgi import Caller
from golden.cases import FOLDER, answers, requests

CASES = sorted(requests())


def test_there_are_twenty_requests():
    assert len(CASES) == 20
    assert {file.name for file in (FOLDER / "files").iterdir()} == {
        f"{name.replace(' ', '-')}.{kind}" for name in CASES for kind in ("json", "sse")
    }


@pytest.mark.parametrize("name", CASES)
def test_bytes_are_those_of_the_file(name):
    for file, data in answers(name).items():
        assert data.decode() == (FOLDER / "files" / file).read_text("utf-8"), file


@pytest.mark.parametrize("seed", ["1", "4242"])
def test_bytes_do_not_depend_on_the_hash_seed(seed):
    check = Path(__file__).with_name("check.py")
    done = subprocess.run(
        [sys.executable, str(check)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", CASES)
def test_the_stream_says_what_json_says(name):
    """Joined by the rules of clients' accumulators, which concatenate texts and merge by index."""
    whole = json.loads((FOLDER / "files" / f"{name.replace(' ', '-')}.json").read_text("utf-8"))
    body = {**requests()[name], "stream": True, "stream_options": {"include_usage": True}}
    chunks = Caller().call(body=body).chunks()
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"] == whole["usage"]
    for choice in whole["choices"]:
        joined: dict = {"refusal": None, "content": None}
        calls: dict[int, dict] = {}
        logprobs: list = []
        finish = []
        for chunk in chunks[:-1]:
            for part in chunk["choices"]:
                if part["index"] != choice["index"]:
                    continue
                delta = part["delta"]
                for call in delta.pop("tool_calls", []):
                    kept = calls.setdefault(call["index"], {"function": {"name": "", "arguments": ""}})
                    kept |= {key: call[key] for key in ("id", "type") if key in call}
                    for key, value in call["function"].items():
                        kept["function"][key] += value
                for key, value in delta.pop("audio", {}).items():
                    audio = joined.setdefault("audio", {})
                    audio[key] = audio[key] + value if key in audio and isinstance(value, str) else value
                for key, value in delta.items():
                    if value is not None:
                        joined[key] = (joined.get(key) or "") + value
                logprobs += (part["logprobs"] or {}).get("content") or []
                finish += [part["finish_reason"]] if part["finish_reason"] else []
        message = choice["message"]
        assert joined.pop("role") == "assistant"
        assert [calls[index] for index in sorted(calls)] == message.get("tool_calls", [])
        assert joined["content"] == message["content"]
        assert joined.get("audio") == message.get("audio")
        assert finish == [choice["finish_reason"]]
        assert logprobs == ((choice["logprobs"] or {}).get("content") or [])


@pytest.mark.parametrize("name", CASES)
def test_every_reply_obeys_the_contract(name):
    caller = Caller()
    contract = caller.app.contract
    operation = contract.operation("createChatCompletion")
    media = operation.responses["200"].media
    body = requests()[name]
    whole = caller.call(body={key: value for key, value in body.items() if key != "stream_options"})
    assert media["application/json"].schema.explain(whole.json()) == []
    for chunk in caller.call(body={**body, "stream": True}).chunks():
        assert media["text/event-stream"].schema.explain(chunk) == []


def test_structured_content_validates_by_another_validator():
    schema = requests()["json schema"]["response_format"]["json_schema"]["schema"]
    whole = json.loads((FOLDER / "files" / "json-schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(json.loads(whole["choices"][0]["message"]["content"]))
