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
    REDACTED,
    is_ordinary,
    is_secret_parameter,
    late_pattern,
    may_name_secrets,
    named_secrets,
    names_secrets,
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
    rb"(?:\A|&)(?:[^=&]{0,64}?(?:\[|%%5b))?(?:%b)(?:\]|%%5d)?=([^&]*)"
    # A part goes on to the next boundary.
    rb'|; *name="?(?:%b)(?:"[^\r\n]{0,999}+|(?:;[^\r\n]{0,999}+)?)(?:\r?\n[^\r\n]++){0,8}+\r?\n\r?\n'
    rb"((?:[^\r\n]++|\r?+\n(?!--)|\r(?!\n))*+)" % ((FIELD.encode(),) * 2),
    re.IGNORECASE,
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
_DEEPEST = 200
_MOST_LINES = 64


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
        beginnings = "|".join(re.escape(known.prefix) for known in prefixes or ())
        # A key ends where a text goes on; it may have most characters, so both ends are taken for it.
        ends = (r"[\w.~+/=-]+", r"[^\s,;&\"'<>]+") if beginnings else ()
        self._keys = tuple(re.compile(rf"(?<![\w.~+-])(?:{beginnings}){end}") for end in ends)

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
        return Hidden(words)

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
        return (KEY_SHAPES, *self._keys)

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
    """

    def __init__(self, words: Iterable[str]) -> None:
        forms = {form for word in words for form in forms_of(word)}
        # The longest first, since one may be part of another.
        self._forms = sorted(forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(map(re.escape, self._forms))) if self._forms else None
        self._longest = len(self._forms[0]) if self._forms else 0

    def text(self, text: str) -> str:
        """Return text without the secrets, and without the beginning of one where the text was cut.

        What looks like a key is none of the exchange's own, and hidden all the same.
        """
        text = without(text, apart(secret_looking(text)))
        if self._pattern is None:
            return text
        text = self._pattern.sub(REDACTED, text)
        return text if _CUT.search(text) is None else self._without_beginnings(text)

    def spans(self, text: str) -> list[Span]:
        """Return what is to be hidden in a text, in order."""
        spans = list(secret_looking(text))
        if self._pattern is not None:
            spans += (Span(*match.span(), REDACTED) for match in self._pattern.finditer(text))
        return apart(spans)

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
        known = self._pattern is not None and self._pattern.search(text) is not None
        return known or next(secret_looking(text), None) is not None

    def value(self, value: Any) -> Any:
        """Return a JSON value without the secrets, in keys or texts, and in fields that are named for one."""
        return redacted(value, lambda text, _: self.text(text))

    def _without_beginnings(self, text: str) -> str:
        """Return a text without what may be the beginning of a secret before each place where it was cut."""
        beginnings = "|".join(sorted({re.escape(form[:SHORTEST]) for form in self._forms}))
        pieces, done = [], 0
        for match in re.finditer(f"(?={beginnings})", text):
            start = match.start()
            cut = _CUT.search(text, start, start + self._longest + len("\\u2026"))
            if start >= done and cut is not None:
                beginning = text[start : cut.start()]
                if any(form.startswith(beginning) for form in self._forms):
                    pieces += [text[done:start], REDACTED]
                    done = cut.start()
        return "".join([*pieces, text[done:]])


def _of_body(body: bytes) -> Iterator[str]:
    """Yield the secrets of a body: what is in fields of JSON or of a form that are named for one."""
    text = body.decode("utf-8", "replace")
    if body.startswith((b"{", b"[")):
        if not names_secrets(text):
            return
        named: list[Any] = []
        with suppress(MalformedJsonError):
            redacted(read_json(body, _DEEPEST), lambda text, _: text, secret=named.append)
        yield from (item for item in named if isinstance(item, str))
    elif may_name_secrets(text):
        for match in _FIELDS_OF_FORM.finditer(body):
            value = (match[1] or match[2] or b"").decode("utf-8", "replace")
            yield from (value, unquote_plus(value))
            # Of what is a file, what is told may be a line.
            lines = value.splitlines()[:_MOST_LINES]
            yield from (line for line in lines if len(line) >= _SHORTEST_LIKELY)
    for start, end in named_secrets(text):
        if end - start >= _SHORTEST_LIKELY:
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
    encoded = base64.b64encode(word.encode("utf-8", "replace")).decode().rstrip("=")
    forms = (
        *(word, quote(word, safe="", errors="replace"), escaped, json.dumps(word)[1:-1]),
        *(encoded, encoded.replace("+", "-").replace("/", "_")),
    )
    yield from (form for form in dict.fromkeys(forms) if len(form) >= SHORTEST)
