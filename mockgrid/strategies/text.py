"""What was drawn, as the text of a scenario file."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import yaml

from mockgrid.document.scalar import plain
from mockgrid.scenario.reading.structure import usual_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WIDTH = 100


def scenario_text(
    replies: Sequence[Mapping[str, Any]], *, operation: str | None = None, comment: str = ""
) -> str:
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
        replies: one at least, as the strategies draw them.
        operation: the id of the operation that they answer; None for that which steps are for by themselves.
        comment: what stands above, of any number of lines.
    """
    order = {key: place for place, key in enumerate(usual_order("reply"))}
    step: dict[str, Any] = {} if operation is None else {"when": {"operation": operation}}
    listed = [_ordered(reply, order) for reply in replies]
    step |= {"reply": listed[0]} if len(listed) == 1 else {"replies": listed}
    # In ASCII: what looks like nothing, or turns the line around, is seen.
    body = yaml.dump({"steps": [step]}, Dumper=_Dumper, sort_keys=False, width=_WIDTH)
    return "".join(f"# {line}".rstrip() + "\n" for line in comment.splitlines()) + body


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


def _ordered(reply: Mapping[str, Any], order: Mapping[str, int]) -> dict[str, Any]:
    return {key: reply[key] for key in sorted(reply, key=lambda key: order.get(key, len(order)))}
