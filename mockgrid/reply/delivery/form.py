"""What the events of a stream look like, as far as faults and pace need to know."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from mockgrid.scenario.delivery import ErrorEvent

__all__ = ["StreamForm", "Streaming", "data_of", "events_of", "framed", "json_or_text", "readings_of"]

_MARK = b"\xef\xbb\xbf"
_EVENT_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_NAMED = ("named", "bare")


class StreamForm:
    """The form of a behaviour's streams; what nothing is said of is as most servers have it.

    Attributes:
        done: the framed event that ends a stream; empty where none does.
        field: what the data of all its events has; empty where it is no object, or its fields vary.
        texts: what stands before a text within an event, the likeliest first.
    """

    done: bytes = b""
    field: str = ""
    texts: tuple[bytes, ...] = (b'":"',)

    def is_finish(self, event: bytes) -> bool:  # noqa: ARG002 - a form may have none
        """Tell whether an event says why the reply ends."""
        return False

    def event_data(self, said: Mapping[str, Any], event: bytes) -> Any:  # noqa: ARG002 - see its arguments
        """Return what a scripted event holds.

        Args:
            said: what scenarios say of it, by the keys of their language.
            event: a framed event of the same stream, whose other fields it has.
        """
        return dict(said)

    def error_event(self, error: ErrorEvent, chunk: bytes) -> bytes:
        """Return an error event, framed.

        Args:
            error: what it says.
            chunk: a framed event of the same stream, for shapes that are made of one; empty for none.
        """
        name = error.event or ("error" if error.shape in _NAMED else "")
        line = b"event: " + name.encode() + b"\n" if name else b""
        data = error.data[0] if error.data else self.error_data(error, chunk)
        return line + b"data: " + orjson.dumps(data) + b"\n\n"

    def error_data(self, error: ErrorEvent, chunk: bytes) -> Any:  # noqa: ARG002 - see ``error_event``
        """Return what an error event holds, in the shape that is asked for."""
        whole = {"message": error.message, "type": error.type, "param": error.param, "code": error.code}
        match error.shape:
            case "text":
                return {"error": error.message}
            case "vendor":
                return {"errors": {"detail": error.message}}
            case "bare":
                return whole
            case _:
                return {"error": whole}


class Streaming(NamedTuple):
    """What a behaviour says of a reply that is a stream, or could have been one.

    Attributes:
        form: what its events look like.
        opening: how many events leave together with the first token.
        closing: how many leave together with the last.
        tokens: counts the events between these, each of which has its own time; for a reply that is sent
            whole, those that it would have had.
    """

    form: StreamForm
    opening: int
    closing: int
    tokens: Callable[[], int]


def framed(data: bytes | None, lines: Iterable[str] = ()) -> bytes:
    """Return an event that has these lines, and its data, if any, in as many as it takes."""
    texts = [line.encode() for line in lines]
    if data is not None:
        # bytes.splitlines knows the three line ends of an event stream, and no others.
        texts += [b"data: " + line for line in data.splitlines() or [b""]]
    return b"".join(text + b"\n" for text in texts) + b"\n"


def data_of(event: bytes) -> bytes:
    """Return the data of a framed event, its lines joined."""
    lines = (line.partition(b":") for line in event.splitlines())
    return b"\n".join(value.removeprefix(b" ") for name, _, value in lines if name == b"data")


def events_of(data: bytes) -> list[bytes]:
    """Return the framed events of a stream's bytes, whatever ends their lines; the last may be cut.

    A byte order mark at the very beginning is none of the first.
    """
    return _EVENT_END.split(data.removeprefix(_MARK))


def readings_of(event: bytes) -> Iterator[Any]:
    """Yield what a schema may describe of an event: its data, the whole event, or a list of such."""
    text = data_of(event)
    if not text and b"data: " not in event:
        return
    value, plain = json_or_text(text), text.decode("utf-8", "replace")
    yield value
    lines = [line.partition(": ") for line in event.decode("utf-8", "replace").splitlines()]
    fields = {name: value for name, _, value in lines if name in {"event", "id"}}
    yield from (plain, {**fields, "data": value}, {**fields, "data": plain}, [value])


def json_or_text(data: bytes) -> Any:
    """Return a JSON value; text that is none as it is."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return data.decode("utf-8", "replace")
