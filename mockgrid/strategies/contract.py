"""Replies by what a contract declares: statuses, media types and schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mockgrid.reply.rendering import render
from mockgrid.reply.values import Values
from mockgrid.schema.hints import SchemaHints
from mockgrid.strategies.choosing import DrawnChooser
from mockgrid.strategies.texts import plain, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hypothesis.strategies import SearchStrategy

    from mockgrid.contract.contract import MediaType, Response
    from mockgrid.strategies.target import Target

_ERRORS = 400
_OF_RANGES = {"2": 200, "3": 302, "4": 400, "5": 500}
_JSON = "application/json"
_STREAM = "text/event-stream"
_GATEWAY = (502, 503, 504, 529)


def declared_replies(target: Target) -> SearchStrategy[dict[str, Any]]:
    """Draw successful replies: each status and media type that is declared, with values of its schema."""
    drawn = [
        _body(target, status, media)
        for status, response in _statuses(target)
        if status < _ERRORS
        for media in response.media.values() or (None,)
    ]
    return st.one_of(drawn or [st.just({"auto": True})])


def declared_errors(target: Target) -> SearchStrategy[dict[str, Any]]:
    """Draw errors: each status that is declared, and those of gateways."""
    statuses = [status for status, _ in _statuses(target) if status >= _ERRORS]
    drawn: list[SearchStrategy[dict[str, Any]]] = []
    if statuses:
        wordless = st.fixed_dictionaries({"error": st.sampled_from(statuses)}, optional=_AGAIN)
        wordy = st.builds(
            lambda status, detail: {"error": {"status": status, "detail": detail}},
            st.sampled_from(statuses),
            texts,
        )
        drawn += [wordless, wordy]
    drawn.append(
        st.builds(lambda status: {"error": {"status": status, "by": "gateway"}}, st.sampled_from(_GATEWAY))
    )
    drawn += [
        _body(target, status, media)
        for status, response in _statuses(target)
        if status >= _ERRORS
        for media in response.media.values()
    ]
    return st.one_of(drawn)


_AGAIN: dict[str, SearchStrategy[Any]] = {
    "retry_after": st.sampled_from(("1ms", {"ms": "1ms"}, {"seconds": "0s"}, {"date": "1s"}))
}


def _statuses(target: Target) -> Iterator[tuple[int, Response]]:
    """Yield the statuses that are declared: of a range, and of the default, one that is usual."""
    declared = target.operation.responses
    success = any(name[0] in "23" for name in declared)
    for name, response in declared.items():
        if name == "default":
            yield (500 if success else 200), response
        elif name[0] in _OF_RANGES:
            yield (_OF_RANGES[name[0]] if name.endswith("XX") else int(name)), response


def _body(target: Target, status: int, media: MediaType | None) -> SearchStrategy[dict[str, Any]]:
    """Draw bodies of a media type; of one that no text can be, the server makes one."""
    head: dict[str, Any] = {} if status == 200 else {"status": status}  # noqa: PLR2004 - OK
    if media is None:
        return st.just({"body": "", **head})
    if "*" in media.name or (media.schema is None and not media.is_json):
        return st.just({"auto": True, **head})
    values = values_of(target, media)
    if media.name == _JSON:
        return values.map(lambda value: {"body": plain(value), **head})
    if media.name == _STREAM:
        return st.lists(values, min_size=1, max_size=3).map(
            lambda listed: {"events": [{"data": plain(value)} for value in listed], **head}
        )
    head["headers"] = {"content-type": media.name}
    outline = SchemaHints(media.source.get("schema", {}), target.contract.document.data)
    return values.map(
        lambda value: {"body": plain(render(media.name, value, outline).decode("utf-8", "replace")), **head}
    )


def values_of(target: Target, media: MediaType) -> SearchStrategy[Any]:
    """Draw values of the schema of a media type."""
    if media.schema is None:
        return st.just({})
    return values_at(target, media.schema.at)


def values_at(target: Target, at: str) -> SearchStrategy[Any]:
    """Draw values of the schema under a pointer into the document."""
    values = Values(target.contract)

    def made(draw: Callable[[SearchStrategy[Any]], Any]) -> Any:
        return values.edge(at, DrawnChooser(draw))

    return st.composite(made)()
