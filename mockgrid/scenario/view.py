"""A request as scenarios see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["RequestView", "text_of"]

T = TypeVar("T")


class found_once(Generic[T]):  # noqa: N801 - a decorator, as `property` is
    """A property that is worked out when it is first asked for; without the lock of Python 3.11's own."""

    def __init__(self, work: Callable[[Any], T]) -> None:
        self._work = work
        self._name = work.__name__
        self.__doc__ = work.__doc__

    def __get__(self, view: Any, _owner: type | None = None) -> T:
        found = self._work(view)
        setattr(view, self._name, found)  # cheaper than by its __dict__, which need not be made
        return found


class RequestView:
    """A request; what it takes work to find out is found out once, when it is first asked for.

    Nothing is expected of the body: what is not shaped as a conversation has no turns, texts or tools.

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
        aside: whether its operation is none that steps are for which do not say so.
    """

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
        *,
        aside: bool = False,
    ) -> None:
        self.operation = operation
        self.path = path
        self.body = body
        self.attempt = attempt
        self.session = session
        self.aside = aside
        self._method = method
        self._query = query
        self._headers = headers
        self._default_model = default_model

    @property
    def method(self) -> str:
        """The HTTP method, in upper case."""
        return self._method.upper()

    def header(self, name: str) -> str | None:
        """Return a header's value, by its lower-case name; None where the request has none."""
        value = self._headers.get(name.encode("latin-1", "replace")) if self._headers is not None else None
        return None if value is None else value.decode("latin-1")

    @found_once
    def query(self) -> dict[str, list[str]]:
        """The values of each query parameter."""
        found: dict[str, list[str]] = {}
        for name, value in parse_qsl(self._query.decode("latin-1"), keep_blank_values=True):
            found.setdefault(name, []).append(value)
        return found

    @found_once
    def model(self) -> str | None:
        """The model asked for, or the default one; None where there is neither."""
        body = self.body
        model = body.get("model") if isinstance(body, dict) else None
        return model if isinstance(model, str) else self._default_model or None

    @found_once
    def stream(self) -> bool:
        """Whether a stream is asked for."""
        return isinstance(self.body, dict) and self.body.get("stream") is True

    @found_once
    def messages(self) -> list[dict[str, Any]]:
        """The conversation."""
        messages = self.body.get("messages") if isinstance(self.body, dict) else None
        return [item for item in messages if isinstance(item, dict)] if isinstance(messages, list) else []

    @found_once
    def turn(self) -> int:
        """1 + the number of the assistant's messages."""
        return 1 + sum(1 for message in self.messages if message.get("role") == "assistant")

    @found_once
    def last_user(self) -> str | None:
        """The text of the last user message; None where there is none."""
        body = self.body
        messages = body.get("messages") if isinstance(body, dict) else None
        if isinstance(messages, list):
            for message in reversed(messages):
                if isinstance(message, dict) and message.get("role") == "user":
                    content = message.get("content")
                    return content if isinstance(content, str) else text_of(content)
        return None

    @found_once
    def system(self) -> str | None:
        """The texts of all system and developer messages, one per line; None where there is none."""
        texts = [
            text_of(message.get("content"))
            for message in self.messages
            if message.get("role") in {"system", "developer"}
        ]
        return "\n".join(texts) if texts else None

    @found_once
    def texts(self) -> list[str]:
        """The texts of all messages."""
        return [text_of(message.get("content")) for message in self.messages]

    @found_once
    def tool_results(self) -> list[str]:
        """The names of the tools whose results stand after the assistant's last message, in order."""
        names: list[str] = []
        for message in reversed(self.messages):
            if message.get("role") == "assistant":
                break
            if message.get("role") in {"tool", "function"}:
                names.insert(0, self._answered(message))
        return names

    @found_once
    def tools(self) -> list[str]:
        """The names of the tools that are offered, in order."""
        tools = self.body.get("tools") if isinstance(self.body, dict) else None
        found = [_function_name(tool) for tool in tools] if isinstance(tools, list) else []
        return [name for name in found if name]

    @found_once
    def response_format(self) -> dict[str, Any] | None:
        """The format asked for; None where there is none."""
        wanted = self.body.get("response_format") if isinstance(self.body, dict) else None
        return wanted if isinstance(wanted, dict) else None

    @found_once
    def _calls(self) -> dict[str, str]:
        """Which function each tool call was for, by the call's id."""
        found: dict[str, str] = {}
        for message in self.messages:
            calls = message.get("tool_calls")
            for call in calls if isinstance(calls, list) else ():
                if isinstance(call, dict) and isinstance(call.get("id"), str):
                    found[call["id"]] = _function_name(call)
        return found

    def _answered(self, message: dict[str, Any]) -> str:
        """Return the function that a tool message answers; the message's own name where no call is known."""
        call, name = message.get("tool_call_id"), message.get("name")
        known = self._calls.get(call, "") if isinstance(call, str) else ""
        return known or (name if isinstance(name, str) else "")


def text_of(content: Any) -> str:
    """Return the text of a message's content: a text, a list of parts, or nothing."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = (part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text")
    return " ".join(text for text in texts if isinstance(text, str))


def _function_name(tool: Any) -> str:
    function = tool.get("function") if isinstance(tool, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    return name if isinstance(name, str) else ""
