r"""The string formats: samples of each, and what passes for one.

A sample may hold one ``\\0``, a place where lower-case letters can be put in to make it longer.
"""

from __future__ import annotations

import base64
import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from mockgrid.schema.formats import FORMATS as CHECKS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Format(NamedTuple):
    """One format.

    Attributes:
        samples: different for different numbers; the usual one first, then others of unusual length.
        accepts: whether a text is of the format; anything passes for one that has only its samples.
    """

    samples: Callable[[int], list[str]]
    accepts: Callable[[str], bool] = lambda _text: True


def stretch(sample: str, length: int) -> str:
    """The sample, at least that long if it has a place for letters."""
    if "\0" not in sample:
        return sample
    return sample.replace("\0", "x" * max(0, length - len(sample) + 1))


def _is_email(text: str) -> bool:
    # As strict as the strictest reader, where a request may have what any of them takes.
    return re.fullmatch(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+", text) is not None and all(
        CHECKS[name](part) for name, part in (("email", text), ("hostname", text.rpartition("@")[2]))
    )


def _is_time(text: str) -> bool:
    return CHECKS["date-time"](f"2024-01-01T{text}")


def _dates(n: int) -> list[str]:
    return [f"2024-{n % 12 + 1:02}-{n % 28 + 1:02}"]


def _times(n: int) -> list[str]:
    clock = f"{n % 24:02}:{n * 7 % 60:02}:{n * 13 % 60:02}"
    return [f"{clock}Z", f"{clock}.000Z", f"{clock}+00:00", f"{clock}.000000Z", f"{clock}.000+00:00"]


def _date_times(n: int) -> list[str]:
    return [f"{day}T{time}" for day in _dates(n) for time in _times(n)]


def _uuids(n: int, version: int = 4) -> list[str]:
    # A version, and variant 1: what strict readers insist on.
    mixed = (n + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128
    text = f"{mixed:032x}"
    return [f"{text[:8]}-{text[8:12]}-{version}{text[13:16]}-a{text[17:20]}-{text[20:]}"]


def _jwts(n: int) -> list[str]:
    parts = ('{"alg":"HS256","typ":"JWT"}', f'{{"sub":"item-{n}"}}', "signature")
    return [".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)]


def _base64(n: int) -> list[str]:
    texts = [
        f"item {n}",
        "",
        "a",
        f"item {n:04}",
        *("x" * 3 * count for count in (1, 4, 8, 16, 32, 64, 128, 256)),
    ]
    return [base64.b64encode(text.encode()).decode() for text in texts]


def _paths(n: int) -> list[str]:
    return [f"/item-{n}\0", f"/{n % 10}", ""]


def _hosts(n: int) -> list[str]:
    return [f"host-{n}\0.example.com", f"h{n % 10}\0", f"{'a' * 60}.{'b' * 60}.{'c' * 60}.example.com"]


def _uris(n: int) -> list[str]:
    return [f"https://example.com/item-{n}\0", f"x:{n % 10}\0"]


def _emails(n: int) -> list[str]:
    return [f"user-{n}\0@example.com", f"u{n % 10}@a.co", f"{'u' * 60}@{'a' * 60}.{'b' * 60}.example.com"]


_DATE_TIME = Format(_date_times, CHECKS["date-time"])
_HOSTNAME = Format(_hosts, CHECKS["hostname"])
_EMAIL = Format(_emails, _is_email)
_URI = Format(_uris, CHECKS["uri"])
_REFERENCE = Format(lambda n: [f"/item-{n}\0", f"{n % 10}", ""], CHECKS["uri-reference"])
_IPV4 = Format(lambda n: [f"192.0.2.{n % 254 + 1}", f"1.1.1.{n % 10}", "192.0.2.255"], CHECKS["ipv4"])
_IPV6 = Format(
    lambda n: [f"2001:db8::{n + 1:x}", f"::{n % 10}", f"2001:0db8:{'0000:' * 5}0001"], CHECKS["ipv6"]
)
_NETWORK_4 = Format(lambda n: [f"192.0.{n % 256}.0/24"])
_NETWORK_6 = Format(lambda n: [f"2001:db8:{n:x}::/48"])
_BASE64 = Format(_base64, CHECKS["byte"])

FORMATS: Mapping[str, Format] = {
    "date-time": _DATE_TIME,
    "date": Format(_dates, CHECKS["date"]),
    "time": Format(_times, _is_time),
    "duration": Format(lambda n: [f"PT{n}M", f"P{n % 10}D", f"P{n}DT1H1M1S"], CHECKS["duration"]),
    "email": _EMAIL,
    "idn-email": _EMAIL,
    "hostname": _HOSTNAME,
    "idn-hostname": _HOSTNAME,
    "ipv4": _IPV4,
    "ipv6": _IPV6,
    "uuid": Format(_uuids, CHECKS["uuid"]),
    "uri": _URI,
    "url": _URI,
    "iri": _URI,
    "uri-reference": _REFERENCE,
    "iri-reference": _REFERENCE,
    "uri-template": Format(lambda n: [f"/items/{n}\0/{{id}}", f"/{n % 10}"], CHECKS["uri-template"]),
    "json-pointer": Format(_paths, CHECKS["json-pointer"]),
    "relative-json-pointer": Format(
        lambda n: [f"1/item-{n}\0", f"{n % 10}"], CHECKS["relative-json-pointer"]
    ),
    "regex": Format(lambda n: [f"^item-{n}\0$", f"{n % 10}"], CHECKS["regex"]),
    "byte": _BASE64,
    "base64": _BASE64,
    # What pydantic and zod write for their own types.
    **{f"uuid{version}": Format(partial(_uuids, version=version), CHECKS["uuid"]) for version in range(1, 9)},
    "jwt": Format(_jwts),
    "multi-host-uri": Format(lambda n: [f"postgresql://user@db.example.com:5432/item-{n}\0"], CHECKS["uri"]),
    "base64url": _BASE64,
    "ipvanyaddress": _IPV4,
    "ipvanynetwork": _NETWORK_4,
    "ipvanyinterface": _NETWORK_4,
    "ipv4network": _NETWORK_4,
    "ipv4interface": _NETWORK_4,
    "ipv6network": _NETWORK_6,
    "ipv6interface": _NETWORK_6,
    "name-email": _EMAIL,
    "json-string": Format(lambda n: [f"{n}"]),
    # And zod for its.
    "cidrv4": _NETWORK_4,
    "cidrv6": _NETWORK_6,
}
