"""Reading a request's body: bounded in bytes and in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.contract.encodings import (
    BodyTooLargeError,
    MalformedBodyError,
    UnsupportedEncodingError,
    decode_content,
)
from mockgrid.http.eager import timeout
from mockgrid.reply.request import RefusedError

if TYPE_CHECKING:
    from starlette.types import Receive

    from mockgrid.http.incoming import Head


class DisconnectedError(Exception):
    """The client left before its request was whole."""


class BodyReader:
    """Reads bodies for one server.

    Args:
        most: bytes that a body may have, before and after decoding.
        seconds: how long a body may take.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._digits = len(str(most))
        self._seconds = seconds

    def fits(self, body: bytes) -> bytes:
        """Return a body that has arrived.

        Raises:
            RefusedError: it is too large.
        """
        if len(body) > self._most:
            raise self._too_large(f"has {len(body)} bytes")
        return body

    async def read(self, head: Head, receive: Receive) -> bytes:
        """Return the whole body as it was sent.

        Raises:
            RefusedError: it is too large, or too slow.
            DisconnectedError: the client left.
        """
        length = head.headers.get(b"content-length", b"")
        if len(length) >= self._digits and length.isdigit() and int(length) > self._most:
            raise self._too_large(f"has {int(length)} bytes")
        try:
            return self.fits(await timeout(self._pieces(receive), self._seconds))
        except TimeoutError:
            late = f"The request body did not arrive within {self._seconds:g} s."
            raise RefusedError("request_timeout", late) from None

    async def _pieces(self, receive: Receive) -> bytes:
        chunks: list[bytes] = []
        size, more = 0, True
        while more:
            if size > self._most:
                raise self._too_large(f"has more than {self._most} bytes")
            message = await receive()
            if message["type"] == "http.disconnect":
                raise DisconnectedError
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            more = message.get("more_body", False)
        return b"".join(chunks)

    def decoded(self, body: bytes, head: Head) -> bytes:
        """Return a body with its Content-Encoding undone.

        Raises:
            RefusedError: it cannot be undone, or is too large then.
        """
        encoding = head.headers[b"content-encoding"].decode("latin-1")
        try:
            return decode_content(body, encoding, self._most)
        except BodyTooLargeError:
            raise self._too_large(f"has more than {self._most} bytes when decoded") from None
        except UnsupportedEncodingError as error:
            raise RefusedError("unsupported_media_type", error.message) from None
        except MalformedBodyError as error:
            raise RefusedError("malformed_body", error.message) from None

    def _too_large(self, size: str) -> RefusedError:
        return RefusedError("body_too_large", f"The request body {size}; at most {self._most} are read.")
