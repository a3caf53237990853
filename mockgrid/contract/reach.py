"""What references may lead to: the document's own folder, and what was named besides."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mockgrid.document import yaml
from mockgrid.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mockgrid.document.document import Document
    from mockgrid.document.mistakes import Mistakes

__all__ = ["Reach"]


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
        """Tell whether a URL may be asked."""
        beginnings = [place.rstrip("/") for place in self._places if place.startswith(("http:", "https:"))]
        begun = [url[len(beginning) :][:1] for beginning in beginnings if url.startswith(beginning)]
        return self._fetch is not None and any(following in ("", "/", "?", "#") for following in begun)

    def names_host(self, host: str) -> bool:
        """Tell whether a host was named."""
        return host.lower() in {urlsplit(place).hostname for place in self._places}

    def download(self, url: str, mistakes: Mistakes) -> Document:
        """Return the document under a URL.

        Raises:
            DocumentError: it cannot be had.
        """
        if self._fetch is None:
            raise DocumentError("Nothing is downloaded.")
        return yaml.load(self._fetch(url, self), name=url, mistakes=mistakes)
