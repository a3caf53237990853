"""What references may lead to: the document's own folder, and what was named besides."""

from __future__ import annotations

import re
from pathlib import Path
from posixpath import normpath
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from mockgrid.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Reach"]

_DOT: Final = re.compile("%2e", re.IGNORECASE)
_SLASH: Final = re.compile(r"%2f|%5c|\\", re.IGNORECASE)


class Reach:
    """What the references of one document may lead to.

    >>> Reach(["https://a.example/schemas"], fetch=print).admits_url("https://a.example/schemas/pet.yaml")
    True

    Args:
        places: folders, and beginnings of URLs, outside the document's own folder; ``https:`` is all of them.
        fetch: returns what a URL holds, given this; without it nothing is downloaded.
    """

    def __init__(
        self, places: Sequence[str] = (), fetch: Callable[[str, Reach], bytes] | None = None
    ) -> None:
        self._places = places
        self._fetch = fetch

    def admits_file(self, path: Path, home: Path) -> bool:
        """Tell whether a file may be read, its path resolved."""
        folders = (
            Path(place).resolve() for place in self._places if not place.startswith(("http:", "https:"))
        )
        return path.is_relative_to(home) or any(path.is_relative_to(folder) for folder in folders)

    def admits_url(self, url: str) -> bool:
        """Tell whether a URL may be asked, as it is written and as a server may understand it.

        Raises:
            ValueError: it is no URL.
        """
        beginnings = [place.rstrip("/") for place in self._places if place.startswith(("http:", "https:"))]
        return self._fetch is not None and any(
            _begins(url, beginning) and _begins(_without_dots(url), _without_dots(beginning).rstrip("/"))
            for beginning in beginnings
        )

    def names_host(self, host: str) -> bool:
        """Tell whether a host was named."""
        return host.lower() in {urlsplit(place).hostname for place in self._places}

    def download(self, url: str) -> bytes:
        """Return what a URL holds.

        Raises:
            DocumentError: it cannot be had.
        """
        if self._fetch is None:
            raise DocumentError("Nothing is downloaded.")
        return self._fetch(url, self)


def _begins(url: str, beginning: str) -> bool:
    return url.startswith(beginning) and url[len(beginning) :][:1] in {"", "/", "?", "#"}


def _without_dots(url: str) -> str:
    """Return a URL without the segments ``.`` and ``..``, be they or the slashes around them encoded."""
    parts = urlsplit(url)
    path = _SLASH.sub("/", _DOT.sub(".", parts.path))
    return parts._replace(path=path and normpath(path)).geturl()
