"""Request targets that are not simply a path."""

from __future__ import annotations


def origin_form(target: bytes) -> bytes:
    """The path and query of a request target in absolute form, as clients send it to a proxy.

    ``http://host/v1?x=1`` is ``/v1?x=1``, and ``*`` is ``/*``, a path that no contract has.

    Raises:
        ValueError: it names no path (``host:443``, as CONNECT has it).
    """
    if target.startswith(b"/"):
        return target
    if target == b"*":
        return b"/*"
    scheme, found, rest = target.partition(b"://")
    if not found or not scheme.isalpha():
        raise ValueError("A request target is a path, or an absolute URL.")
    for end, char in enumerate(rest):
        if char in b"/?#":
            return rest[end:] if char in b"/" else b"/" + rest[end:]
    return b"/"
