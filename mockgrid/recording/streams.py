"""From a recorded stream to a reply in the words of scenarios that streams the same events."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from mockgrid.document.pointer import join, resolve
from mockgrid.recording.difference import Difference, between, difference, same
from mockgrid.recording.events import events_in
from mockgrid.recording.timing import duration, pace
from mockgrid.reply.delivery.form import data_of, json_or_text
from mockgrid.scenario.template import literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockgrid.recording.events import RecordedEvent
    from mockgrid.recording.exchange import RecordedReply
    from mockgrid.recording.reading import ReadRequest
    from mockgrid.recording.trial import Trial
    from mockgrid.reply.behaviour import Hearer

__all__ = ["Streams"]

_BY_EVENT: Final = "Event by event: this provider's chunks are not those that the words alone would come to."
_LONGEST_LINE: Final = 1000
_LINE_END: Final = re.compile(rb"\r\n?|\n")
_NEWLINES: Final = {b"\r\n": "crlf", b"\r": "cr"}


class Streams:
    """Says recorded streams in words.

    Args:
        trial: composes them, to see that they say the same.
        paced: whether they take as long as they took.
    """

    def __init__(self, trial: Trial, *, paced: bool) -> None:
        self._trial = trial
        self._paced = paced

    def said(
        self, reply: RecordedReply, chunks: Sequence[tuple[float, bytes]], request: ReadRequest
    ) -> tuple[dict[str, Any] | None, str]:
        """Return a stream in words, and why there are no better ones; None for what cannot be said as one."""
        events, tail = events_in(chunks)
        done = data_of(self._trial.done(request.operation.behaviour))
        ended = bool(done) and bool(events) and events[-1].data == done
        content = events[:-1] if ended else events
        hearer = self._trial.hearer(request.operation.behaviour)
        if not content or not (hearer is None or request.view.stream):
            return None, ""
        comment = ""
        words = self._by_words(content, request)
        if words is None:
            comment = _BY_EVENT if hearer is not None else ""
            words = self._by_event(content, request)
        line_end = _LINE_END.search(b"".join(piece for _, piece in chunks))
        newline = _NEWLINES.get(line_end[0]) if line_end is not None else None
        stream = {**words.pop("stream", {}), **({"newline": newline} if newline is not None else {})}
        times = [event.at for event in content if event.data is not None]
        fault = _broken(reply, times)
        ordered = _ordered(times, fault)
        if fault is None and (reply.ended == "cut" or tail.strip()):
            fault = {"kind": "disconnect", "after": len(times)}
        if fault is not None and "for" in fault and "events" not in words:
            composed = self._trial.compose(words | {"stream": stream} if stream else words, request)
            fault["after"] = max(fault["after"] - (composed.opening if composed is not None else 0), 0)
        elif fault is not None:
            if "events" not in words:
                words = self._by_event(content, request)
            stream.pop("chunks", None)
        if fault is not None:
            stream["fault"] = fault
        elif done and not ended and reply.ended == "whole":
            stream["fault"] = "no_done"
        if self._paced and (speed := pace(times if reply.fault is None else ordered)):
            stream = {"pace": speed, **stream}
        return ({**words, "stream": stream} if stream else words), comment

    def _by_words(self, content: Sequence[RecordedEvent], request: ReadRequest) -> dict[str, Any] | None:
        """Return a stream by what it says; None where that is not all."""
        hearer = self._trial.hearer(request.operation.behaviour)
        if hearer is None or any(event.data is None or event.lines for event in content):
            return None
        values = [event.value for event in content]
        words = hearer.stream(values, request.request.value)
        composed = self._data(words, request) if words is not None else None
        if words is None or composed is None or len(composed) != len(values):
            return None
        lacking = between(composed, values)
        if lacking is None:
            return None
        words = {**words, **lacking.words()}
        again = self._data(words, request)
        return words if again is not None and all(map(same, again, values)) else None

    def _data(self, words: dict[str, Any], request: ReadRequest) -> list[Any] | None:
        """Return the data of the events that words come to, without the one that ends them."""
        composed = self._trial.compose(words, request)
        if composed is None or composed.events is None:
            return None
        done = self._trial.done(request.operation.behaviour)
        values = (
            json_or_text(data_of(event))
            for event in composed.events
            if not event.startswith(b":") and event != done
        )
        return list(values)

    def _by_event(self, content: Sequence[RecordedEvent], request: ReadRequest) -> dict[str, Any]:
        """Return a stream event by event, beside what it says as a whole where that is known."""
        hearer = self._trial.hearer(request.operation.behaviour)
        values = [event.value for event in content if event.data is not None]
        beside: dict[str, Any] = {}
        if hearer is not None and (words := hearer.stream(values, request.request.value)) is not None:
            beside = {name: item for name, item in words.items() if name != "stream"}
        spoken = self._spoken(hearer, values, beside, request) if hearer is not None else None
        if spoken is not None:
            return {**beside, "events": list(_events(content, spoken[0])), **spoken[1].words()}
        said = [_as_data(event) for event in content if event.data is not None]
        return {**beside, "events": list(_events(content, said))}

    def _spoken(
        self, hearer: Hearer, values: list[Any], beside: dict[str, Any], request: ReadRequest
    ) -> tuple[list[dict[str, Any]], Difference] | None:
        """Return events in words, and what is to be said of all of them; None where they come to others."""
        heard = [hearer.event(value) for value in values]
        if not any(words is not None for words in heard):
            return None
        said = [
            dict(words) if words is not None else {"data": literal(value)}
            for words, value in zip(heard, values, strict=True)
        ]
        composed = self._data({**beside, "events": said}, request)
        if composed is None or len(composed) != len(values):
            return None
        # What is said of all would be said of what is no chunk, too.
        for common in (_common(composed, values), Difference()):
            listed = self._fitted(list(said), values, {**beside, **common.words()}, hearer, request)
            if listed is not None:
                return listed, common
        return None

    def _fitted(
        self,
        said: list[dict[str, Any]],
        values: list[Any],
        beside: dict[str, Any],
        hearer: Hearer,
        request: ReadRequest,
    ) -> list[dict[str, Any]] | None:
        """Return events in words, those that come to others with what differs in them, or as they are."""
        for as_it_is in (False, True):
            composed = self._data({**beside, "events": said}, request)
            if composed is None or len(composed) != len(values):
                return None
            for place, (own, value) in enumerate(zip(composed, values, strict=True)):
                if not same(own, value):
                    words = None if as_it_is else hearer.event(value, _unlike(own, value))
                    said[place] = words if words is not None else {"data": literal(value)}
        final = self._data({**beside, "events": said}, request)
        return said if final is not None and all(map(same, final, values)) else None


def _broken(reply: RecordedReply, times: Sequence[float]) -> dict[str, Any] | None:
    """Return the fault by which MockGrid held a stream up or cut it; None where it did neither."""
    kind = (reply.fault or "").removeprefix("stream.fault=")
    if kind not in {"reset", "stall"}:
        return None
    if reply.ended != "whole" or kind == "reset":
        return {"kind": kind, "after": len(times)}
    place, seconds = _hold_up(times)
    return {"kind": kind, "after": place, "for": duration(seconds)} if duration(seconds) else None


def _hold_up(times: Sequence[float]) -> tuple[int, float]:
    """Return before which event a stream was held up, and for how many seconds beyond its pace."""
    gaps = [later - earlier for earlier, later in pairwise(times)]
    longest = max(gaps, default=0.0)
    usual = sorted(gap for gap in gaps if 0 < gap < longest)
    return (gaps.index(longest) + 1 if gaps else 0), longest - (usual[len(usual) // 2] if usual else 0.0)


def _ordered(times: Sequence[float], fault: dict[str, Any] | None) -> list[float]:
    """Return when events were due that did not leave together, as if nothing had held them up."""
    if fault is not None and "for" in fault:
        place, seconds = _hold_up(times)
        times = [*times[:place], *(at - seconds for at in times[place:])]
    return sorted({round(at, 3) for at in times})


def _common(composed: list[Any], values: list[Any]) -> Difference:
    """Return what tells recorded events from those that were composed, as far as it is the same for all."""
    whole = Difference()
    for own, value in zip(composed, values, strict=True):
        lacking = difference(own, value)
        if lacking is not None:
            whole.without |= lacking.without
            whole.fields |= {path: item for path, item in lacking.fields.items() if len(path) == 1}
    return Difference(
        {
            (name,): item
            for (name,), item in whole.fields.items()
            if all(isinstance(each, dict) and name in each and same(each[name], item) for each in values)
        },
        {
            path: None
            for path in whole.without
            if all(resolve(value, join(path), ...) is ... for value in values)
        },
    )


def _unlike(composed: Any, recorded: Any) -> list[str]:
    """Return the fields of an event that are not as those of what was composed."""
    lacking = difference(composed, recorded)
    paths = (*lacking.fields, *lacking.without) if lacking is not None else ()
    unlike = {path[0] for path in paths}
    return [name for name in recorded if name in unlike]


def _as_data(event: RecordedEvent) -> dict[str, Any]:
    value = event.value
    if isinstance(value, (dict, list)):
        return {"data": literal(value)}
    text = (event.data or b"").decode("utf-8", "replace")
    # Its last line may be empty; a line end alone would end the one before.
    return {"data": literal(f"{text}\n" if text.endswith("\n") else text)}


def _events(content: Sequence[RecordedEvent], said: Sequence[dict[str, Any]]) -> Iterator[Any]:
    """Yield events with their names, ids and comments."""
    words = iter(said)
    for event in content:
        fields: dict[str, Any] = {}
        for line in event.lines:
            name, _, text = line.partition(":")
            text = text.removeprefix(" ")
            if not name:
                yield {"comment": text}
            elif name == "retry" and text.isdecimal() and len(text) < len(str(10**9)):
                fields["retry"] = f"{int(text)}ms"
            elif name in {"event", "id"} and 0 < len(text) <= _LONGEST_LINE and "\x00" not in text:
                fields[name] = text
        if event.data is not None:
            yield {**fields, **next(words)}
        elif fields:
            yield fields
