"""The security schemes of a document, read into how a request carries a credential."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from mockgrid.contract.security import SCHEMES, Scheme
from mockgrid.document.nearest import nearest
from mockgrid.document.pointer import join
from mockgrid.schema.violation import shown

if TYPE_CHECKING:
    from mockgrid.contract.object_reader import ObjectReader

__all__ = ["schemes_of"]

_TOKEN: Final = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
_TYPE: Final = ("type", ("apiKey", "http", "mutualTLS", "oauth2", "openIdConnect"))
_PLACE: Final = ("in", ("header", "query", "cookie"))
# What is written for a type, and is a scheme of HTTP.
_OF_HTTP: Final = {
    "basic": "basic",
    "bearer": "bearer",
    "digest": "digest",
    "jwt": "bearer",
    "token": "bearer",
}
# The fields by which a scheme tells a type that it does not have.
_TELLING: Final = {"scheme": "http", "flows": "oauth2", "openIdConnectUrl": "openIdConnect", "name": "apiKey"}


def schemes_of(objects: ObjectReader, components: dict[str, Any]) -> dict[str, Scheme]:
    """Read the security schemes of a document; kinds that carry no credential in a request are left out."""
    schemes: dict[str, Scheme] = {}
    for name, value in objects.mapping(components.get("securitySchemes"), SCHEMES).items():
        at = SCHEMES + join((name,))
        with objects.document.mistakes:
            # What is no mapping is told once, and is none.
            scheme = (
                _scheme(objects, name, *objects.led_to(value, at)) if objects.mapping(value, at) else None
            )
            if scheme is not None:
                schemes[name] = scheme
    return schemes


def _scheme(objects: ObjectReader, name: str, entry: dict[str, Any], at: str) -> Scheme | None:
    of_http = _OF_HTTP.get(str(entry.get("type")).lower())
    telling = next((kind for field, kind in _TELLING.items() if field in entry), "")
    kind = _choice(objects, entry, at, _TYPE, f"http, scheme: {of_http}" if of_http else telling)
    if of_http is not None:
        return Scheme(name, of_http)
    if kind == "http":
        with objects.document.mistakes:
            scheme = objects.field(entry, "scheme", at, "bearer, basic or another scheme of HTTP").lower()
            return Scheme(name, scheme if _TOKEN.fullmatch(scheme) else "bearer")
        return Scheme(name, "bearer")
    if kind == "apiKey":
        where = _choice(objects, entry, at, _PLACE, "header")
        parameter = objects.field(entry, "name", at, "the name of what carries the key")
        if where == "header" and not parameter.isascii():
            raise objects.unexpected("the name of a header", parameter, f"{at}/name")
        return Scheme(name, where, parameter)
    return Scheme(name, "bearer") if kind in ("oauth2", "openIdConnect") else None


def _choice(
    objects: ObjectReader, entry: dict[str, Any], at: str, choices: tuple[str, tuple[str, ...]], usual: str
) -> str:
    """Return which of its words a field is; for another, what it surely means, or else what is usual."""
    field, known = choices
    value = entry.get(field)
    if value in known:
        return str(value)
    near = nearest(value, known) if isinstance(value, str) else None
    meant = near or usual
    if value is None:
        message, place = f"the field {field} is missing", at
    else:
        message, place = f"{field} is {shown(value)}", f"{at}/{field}"
    message += f"; {', '.join(known[:-1])} or {known[-1]} was expected."
    hint = f"Write {field}: {meant}." if meant else ""
    objects.document.mistakes.tell(objects.document.error(message, place, hint, key=value is None))
    return meant
