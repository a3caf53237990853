"""Who takes part in the race: how each is started, and what it is told to answer.

A peer takes part where its command is found: on PATH, in ``node_modules/.bin`` or in a ``--peers`` folder.
What it is told stands here, so that none is set up worse than its documentation has it.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from servers import PATIENCE

__all__ = ["ENTRANTS", "STORY", "WEATHER", "Entrant", "installed", "version_of"]

ROOT = Path(__file__).parents[1]
CONTRACT = ROOT / "openapi" / "consumption.yaml"
CHAT = "/v1/chat/completions"
TEXT = "You said: Say hello to the world"
STORY = ("word " * 200).strip()


@dataclass(frozen=True, eq=False)
class Entrant:
    """One that takes part.

    Attributes:
        name: as it stands in the table.
        command: by which it is started; ``PORT`` and ``FOLDER`` are put in.
        version: prints its version; none for a package of npm, which has it in a file.
        path: where it answers chat completions.
        files: what it is told, by the name of a file in ``FOLDER``.
        key: the credential that makes it play a scenario; requests have it where the row plays one.
    """

    name: str
    command: tuple[str, ...]
    version: tuple[str, ...]
    path: str = CHAT
    files: dict[str, str] = field(default_factory=dict)


def _completion(content: str | None, **message: object) -> dict[str, object]:
    said = {"role": "assistant", "content": content, **message}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1735689600,
        "model": "text-prime",
        "choices": [{"index": 0, "message": said, "finish_reason": "tool_calls" if message else "stop"}],
        "usage": {"prompt_tokens": 15, "completion_tokens": 9, "total_tokens": 24},
    }


WEATHER = {"city": "Oslo", "days": 3, "units": "metric"}
_FUNCTION = {"name": "weather", "arguments": json.dumps(WEATHER)}
_CALL = {"id": "call_1", "type": "function", "function": _FUNCTION}


def _stub(priority: int, needs: list[str], body: dict[str, object]) -> dict[str, object]:
    return {
        "priority": priority,
        "request": {
            "method": "POST",
            "url": CHAT,
            "bodyPatterns": [{"matchesJsonPath": path} for path in needs],
        },
        "response": {"status": 200, "headers": {"content-type": "application/json"}, "jsonBody": body},
    }


_WIREMOCK = {
    "mappings": [
        _stub(1, ["$.tool_choice.function"], _completion(None, tool_calls=[_CALL])),
        _stub(2, ["$.response_format.json_schema"], _completion(json.dumps(WEATHER))),
        _stub(3, [], _completion(TEXT)),
    ]
}
_AIMOCK = {
    "fixtures": [
        {"match": {"responseFormat": "json_schema"}, "response": {"content": json.dumps(WEATHER)}},
        {
            "match": {"userMessage": "Call it"},
            "response": {"toolCalls": [{"name": "weather", "arguments": json.dumps(WEATHER)}]},
        },
        {"match": {"userMessage": STORY}, "response": {"content": STORY}},
        {"match": {}, "response": {"content": TEXT}},
    ]
}
_MOCKLLM = f"""\
responses:
  {STORY}: {STORY}
defaults:
  unknown_response: "{TEXT}"
settings:
  lag_enabled: false
"""
_UVICORN = ("--port", "PORT", "--no-access-log", "--log-level", "warning")
_PYTHON = sys.executable

ENTRANTS = (
    Entrant(
        "MockGrid",
        (_PYTHON, "-m", "mockgrid", "serve", "--port", "PORT", "--log", "off", "--scenarios", "FOLDER"),
        (_PYTHON, "-m", "mockgrid", "--version"),
    ),
    Entrant(
        "Starlette, constant",
        (_PYTHON, "-m", "uvicorn", "bare:app", *_UVICORN),
        (_PYTHON, "-m", "pip", "show", "starlette"),
    ),
    Entrant(
        "raw ASGI, constant",
        (_PYTHON, "-m", "uvicorn", "raw:app", *_UVICORN),
        (_PYTHON, "-m", "uvicorn", "--version"),
    ),
    Entrant(
        "FastAPI, thirty lines",
        (_PYTHON, "-m", "uvicorn", "thirty:app", *_UVICORN),
        (_PYTHON, "-c", "import fastapi; print(fastapi.__version__)"),
    ),
    Entrant("Prism", ("prism", "mock", "-p", "PORT", "-v", "fatal", str(CONTRACT)), (), "/chat/completions"),
    Entrant(
        "Steady",
        ("steady", "-p", "PORT", "--host", "127.0.0.1", "-q", str(CONTRACT)),
        (),
        "/chat/completions",
    ),
    Entrant(
        "aimock",
        ("llmock", "-p", "PORT", "-f", "FOLDER/aimock.json"),
        (),
        files={"aimock.json": json.dumps(_AIMOCK)},
    ),
    Entrant(
        "mockllm",
        ("mockllm", "start", "--host", "127.0.0.1", "--port", "PORT", "--responses", "FOLDER/mockllm.yml"),
        ("mockllm", "--version"),
        files={"mockllm.yml": _MOCKLLM},
    ),
    Entrant(
        "WireMock",
        ("wiremock", "--port", "PORT", "--root-dir", "FOLDER", "--disable-banner", "--no-request-journal"),
        (),
        files={"mappings/race.json": json.dumps(_WIREMOCK)},
    ),
)


def installed(entrant: Entrant, folders: list[Path]) -> Entrant | None:
    """Return an entrant with the whole path of its command; None where it is not installed."""
    path = ":".join(map(str, folders))
    command, *options = entrant.command
    whole = shutil.which(command, path=path) or shutil.which(command)
    return None if whole is None else replace(entrant, command=(whole, *options))


def version_of(entrant: Entrant) -> str | None:
    """Return the version of an entrant that is installed; None where it cannot be run."""
    for folder in Path(entrant.command[0]).resolve().parents:
        package = folder / "package.json"
        if not entrant.version and package.is_file():
            return str(json.loads(package.read_text())["version"])
    command = (entrant.command[0], *entrant.version[1:])
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    number = re.search(r"\d+\.\d[\w.]*", done.stdout + done.stderr)
    return number[0] if number and done.returncode == 0 else None
