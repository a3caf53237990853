"""The live page on HTTP: the files of ``mockgrid/page``, which a browser runs."""

from __future__ import annotations

import hashlib
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from mockgrid.control import ControlError

if TYPE_CHECKING:
    from starlette.requests import Request

_KINDS: Final = {
    "css": "text/css",
    "html": "text/html",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}
_NAME: Final = re.compile(rf"[a-z][a-z_]*\.({'|'.join(_KINDS)})")
_INDEX: Final = "index.html"
# Scripts and styles are the server's own, and so is whoever they call. A text can never become markup.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
# A browser asks each time whether a file is the one that it has: the server may be another version by now.
_HEADERS: Final = {
    "cache-control": "no-cache",
    "content-security-policy": _POLICY,
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def page(request: Request) -> Response:
    """Return the page itself; without the path's final slash, where it is: its addresses are relative."""
    if not request.scope["path"].endswith("/"):
        return led_to_page(request.scope["path"])
    response = _file(request, _INDEX)
    response.headers["vary"] = "Accept"
    return response


def led_to_page(path: str) -> Response:
    """Return what leads a browser from a path to the same one with a final slash.

    The address is relative, so that it holds behind whatever prefix a proxy has.
    """
    return Response(status_code=307, headers={"location": f"{path.rpartition('/')[2]}/", "vary": "Accept"})


def page_file(request: Request) -> Response:
    """Return one of the files that the page loads.

    Raises:
        ControlError: there is no such file.
    """
    name: str = request.path_params["name"]
    if not _NAME.fullmatch(name):
        raise _absent(name)
    return _file(request, name)


def _file(request: Request, name: str) -> Response:
    try:
        content = (files("mockgrid") / "page" / name).read_bytes()
    except FileNotFoundError:
        raise _absent(name) from None
    tag = f'"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'
    headers: dict[str, Any] = {**_HEADERS, "etag": tag}
    known = request.headers.get("if-none-match", "")
    if tag in (part.strip().removeprefix("W/") for part in known.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=_KINDS[name.rpartition(".")[2]])


def _absent(name: str) -> ControlError:
    return ControlError(404, f"The page has no file {name[:60]!r}.")
