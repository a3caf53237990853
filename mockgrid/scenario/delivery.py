"""How a reply reaches the client: when, how fast, in which shape, and what breaks."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from mockgrid.fixed import fixed

if TYPE_CHECKING:
    from mockgrid.scenario.template import Template


@fixed
class Fixed:
    """Always so many seconds; nothing is drawn."""

    seconds: float


@fixed
class Uniform:
    """Any time between two, in seconds, each as likely."""

    shortest: float
    longest: float


@fixed
class Normal:
    """Times around a mean, in seconds; what would be negative is zero."""

    mean: float
    deviation: float


@fixed
class LogNormal:
    """Times with a long tail, as networks have: half of them below the median.

    Attributes:
        median: seconds.
        sigma: deviation of the time's logarithm; at 0.5, one time in twenty exceeds 2.3 medians.
    """

    median: float
    sigma: float


Delay: TypeAlias = Fixed | Uniform | Normal | LogNormal


@fixed
class Pace:
    """The waits of one reply.

    Attributes:
        first_token: from the request to the first token; None for no wait.
        per_token: from one token to the next; None for what ``tokens_per_second`` gives.
        jitter: how far each wait may lie from its length, both ways, as a part of it: 0.2 is 20 %.
        tokens_per_second: the rate, in place of ``per_token``; None for no wait.
    """

    first_token: Delay | None = None
    per_token: Delay | None = None
    jitter: float = 0.0
    tokens_per_second: float | None = None

    @property
    def step(self) -> Delay | None:
        """From one token to the next; None for no wait."""
        return self.per_token if self.tokens_per_second is None else Fixed(1.0 / self.tokens_per_second)


Shape = Literal["openai", "named", "text", "beside_choices", "vendor", "bare"]
"""What an error event looks like:

- ``openai``: ``{"error": {message, type, param, code}}``, which every client knows;
- ``named``: the same, under ``event: error``;
- ``text``: ``{"error": "message"}``;
- ``beside_choices``: a chunk with an ``error`` beside its choices;
- ``vendor``: ``{"errors": {"detail": "message"}}``;
- ``bare``: ``{message, type, param, code}`` under ``event: error``.
"""


@fixed
class Fault:
    """A breakage before the first byte, or of the reply as a whole.

    Attributes:
        kind: what happens. ``reset``: the connection is reset. ``empty``: it closes without a byte. ``hang``:
            nothing is sent for ``duration``, then the connection closes. ``garbage``: bytes that are no HTTP,
            then it closes. ``slow_headers``: status line and headers take ``duration``, a byte at a time; the
            body is whole. ``cut_body``: the connection closes within the body. ``wrong_length``: the body is
            whole, and ``content-length`` is wrong.
        after: of ``cut_body``, how many bytes of the body are sent; None for half of it.
        duration: seconds; None for a ``hang`` without an end, and for ``slow_headers`` of five.
        length: of ``wrong_length``, how many bytes more than there are ``content-length`` declares, fewer
            where it is negative; None for half of the body in all.
    """

    kind: str
    after: int | None = None
    duration: float | None = None
    length: int | None = None


@fixed
class ErrorEvent:
    """What an error event says.

    Attributes:
        shape: how it says so.
        event: the name of the event; empty for the one that the shape has, if any.
        data: one value, sent as the event's whole data in place of all else; empty for none.
    """

    message: str = "The server had an error while processing your request."
    type: str = "server_error"
    param: str | None = None
    code: str | int | None = "server_error"
    shape: Shape = "openai"
    event: str = ""
    data: tuple[Any, ...] = ()


@fixed
class StreamFault:
    """A breakage within a stream.

    One that comes after more chunks than there are takes effect before ``[DONE]``; none is ever lost.

    Attributes:
        kind: what happens. ``disconnect``: the connection closes, and the body has no end. ``reset``: the
            connection is reset. ``stall``: nothing is sent for ``duration``, and then the rest.
            ``error_event``: an error, and the end of the body. ``malformed_json``: the next chunk's JSON
            stops half way. ``cut_utf8``: the next chunk has a character that stops half way. ``garbage``:
            bytes that are neither events nor UTF-8. ``duplicate_chunk``: the chunk before comes again.
            ``no_finish``: no choice is finished. ``no_done``: no ``[DONE]``.
        after: how many content chunks come before it; those that name the roles come before all of these.
            ``no_finish`` and ``no_done`` take place where they must.
        duration: of ``stall``, seconds; None for as long as the client waits.
        error: of ``error_event``, what the event says.
    """

    kind: str
    after: int = 1
    duration: float | None = None
    error: ErrorEvent = field(default_factory=ErrorEvent)


@fixed
class Comments:
    """Comment lines between the events.

    Attributes:
        text: what they say.
        every: one stands before the first event, and after every so many; 0 for none.
        idle: seconds without a byte after which a further one is sent; None for never.
    """

    text: str = "keep-alive"
    every: int = 1
    idle: float | None = None


@fixed
class Wire:
    """The shape of the bytes.

    Attributes:
        newline: what ends a line.
        comments: comments between the events, if any.
        split: bytes in each write, also through the middle of a character; None for whole events.
        coalesce: events in each write, which leaves with the last of them; None where nothing is said, which
            is one where a stream is played event by event.
        bom: whether a byte order mark comes first.
    """

    newline: Literal["\n", "\r\n", "\r"] = "\n"
    comments: Comments | None = None
    split: int | None = None
    coalesce: int | None = None
    bom: bool = False


PLAIN: Final = Wire()
"""Nothing is asked for: the stream goes out as it always does."""


Chunks: TypeAlias = "Literal['token', 'word'] | int | tuple[Template, ...]"
"""How the texts of a stream are cut: by token, by word, by so many characters, or into these pieces."""


@fixed(kw_only=True)
class Delivery:
    """What is asked of one reply's way to the client.

    Attributes:
        delay: before its first byte.
        pace: of a stream; None where the scenario's holds.
        chunks: how the texts of a stream are cut.
        interleave: whether the pieces of its calls come in turn.
        fault: in a stream.
        early_fault: before the first byte of a stream or of a plain body, or in the reply as a whole.
        wire: the shape of a stream's bytes.
        linger: seconds for which a stream's body stays open after its last event.
    """

    delay: Delay | None = None
    pace: Pace | None = None
    chunks: Chunks = "token"
    interleave: bool = False
    fault: StreamFault | None = None
    early_fault: Fault | None = None
    wire: Wire = PLAIN
    linger: float = 0.0


DIRECT: Final = Delivery()
"""Nothing is asked for."""
