"""What was drawn, as the text of a scenario file."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml

from mockgrid.document.scalar import plain
from mockgrid.scenario.reading.structure import usual_order
from mockgrid.strategies.texts import LongText

if TYPE_CHECKING:
    from collections.abc import Sequence

Replies: TypeAlias = "Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Mapping[str, Any]]]"

_WIDTH = 100


def scenario_text(replies: Replies, *, operation: str | None = None, comment: str = "") -> str:
    """Return a scenario file that plays replies in their order; the last is repeated.

    The same replies give the same text, which ``mockgrid.play("file.yaml")`` and ``mockgrid check`` take.

    >>> print(scenario_text([{"finish": "length", "say": "Hi"}], comment="The client took half for all."))
    # The client took half for all.
    steps:
    - reply:
        say: Hi
        finish: length
    <BLANKLINE>

    Args:
        replies: one at least, as the strategies draw them; or such lists by the ids of operations.
        operation: the id of the operation that they answer; None for that which steps are for by themselves.
        comment: what stands above, of any number of lines.
    """
    steps = steps_of(replies)
    if operation is not None:
        steps = [{"when": {"operation": operation}, **step} for step in steps]
    # In ASCII: what looks like nothing, or turns the line around, is seen.
    body = yaml.dump({"steps": steps}, Dumper=_Dumper, sort_keys=False, width=_WIDTH)
    return "".join(f"# {line}".rstrip() + "\n" for line in comment.splitlines()) + body


def steps_of(replies: Replies) -> list[dict[str, Any]]:
    """Return the steps that play replies; those by operations are a step each."""
    if isinstance(replies, Mapping):
        return [{"when": {"operation": operation}, **_step(listed)} for operation, listed in replies.items()]
    return [_step(replies)]


def _step(replies: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    order = {key: place for place, key in enumerate(usual_order("reply"))}
    listed = [
        {key: reply[key] for key in sorted(reply, key=lambda key: order.get(key, len(order)))}
        for reply in replies
    ]
    return {"reply": listed[0]} if len(listed) == 1 else {"replies": listed}


class _Dumper(yaml.SafeDumper):
    """Writes YAML without anchors, as a person would."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - no value is an alias of another
        return True


def _text(dumper: _Dumper, value: str) -> yaml.Node:
    """Quote what looks like another value to YAML 1.2, such as 1e3, which PyYAML takes for a text."""
    style: str | None = "'"
    with suppress(ValueError):  # numbers that JSON does not have
        style = None if isinstance(plain(value), str) else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(LongText, _text)
