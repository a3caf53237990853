"""A MockGrid that runs elsewhere, in a container or another process, and how it is controlled."""

from __future__ import annotations

import json
import os
import time
import uuid
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode, urlsplit

from mockgrid.control import CONTROL, ask, read_address
from mockgrid.document.mistakes import Mistakes
from mockgrid.document.source_map import Document
from mockgrid.testing.error import CallError, hidden
from mockgrid.testing.grid import Grid, SessionKeys

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mockgrid.contract.contract import Contract
    from mockgrid.testing.controls import CallName, Controls

__tracebackhide__ = hidden

_TIMEOUT: Final = 10.0
"""Seconds that an answer may take, beyond those that it was asked to wait for."""
_LONGEST_WAIT: Final = 5.0
_NOT_FOUND: Final = 404
_ERRORS: Final = 400

_CALLS: Final[Mapping[CallName, tuple[str, str]]] = {
    "open": ("PUT", ""),
    "script": ("PUT", "/steps"),
    "reset": ("POST", "/reset"),
    "close": ("DELETE", ""),
    "session": ("GET", ""),
    "clock": ("GET", "/clock"),
    "move_clock": ("POST", "/clock"),
}
"""The method of each call on HTTP, and what follows the session in its path."""


def _elsewhere(_function: Any) -> Any:
    message = "A reply is computed by a server in the test's own process alone; this one runs elsewhere."
    raise CallError(0, message)


class ControlClient:
    """Asks a server over HTTP.

    Args:
        url: where the server is, such as ``http://127.0.0.1:8080`` or the base URL of its API.
        token: of its control interface; callers on the server's own machine need none.

    Raises:
        CallError: ``url`` is no HTTP URL.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        try:
            self._where = read_address(url)
        except ValueError as error:
            raise CallError(0, str(error)) from None
        self.origin = f"{self._where.scheme}://{self._where.netloc}"
        self._base = self._where.path.rstrip("/").removesuffix(CONTROL)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def base_url(self) -> str:
        """Return the base URL of the API: the one given, or where that has no path, the contract's."""
        if self._base:
            return self.origin + self._base
        servers = self._call("GET", "/openapi.json").get("servers") or [{"url": ""}]
        return self.origin + str(urlsplit(servers[0]["url"]).path).rstrip("/")

    def contract(self) -> Contract:
        """Return the contract that the server serves, compiled here; what is wrong with it was told there."""
        from mockgrid.contract.contract import Contract  # noqa: PLC0415 - 100 ms, for who asks

        data = self._call("GET", "/openapi.json?sse=chunks")
        mistakes = Mistakes(strict=False)
        return Contract(Document(data, f"{self.origin}/openapi.json", mistakes=mistakes))

    def version(self) -> dict[str, Any]:
        """Return which MockGrid this is, and which contract it serves."""
        return self._call("GET", f"{CONTROL}/version")

    def open(self, key: str, label: str) -> None:
        """See ``Controls``; a server that knows no labels takes no notice."""
        self._call("PUT", _path(key, f"?{urlencode({'label': label})}" if label else ""), {})

    def leave(self, key: str, count: int) -> bool:
        """See ``Controls``."""
        if self.call("session", key)["exchanges"]["count"] > count:
            return False
        self.call("close", key)
        return True

    def call(self, name: CallName, key: str, *body: dict[str, Any], **query: bool) -> dict[str, Any]:
        """See ``Controls``."""
        method, below = _CALLS[name]
        words = "&".join(f"{word}={json.dumps(value)}" for word, value in query.items())
        return self._call(method, _path(key, f"{below}?{words}" if words else below), *body)

    def exchanges(
        self, key: str, *, after: int = 0, wait: int = 0, seconds: float = 0.0
    ) -> list[dict[str, Any]]:
        """See ``Controls``."""
        until = time.monotonic() + seconds
        while True:
            left = min(max(until - time.monotonic(), 0.0), _LONGEST_WAIT)
            query = urlencode({"after": after, "wait": wait, "timeout": f"{left:.3f}"})
            page = self._call("GET", _path(key, f"/exchanges?{query}"), wait=left)
            exchanges = list(page["exchanges"])
            under_way = sum(exchange["seconds"] is None for exchange in exchanges)
            if not wait or page["count"] - under_way >= wait or time.monotonic() >= until:
                return exchanges

    def explanation(self, key: str, number: int) -> dict[str, Any]:
        """See ``Controls``."""
        return self._call("GET", _path(key, f"/exchanges/{number}/steps"))

    def report(self) -> dict[str, Any]:
        """See ``Controls``."""
        return self._call("GET", f"{CONTROL}/report")

    def where(self, pointer: str) -> str:  # noqa: ARG002 - the contract is elsewhere
        """See ``Controls``."""
        return ""

    def stop(self) -> None:
        """See ``Controls``; the server runs on."""

    def _call(self, method: str, path: str, body: Any = None, *, wait: float = 0.0) -> dict[str, Any]:
        headers, data = self._headers, None
        if body is not None:
            headers = {**headers, "Content-Type": "application/json"}
            data = json.dumps(body, allow_nan=False, default=_elsewhere).encode()
        try:
            status, answer = ask(self._where, path, _TIMEOUT + wait, headers, method=method, data=data)
        except (OSError, HTTPException) as error:
            raise self._unreachable(error) from None
        return self._read(method, path, status, answer)

    def _read(self, method: str, path: str, status: int, answer: bytes) -> dict[str, Any]:
        try:
            value = json.loads(answer) if answer else {}
        except ValueError:
            value = None
        if isinstance(value, dict) and status < _ERRORS:
            return value
        errors = value.get("errors") if isinstance(value, dict) else None
        detail = errors.get("detail") if isinstance(errors, dict) else None
        if not isinstance(value, dict) or not isinstance(detail, str):
            message = f"{method} {self.origin}{path} gave {status} and no answer of MockGrid."
            hint = "Is it the address of a MockGrid?" if status == _NOT_FOUND else "Its log may tell why."
            raise CallError(status, f"{message} {hint}")
        raise CallError(status, detail, value.get("findings") or ())

    def _unreachable(self, error: Exception) -> CallError:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return CallError(
            0,
            f"There is no answer from {self.origin}: {reason}. "
            "Start the server there with `mockgrid serve`, or let the tests start their own.",
        )


def _path(key: str, below: str = "") -> str:
    return f"{CONTROL}/sessions/{quote(key, safe='')}{below}"


class RemoteGrid(Grid):
    """A server that somebody else started, and that other runs may use at the same time.

    >>> with RemoteGrid("http://127.0.0.1:8080/v1") as grid:
    ...     client = OpenAI(base_url=grid.base_url, api_key=grid.api_key)

    Args:
        url: the base URL of its API, or the address alone.
        token: of its control interface; by default what ``MOCKGRID_CONTROL_TOKEN`` says, if anything. Callers
            on the server's own machine need none.
        folders: of scenario files that may be played by name though the server does not have them.
        worker: of a run that has several.
    """

    def __init__(
        self, url: str, token: str | None = None, *, folders: Sequence[str] = (), worker: str = ""
    ) -> None:
        # SessionKeys differ from run to run: a session opened twice would begin anew under another's feet.
        super().__init__(SessionKeys(f"{uuid.uuid4()}{worker}"), folders)
        self._url = url
        self._token = token or os.environ.get("MOCKGRID_CONTROL_TOKEN")
        self._contract: Contract | None = None

    @property
    def contract(self) -> Contract:
        """See ``Grid``; the server is asked for it once."""
        if self._contract is None:
            self._contract = ControlClient(self._url, self._token).contract()
        return self._contract

    def _connect(self) -> tuple[Controls, str]:
        client = ControlClient(self._url, self._token)
        return client, client.base_url()
