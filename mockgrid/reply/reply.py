"""What is sent back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import orjson

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Iterable

    from mockgrid.reply.delivery.form import Streaming
    from mockgrid.reply.script import Script, StreamStats
    from mockgrid.scenario.selection import NoStep
    from mockgrid.schema.violation import FieldWarning, Violation
    from mockgrid.session.limits import Admission

Headers = Sequence[tuple[bytes, bytes]]

JSON = b"application/json"
SSE = b"text/event-stream; charset=utf-8"


class Coming(Protocol):
    """A body that a provider is still sending.

    Attributes:
        length: bytes that it is said to have; None where nothing is said.
        ended: whether all of it has left for the client.
        broken: how it ended before its end, one sentence; empty where it has not.
    """

    length: int | None
    ended: bool
    broken: str

    def pieces(self) -> AsyncGenerator[bytes, None]:
        """Yield it as it comes."""

    async def close(self) -> None:
        """Want no more of it."""


@dataclass(slots=True, eq=False)
class Reply:
    """A whole reply: status, headers, and either a body or the events of a stream.

    Attributes:
        status: the HTTP status.
        headers: without ``content-length`` and ``x-request-id``, which sending adds.
        decided: lower-case names of headers of which sending adds none: the reply has its own, or none.
        body: the whole body, where there are no events.
        events: the framed server-sent events, in order; None for a plain body.
        script: what is done on the wire, in place of body and events; None sends them plainly.
        played: what became of the script, from when it begins to play.
        streaming: how it streams, or would have; None where no behaviour says.
        step: the name of the step that gave it; empty for the default reply.
        tokens: what it used, of prompt and completion together.
        failure: the name of the failure that it answers; empty for a success.
        violations: what was wrong with the request.
        attempt: how many times the session has seen the request, with this one; 0 where it did not count.
        no_step: why no step of a scenario answered, where one had to.
        fault: how it breaks on the wire, as ``fault=reset`` or ``stream.fault=stall``; empty for not at all.
        struck: how many events had left when its fault struck; None where it has not, or is none of a stream.
        warnings: what was odd in the request, as it is seen when a reply is made.
        admission: what it takes of a session's limits until it has ended; None where nothing is counted.
    """

    status: int
    headers: Headers
    body: bytes = b""
    events: Iterable[bytes] | None = None
    script: Script | None = None
    step: str = ""
    failure: str = ""
    violations: tuple[Violation, ...] = ()
    decided: Collection[bytes] = ()
    streaming: Streaming | None = None
    played: StreamStats | None = None
    tokens: int = 0
    attempt: int = 0
    no_step: NoStep | None = None
    admission: Admission | None = None
    warnings: tuple[FieldWarning, ...] = ()
    fault: str = ""
    struck: int | None = None

    @property
    def own_violations(self) -> tuple[Violation, ...]:
        """How it breaks the contract; what is made here does not, or is meant to."""
        return ()


@dataclass(slots=True, eq=False)
class ForwardedReply(Reply):
    """A reply of a provider.

    Attributes:
        coming: its body, which is still being sent, in place of ``events``; None where there is none.
        own_violations: how what the provider sent, or that it sent nothing, breaks the contract.
    """

    coming: Coming | None = None
    own_violations: tuple[Violation, ...] = ()


def json_text(value: Any) -> bytes:
    """Return compact JSON, also of integers beyond 64 bits and of texts that UTF-8 cannot hold."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, separators=(",", ":")).encode("ascii")
