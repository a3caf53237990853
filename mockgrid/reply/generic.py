"""Replies to any operation, made from its contract: an example, else a value that obeys the schema."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from mockgrid.contract.contract import is_json
from mockgrid.contract.http_terms import MediaName
from mockgrid.reply.declared_headers import DeclaredHeaders
from mockgrid.reply.negotiation import EVENT_STREAM, LINES, content_type_of, media_of, response_of
from mockgrid.reply.preferences import NotDeclaredError, choose_media
from mockgrid.reply.rendering import event, is_event, lines, render
from mockgrid.reply.reply import Reply
from mockgrid.reply.values import NONE, Nothing, Values
from mockgrid.schema.sample import mended, sample
from mockgrid.schema.values import Recent

if TYPE_CHECKING:
    from mockgrid.contract.contract import Contract, MediaType, Operation, Response
    from mockgrid.schema.hints import SchemaHints
    from mockgrid.schema.validator import SchemaValidator

__all__ = ["GenericReplies"]

_BODILESS = (204, 205, 304)
_STREAMED_ITEMS = 3
# Bytes of bodies that are kept; parts of a value that is large; how many values are made of one that is.
_BODIES_KEPT = 8 * 1024 * 1024
_LARGE = 32
_VARIANTS = 8


class GenericReplies:
    """Composes replies for one contract.

    Args:
        contract: what replies are made from.
        static: whether values that no example gives are the plainest, such as ``string`` and ``0``.

    Attributes:
        made: bodies that were made, and may be sent again.
    """

    def __init__(self, contract: Contract, *, static: bool = False) -> None:
        self._contract = contract
        self._static = static
        self._values = Values(contract)
        self._headers = DeclaredHeaders(contract)
        # By the pointer to a media type: bounded by the document.
        self._examples: dict[str, Any | Nothing] = {}
        self._plain: dict[str, Any] = {}
        self.made: Recent[bytes] = Recent(_BODIES_KEPT)

    def compose(  # noqa: PLR0913 - each says one thing about the reply, by name
        self,
        operation: Operation,
        *,
        status: int | str | None = None,
        example: str | None = None,
        dynamic: bool = False,
        accept: str | None = None,
        streams: bool | None = None,
        seed: str = "",
    ) -> Reply:
        """Return a reply that obeys the contract; the same arguments always give the same bytes.

        Args:
            operation: what was called.
            status: the status to answer with, a range, or ``default``; see ``response_of``.
            example: the name of an example in the contract, which is sent as it stands.
            dynamic: synthesise everything, although there are examples.
            accept: the ``Accept`` header.
            streams: whether the request's body asks for a stream; None where it says nothing.
            seed: what chooses among the values that a schema allows.

        Raises:
            NotDeclaredError: the operation has no such status or example.
            RefusedError: it has no media type that is acceptable.
        """
        code, response = response_of(operation, status, example)
        if response is None:
            return Reply(code, _deprecation(operation))
        headers = self._headers.of(response, seed)
        headers += _deprecation(operation) if "deprecation" not in response.headers else []
        if code in _BODILESS or not response.media:
            if example is not None:
                raise NotDeclaredError(f"There is no example {example[:80]!r}: {code} has no body.")
            return Reply(code, headers)
        media = media_of(response, code, accept, example=example, streams=streams)
        name, content_type = content_type_of(response, media, accept)
        headers.insert(0, (b"content-type", content_type))
        given: Any | Nothing = NONE
        if example is not None:
            given = self._values.named_example(operation, response, media, example)
        elif not dynamic:
            given = self._example(media)
        if name == EVENT_STREAM or name in LINES:
            return self._stream(Reply(code, headers), name, media, given, seed)
        body = self._body(name, media, given, seed, exemplary=not dynamic)
        return Reply(code, headers, _in_charset(body, content_type) if name.startswith("text/") else body)

    def written(self, response: Response, content: Any, accept: str) -> tuple[bytes, bytes] | None:
        """Return the content type and the bytes of what somebody says, as a response declares it.

        Args:
            response: it has neither plain text nor JSON by that name.
            content: a text, which is sent as it stands in any type but JSON; or a value, in whatever type a
                value can be written.
            accept: the ``Accept`` header.
        """
        typed = [name for name in response.media if is_json(name.partition(";")[0])]
        others = [name for name in response.media if name not in (*typed, EVENT_STREAM)]
        if isinstance(content, str):
            offered = others or ([] if typed else list(response.media))
        else:
            offered = typed or others
        if not offered:
            return None
        media = response.media[choose_media(accept, offered) or offered[0]]
        name, content_type = content_type_of(response, media, accept)
        if isinstance(content, str):
            return content_type, content.encode()
        if name in LINES:
            return content_type, lines(name, content if isinstance(content, list) else [content])
        return content_type, render(name, content, self._outline(media))

    def _body(
        self, name: str, media: MediaType, given: Any | Nothing, seed: str, *, exemplary: bool
    ) -> bytes:
        """Return a whole body, made once for each of the values that the schema is shown with."""
        if not isinstance(given, Nothing):
            return render(name, given, self._outline(media))
        # Of a large value there are but a few variants, for each takes its time.
        variant = str(zlib.crc32(seed.encode()) % _VARIANTS)
        return self._made(name, media, variant, exemplary, few=True) or self._made(
            name, media, seed, exemplary, few=False
        )

    def _made(self, name: str, media: MediaType, seed: str, exemplary: bool, *, few: bool) -> bytes:  # noqa: FBT001
        """Return the body that is made by a seed; nothing where there need not be but a ``few`` of it."""
        key = (media.at, name, seed, exemplary, few)
        body = self.made.get(key)
        if body is None:
            value = self._whole(media, seed, exemplary=exemplary)
            from mockgrid.schema.generate import weigh  # noqa: PLC0415 - with values that are made

            used = not few or weigh(value) > _LARGE or self._values.is_large(media)
            # A copy of its own size: what writes JSON leaves ten times the room behind it.
            body = bytes(memoryview(render(name, value, self._outline(media)))) if used else b""
            self.made.keep(key, body, len(body) + len(media.at) + len(seed) + 200)
        return body

    def _stream(self, reply: Reply, name: str, media: MediaType, given: Any | Nothing, seed: str) -> Reply:
        """Answer with several values: server-sent events, or a JSON text a line."""
        if isinstance(given, str) and name != EVENT_STREAM:
            reply.body = given.encode("utf-8", "replace")
        elif isinstance(given, str) and "data:" in given:
            frames = given.encode("utf-8", "replace").replace(b"\r\n", b"\n").strip(b"\n").split(b"\n\n")
            reply.events = [frame.strip(b"\n") + b"\n\n" for frame in frames]
        elif name != EVENT_STREAM:
            reply.body = lines(name, self._several(media, given, seed))
        else:
            items = self._several(media, given, seed)
            # Of a list of events not each has to have a name.
            listed = media.schema is None or any("event" in item for item in items if isinstance(item, dict))
            fields = "itemSchema" in media.source or (listed and all(map(is_event, items)))
            reply.events = [event(item, fields=fields) for item in items]
        return reply

    def _several(self, media: MediaType, given: Any | Nothing, seed: str) -> list[Any]:
        """Return the values of a stream: the items of an array, one value, or three by ``itemSchema``."""
        if isinstance(given, Nothing) and "itemSchema" in media.source:
            made = (
                self._values.make(f"{media.at}/itemSchema", f"{seed}/{index}", exemplary=True)
                for index in range(_STREAMED_ITEMS)
            )
            return [each.value for each in made]
        whole = self._whole(media, seed, exemplary=True) if isinstance(given, Nothing) else given
        return whole if isinstance(whole, list) else [whole]

    def _whole(self, media: MediaType, seed: str, *, exemplary: bool) -> Any:
        """Synthesise a body; without a schema, the least that the media type can hold."""
        if media.schema is None:
            return "" if media.name.startswith("text/") else {}
        if self._static and exemplary:
            return self._plainest(media, media.schema)
        made = self._values.make(media.schema.at, seed, exemplary=exemplary)
        if not made.exclusive and exemplary:
            example = self._values.example(media, loosely=True)
            return made.value if isinstance(example, Nothing) else example
        return made.value

    def _plainest(self, media: MediaType, schema: SchemaValidator) -> Any:
        """Return the plainest body, which is the same for every request."""
        if media.at not in self._plain:
            made = self._values.make(schema.at, "", exemplary=True)
            document = self._contract.document.data
            # With all its properties, or where these fit several branches of a oneOf, with what is required.
            ways = (sample(media.source["schema"], document, lean=lean) for lean in (False, True))
            plain = (mended(way, made.value, schema) for way in ways)
            loosely = not made.exclusive
            fitting = (way for way in plain if self._values.accepts(media, way, loosely=loosely))
            self._plain[media.at] = next(fitting, made.value)
        return self._plain[media.at]

    def _example(self, media: MediaType) -> Any | Nothing:
        if media.at not in self._examples:
            self._examples[media.at] = self._values.example(media)
        return self._examples[media.at]

    def _outline(self, media: MediaType) -> SchemaHints:
        return self._values.outline(media.source.get("schema", {}))


def _in_charset(body: bytes, content_type: bytes) -> bytes:
    """Return a text as its content type says that it is written; XML says so itself."""
    named = MediaName.of(content_type.decode("ascii"))
    charset = named.parameters.get("charset", "utf-8").lower()
    if charset == "utf-8" or named.is_xml:
        return body
    try:
        return body.decode().encode(charset, "replace")
    except (LookupError, ValueError):  # some codecs replace nothing
        return body


def _deprecation(operation: Operation) -> list[tuple[bytes, bytes]]:
    """Return the header that tells of an operation that goes away one day."""
    return [(b"deprecation", b"true")] if operation.deprecated else []
