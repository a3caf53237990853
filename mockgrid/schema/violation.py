"""One way in which a request or a scripted reply breaks the contract."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from mockgrid.document.pointer import dotted, join
from mockgrid.fixed import fixed
from mockgrid.schema.json_form import JsonForm, described

if TYPE_CHECKING:
    from collections.abc import Sequence

Location = Literal["body", "query", "path", "header", "cookie"]

_NOTHING: Final = object()
_CUT = 256
_WIDEST = 64
_DEEPEST = 8


def _exchange_number() -> Any:
    return described("The number of the exchange", default=0, omitted=True)


@fixed
class Violation(JsonForm):
    """One way in which a request or a scripted reply breaks the contract."""

    first_in_json: ClassVar = ("exchange", "code", "location", "pointer")

    code: str = described("Such as MG113; `mockgrid explain MG113` tells more", pattern="^MG[0-9]{3}$")
    path: str = described("What is wrong, dotted: messages.0.role; $ is the whole")
    message: str = described("One sentence without the path")
    pointer: str = described("The same place as a JSON pointer", default="")
    location: Location = described(default="body")
    expected: str = described("What the contract asks for, in a few words", default="")
    got: str = described("What was sent, as JSON, cut short", default="")
    contract: str = described("JSON pointer into the contract; empty without a schema", default="")
    exchange: int = _exchange_number()
    value: str = described(
        "What was sent as the API's own errors show it: text as it is, all else as JSON",
        default="",
        in_repr=False,
        kept_back=True,
    )

    def __str__(self) -> str:
        place = "" if self.path == "$" else f"{self.path}: "
        return f"{self.code} {place}{self.message}"

    @property
    def sentence(self) -> str:
        """Path and message, such as ``temperature must be at most 2, got 3``, with a period at the end."""
        return f"{self.path} {self.message}{'' if self.message.endswith('?') else '.'}"

    def moved(self, prefix: tuple[str | int, ...], location: Location | None = None) -> Violation:
        """Return the same violation seen from an enclosing value, ``prefix`` above it."""
        inside = "" if self.path == "$" else f".{self.path}"
        return replace(
            self,
            pointer=join(prefix) + self.pointer,
            path=(dotted(prefix) + inside) if prefix else self.path,
            location=location or self.location,
        )


@fixed
class FieldWarning(JsonForm):
    """What is odd in a valid request, such as a field that the contract does not know, or a reply missed."""

    first_in_json: ClassVar = ("exchange",)

    code: str = described(
        "MG140 for a field that is not known, MG141 for a deprecated one, MG142 for one that a reply missed, "
        "MG143 for a preference that is not known, "
        "others for what is odd"
    )
    pointer: str = described("JSON pointer to the field in the body")
    path: str = described("The same, dotted; for MG142 what a scenario was to insert")
    message: str = described("One sentence without the path")
    meant: str = described("The name that was probably meant, or that takes its place", default="")
    contract: str = described("JSON pointer to the schema that says so", default="")
    exchange: int = _exchange_number()

    def __str__(self) -> str:
        return f"{self.code} {self.path}: {self.message}"


def violation_at(  # noqa: PLR0913, PLR0917 - what a violation says
    at: Sequence[str | int],
    code: str,
    message: str,
    expected: str,
    value: Any = _NOTHING,
    contract: str = "",
) -> Violation:
    """Return the violation of a place in a body; without a value where nothing was sent."""
    sent = value is not _NOTHING
    return Violation(
        code=code,
        path=dotted(at),
        message=message,
        pointer=join(at),
        expected=expected,
        got=shown(value) if sent else "",
        contract=contract,
        value=shown_plain(value) if sent else "",
    )


def shown(value: Any) -> str:
    """Return a JSON value as compact JSON, cut at 256 characters and never failing on odd values."""
    import json  # noqa: PLC0415 - only errors need it

    if isinstance(value, str):
        value = value[: _CUT + 1]
    elif isinstance(value, (list, dict)):
        value = _trimmed(value)
    elif isinstance(value, int) and abs(value) >= 10**64:
        return f"an integer of {value.bit_length()} bits"
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if len(text) <= _CUT else text[: _CUT - 1] + "…"


def shown_plain(value: Any) -> str:
    """Return text as it is and everything else as JSON, cut alike."""
    if isinstance(value, str):
        return value if len(value) <= _CUT else value[: _CUT - 1] + "…"
    return shown(value)


def _trimmed(value: Any) -> Any:
    """Copy only as much of a value as can be shown, so that showing never costs its whole size."""
    left = _CUT

    def trimmed(value: Any, depth: int) -> Any:
        nonlocal left
        left -= 1
        if isinstance(value, str):
            return value[: _CUT + 1]
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**64:
            return "…"
        if not isinstance(value, (list, dict)):
            return value
        if depth > _DEEPEST or left < 0:
            return "…"
        if isinstance(value, list):
            return [trimmed(item, depth + 1) for item in islice(value, _WIDEST)]
        pairs = islice(value.items(), _WIDEST)
        return {key[: _CUT + 1]: trimmed(item, depth + 1) for key, item in pairs}

    return trimmed(value, 0)
