"""Finding the credential of a request, and telling what must never be shown.

What is accepted as a credential and what is redacted are one list: ``Security.secret_headers``, and what
``is_secret_name`` takes for one whatever the document says.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from mockgrid.contract.http_terms import sendable
from mockgrid.fixed import fixed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Headers that carry secrets by convention, whatever a document says.
_ALWAYS_SECRET = ("authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "api-key")
# Parts of names by which vendors call what the contract does not mention, and names that only look so.
_SECRET_NAME = re.compile(
    r"auth|cookie|token|secret|(?:access|account|admin|api|functions|master|private|subscription)[-_]?key"
    r"|password|passwd|credential|signature|^key$",
    re.IGNORECASE,
)
# What names a session to a provider is as good as a key; beside MockGrid's own, which is told.
_SESSION_NAME = re.compile(
    r"(?!x-mockgrid-)(?:.*[-_.])?(?:\w*sess(?:ion)?(?:[-_]?(?:id|key|uuid))?|s(?:ess)?id|bearer|csrf|dpop|jwt|otp|passcode|xsrf)"
    r"|.*jwt[-_]assertion|(?:.*[-_])?(?:client|encryption|license|signing)[-_]?key|x-key",
    re.IGNORECASE,
)
_OPEN_NAME = re.compile(
    r"www-authenticate|(?:x[-_])?max[-_](?:completion[-_])?tokens|(?:[\w-]+-)?rate-?limit-(?:[\w-]+-)?tokens(?:-[\w-]+)?",
    re.IGNORECASE,
)


@fixed
class Scheme:
    """One security scheme of the contract.

    Attributes:
        name: its name in the document.
        kind: ``bearer``, ``basic`` or another scheme of HTTP; an API key's is where it stands, ``header``,
            ``query`` or ``cookie``.
        parameter: the header, query or cookie parameter that carries an API key.
    """

    name: str
    kind: str
    parameter: str = "authorization"

    @property
    def challenge(self) -> str:
        """What ``WWW-Authenticate`` says of it."""
        if self.kind in _API_KEY:
            name = sendable(self.parameter).replace("\\", "\\\\").replace('"', '\\"')
            return f'ApiKey in="{self.kind}", name="{name}"'
        return self.kind.capitalize()


SCHEMES: Final = "/components/securitySchemes"
"""Where a document declares them."""
_API_KEY = ("header", "query", "cookie")
_BEARER = Scheme("bearer", "bearer")


@fixed
class Found:
    """A well-formed credential."""

    scheme: Scheme
    key: str


@fixed
class Missing:
    """No usable credential.

    Attributes:
        reason: a sentence that says what was found and what was expected.
        schemes: by which one is missing.
    """

    reason: str
    schemes: tuple[Scheme, ...]

    @property
    def challenge(self) -> str:
        """The value of ``WWW-Authenticate``: what is missing."""
        return ", ".join(dict.fromkeys(scheme.challenge for scheme in self.schemes))


def is_secret_name(name: str) -> bool:
    """Tell whether a header or a parameter carries a credential, by its name in any case.

    >>> is_secret_name("X-Goog-Api-Key"), is_secret_name("x-ratelimit-remaining-tokens")
    (True, False)
    """
    return _SECRET_NAME.search(name) is not None and _OPEN_NAME.fullmatch(name) is None


def is_private_name(name: str) -> bool:
    """Tell whether a header or a parameter is not to be told: it carries a credential, or names a session.

    >>> is_private_name("Mcp-Session-Id"), is_private_name("sessions"), is_private_name("X-MockGrid-Session")
    (True, False, False)
    """
    return is_secret_name(name) or _SESSION_NAME.fullmatch(name) is not None


class Security:
    """The schemes that an operation accepts.

    Args:
        alternatives: the operation's security requirements; an empty one means that none is needed.
        schemes: all of the document, by name.

    Attributes:
        ways: in which a credential may come: of each the schemes, all of which have to.
        schemes: those that the operation accepts, in order.
        welcome: those by which clients may send a key that is not asked for: the same, then the document's
            others, and a bearer token.
        required: whether there has to be a credential.
        bearer_first: whether a well-formed bearer token is taken, whatever else comes with it.
        secret_headers: names of headers that carry credentials by any of these, lower-case.
        secret_query: names of query parameters that do.
    """

    def __init__(self, alternatives: list[dict[str, Any]], schemes: Mapping[str, Scheme]) -> None:
        known = [
            tuple(schemes[name] for name in sorted(alternative) if name in schemes)
            for alternative in alternatives
        ]
        self.ways = tuple(alternative for alternative in known if alternative)
        self.schemes = tuple(scheme for alternative in self.ways for scheme in alternative)
        places = dict[tuple[str, str], Scheme]()
        for scheme in (*self.schemes, *schemes.values(), _BEARER):
            places.setdefault((scheme.kind, scheme.parameter), scheme)
        self.welcome = tuple(places.values())
        self.bearer_first = [scheme.kind for scheme in self.first] == ["bearer"]
        # What a request does not carry, such as a certificate, or what nobody knows may always be there.
        self.required = bool(known) and all(known)
        self.secret_headers = tuple(
            sorted(
                {
                    *_ALWAYS_SECRET,
                    *(s.parameter.lower() for s in self.welcome if s.kind not in ("query", "cookie")),
                }
            )
        )
        self.secret_query = tuple(sorted({s.parameter for s in self.welcome if s.kind == "query"}))

    @property
    def first(self) -> tuple[Scheme, ...]:
        """The schemes of the first way in which a credential may come; none where none is asked for."""
        return self.ways[0] if self.ways else ()

    @property
    def wanted(self) -> str:
        """What a request has to have, in words: the ways to have it."""
        ways = (" and ".join(scheme.challenge for scheme in each) for each in self.ways)
        return " or ".join(dict.fromkeys(ways)) if self.required else "no credential"

    def grants(self, other: Security) -> bool:
        """Tell whether a request that has what another asks for has what this asks for."""
        ours, theirs = (
            [{(scheme.kind, scheme.parameter) for scheme in way} for way in each.ways]
            for each in (self, other)
        )
        enough = all(any(way <= known for way in ours) for known in theirs)
        return not self.required or (other.required and enough)

    def together(self, scheme: Scheme) -> tuple[Scheme, ...]:
        """Return a scheme with those that have to come beside it."""
        return next((each for each in self.ways if scheme in each), (scheme,))

    @property
    def challenge(self) -> str:
        """The value of ``WWW-Authenticate`` where a credential is not known."""
        return Missing("", self.schemes or (_BEARER,)).challenge

    def find(self, headers: Mapping[bytes, bytes], query: bytes) -> list[Found] | Missing:
        """Return the credentials of all alternatives of which a request carries every part, in their order.

        What is missing is told of the alternative of which most is there.
        """
        satisfied: list[Found] = []
        nearest, most = Missing("No credential was sent.", self.schemes or (_BEARER,)), -1
        for alternative in self.ways:
            credentials = [_read(scheme, headers, query) for scheme in alternative]
            missing = [each for each in credentials if isinstance(each, Missing)]
            if not missing:
                satisfied += [each for each in credentials if isinstance(each, Found)]
            elif len(credentials) - len(missing) > most:
                most = len(credentials) - len(missing)
                lacking = tuple(scheme for each in missing for scheme in each.schemes)
                nearest = Missing(missing[0].reason, lacking if most else self.schemes)
        return satisfied or nearest

    def volunteered(self, headers: Mapping[bytes, bytes], query: bytes) -> Iterator[Found]:
        """Yield the well-formed credentials that a request carries without being asked for one."""
        for scheme in self.welcome:
            credential = _read(scheme, headers, query)
            if isinstance(credential, Found):
                yield credential


def _read(scheme: Scheme, headers: Mapping[bytes, bytes], query: bytes) -> Found | Missing:
    if scheme.kind not in _API_KEY:
        return _from_authorization(scheme, headers.get(b"authorization"), headers)
    if scheme.kind == "query":
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
        key = next((value for name, value in pairs if name == scheme.parameter), "")
    elif scheme.kind == "cookie":
        key = _cookie(headers.get(b"cookie", b""), scheme.parameter)
    else:
        key = headers.get(scheme.parameter.lower().encode("latin-1"), b"").decode("latin-1").strip()
    if not key:
        place = f"the {scheme.kind} parameter `{scheme.parameter}`"
        return Missing(f"The API key is missing; it is expected in {place}.", (scheme,))
    return Found(scheme, key)


def _from_authorization(
    scheme: Scheme, value: bytes | None, headers: Mapping[bytes, bytes]
) -> Found | Missing:
    called = "key" if scheme.kind == "bearer" else "credentials"
    expected = f"`Authorization: {scheme.kind.capitalize()} <{called}>`"
    if value is None:
        for elsewhere in (b"x-api-key", b"api-key"):
            if elsewhere in headers:
                reason = f"A key came in the header `{elsewhere.decode()}`; send it as {expected}."
                return Missing(reason, (scheme,))
        return Missing(f"The API key is missing; send it as {expected}.", (scheme,))
    word, _, credential = value.decode("latin-1").strip().partition(" ")
    key = credential.strip()
    if word.lower() != scheme.kind:
        reason = f"The Authorization header does not have the form {expected}."
    elif not key:
        reason = f"The Authorization header holds no key; send it as {expected}."
    elif scheme.kind == "basic" and not _is_base64(key):
        reason = "The Basic credentials are not base64."
    elif not key.isascii() or not key.isprintable():
        reason = "The API key holds characters that a key cannot have (controls or non-ASCII)."
    else:
        return Found(scheme, key)
    return Missing(reason, (scheme,))


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return True


def _cookie(header: bytes, name: str) -> str:
    from http.cookies import CookieError, SimpleCookie  # noqa: PLC0415 - 2 ms, for keys in cookies alone

    try:
        cookies = SimpleCookie(header.decode("latin-1"))
    except CookieError:
        return ""
    return cookies[name].value if name in cookies else ""
