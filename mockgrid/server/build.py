"""From settings to an application: the work that is done once, before the first request."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mockgrid.contract.bundle import bundle
from mockgrid.contract.contract import Contract
from mockgrid.contract.document import read_document
from mockgrid.contract.overlay import apply
from mockgrid.data import bundled
from mockgrid.server.app import App

if TYPE_CHECKING:
    from mockgrid.contract.document import Document
    from mockgrid.server.settings import Settings


def build_app(settings: Settings) -> App:
    """Load the contract that the settings name, and return the application that serves it.

    Raises:
        DocumentError: a document cannot be read or used.
    """
    return App(load_contract(settings), settings)


def load_contract(settings: Settings) -> Contract:
    """Load and compile a contract: the bundled one with its overlay, or the operator's document."""
    if settings.document is None:
        directory = bundled("openapi")
        document = _overlaid(
            read_document(directory / "consumption.yaml"), directory / "consumption.overlay.yaml"
        )
    else:
        document = bundle(read_document(Path(settings.document)))
    for overlay in settings.overlays:
        document = _overlaid(document, Path(overlay))
    return Contract(document, base_path=settings.base_path, lenient=settings.lenient)


def _overlaid(document: Document, overlay: Path) -> Document:
    return apply(document, read_document(overlay)).document
