"""A request as the stages see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockgrid.document.json_body import canonical_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mockgrid.contract.contract import Operation
    from mockgrid.contract.extension import Models


class Request:
    """A valid request, read once.

    Attributes:
        operation: what was called.
        path: the path as it was sent.
        query: the query as it was sent.
        headers: by lower-case name; the last of several with one name.
        parameters: path, query, header and cookie parameters by location and name.
        value: the body as a JSON value; None where there is none.
        body: the body's bytes.
        models: the models that are known in its session, in place of the server's; None for those.
    """

    __slots__ = ("body", "headers", "models", "operation", "parameters", "path", "query", "value")

    def __init__(  # noqa: PLR0913, PLR0917 - it is a record
        self,
        operation: Operation,
        path: str,
        query: bytes,
        headers: Mapping[bytes, bytes],
        parameters: Mapping[tuple[str, str], Any],
        value: Any,
        body: bytes,
    ) -> None:
        self.operation = operation
        self.path = path
        self.query = query
        self.headers = headers
        self.parameters = parameters
        self.value = value
        self.body = body
        self.models: Models | None = None

    def requested(self, sending_keys: Sequence[str]) -> tuple[bytes, bytes]:
        """Return what the request asks, and how the reply is to be sent, as bytes that stand for them.

        Two requests that differ only in how the reply is sent ask the same: a stream says what JSON would
        have said. White space and the order of keys never count.

        Args:
            sending_keys: the keys of the body that say how; it is whole unless the first is there.
        """
        value, sending = self.value, b""
        if value is None:
            requested = self.body
        else:
            if sending_keys and isinstance(value, dict) and sending_keys[0] in value:
                sending = canonical_json({key: value[key] for key in sending_keys if key in value})
                value = {key: value[key] for key in value if key not in sending_keys}
            requested = canonical_json(value)
        return b"%b?%b%b" % (self.path.encode("utf-8", "surrogatepass"), self.query, requested), sending
