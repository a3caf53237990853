"""The servers of a document: below which path it is served, and what is wrong with the first of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from mockgrid.contract.object_reader import ObjectReader
from mockgrid.schema.violation import shown

if TYPE_CHECKING:
    from mockgrid.document.document import Document

__all__ = ["base_path_of", "check_servers", "clean_path", "without_scheme"]

_VARIABLE: Final = re.compile(r"\{([^{}]*)\}")
_HOST: Final = re.compile(
    r"(?:localhost|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[a-z]{2,}|[0-9.]+(?=:))(?::[0-9]+)?(/.*)?"
)


def base_path_of(data: dict[str, Any]) -> str:
    """Return the path of a document's first server, its variables filled in: ``/v1``; empty for none."""
    servers = data.get("servers") or [{}]
    server = servers[0] if isinstance(servers, list) else {}
    server = server if isinstance(server, dict) else {"url": server}
    url, variables = server.get("url"), server.get("variables")
    if not isinstance(url, str):
        return ""
    for name, variable in variables.items() if isinstance(variables, dict) else ():
        variable = variable if isinstance(variable, dict) else {}  # noqa: PLW2901 - as it should be
        choices = variable.get("enum")
        first = choices[0] if isinstance(choices, list) and choices else ""
        default = variable.get("default", first)
        url = url.replace("{" + name + "}", str(default))
    try:
        return clean_path(without_scheme(url) or urlsplit(url).path)
    except ValueError:  # no host can be called so, and none is called
        return ""


def clean_path(path: str) -> str:
    """Return a path with one slash before it and none behind; empty for the root."""
    stripped = path.strip("/")
    return f"/{stripped}" if stripped else ""


def check_servers(document: Document, servers: Any, at: str) -> None:
    """Check the first of some servers; the others are not used."""
    for index, server in enumerate(ObjectReader(document).listing(servers, at)[:1]):
        place = f"{at}/{index}"
        tell = document.mistakes.tell
        if not isinstance(server, dict):
            hint = f"Write url: {server}" if isinstance(server, str) else ""
            tell(document.error(f"a mapping was expected in {place}.", place, hint))
            continue
        variables = server.get("variables") or {}
        if not isinstance(variables, dict) or not all(isinstance(item, dict) for item in variables.values()):
            tell(document.error(f"a mapping was expected in {place}/variables.", f"{place}/variables"))
            continue
        url = server.get("url")
        if not isinstance(url, str):
            continue  # which `check` tells
        for name in dict.fromkeys(_VARIABLE.findall(url)):
            if name not in variables:
                message = f"the url {shown(url)} has the variable {name}, which is not declared."
                hint = f"Declare it under variables, with a default, as in {name}: {{default: …}}."
                tell(document.error(message, f"{place}/url", hint))
        if without_scheme(url):
            message = f"the url {shown(url)} has no scheme, so that it is a path."
            tell(document.error(message, f"{place}/url", f"Write https://{url}."))


def without_scheme(url: str) -> str:
    """Return the path of a URL that begins with a host in place of a scheme; empty for all others.

    >>> without_scheme("api.example.com/v1"), without_scheme("localhost:80/v1"), without_scheme("v1.0/a")
    ('/v1', '/v1', '')
    """
    match = _HOST.fullmatch(url)
    return (match[1] or "/") if match is not None else ""
