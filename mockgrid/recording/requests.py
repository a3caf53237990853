"""The requests that a scenario was recorded from, as they stand in its file."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

from mockgrid.document.json_body import MalformedJsonError, read_json
from mockgrid.recording.exchange import RecordedRequest, header
from mockgrid.reply.reply import json_text

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RECORDED", "as_data", "recorded_requests"]

RECORDED: Final = "x-recorded"
"""The key under which a scenario has them."""

_JSON: Final = "application/json"
_DEEPEST: Final = 250


def as_data(request: RecordedRequest) -> dict[str, Any]:
    """Return a request as data of a scenario; its credentials were taken out before.

    >>> as_data(RecordedRequest("POST", "/v1/embeddings", body=b'{"input": "x"}'))
    {'method': 'POST', 'target': '/v1/embeddings', 'body': {'input': 'x'}}
    """
    data: dict[str, Any] = {"method": request.method, "target": request.target}
    kind = header(request.headers, b"content-type")
    if request.body and kind and kind != _JSON:
        data["content_type"] = kind
    if request.body:
        try:
            data["body"] = read_json(request.body, _DEEPEST)
        except MalformedJsonError:
            data["base64"] = base64.b64encode(request.body).decode("ascii")
    return data


def recorded_requests(data: Any) -> Iterator[RecordedRequest]:
    """Yield the requests that the data of a scenario's file holds; of what is not shaped so, none."""
    listed = data.get(RECORDED) if isinstance(data, dict) else None
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, dict) and isinstance(item.get("target"), str):
            kind, encoded = item.get("content_type", _JSON), str(item.get("base64", ""))
            try:
                body = json_text(item["body"]) if "body" in item else base64.b64decode(encoded)
            except ValueError:  # edited by hand
                continue
            headers = ((b"content-type", str(kind).encode("latin-1", "replace")),) if body else ()
            yield RecordedRequest(str(item.get("method", "GET")), item["target"], headers, body)
