"""The contract report: what tests never exercised, and what the client did wrong.

It is one JSON document. Its renderings, ``text``, ``markdown``, ``junit`` and ``page``, are modules that only
those who ask for them load.
"""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Final

from mockgrid.errors import MockgridError
from mockgrid.report.document import Document, build, fail_under, merge
from mockgrid.report.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["WIDTH", "Document", "Tally", "build", "fail_under", "form_of", "merge", "rendered"]

WIDTH: Final = 100
"""Characters of a line of text where there is no terminal."""

_ENDINGS: Final[Mapping[str, str]] = {
    ".json": "json",
    ".md": "markdown",
    ".html": "html",
    ".xml": "junit",
    **dict.fromkeys((".txt", ".log", ""), "text"),
}
_RENDERERS: Final = {
    "text": ("text", "render_text"),
    "markdown": ("markdown", "render_markdown"),
    "junit": ("junit", "render_junit"),
    "html": ("page", "render_html"),
}


def form_of(path: Path) -> str:
    """Return the form that a file's ending asks for; ``text`` where it has none.

    Raises:
        MockgridError: it is the ending of no form.
    """
    ending = path.suffix.lower()
    if ending not in _ENDINGS:
        known = ", ".join(filter(None, _ENDINGS))
        raise MockgridError(
            f"No report is written as {path.suffix}; the endings are {known}.", where=str(path)
        )
    return _ENDINGS[ending]


def rendered(document: Document, form: str, width: int = WIDTH) -> str:
    """Return the report in a form.

    Args:
        document: the report.
        form: ``text``, ``markdown``, ``json``, ``junit`` or ``html``.
        width: of text, in characters.
    """
    if form == "json":
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    module, function = _RENDERERS[form]
    render = getattr(import_module(f"mockgrid.report.{module}"), function)
    return str(render(document, width) if form == "text" else render(document))
