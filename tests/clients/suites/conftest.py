"""What every check gets: the fake's address, a key of its own, and what went over the wire."""

import asyncio
import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from urllib.request import Request, urlopen

import loopback  # noqa: F401 - refuses every other address
import pytest

CLIENT = os.environ["MOCKGRID_CLIENT"]


@dataclass
class Grid:
    """The fake as one check sees it: an address, a key that nobody else uses, and every answer that came."""

    url: str
    key: str
    answers: list = field(default_factory=list)

    TOO_LONG: ClassVar = {
        # As OpenAI has it. Clients know it by its code or by its words, each by its own choice of them.
        "body": {
            "error": {
                "message": "This model's maximum context length is 8192 tokens. Please reduce the messages.",
                "type": "invalid_request_error",
                "param": None,
                "code": "context_length_exceeded",
            }
        },
        "status": 400,
        "contract": "off",
    }

    @property
    def statuses(self):
        """The status of each answer, in order: one for every attempt that the client made."""
        return [answer.status_code for answer in self.answers]

    def play(self, *replies, **scenario):
        """Scripts the session: these replies in turn, and 424 for one more; or a scenario with these keys."""
        self._control("PUT", "", {"steps": scenario or replies, "strict": True})

    @property
    def exchanges(self):
        """What went over the wire in the session, as the fake tells it, of other processes, too."""
        return self._control("GET", "/exchanges")["exchanges"]

    def _control(self, method, path, body=None):
        server = os.environ["MOCKGRID_CONTROL"].removesuffix("/v1")
        address = f"{server}/__mockgrid__/sessions/{self.key}{path}"
        headers = {"Content-Type": "application/json"}
        with urlopen(Request(address, json.dumps(body).encode(), headers, method=method)) as answer:
            return json.load(answer)


@pytest.fixture
def grid(request, monkeypatch):
    """A session of the check's own; at the end, the client must have kept the contract in it."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name).strip("-")
    grid = Grid(url=os.environ["MOCKGRID_URL"], key=f"mg-{CLIENT}-{name}")
    listen(grid.answers, monkeypatch)
    yield grid
    broken = [answer for answer in grid.answers if answer.status_code in (400, 422)]
    told = [answer.headers.get("x-mockgrid-violations") for answer in broken]
    if not grid.answers:
        # Another process spoke, or another library; it has the check's key.
        assert grid.exchanges, "The client never spoke to the fake."
        told = [exchange["violations"] for exchange in grid.exchanges]
    if request.node.get_closest_marker("breaks_contract") is None:
        # Wrong keys, paths and models are what their checks are about.
        assert not any(told), f"{CLIENT} broke the contract in an ordinary call: {told}"


def listen(answers, monkeypatch):
    """Notes every answer, below the client and its retries: each client speaks through httpx, old or new."""
    for package in ("httpx", "httpx2"):
        if importlib.util.find_spec(package):
            module = importlib.import_module(package)
            monkeypatch.setattr(module.Client, "send", noting(module.Client.send, answers))
            monkeypatch.setattr(module.AsyncClient, "send", noting_async(module.AsyncClient.send, answers))


def noting(send, answers):
    def noted(*args, **kwargs):
        answer = send(*args, **kwargs)
        answers.append(answer)
        return answer

    return noted


def noting_async(send, answers):
    async def noted(*args, **kwargs):
        answer = await send(*args, **kwargs)
        answers.append(answer)
        return answer

    return noted


@pytest.fixture
def runner():
    """An event loop for the check."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def documented(grid, capsys):
    """Does what docs/clients.md says of a client, in the check's session; gives what it prints."""

    def documented(heading):
        guide = Path(os.environ["MOCKGRID_GUIDE"]).read_text("utf-8")
        (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", guide, re.DOTALL | re.MULTILINE)
        language, text = re.search(r"^```(\w+)\n(.*?)^```$", section, re.DOTALL | re.MULTILINE).groups()
        text = text.replace("http://127.0.0.1:8080/v1", grid.url).replace("mg-demo", grid.key)
        if language == "sh":
            command = [sys.executable, "-m", *shlex.split(text)]
            return subprocess.run(command, check=True, capture_output=True, text=True).stdout
        exec(compile(text, heading, "exec"), {"__name__": heading})
        return capsys.readouterr().out

    return documented
