"""What servers in the field send although no contract allows it, by name."""

from __future__ import annotations

from copy import deepcopy
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mockgrid.document.nearest import did_you_mean
from mockgrid.document.yaml import load
from mockgrid.errors import MockgridError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Reply: TypeAlias = dict[str, Any]

_FILE = files("mockgrid.strategies").joinpath("wild.yaml")
_KNOWN: Final[Mapping[str, Any]] = load(_FILE.read_bytes(), name="wild.yaml").data

WILD: Final[Mapping[str, str]] = {name: entry["is"] for name, entry in _KNOWN.items()}
"""What each name stands for."""


def wild_replies(names: Sequence[str], *, speaks: bool = True) -> list[Reply]:
    """Return the replies of these names; all without any.

    Args:
        names: of what is meant.
        speaks: whether they are for chat completions; else what is one is left out.

    Raises:
        MockgridError: a name is not known.
    """
    for name in names:
        if name not in WILD:
            hint = did_you_mean(name, WILD).strip() or f"Known are {', '.join(WILD)}."
            raise MockgridError(f"There is nothing wild that is called {name!r}.", hint=hint)
    fitting = [name for name in names or WILD if speaks or "body" in _KNOWN[name]["reply"]]
    replies = [deepcopy(_KNOWN[name]["reply"]) for name in fitting]
    return replies if speaks else [{**reply, "contract": "off"} for reply in replies]
