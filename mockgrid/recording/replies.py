"""From a recorded reply to one in the words of scenarios, which says the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote

from mockgrid.contract.router import ROUTED
from mockgrid.errors import MockgridError
from mockgrid.recording.content import content_of
from mockgrid.recording.difference import difference, same
from mockgrid.recording.exchange import header
from mockgrid.recording.streams import Streams
from mockgrid.recording.timing import duration
from mockgrid.reply.delivery.form import json_or_text
from mockgrid.scenario.template import literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockgrid.recording.exchange import RecordedReply
    from mockgrid.recording.reading import ReadRequest
    from mockgrid.recording.trial import Composed, Trial

__all__ = ["Replies", "UnsayableError", "Wording"]

_STREAM: Final = "text/event-stream"
_OK, _REDIRECTS, _ERRORS = 200, 300, 400
_USUAL_REDIRECT: Final = 307
_LOCATED: Final = (301, 302, 303, 307, 308)
# Headers of replies that clients act upon, and the beginnings of others.
_KEPT: Final = frozenset(
    (
        *("retry-after", "retry-after-ms", "x-should-retry", "x-request-id", "request-id", "allow", "etag"),
        *("www-authenticate", "link", "content-language", "content-disposition", "deprecation", "sunset"),
    )
)
# What is the server's own, whatever a contract declares, and what another recording would have otherwise.
_UNKEPT: Final = frozenset(
    (
        *("connection", "content-length", "content-type", "trailer", "transfer-encoding", "upgrade"),
        *("content-encoding", "date", "keep-alive"),
    )
)
_KEPT_BEGINNINGS: Final = ("x-ratelimit-", "ratelimit")
_LONGEST_WAIT: Final = 10**9
_LEFT: Final = "The client left before its end; what would have followed is not known."


class UnsayableError(MockgridError):
    """A reply that scenarios cannot say."""


class Wording(NamedTuple):
    """A reply in words, and why there are no better ones; empty where these are the usual."""

    words: dict[str, Any]
    comment: str = ""


class Replies:
    """Says recorded replies in words.

    Args:
        trial: composes them, to see that they say the same.
        paced: whether replies take as long as they took.
    """

    def __init__(self, trial: Trial, *, paced: bool = True) -> None:
        self._trial = trial
        self._paced = paced
        self._streams = Streams(trial, paced=paced)

    def said(self, reply: RecordedReply, request: ReadRequest) -> Wording:
        """Return a reply in words.

        Raises:
            UnsayableError: there are none for it.
        """
        try:
            chunks = content_of(reply)
        except MockgridError:
            encoding = header(reply.headers, b"content-encoding")
            message = f"Its body is encoded as {encoding[:40]}, which cannot be undone here."
            raise UnsayableError(message) from None
        media = header(reply.headers, b"content-type")
        comment = ""
        words = None
        if _named(media) == _STREAM and reply.status == _OK:
            words, comment = self._streams.said(reply, chunks, request)
        if words is None:
            body = b"".join(piece for _, piece in chunks)
            words, comment = self._whole(reply, body, media, request)
            held = max((at for at, _ in chunks), default=reply.seconds)
            if self._paced and (delay := duration(held)):
                words["delay"] = delay
        fault = reply.fault or ""
        if fault.startswith("fault=") and not fault.endswith("cut_body"):  # how much of it came is seen
            words["fault"] = fault.removeprefix("fault=")
        words = {**words, **self._headers(reply, request, words, media)}
        if reply.ended == "left" and not self._is_complete(chunks, request):
            comment = "\n".join(filter(None, (comment, _LEFT)))
        return Wording(words, comment)

    def _is_complete(self, chunks: Sequence[tuple[float, bytes]], request: ReadRequest) -> bool:
        """Tell whether a stream has its last event: clients need not wait for what ends its body."""
        done = self._trial.done(request.operation.behaviour).strip()
        return bool(done) and b"".join(piece for _, piece in chunks).rstrip().endswith(done)

    def _whole(
        self, reply: RecordedReply, body: bytes, media: str, request: ReadRequest
    ) -> tuple[dict[str, Any], str]:
        if (routed := _routed(reply, request)) is not None:
            return routed, ""
        value = json_or_text(body) if body else None
        candidates = list(self._candidates(reply, value, request))
        for further in (False, True):
            for words in candidates:
                patched = self._patched(words, reply.status, value, request, further=further)
                if patched is not None:
                    return patched, ""
        return self._by_body(reply, body, value, media), self._reason(reply, request)

    def _reason(self, reply: RecordedReply, request: ReadRequest) -> str:
        """Return why a reply is given by its body; empty where that is the usual way."""
        if reply.status >= _ERRORS:
            return "Not an error in the contract's shape."
        if self._trial.hearer(request.operation.behaviour) is None:
            return ""
        return "It came whole to a request for a stream." if request.view.stream else "No words say this."

    def _patched(
        self, words: dict[str, Any], status: int, value: Any, request: ReadRequest, *, further: bool
    ) -> dict[str, Any] | None:
        """Return words that come to a value, further with what they leave open; None where they do not."""
        composed = self._trial.compose(words, request)
        if composed is None or composed.events is not None or composed.status != status:
            return None
        own = _value(composed)
        if same(own, value):
            return words
        if not further:
            return None
        lacking = difference(own, value)
        if lacking is None or ("error" in words and not lacking.within) or "redirect" in words:
            return None
        patched = {**words, **lacking.words()}
        again = self._trial.compose(patched, request)
        return patched if again is not None and same(_value(again), value) else None

    def _candidates(self, reply: RecordedReply, value: Any, request: ReadRequest) -> Iterator[dict[str, Any]]:
        """Yield the words that a reply may have, the nearest first."""
        if reply.status in _LOCATED and (location := header(reply.headers, b"location")):
            usual = reply.status == _USUAL_REDIRECT
            to: Any = literal(location) if usual else {"to": literal(location), "status": reply.status}
            yield {"redirect": to}
            yield {"redirect": {"to": literal(location), "status": reply.status, "page": True}}
        elif reply.status >= _ERRORS:
            yield from _errors(reply.status, value)
        elif reply.ended == "whole":
            hearer = self._trial.hearer(request.operation.behaviour)
            words = hearer.reply(value, request.request.value) if hearer is not None else None
            if words is not None:
                yield {**words, **({"status": reply.status} if reply.status != _OK else {})}

    def _by_body(self, reply: RecordedReply, body: bytes, value: Any, media: str) -> dict[str, Any]:
        """Return a reply by its body."""
        try:
            text = body.decode()
        except UnicodeDecodeError:
            message = f"Its body of {len(body)} bytes ({media or 'of no type'}) is no text."
            raise UnsayableError(message) from None
        words: dict[str, Any] = {"body": literal(value if isinstance(value, (dict, list)) else text)}
        if reply.status != _OK:
            words["status"] = reply.status
        if reply.ended == "cut":
            words["fault"] = {"kind": "cut_body", "after": len(body)}
        return words

    def _headers(
        self, reply: RecordedReply, request: ReadRequest, words: dict[str, Any], media: str
    ) -> dict[str, Any]:
        """Return the headers that matter, in words."""
        wait: dict[str, Any] = {}
        headers: dict[str, Any] = {}
        composed = self._trial.compose(words, request)
        if (
            "redirect" not in words
            and composed is not None
            and _named(media) != _named(composed.content_type)
        ):
            headers["content-type"] = literal(media) if media else None
        declared = request.operation.response(reply.status)
        kept = _KEPT.union(map(str.lower, declared.headers) if declared is not None else ())
        kept = kept - _UNKEPT - {"location"} if "redirect" in words else (kept - _UNKEPT) | {"location"}
        for raw_name, raw_value in reply.headers:
            name, text = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            if name == "retry-after" and text.isdecimal() and int(text) < _LONGEST_WAIT:
                wait["retry_after"] = {"seconds": f"{int(text)}s"}
            elif name in kept or name.startswith(_KEPT_BEGINNINGS):
                headers[name] = literal(text)
        return {**wait, "headers": headers} if headers else wait


def _named(media: str) -> str:
    return media.partition(";")[0].strip().lower()


def _routed(reply: RecordedReply, request: ReadRequest) -> dict[str, Any] | None:
    """Return the words of a redirect to the server itself: its address names the session that it was for."""
    location = header(reply.headers, b"location")
    if f"{ROUTED}{request.request.path}?token=" not in unquote(location):
        return None
    to = "other" if "://" in location else "same"
    if reply.status == _USUAL_REDIRECT and not reply.chunks:
        return {"redirect": to}
    return {"redirect": {"to": to, "status": reply.status, **({"page": True} if reply.chunks else {})}}


def _value(composed: Composed) -> Any:
    return json_or_text(composed.body) if composed.body else None


def _errors(status: int, value: Any) -> Iterator[dict[str, Any]]:
    """Yield the words of an error, the fewest first."""
    yield {"error": status}
    if not isinstance(value, dict):
        return
    inner = next((item for key in ("error", "errors") if isinstance(item := value.get(key), dict)), value)
    details = (inner.get("message"), inner.get("detail"), value.get("detail"), value.get("error"))
    detail = next((text for text in details if isinstance(text, str) or _is_by_field(text)), None)
    words: dict[str, Any] = {"status": status}
    if detail is not None:
        words["detail"] = literal(detail)
        yield {"error": words}
    further = {
        name: item
        for name in ("code", "type", "param")
        if isinstance(item := inner.get(name), str) or (name == "code" and isinstance(item, int))
    }
    for count in range(1, len(further) + 1):
        yield {"error": {**words, **{name: further[name] for name in list(further)[:count]}}}


def _is_by_field(value: Any) -> bool:
    lists: Sequence[Any] = list(value.values()) if isinstance(value, dict) else []
    return bool(lists) and all(
        isinstance(texts, list) and all(isinstance(text, str) for text in texts) for texts in lists
    )
