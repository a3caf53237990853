"""docs/upstream.md: its commands run before a provider, and it names the flags and codes that there are."""

import json
import re
from urllib.request import Request, urlopen

import pytest
from docs.reader import ROOT, blocks
from upstream.conftest import COMPLETION
from upstream.hostile_provider import HostileProvider, reply

from mockgrid.findings.codes import codes

pytestmark = pytest.mark.once

PAGE = (ROOT / "docs/upstream.md").read_text("utf-8")
BLOCKS = blocks("docs/upstream.md")
URL = "https://api.example.com/v1"
BODY = json.dumps({"model": "text-prime", "messages": [{"role": "user", "content": "Hello"}]}).encode()


def asked(reader):
    url = f"http://127.0.0.1:{reader.port}/v1/chat/completions"
    headers = {"Content-Type": "application/json", "Authorization": "Bearer mg-x"}
    with urlopen(Request(url, BODY, headers), timeout=30) as answer:
        return answer.headers["x-mockgrid-step"], json.load(answer)["choices"][0]["message"]["content"]


def test_what_is_scripted_is_answered_and_all_else_forwarded(reader):
    command = BLOCKS["Answer some, forward all else", "sh", 1].text
    scenarios = reader.home / "scenarios"
    scenarios.mkdir()
    step = '  - {name: cold, when: {last_user: Weather}, reply: {say: "Cold."}}\n'
    (scenarios / "first.yaml").write_text(f"steps:\n{step}", "utf-8")
    with HostileProvider(reply(COMPLETION)) as provider:
        with reader.running(command.replace(URL, provider.url)):
            assert asked(reader) == ("(forwarded)", "Hi")
        assert len(provider.requests) == 1


def test_what_is_recorded_is_played(reader):
    command = BLOCKS["Record all of it", "sh", 1].text
    with HostileProvider(reply(COMPLETION)) as provider, reader.running(command.replace(URL, provider.url)):
        assert asked(reader) == ("(forwarded)", "Hi")
    with reader.running(BLOCKS["Record all of it", "sh", 2].text):
        assert asked(reader) == ("step 1", "Hi")


def test_the_key_is_that_of_the_variable(reader):
    reader.environment["PROVIDER_KEY"] = "sk-ours"
    with HostileProvider(reply(COMPLETION)) as provider:
        with reader.running(BLOCKS["Which key", "sh", 1].text.replace(URL, provider.url)):
            asked(reader)
        assert "authorization: Bearer sk-ours" in provider.heads[0]


def test_it_names_flags_and_codes_that_there_are(reader):
    known = reader.shell("mockgrid serve --help; mockgrid record --help")
    named = set(re.findall(r"`(--[a-z-]+)", PAGE)) | set(re.findall(r" (--[a-z-]+)", PAGE))
    assert named - set(re.findall(r"--[a-z-]+", known)) == {"--mockgrid-upstream"}
    for flag in ("--upstream", "--upstream-key-env", "--upstream-ca", "--output", "--force", "--scrub"):
        assert flag in named
    told = set(re.findall(r"MG24\d", PAGE))
    assert told == {code for code in codes() if code.startswith("MG24")}
