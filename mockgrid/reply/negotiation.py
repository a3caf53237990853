"""Which response of an operation a request is answered with, and which media type of that response."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from mockgrid.contract.http_terms import MediaName, sendable
from mockgrid.contract.operation import is_json
from mockgrid.reply.preferences import NotDeclaredError, choose_media, named_media
from mockgrid.reply.request import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockgrid.contract.contract import MediaType, Operation, Response

EVENT_STREAM: Final = "text/event-stream"
LINES: Final[Mapping[str, bytes]] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "application/jsonl",
                "application/x-ndjson",
                "application/x-jsonlines",
                "application/ndjson",
                "application/json-lines",
            ),
            b"",
        ),
        # RFC 7464 starts each text with a record separator.
        **dict.fromkeys(("application/json-seq", "application/geo+json-seq"), b"\x1e"),
    }
)
"""Media types of several JSON texts, one a line, and what stands before each."""

BOUNDARY: Final = "mockgrid-boundary"

_STATUS: Final = re.compile(r"[2-5](?:[0-9]{2}|XX)")
# What is never answered unless it is preferred, or all there is: clients try again.
_LIMITED: Final = 429
# From here on, a client needs the reply whatever it accepts.
_ERRORS: Final = 400
# The status of a range, and of ``default`` beside a success.
_OF_RANGES: Final = {"2": 200, "3": 302, "4": 400, "5": 500}
STREAMS: Final = frozenset((EVENT_STREAM, *LINES))
"""Media types of several values, one after another."""
# What is sent where the contract offers a range, the likeliest first.
_CONCRETE: Final = (
    "application/json",
    "text/plain",
    "image/png",
    "image/gif",
    "audio/wav",
    "application/octet-stream",
)


def response_of(
    operation: Operation, code: int | str | None, example: str | None = None
) -> tuple[int, Response | None]:
    """Return the status to answer with, and what is declared for it; None where nothing is declared.

    Without a code it is the lowest success that is declared, else a redirection, else 200 with what
    ``default`` declares, else the lowest status of all, and 429 only where there is no other. With an
    example's name, it is the first of these that has such an example.

    Args:
        operation: what was called.
        code: a status, a range such as ``4XX``, or ``default``; None where none is preferred.
        example: the name of an example; None where none is preferred.

    Raises:
        NotDeclaredError: the code is not declared.
    """
    if code is not None:
        return _preferred(operation, code)
    ranked = _ranked(operation)
    having = [pair for pair in ranked if example is not None and _has(pair[1], example)]
    if having and having[0][1].status == "default":
        return _preferred(operation, "default")
    return next(iter(having or ranked), (200, None))


def _ranked(operation: Operation) -> list[tuple[int, Response]]:
    """Return the statuses that an operation declares, those first by which it is rather answered."""
    ranked: list[tuple[tuple[int, int, int], int, Response]] = []
    for name, response in operation.responses.items():
        if name == "default":
            ranked.append(((2, 0, 0), 200, response))
        elif _STATUS.fullmatch(name):
            status, is_range = (_OF_RANGES[name[0]], 1) if name.endswith("XX") else (int(name), 0)
            if status < _ERRORS:  # an exact success before a range of them
                rank = (int(name[0]) - 2, is_range, status)
            else:
                rank = (4 if status == _LIMITED else 3, status, is_range)
            ranked.append((rank, status, response))
    return [(status, response) for _, status, response in sorted(ranked, key=lambda entry: entry[0])]


def _preferred(operation: Operation, code: int | str) -> tuple[int, Response]:
    if isinstance(code, int):
        response = operation.response(code)
        if response is not None:
            return code, response
    elif code != "default":
        for status, response in _ranked(operation):
            if response.status != "default" and str(status)[0] == code[0]:
                return status, response
    if "default" in operation.responses:
        succeeds = any(status < _ERRORS for status, other in _ranked(operation) if other.status != "default")
        usual = 500 if succeeds else 200
        return _OF_RANGES.get(str(code)[0], usual), operation.responses["default"]
    declared = ", ".join(sorted(operation.responses)) or "none"
    raise NotDeclaredError(
        f"Prefer asks for the status {code}, which {operation.id} does not declare ({declared})."
    )


def _has(response: Response, example: str) -> bool:
    return any(example in media.examples for media in response.media.values())


def media_of(
    response: Response, status: int, accept: str | None, *, example: str | None, streams: bool | None
) -> MediaType:
    """Return the media type that the client likes best; with an example, among those that have it.

    Args:
        response: what is answered.
        status: with which status.
        accept: the header ``Accept``; it refuses neither an error nor an example that is preferred by name.
        example: the name of an example.
        streams: whether the body asks for a stream, which decides between streams and others where both are
            declared; None where it says nothing.

    Raises:
        RefusedError: ``Accept`` admits no media type that is declared.
    """
    offered = [name for name, media in response.media.items() if example is None or example in media.examples]
    offered = offered or list(response.media)
    decided = [name for name in offered if streams is (name in STREAMS)]
    if decided and len(decided) < len(offered):
        return response.media[choose_media(accept, decided) or decided[0]]
    chosen = choose_media(accept, offered)
    if chosen is None and status < _ERRORS and example is None:
        message = f"Accept is {(accept or '')[:200]!r}, which admits none of {', '.join(offered[:12])}."
        raise RefusedError("not_acceptable", message)
    return response.media[chosen or offered[0]]


def json_media(operation: Operation | None, status: int) -> MediaType | None:
    """Return the JSON that an operation declares for a status."""
    response = operation.response(status) if operation is not None else None
    return next((media for media in response.media.values() if media.is_json), None) if response else None


def media_of_error(operation: Operation | None, status: int) -> MediaType | None:
    """Return what an operation declares for an error: JSON, else a range that has it, else XML or a text."""
    response = operation.response(status) if operation is not None else None
    media = json_media(operation, status)
    if media is not None or response is None:
        return media
    named = [(MediaName.of(media.name), media) for media in response.media.values()]
    ranges = [media for name, media in named if name.covers("application/json")]
    texts = [media for name, media in named if name.is_xml or name.name.startswith("text/")]
    return next((media for media in [*ranges, *texts] if media.name not in STREAMS), None)


def is_contrary(accept: str, *, streams: bool) -> bool:
    """Tell whether a client would rather have a stream where a body's default is none, or the other way."""
    kinds = ["application/json", *sorted(STREAMS)]
    chosen = choose_media(accept, kinds[::-1] if streams else kinds)
    return chosen is not None and (chosen in STREAMS) is not streams


def content_type_of(response: Response, media: MediaType, accept: str | None) -> tuple[str, bytes]:
    """Return the type that is sent, and the header that says so."""
    offered = MediaName(media.name)
    if "*" in media.name:
        named = [wanted for wanted in named_media(accept) if offered.covers(wanted)]
        # What a value can be written in goes with what is likeliest; of the others it is but the name.
        covered = [name for name in _CONCRETE if offered.covers(name)]
        covered += [wanted for wanted in named if is_json(wanted) or wanted.endswith("/xml")]
        covered = covered or ["application/octet-stream"]
        name = written = choose_media(accept, covered) or choose_media(accept, named) or covered[0]
    else:
        name = media.name
        # With the parameters that the document gives it, such as a version.
        keys = response.source.get("content") or {}
        written = next((key for key in keys if key.partition(";")[0].strip().lower() == name), name)
    if name.startswith("multipart/"):
        written = f"{name}; boundary={BOUNDARY}"
    elif name.startswith("text/") and "charset" not in written.lower():
        written = f"{written}; charset=utf-8"
    return name, sendable(written).encode("ascii")
