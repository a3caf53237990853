"""The forms of the report, and which of them a file is to have."""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Final

from mockgrid.report.text import WIDTH, render_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mockgrid.report.document import Document

_ENDINGS: Final[Mapping[str, str]] = {
    ".json": "json",
    ".md": "markdown",
    ".html": "html",
    ".xml": "junit",
}
_RENDERERS: Final = {
    "markdown": ("markdown", "render_markdown"),
    "junit": ("junit", "render_junit"),
    "html": ("page", "render_html"),
}


def form_of(path: Path) -> str:
    """Return the form that a file's ending asks for; ``text`` for an ending that is none of theirs."""
    return _ENDINGS.get(path.suffix.lower(), "text")


def rendered(document: Document, form: str, width: int = WIDTH) -> str:
    """Return the report in a form.

    Args:
        document: the report.
        form: ``text``, ``markdown``, ``json``, ``junit`` or ``html``.
        width: of text, in characters.
    """
    if form == "json":
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if form == "text":
        return render_text(document, width)
    module, function = _RENDERERS[form]
    render: Callable[[Document], str] = getattr(import_module(f"mockgrid.report.{module}"), function)
    return render(document)
