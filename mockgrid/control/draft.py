"""What is wrong with the text of a scenario while it is being written: the findings of ``mockgrid check``.

Nothing of it is kept, and other requests go first.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from mockgrid.control import ControlError
from mockgrid.findings import place_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockgrid.control.scripts import Scripts
    from mockgrid.findings import Finding
    from mockgrid.session.turns import Turns

__all__ = ["LARGEST", "PATIENCE", "checked"]

LARGEST: Final = 128 * 1024
"""Bytes of a text that is checked."""

PATIENCE: Final = 2.0
"""Seconds after which what was found by then is the answer."""

_KEYS: Final = ("source", "where")
# Findings that are told.
_MOST: Final = 200


def checked(draft: Any, scripts: Scripts, now: Callable[[], float] = monotonic) -> Turns[dict[str, Any]]:
    """Check a text in turns.

    Args:
        draft: a mapping with ``source``, the text, and ``where``, what findings call its file.
        scripts: reads what is to be played, and checks it.
        now: seconds of a clock that only moves forward.

    Returns:
        ``playable``, ``finished`` (whether all was checked in time), ``findings`` by line and column, and how
        many ``more`` there are of them.

    Raises:
        ControlError: there is no text, or it is too large.
    """
    source, where = _read(draft)
    end = now() + PATIENCE
    findings: list[Finding] = []
    finished = True
    for further in scripts.draft(source, where):
        findings += further
        finished = now() < end
        if not finished:
            break
        yield
    rows = [{**finding.as_json(), **_line(finding)} for finding in findings]
    rows.sort(key=lambda row: (row["line"], row["column"]))
    return {
        "playable": not any(finding.severity == "error" for finding in findings),
        "finished": finished,
        "findings": rows[:_MOST],
        "more": len(rows[_MOST:]),
    }


def _read(draft: Any) -> tuple[str, str]:
    if not isinstance(draft, dict) or "source" not in draft or not draft.keys() <= set(_KEYS):
        raise ControlError(422, 'An object such as {"source": "steps: []", "where": "a.yaml"} is expected.')
    for key in draft:
        if not isinstance(draft[key], str):
            raise ControlError(422, f"`{key}` is a text.")
    if len(draft["source"].encode("utf-8", "replace")) > LARGEST:
        raise ControlError(413, f"The text is larger than {LARGEST} bytes.")
    return draft["source"], draft.get("where") or "scenario.yaml"


def _line(finding: Finding) -> dict[str, int]:
    place = place_of(finding.where)
    return {"line": place.line, "column": place.column}
