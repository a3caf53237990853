"""Reports that were written before, and their format."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from mockgrid.errors import MockgridError
from mockgrid.report.document import FORMAT, VERSION

if TYPE_CHECKING:
    from mockgrid.report.document import Document

__all__ = ["ReportError", "read_report", "schema"]


class ReportError(MockgridError):
    """What should be a report is none."""


def schema() -> bytes:
    """Return the JSON Schema (2020-12) of reports, as it is shipped."""
    return files("mockgrid.report").joinpath("report.schema.json").read_bytes()


def read_report(data: bytes, where: str) -> Document:
    """Read a report.

    Args:
        data: JSON.
        where: where it comes from, a file or a URL, for messages.

    Raises:
        ReportError: it is no report of this version.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise ReportError("This is not JSON.", where=where, hint="A report was expected.") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ReportError(
            "This is not a contract report.",
            where=where,
            hint=f"Its `format` would be {FORMAT!r}; `mockgrid report --format json` writes one.",
        )
    version = document.get("version")
    if version != VERSION:
        raise ReportError(
            f"The report has version {_shown(version)}, and this MockGrid reads version {VERSION}.",
            where=where,
            hint="Use the MockGrid that wrote it.",
        )
    from jsonschema import Draft202012Validator  # noqa: PLC0415 (slow, and only for what was read)

    found = next(iter(Draft202012Validator(json.loads(schema())).iter_errors(document)), None)
    if found is not None:
        raise ReportError(
            f"The report is broken at {found.json_path}: {found.message[:200]}.",
            where=where,
            hint="It was changed, or cut off, after it had been written.",
        )
    return document


def _shown(version: Any) -> str:
    return json.dumps(version)[:40]
