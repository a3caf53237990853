"""Single fields of the JSON that is sent, in place of its own: of a body, and of the events of a stream."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from mockgrid.reply.delivery.form import data_of, framed
from mockgrid.reply.reply import json_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mockgrid.reply.reply import Reply
    from mockgrid.scenario.reply import ScriptedReply
    from mockgrid.scenario.view import RequestView

    Path = tuple[str, ...]

# A long text says most of its words again, and such events are the same bytes.
_REMEMBERED: Final = 1024


def patched(reply: Reply, scripted: ScriptedReply, view: RequestView) -> Reply:
    """Return a reply with the fields that a scenario gives it, and without those that it leaves out.

    What has no place for a field stays as it is, and so does what is no JSON.
    """
    fields = {path: value.render(view) for path, value in scripted.fields.items()}
    patch = _Patch(fields, scripted.without)
    if reply.events is not None:
        reply.events = map(lru_cache(_REMEMBERED)(patch.event), reply.events)
    elif reply.body:
        reply.body = patch.data(reply.body)
    return reply


class _Patch(NamedTuple):
    fields: Mapping[Path, Any]
    without: tuple[Path, ...]

    def event(self, event: bytes) -> bytes:
        data = data_of(event)
        changed = self.data(data)
        if changed is data:
            return event
        # Those of bytes are the line ends of an event stream; a text knows others, which its data may have.
        lines = [line.decode() for line in event.splitlines() if line and not line.startswith(b"data:")]
        return framed(changed, lines)

    def data(self, data: bytes) -> bytes:
        try:
            value = orjson.loads(data)
        except orjson.JSONDecodeError:
            return data
        changed = False
        for *parents, name in self.without:
            for holder in _holder(value, parents):
                if isinstance(holder, dict) and name in holder:
                    del holder[name]
                    changed = True
        for (*parents, name), field in self.fields.items():
            for holder in _holder(value, parents):
                changed = True
                if isinstance(holder, dict):
                    holder[name] = field
                elif name.isdecimal() and int(name) < len(holder):
                    holder[int(name)] = field
        return json_text(value) if changed else data


def _holder(value: Any, parents: list[str]) -> Iterator[dict[str, Any] | list[Any]]:
    """Yield what these keys and indices lead to, where it is an object or an array."""
    for part in parents:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return
    if isinstance(value, (dict, list)):
        yield value
