"""The golden requests, and the bytes that answer them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from asgi import Caller

FOLDER = Path(__file__).parent


def requests() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load((FOLDER / "requests.yaml").read_text("utf-8"))
    return found


def answers(name: str) -> dict[str, bytes]:
    """Return the replies of one case by file name: fresh sessions, so that each is a first attempt."""
    body = requests()[name]
    stem = name.replace(" ", "-")
    plain = {key: value for key, value in body.items() if key != "stream_options"}
    return {
        f"{stem}.json": Caller().call(body=plain).body,
        f"{stem}.sse": Caller().call(body={**body, "stream": True}).body,
    }
