"""Calls an ASGI application without a server, a client library, or anything that changes bytes."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from mockgrid.app.app import App
from mockgrid.app.build import build_app
from mockgrid.scenario.library import Library
from mockgrid.settings import Settings

if TYPE_CHECKING:
    from mockgrid.contract.contract import Contract

CHAT = "/v1/chat/completions"


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)

    def json(self) -> Any:
        return json.loads(self.body)

    def chunks(self) -> list[dict[str, Any]]:
        frames = self.body.decode().split("\n\n")
        assert frames[-2:] == ["data: [DONE]", ""], frames[-2:]
        assert all(frame.startswith("data: {") and "\n" not in frame for frame in frames[:-2])
        return [json.loads(frame.removeprefix("data: ")) for frame in frames[:-2]]


class Caller:
    """One server in this process, and a key to call it with."""

    def __init__(self, key: str = "mg-test", **settings: Any) -> None:
        self.app = build_app(Settings(**{"log": "off", **settings}))
        self.key = key

    @classmethod
    def serving(cls, contract: Contract, key: str = "mg-test") -> Caller:
        """One for a contract that is compiled already."""
        caller = cls.__new__(cls)
        caller.app = App(contract, Settings(log="off"), Library)
        caller.key = key
        return caller

    def call(
        self,
        method: str = "POST",
        path: str = CHAT,
        body: Any = None,
        headers: dict[str, str] | None = None,
        *,
        key: str | None = "",
    ) -> Answer:
        sent = {"content-type": "application/json"} if method == "POST" else {}
        key = self.key if key == "" else key
        if key is not None:
            sent["authorization"] = f"Bearer {key}"
        sent |= {name.lower(): value for name, value in (headers or {}).items()}
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent.setdefault("content-length", str(len(data)))
        return asyncio.run(self._call(method, path, data, {n: v for n, v in sent.items() if v is not None}))

    def chat(self, text: str = "Hello there", **body: Any) -> Answer:
        return self.call(body={"messages": [{"role": "user", "content": text}], **body})

    async def _call(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
            "client": ("127.0.0.1", 50000),
        }
        sent: list[dict[str, Any]] = []
        parts = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            return parts.pop(0) if parts else {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        start = sent[0]
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
        return Answer(start["status"], pairs, b"".join(message.get("body", b"") for message in sent[1:]))
