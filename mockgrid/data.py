"""The files that ship with MockGrid: the contract it fakes, and the scenarios usable by name."""

from __future__ import annotations

from pathlib import Path

from mockgrid.errors import DocumentError

__all__ = ["bundled"]


def bundled(kind: str) -> Path:
    """The directory of the shipped files of a kind: ``openapi`` or ``scenarios``.

    In a wheel they lie inside the package; in a checkout, installed or not, at its root.

    Raises:
        DocumentError: the installation lacks them.
    """
    package = Path(__file__).parent
    for directory in (package / "_data" / kind, package.parent / kind):
        if directory.is_dir():
            return directory
    raise DocumentError(
        f"This installation of MockGrid lacks its {kind!r} files.",
        where=str(package / "_data" / kind),
        hint="Install it again from a wheel.",
    )
