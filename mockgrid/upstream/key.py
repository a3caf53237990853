"""The key by which a provider is asked, in place of those that its clients send."""

from __future__ import annotations

import base64
import os
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, quote, quote_plus

from mockgrid.errors import StartError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mockgrid.contract.security import Scheme, Security

_HINT: Final = "Put the provider's key there, or leave the flag out to pass on that of each client."
_AUTHORIZATION: Final = b"authorization"


def read_key(variable: str, flag: str = "--upstream-key-env", hint: str = _HINT) -> str:
    """Return the key that a variable holds, which a flag names.

    Raises:
        StartError: it is not set, or holds what no header can carry.
    """
    key = os.environ.get(variable, "").strip()
    if not key:
        raise StartError(f"{flag}: The variable {variable!r} is not set, or is empty.", hint=hint)
    if not (key.isascii() and key.isprintable()):
        raise StartError(f"{flag}: What {variable!r} holds has characters that no header can carry.")
    return key


def with_key(
    key: str,
    security: Security,
    headers: Sequence[tuple[bytes, bytes]],
    query: bytes,
    own: Mapping[str, str] = MappingProxyType({}),
) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Return headers and query of a request with a key in place of its own credentials.

    It stands where the request has one by a scheme that its operation knows, else where the first of these
    wants it, and for each scheme that has to come beside; cookies are no business of it, unless one is one.

    Args:
        key: of the provider.
        security: of the operation that is called.
        headers: of the request.
        query: of the request.
        own: other keys, by the names of the schemes that they are for.
    """
    names = {name for name, _ in headers}
    sent = {pair.partition("=")[0] for pair in query.decode("latin-1").split("&")}
    carried = (scheme for scheme in security.welcome if _is_sent(scheme, names, sent))
    named = (scheme for scheme in security.welcome if scheme.name in own)
    scheme = next(chain(carried, named), security.welcome[0])
    ending = {name.encode("latin-1") for name in security.secret_headers} - {b"cookie", b"set-cookie"}
    kept = [line for line in headers if line[0] not in ending]
    for each in security.together(scheme):
        text = own.get(each.name, key)
        if text and each.kind == "query":
            query = _with_parameter(query, each.parameter, text)
        elif text:
            kept.append(_line(each, text))
    return kept, query


def _is_sent(scheme: Scheme, names: set[bytes], sent: set[str]) -> bool:
    if scheme.kind == "query":
        return quote_plus(scheme.parameter) in sent
    return scheme.kind != "cookie" and scheme.parameter.lower().encode("latin-1") in names


def _line(scheme: Scheme, key: str) -> tuple[bytes, bytes]:
    """Return the header by which a scheme carries a key."""
    if scheme.kind == "cookie":
        return b"cookie", f"{scheme.parameter}={quote(key)}".encode("latin-1")
    if scheme.kind == "header":
        return scheme.parameter.lower().encode("latin-1"), key.encode("ascii")
    word = base64.b64encode(key.encode()).decode() if scheme.kind == "basic" and ":" in key else key
    return _AUTHORIZATION, f"{scheme.kind.capitalize()} {word}".encode("ascii")


def _with_parameter(query: bytes, name: str, key: str) -> bytes:
    """Return a query whose parameter has another value; all else stays as it was sent."""
    pairs = query.decode("latin-1").split("&") if query else []
    kept = [pair for pair in pairs if next(iter(parse_qsl(pair, keep_blank_values=True)), ("",))[0] != name]
    return "&".join([*kept, f"{quote_plus(name)}={quote_plus(key)}"]).encode("latin-1")
