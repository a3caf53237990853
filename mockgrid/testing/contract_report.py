"""The contract report of a run of pytest."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from mockgrid.errors import MockgridError
from mockgrid.report import fail_under, merge
from mockgrid.report.rendering import form_of, rendered

if TYPE_CHECKING:
    from pathlib import Path


def write_report(documents: list[dict[str, Any]], path: Path | None, least: float | None) -> tuple[str, bool]:
    """Write what a run has exercised of the contract.

    Args:
        documents: one report for each server of the run; none where no test used one.
        path: where to; its ending says how, and what is no known ending is text. None writes nothing.
        least: per cent of the declared rows that must be covered; None for any.

    Returns:
        A line for people, and whether enough was exercised.

    Raises:
        MockgridError: the file cannot be written, or the reports are of different contracts.
    """
    if not documents:
        return "mockgrid: no test used the fixture, so there is no contract report", not least
    document = reduce(merge, documents)
    rows = document["summary"]["rows"]
    line = f"mockgrid: {rows['percent']:g} % of the contract's {rows['declared']} rows are covered"
    enough = least is None or not fail_under(document, least)
    if not enough:
        line += f", less than {least:g} %"
    if path is not None:
        _write(path, rendered(document, form_of(path)))
        line += f"; report: {path}"
    return line, enough


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise MockgridError(f"The report cannot be written: {error.strerror}.", where=str(path)) from None
