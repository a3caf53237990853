"""What must never be shown of an exchange: its credentials, wherever they turn up."""

from __future__ import annotations

import base64
import binascii
import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, unquote_plus, urlsplit

from mockgrid.contract.security import is_private_name
from mockgrid.document.json_body import MalformedJsonError, read_json
from mockgrid.session.key_shapes import (
    FIELD,
    KEY_SHAPES,
    LEAST_ENCODED,
    REDACTED,
    encoded,
    is_ordinary,
    is_secret_parameter,
    late_pattern,
    named_secrets,
    places_of,
    secret_looking,
)
from mockgrid.session.secret_fields import redacted
from mockgrid.session.spans import Span, apart, recut, without
from mockgrid.session.streamed import in_events

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from mockgrid.contract.contract import Contract
    from mockgrid.session.exchange import KeptExchange, RequestHead

_FIELDS_OF_FORM = late_pattern(
    rf"(?:\A|&)(?:[^=&]{{0,64}}?(?:\[|%5b))?(?:{FIELD})(?:\]|%5d)?=([^&]*)", re.IGNORECASE
)
_SESSION = "x-mockgrid-session"
_REFERER = "referer"
SHORTEST: Final = 4
"""A shorter word could stand anywhere by chance; it is hidden where it was sent as a credential only."""

# The same for what only looks like a credential by its name: `x-auth-mode: none` must not hide each "none".
_SHORTEST_LIKELY = 8
# Characters of a key of which the last may be shown; one that may be a password has more.
_MANY = 12
_MANY_OF_ANY = 32
# What stands where a text was cut, also in the ASCII of a header.
_CUT = re.compile(r"…|\\u2026")
_ESCAPE = re.compile("%[0-9A-F]{2}")
_DEEPEST = 200
_MOST_LINES = 64
# So many are looked for one by one.
_FEW = 64


class Redaction:
    """Hides credentials: the headers, parameters, fields and cookies that may carry them, and their values.

    What is accepted as a credential and what is hidden are one list: the contract's security schemes, and the
    keys that the server accepts.

    Args:
        contract: its security schemes and its key policy.
        accepted: keys that are accepted as they are.
        accept_any: whether every credential is accepted.
    """

    def __init__(
        self, contract: Contract, accepted: Collection[str] = (), *, accept_any: bool = False
    ) -> None:
        securities = [operation.security for operation in contract.operations]
        prefixes = contract.policy.keys.prefixes
        self._headers = frozenset(name for security in securities for name in security.secret_headers)
        self._queries = frozenset(name for security in securities for name in security.secret_query)
        self._accepted = frozenset(accepted)
        self._any = accept_any or prefixes is None
        begun = "|".join(
            rf"{prefix}(?<![\w.~+-]{prefix})"
            for prefix in (re.escape(known.prefix) for known in prefixes or ())
        )
        # A key ends where a text goes on; it may have most characters, so both ends are taken for it.
        ends = (r"[\w.~+/=-]+", r"[^\s,;&\"'<>]+") if begun else ()
        self._keys = tuple(re.compile(rf"(?:{begun}){end}") for end in ends)

    def of(self, sent: RequestHead, body: bytes = b"", reply: KeptExchange | None = None) -> Hidden:
        """Return what is to be hidden in one exchange, by what its request brought.

        Args:
            sent: its head.
            body: its body, where that may be told of.
            reply: itself, where its reply is told, too.
        """
        words = self.secrets(sent.headers.items(), sent.query, body)
        if reply is not None:
            words |= self.secrets(reply.answer.headers, b"", reply.reply_body)
        return Hidden(words, self.shapes)

    def secrets(
        self, headers: Iterable[tuple[bytes, bytes]], query: bytes = b"", body: bytes = b""
    ) -> set[str]:
        """Return the secrets that one side of an exchange holds, and the keys that the server accepts."""
        words = set(self._accepted)
        for raw_name, raw_value in headers:
            words.update(self._of_header(raw_name.decode("latin-1"), raw_value.decode("latin-1")))
        words.update(self._of_query(query.decode("latin-1")))
        # Who has the password `required` must not have each schema's `required` hidden.
        words.update(word for word in _of_body(body) if not is_ordinary(word))
        return words

    @property
    def shapes(self) -> tuple[re.Pattern[str], ...]:
        """What finds keys by how they look: those that the server accepts, and those of known issuers."""
        # The second of these is never shorter than the first.
        return (KEY_SHAPES, *self._keys[1:])

    def headers(self, headers: Iterable[tuple[bytes, bytes]], hidden: Hidden) -> dict[str, str]:
        """Return headers as text, by name, those that carry credentials redacted."""
        texts: dict[str, str] = {}
        for raw_name, raw_value in headers:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            if self._is_secret(name, value):
                texts[hidden.text(name)] = REDACTED
            elif name == _REFERER and "?" in value:
                address, _, query = value.partition("?")
                texts[name] = f"{hidden.text(address)}?{self.query(query.encode('latin-1'), hidden)}"
            else:
                texts[hidden.text(name)] = hidden.text(value)
        return texts

    def query(self, query: bytes, hidden: Hidden) -> str:
        """Return a query as it was sent, the values of parameters that carry credentials redacted."""
        pairs = []
        for pair in query.decode("latin-1").split("&"):
            name, equals, value = pair.partition("=")
            # There are many ways to quote a secret, and but one to read it.
            is_secret = equals and (
                self._is_secret_query(unquote_plus(name)) or hidden.reveals(unquote_plus(value))
            )
            name = REDACTED if hidden.reveals(unquote_plus(name)) else hidden.text(name)
            pairs.append(f"{name}{equals}{REDACTED if is_secret else hidden.text(value)}")
        return "&".join(pairs)

    def _is_secret(self, name: str, value: str) -> bool:
        if name == _SESSION and (self._any or value in self._accepted):
            return True
        return name in self._headers or is_private_name(name)

    def _is_secret_query(self, name: str) -> bool:
        return name in self._queries or is_secret_parameter(name)

    def _keys_in(self, text: str) -> Iterator[str]:
        """Yield what begins as an accepted key does."""
        for key in self._keys:
            yield from key.findall(text)

    def _of_header(self, name: str, value: str) -> Iterator[str]:
        """Yield the secrets that a header holds."""
        yield from self._keys_in(value)
        word = value.rpartition(" ")[2]
        if self._is_secret(name, value):
            cookies = [part.partition("=")[2].strip(' "') for part in value.split(";")]
            shortest = SHORTEST if name in self._headers else _SHORTEST_LIKELY
            secrets = (value.strip(), word, *cookies, *basic(word))
            yield from (secret for secret in secrets if len(secret) >= shortest)
        elif name == _REFERER:
            try:
                yield from self._of_query(urlsplit(value).query)
            except ValueError:
                return

    def _of_query(self, query: str) -> Iterator[str]:
        """Yield the secrets of a query."""
        for name, value in parse_qsl(query, keep_blank_values=True):
            yield from self._keys_in(value)
            shortest = SHORTEST if name in self._queries else _SHORTEST_LIKELY
            if self._is_secret_query(name) and len(value) >= shortest:
                yield value


def masked(key: str, prefix: str = "") -> str:
    """Return what may be shown of a key: how all begin, and the last of many characters: ``mg-…abcd``.

    It is nothing of user and password, as they are or as Basic credentials have them.
    """
    if not prefix and (":" in key or any(basic(key))):
        return ""
    many = _MANY if prefix else _MANY_OF_ANY
    return f"{prefix}\N{HORIZONTAL ELLIPSIS}{key[-SHORTEST:] if len(key) - len(prefix) >= many else ''}"


class Hidden:
    """The secrets of one exchange, to be hidden in whatever is told of it.

    Args:
        words: what to hide; in a URL they may stand quoted, and in JSON text escaped.
        shapes: what finds keys by how they look.
    """

    def __init__(self, words: Iterable[str], shapes: Sequence[re.Pattern[str]] = (KEY_SHAPES,)) -> None:
        self._shapes = shapes
        forms = {form for word in words for form in forms_of(word)}
        # The longest first, since one may be part of another. There may be thousands, of which a regular
        # expression would take seconds to be made.
        self._by_beginning: dict[str, list[str]] = {}
        for form in sorted(forms, key=lambda form: (-len(form), form)):
            self._by_beginning.setdefault(form[:SHORTEST], []).append(form)
        self._longest = max(map(len, forms), default=0)

    def text(self, text: str) -> str:
        """Return text without the secrets, and without the beginning of one where the text was cut.

        What looks like a key is none of the exchange's own, and hidden all the same.
        """
        text = without(text, self.spans(text))
        return self._without_beginnings(text) if self._longest and _CUT.search(text) else text

    def spans(self, text: str) -> list[Span]:
        """Return what is to be hidden in a text, in order."""
        return apart(self.places(text))

    def places(self, text: str) -> Iterator[Span]:
        """Yield what is to be hidden in a text, in any order."""
        yield from secret_looking(text, self._shapes)
        for start in self._beginnings(text):
            for form in self._by_beginning[text[start : start + SHORTEST]]:
                if text.startswith(form, start):
                    yield Span(start, start + len(form), REDACTED)
                    break
        if len(text) >= LEAST_ENCODED:
            yield from encoded(text, self.reveals)

    def pieces(self, texts: Sequence[str], *, streamed: bool = False) -> list[str]:
        """Return the pieces of a text without the secrets, nor those that go on from one to the next.

        Args:
            texts: the pieces.
            streamed: whether they are events, of which each may hold a part of a secret.
        """
        whole = "".join(texts)
        spans = self.spans(whole)
        if streamed:
            spans = apart([*spans, *in_events(whole, self)])
        return [self.text(text) for text in recut(texts, spans)]

    def reveals(self, text: str) -> bool:
        """Tell whether a text holds a secret."""
        return next(self.places(text), None) is not None

    def value(self, value: Any) -> Any:
        """Return a JSON value without the secrets, in keys or texts, and in fields that are named for one."""
        return redacted(value, lambda text, _: self.text(text))

    def _beginnings(self, text: str) -> list[int]:
        """Return where a secret may begin in a text."""
        known = self._by_beginning
        if len(known) <= _FEW:
            there = [beginning for beginning in known if beginning in text]
            return (
                sorted(start for beginning in there for start in places_of(text, beginning)) if there else []
            )
        return [at for at in range(len(text) - SHORTEST + 1) if text[at : at + SHORTEST] in known]

    def _without_beginnings(self, text: str) -> str:
        """Return a text without what may be the beginning of a secret before each place where it was cut."""
        pieces, done = [], 0
        for start in self._beginnings(text):
            cut = _CUT.search(text, start, start + self._longest + len("\\u2026"))
            if start >= done and cut is not None:
                beginning = text[start : cut.start()]
                forms = self._by_beginning[text[start : start + SHORTEST]]
                if any(form.startswith(beginning) for form in forms):
                    pieces += [text[done:start], REDACTED]
                    done = cut.start()
        return "".join([*pieces, text[done:]])


def _of_body(body: bytes) -> Iterator[str]:
    """Yield the secrets of a body: what is in fields of JSON or of a form that are named for one."""
    text = body.decode("utf-8", "replace")
    if body.startswith((b"{", b"[")):
        named: list[Any] = []
        with suppress(MalformedJsonError):
            redacted(read_json(body, _DEEPEST), lambda text, _: text, secret=named.append)
        yield from (item for item in named if isinstance(item, str))
    else:
        for match in _FIELDS_OF_FORM.finditer(text):
            yield from (match[1], unquote_plus(match[1]))
    for start, end, placeholder in named_secrets(text):
        if end - start >= _SHORTEST_LIKELY and placeholder == REDACTED:
            # Of what is a file, what is told may be a line.
            lines = text[start:end].splitlines()[:_MOST_LINES]
            yield from (line for line in lines if len(line) >= _SHORTEST_LIKELY)
            yield from unescaped(text[start:end])


def unescaped(text: str) -> Iterator[str]:
    """Yield a text, and what it is once and twice out of JSON."""
    yield text
    for _ in range(2):
        try:
            text = json.loads(f'"{text}"')
        except ValueError:
            return
        yield text


def basic(word: str) -> Iterator[str]:
    """Yield ``user:password``, user and password, where a word is HTTP's Basic credentials."""
    try:
        decoded = base64.b64decode(word, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return
    user, colon, password = decoded.partition(":")
    if colon:
        yield from (decoded, user, password)


def forms_of(word: str) -> Iterator[str]:
    """Yield a secret as it may stand: plain, quoted for a URL, escaped in JSON, and encoded in base64.

    What is too short could stand anywhere by chance.
    """
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    coded = base64.b64encode(word.encode("utf-8", "replace")).decode().rstrip("=")
    quoted = [quote(word, safe=safe, errors="replace") for safe in ("", "/", "/:@")]
    lowered = [_ESCAPE.sub(lambda match: match[0].lower(), form) for form in quoted]
    forms = (
        *(word, *quoted, *lowered, escaped, json.dumps(word)[1:-1]),
        *(coded, coded.replace("+", "-").replace("/", "_")),
    )
    yield from (form for form in dict.fromkeys(forms) if len(form) >= SHORTEST)
