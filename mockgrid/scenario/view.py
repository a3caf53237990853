"""A request as scenarios see it, and how a behaviour has its conversation read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Conversation", "RequestView"]

T = TypeVar("T")


class worked_out(Generic[T]):  # noqa: N801 - a decorator, as `property` is
    """A property that is worked out when it is first asked for; without the lock of Python 3.11's own."""

    def __init__(self, work: Callable[[Any], T]) -> None:
        self._work = work
        self.__doc__ = work.__doc__

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, view: Any, _owner: type | None = None) -> T:
        value = self._work(view)
        setattr(view, self._name, value)  # cheaper than by its __dict__, which need not be made
        return value


class Said(worked_out[T]):
    """A property that the conversation in a request's body has under the same name, if there is one."""

    def __init__(self, default: Callable[[], T]) -> None:
        self._default = default

    def __get__(self, view: Any, _owner: type | None = None) -> T:
        conversation, name = view.conversation, self._name
        value: T = self._default() if conversation is None else getattr(conversation, name)(view.body)
        setattr(view, name, value)
        return value


class Conversation(Protocol):
    """Reads the conversation in the bodies of one behaviour's requests.

    Nothing is expected of a body: what is not shaped as a conversation has no turns, texts or tools.
    """

    @property
    def sample(self) -> Mapping[str, Any]:
        """The least body that the behaviour answers; what else a request may hold can be added to it."""

    @property
    def sending(self) -> tuple[str, ...]:
        """The keys of a body that say how the reply is sent; it is sent whole unless the first is there."""

    @property
    def messages_at(self) -> str:
        """JSON pointer to the list of messages in a body; empty where there is none."""

    def model(self, body: Any) -> str | None:
        """Return the model that is asked for; None where none is."""

    def stream(self, body: Any) -> bool:
        """Tell whether a stream is asked for."""

    def turn(self, body: Any) -> int:
        """Return 1 + the number of the assistant's messages."""

    def last_user(self, body: Any) -> str | None:
        """Return the text of the last user message; None where there is none."""

    def system(self, body: Any) -> str | None:
        """Return the texts of all system messages, one per line; None where there is none."""

    def messages(self, body: Any) -> list[dict[str, Any]]:
        """Return the messages."""

    def texts(self, body: Any) -> list[str]:
        """Return the texts of all messages."""

    def tool_results(self, body: Any) -> list[str]:
        """Return the names of the tools whose results stand after the assistant's last message, in order."""

    def results(self, body: Any) -> list[tuple[str, str]]:
        """Return name and text of all results of tools, in order."""

    def calls(self, body: Any) -> list[tuple[str, str]]:
        """Return name and arguments of all calls of tools, in order."""

    def tools(self, body: Any) -> list[str]:
        """Return the names of the tools that are offered, in order."""

    def response_format(self, body: Any) -> dict[str, Any] | None:
        """Return the format that is asked for; None where none is."""


class RequestView:
    """A request; what it takes work to find out is found out once, when it is first asked for.

    Args:
        operation: id of the operation; empty where it has none.
        method: the HTTP method.
        path: the path as it was sent.
        query: the query as it was sent, without the question mark.
        headers: by lower-case name.
        body: the body as a JSON value; None where there is none.
        attempt: how often this very request has now been seen in the session.
        default_model: the model of a request that names none.
        session: the name of the session that it belongs to; empty where there is none.
        conversation: reads the body; None where it holds no conversation.
        usual: whether its operation is one that steps are for which do not say so.
    """

    broken = False
    """Whether it breaks the contract: steps that are for such alone are asked."""
    lacking: tuple[str, ...] = ()
    """What a reply was to insert of it, such as ``${body:/user}``, and it does not have."""

    def __init__(  # noqa: PLR0913, PLR0917 - it is a record, and names cost as much as all the rest of it
        self,
        operation: str = "",
        method: str = "POST",
        path: str = "/",
        query: bytes = b"",
        headers: Mapping[bytes, bytes] | None = None,
        body: Any = None,
        attempt: int = 1,
        default_model: str = "",
        session: str = "",
        conversation: Conversation | None = None,
        usual: bool = True,  # noqa: FBT001, FBT002 - see above
    ) -> None:
        self.operation = operation
        self.path = path
        self.body = body
        self.attempt = attempt
        self.session = session
        self.usual = usual
        self._method = method
        self._query = query
        self._headers = headers
        self._default_model = default_model
        self.conversation = conversation

    @property
    def method(self) -> str:
        """The HTTP method, in upper case."""
        return self._method.upper()

    def header(self, name: str) -> str | None:
        """Return a header's value, by its lower-case name; None where the request has none."""
        value = self._headers.get(name.encode("latin-1", "replace")) if self._headers is not None else None
        return None if value is None else value.decode("latin-1")

    @worked_out
    def query(self) -> dict[str, list[str]]:
        """The values of each query parameter."""
        values: dict[str, list[str]] = {}
        for name, value in parse_qsl(self._query.decode("latin-1"), keep_blank_values=True):
            values.setdefault(name, []).append(value)
        return values

    @worked_out
    def model(self) -> str | None:
        """The model asked for, or the default one; None where there is neither."""
        conversation = self.conversation
        model = conversation.model(self.body) if conversation is not None else None
        return self._default_model or None if model is None else model

    stream = Said(bool)
    """Whether a stream is asked for."""
    messages = Said(list[dict[str, Any]])
    """The conversation."""
    turn = Said(lambda: 1)
    """1 + the number of the assistant's messages."""
    last_user = Said[str | None](lambda: None)
    """The text of the last user message; None where there is none."""
    system = Said[str | None](lambda: None)
    """The texts of all system messages, one per line; None where there is none."""
    texts = Said(list[str])
    """The texts of all messages."""
    tool_results = Said(list[str])
    """The names of the tools whose results stand after the assistant's last message, in order."""
    results = Said(list[tuple[str, str]])
    """Name and text of all results of tools, in order."""
    calls = Said(list[tuple[str, str]])
    """Name and arguments of all calls of tools, in order."""
    tools = Said(list[str])
    """The names of the tools that are offered, in order."""
    response_format = Said[dict[str, Any] | None](lambda: None)
    """The format asked for; None where there is none."""
