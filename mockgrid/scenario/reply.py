"""A scripted reply, as data: what is said, and how it goes out. Composing it is done elsewhere."""

from __future__ import annotations

from dataclasses import field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from mockgrid.fixed import fixed
from mockgrid.scenario.delivery import DIRECT, Delivery

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mockgrid.scenario.diagnostics import Origin
    from mockgrid.scenario.template import Structure, Template
    from mockgrid.scenario.view import RequestView


@fixed
class Say:
    """Text that the assistant says."""

    text: Template


@fixed
class Json:
    """A JSON value that the assistant says as text."""

    value: Structure


@fixed
class ToolCall:
    """One call: its arguments as a JSON object, or as text that is sent as it is."""

    name: str
    arguments: Structure | Template


@fixed
class Call:
    """Tool calls, in order, and what the assistant says beside them.

    Attributes:
        calls: them.
        offered: how many of the tools that the request offers are called, where ``calls`` are none.
    """

    calls: tuple[ToolCall, ...]
    text: Template | None = None
    offered: int = 0


@fixed
class Refuse:
    """A refusal by the model."""

    text: Template


@fixed
class SaidChoice:
    """What one of several choices says, why it ends, and the reasoning before it."""

    form: Say | Json | Call | Refuse
    think: Template | None = None
    finish: str = ""


@fixed
class SaidChoices:
    """What each choice says, in order; beyond the last, the last says it again."""

    said: tuple[SaidChoice, ...]


@fixed
class Error:
    """An error in the contract's shape.

    Attributes:
        status: from 400 to 599.
        detail: what went wrong, as a text, or as lists of texts by field; None for the default words.
        code: the error's code; empty for the default one, as are ``type`` and ``param``.
        gateway: whether it is a page of what stands before the API, and none of the contract's.
    """

    status: int
    detail: Template | Structure | None = None
    code: str | int = ""
    type: str = ""
    param: str = ""
    gateway: bool = False

    @property
    def constant(self) -> bool:
        """Whether it says the same whatever the request says."""
        return self.detail is None or self.detail.constant


@fixed
class Redirect:
    """Another place to ask.

    Attributes:
        to: ``same`` (a supplier's path on this host), ``other`` (on another host), a path or a URL.
        status: 307 unless said otherwise.
        page: whether a small HTML page is the body.
    """

    to: Template
    status: int = 307
    page: bool = False


@fixed
class Example:
    """An example that the contract names."""

    name: str


@fixed
class Body:
    """A body as it is: text, or a value that is sent as JSON."""

    content: Template | Structure


@fixed
class Auto:
    """The default reply."""


SPOKEN = (Say, Json, Call, Refuse, SaidChoices)
"""The forms that only what holds a conversation can have."""

Form: TypeAlias = Say | Json | Call | Refuse | SaidChoices | Error | Redirect | Example | Body | Auto


Usage: TypeAlias = "Mapping[str, int] | Literal['off']"
"""The tokens that are reported in place of those that are counted, by name; ``off`` for nothing at all."""


class RetryAfter(NamedTuple):
    """When a client may try again, in seconds from the reply on; each form is a header, or none.

    Attributes:
        seconds: in ``Retry-After``, rounded up.
        ms: in ``retry-after-ms``.
        date: in ``Retry-After``, in place of ``seconds``.
    """

    seconds: float | None = None
    ms: float | None = None
    date: float | None = None

    @classmethod
    def of(cls, seconds: float) -> RetryAfter:
        """``Retry-After`` knows whole seconds alone; OpenAI's clients read milliseconds first."""
        return cls(seconds, None if seconds.is_integer() else seconds)


@fixed
class ScriptedEvent:
    """One event of a stream that is scripted event by event.

    Attributes:
        lines: those before its data, such as ``event: error``; of a comment, the comment.
        data: all of its data: text, or a value that is sent as JSON; None where ``said`` tells, or none is.
        said: what a behaviour makes its data of, by the keys of the language.
    """

    lines: tuple[str, ...] = ()
    data: Template | Structure | None = None
    said: Mapping[str, Structure] = field(default_factory=dict)


@fixed(slots=False)
class ScriptedReply:
    """One reply of a step.

    Attributes:
        form: what it is.
        origin: where it was written.
        think: reasoning before the content.
        finish: the finish reason; empty for the one that fits.
        usage: the tokens that are reported; None for those that are counted.
        served: the model that the reply says it is from; None for the one that serves what is asked for.
        call_ids: the ids of its calls, in order; those beyond are drawn.
        edges: draws what is made for schemas of the request, at their edges; None for what is usual.
        fields: of the JSON that is sent, by the keys that lead there, in place of its own.
        without: those that are left out.
        status: the HTTP status; None for the form's own.
        headers: to send, each with its values; a header without values is removed.
        retry_after: when the client may try again.
        events: what a stream of it is, event by event; empty for the words of its form.
        delivery: how it reaches the client.
        go_to: the state that follows; empty for none.
        contract: ``off`` where it may break the contract.
        computed: makes the reply that takes its place for one request; None where it is written down.
    """

    form: Form
    origin: Origin
    think: Template | None = None
    finish: str = ""
    usage: Usage | None = None
    served: Template | None = None
    call_ids: tuple[Template, ...] = ()
    edges: int | None = None
    fields: Mapping[tuple[str, ...], Structure] = field(default_factory=dict)
    without: tuple[tuple[str, ...], ...] = ()
    status: int | None = None
    headers: Mapping[str, tuple[Template, ...]] = field(default_factory=dict)
    retry_after: RetryAfter | None = None
    events: tuple[ScriptedEvent, ...] = ()
    delivery: Delivery = DIRECT
    go_to: str = ""
    contract: Literal["on", "off"] = "on"
    computed: Callable[[RequestView], ScriptedReply] | None = None

    @property
    def says_nothing(self) -> bool:
        """Whether it adds nothing to what its form says of the words."""
        made = self.edges is not None or self.call_ids
        return not (self.think or self.finish or self.usage or self.served or made or self.events)

    @property
    def patched(self) -> bool:
        """Whether fields of what is sent are given or left out one by one."""
        return bool(self.fields or self.without)

    @cached_property
    def plain(self) -> bool:
        """Whether it says what its form says, and nothing is asked of how."""
        return self.says_nothing and not (self.patched or self.status or self.headers or self.retry_after)

    @cached_property
    def decided(self) -> frozenset[bytes]:
        """The lower-case names of the headers of which it says what is sent, or that nothing is."""
        return frozenset(name.encode("latin-1") for name in self.headers)

    @cached_property
    def direct(self) -> bool:
        """Whether nothing is asked of its way to the client, but perhaps how its texts are cut."""
        return replace(self.delivery, chunks=DIRECT.chunks) == DIRECT

    @property
    def where(self) -> str:
        """``file:line:column`` of the reply."""
        return str(self.origin)

    def place(self, *parts: Any, key: bool = False) -> str:
        """Return ``file:line:column`` of something inside it; of the reply, where there is no such thing.

        Args:
            parts: the keys that lead there.
            key: whether the place of the last key is meant, and not that of its value.
        """
        inner = self.origin.at(*parts)
        return inner.key if key else str(inner)
