"""OpenAPI Overlay 1.0.0: additions to a document that keep out of the document.

Where 1.0.0 leaves a question open, the answer of its clarification in 1.1.0 is taken: lists within merged
objects are concatenated, and values of different kinds do not merge. Null over an object or a list changes
nothing, as in the specification's own example of an overlay that mirrors the structure of its target.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Final, NamedTuple, TypeAlias

from mockgrid.document.document import Document
from mockgrid.document.pointer import join
from mockgrid.document.source_map import Position, SourceMap
from mockgrid.errors import DocumentError
from mockgrid.fixed import fixed

__all__ = ["Overlaid", "OverlayWarning", "apply", "select"]

Location: TypeAlias = tuple[str | int, ...]


_VERSION: Final = re.compile(r"1\.0\.\d+")
_FIELDS: Final = ("overlay", "info", "extends", "actions")
_ACTION_FIELDS: Final = ("target", "description", "update", "remove")
# Names, quoted names without escapes, indices and wildcards. All else is left to the jsonpath package, which
# takes longer to import than the bundled contract takes to compile.
_SEGMENT: Final = re.compile(
    r"""\.(?P<name>(?:[A-Za-z_]|[^\x00-\x7f])(?:[\w-]|[^\x00-\x7f])*)
      | \['(?P<single>[^'\\\x00-\x1f]*)'\]
      | \["(?P<double>[^"\\\x00-\x1f]*)"\]
      | \[(?P<index>0|-?[1-9][0-9]{0,9})\]
      | (?P<wildcard>\.\*|\[\*\])""",
    re.VERBOSE | re.ASCII,
)


@fixed
class OverlayWarning:
    """Something that the specification allows and that is seldom meant, and where it stands."""

    where: str
    message: str


@fixed
class Overlaid:
    """The document with the overlay applied, and what the caller may want to show."""

    document: Document
    warnings: tuple[OverlayWarning, ...] = ()


class _Step(NamedTuple):
    """One change at one place: the merge of a part of the overlay, or, without one, a removal."""

    location: Location
    update: Location | None


def apply(document: Document, overlay: Document) -> Overlaid:
    """Applies an overlay; neither input is changed.

    Positions of what the overlay added or replaced point into the overlay.

    Raises:
        DocumentError: the overlay breaks the specification, or does not fit the document.
    """
    _check(overlay)
    data = _copied(document.data)
    steps: list[_Step] = []
    warnings: list[OverlayWarning] = []
    for index, action in enumerate(overlay.data["actions"]):
        at: Location = ("actions", index)
        target = action["target"]
        try:
            locations = select(target, data)
        except ValueError as error:
            raise _error(
                overlay, (*at, "target"), f"The target {target!r} is not JSONPath: {error}."
            ) from None
        if not locations:
            where = overlay.where(join((*at, "target")))
            warnings.append(
                OverlayWarning(where, f"The target {target!r} selects nothing, so this action has no effect.")
            )
        if action.get("remove") is True:
            for location in sorted(locations, key=_order, reverse=True):
                if not location:
                    raise _error(overlay, (*at, "target"), "The whole document cannot be removed.")
                _remove(data, location)
                steps.append(_Step(location, None))
        elif "update" in action:
            for location in locations:
                holder = _at(data, location)
                _update(holder, action["update"], overlay, (*at, "update"))
                steps.append(_Step(location, (*at, "update")))
                if isinstance(holder, list) and isinstance(action["update"], list):
                    message = (
                        "Overlay 1.0 appends this list as one entry; give one action for each entry instead."
                    )
                    warnings.append(OverlayWarning(overlay.where(join((*at, "update"))), message))
    source_map = partial(_replayed, document, overlay, tuple(steps))
    laid = Document(data, document.name, source_map, document.mistakes)
    return Overlaid(laid, tuple(dict.fromkeys(warnings)))


def _check(overlay: Document) -> None:
    data = overlay.data
    if not isinstance(data, dict):
        raise _error(overlay, (), "An overlay is a mapping with overlay, info and actions.")
    version = data.get("overlay")
    if version is None:
        raise _error(
            overlay, (), "This is not an overlay: it has no field 'overlay'.", "Add 'overlay: 1.0.0'."
        )
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise _error(overlay, ("overlay",), f"The overlay version is {version!r}; 1.0.0 was expected.")
    _known(overlay, (), _FIELDS)
    info = data.get("info")
    if not isinstance(info, dict) or not all(
        isinstance(info.get(field), str) for field in ("title", "version")
    ):
        raise _error(overlay, ("info",), "An overlay needs an info with title and version, both text.")
    if not isinstance(data.get("extends", ""), str):
        raise _error(overlay, ("extends",), "extends must be the address of a document.")
    actions = data.get("actions")
    if not isinstance(actions, list) or not actions:
        raise _error(overlay, ("actions",), "An overlay needs actions, a list of at least one.")
    for index, action in enumerate(actions):
        _check_action(overlay, action, ("actions", index))


def _check_action(overlay: Document, action: Any, at: Location) -> None:
    if not isinstance(action, dict) or not isinstance(action.get("target"), str):
        raise _error(overlay, at, "An action needs a target, a JSONPath such as $.paths['/pets'].get.")
    _known(overlay, at, _ACTION_FIELDS)
    if not isinstance(action.get("description", ""), str):
        raise _error(overlay, (*at, "description"), "The description must be text.")
    if not isinstance(action.get("remove", False), bool):
        raise _error(overlay, (*at, "remove"), "remove must be true or false.")
    if "update" not in action and not action.get("remove"):
        raise _error(overlay, at, "An action needs an update, or remove: true.")


def _known(overlay: Document, at: Location, fields: tuple[str, ...]) -> None:
    for field in _at(overlay.data, at):
        if field not in fields and not field.startswith("x-"):
            message = f"There is no field {field!r} here; known are {', '.join(fields)} and x-…"
            raise DocumentError(message + ".", where=overlay.where_key(join((*at, field))))


def _update(holder: Any, update: Any, overlay: Document, at: Location) -> None:
    if isinstance(holder, list):
        holder.append(_copied(update))
    elif not isinstance(holder, dict):
        raise _error(
            overlay,
            (*at[:-1], "target"),
            f"The target selects {_kind(holder)}; only an object or a list can be updated.",
            "Target the object that holds it, and give the property in the update.",
        )
    elif not isinstance(update, dict):
        raise _error(overlay, at, f"The target selects an object, and the update is {_kind(update)}.")
    else:
        _merge(holder, update, overlay, at)


def _merge(holder: dict[str, Any], update: dict[str, Any], overlay: Document, at: Location) -> None:
    for key, new in update.items():
        old = holder.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            _merge(old, new, overlay, (*at, key))
        elif isinstance(old, list) and isinstance(new, list):
            old.extend(_copied(new))
        elif old is None or not (isinstance(old, (dict, list)) or isinstance(new, (dict, list))):
            holder[key] = _copied(new)
        elif new is not None:
            message = (
                f"The document has {_kind(old)} at {key!r}, and the update {_kind(new)}: they do not merge."
            )
            raise _error(overlay, (*at, key), message, "Remove it in an action before.")


def _remove(data: Any, location: Location) -> None:
    del _at(data, location[:-1])[location[-1]]


def _at(data: Any, location: Location) -> Any:
    for part in location:
        data = data[part]
    return data


def _order(location: Location) -> tuple[int, tuple[tuple[int, str], ...]]:
    """When reversed, deeper and later ones come first, so that no removal moves the place of another."""
    return len(location), tuple((part, "") if isinstance(part, int) else (0, part) for part in location)


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def _kind(value: Any) -> str:
    return (
        "an object" if isinstance(value, dict) else "a list" if isinstance(value, list) else "a plain value"
    )


def _error(overlay: Document, at: Location, message: str, hint: str = "") -> DocumentError:
    return DocumentError(message, where=overlay.where(join(at)), hint=hint)


def _replayed(document: Document, overlay: Document, steps: tuple[_Step, ...]) -> SourceMap:
    """The positions of the result: the same changes, done to the positions of the document."""
    root = (document.source_map or SourceMap(Position(document.name, 1, 1))).copy()
    source = overlay.source_map or SourceMap(Position(overlay.name, 1, 1))
    for location, update in steps:
        *path, last = location or ("",)
        holder = root.at(path) if location else root
        if update is None:
            if holder is not None and isinstance(holder.inside, dict):
                holder.inside.pop(str(last), None)
            elif holder is not None and isinstance(holder.inside, list):
                del holder.inside[int(last)]
            continue
        target, added = root.at(location), source.at(update)
        if target is None or added is None:
            continue
        if isinstance(target.inside, list):
            target.inside.append(added.copy())
        else:
            _merge_maps(target, added)
    return root


def _merge_maps(target: SourceMap, added: SourceMap) -> None:
    if isinstance(target.inside, list) and isinstance(added.inside, list):
        target.inside.extend(mapped.copy() for mapped in added.inside)
    if not isinstance(target.inside, dict) or not isinstance(added.inside, dict):
        return
    for key, mapped in added.inside.items():
        old = target.inside.get(key)
        if old is None or old.inside is None:
            target.inside[key] = mapped.copy()
        else:
            _merge_maps(old, mapped)


def select(path: str, data: Any) -> list[Location]:
    """The locations that a JSONPath (RFC 9535) selects, as keys and indices, each once, in order.

    >>> select("$.tags[?@.name == 'b']", {"tags": [{"name": "a"}, {"name": "b"}]})
    [('tags', 1)]

    Raises:
        ValueError: the path is not JSONPath.
    """
    if not path.startswith("$"):
        raise ValueError("a JSONPath starts with '$'")
    locations: list[tuple[Location, Any]] = [((), data)]
    position = 1
    while position < len(path):
        segment = _SEGMENT.match(path, position)
        if segment is None:
            return _select_any(path, data)
        position = segment.end()
        locations = [child for location, value in locations for child in _children(segment, location, value)]
    return [location for location, _ in locations]


def _children(segment: re.Match[str], location: Location, value: Any) -> list[tuple[Location, Any]]:
    kind = segment.lastgroup
    if kind == "wildcard":
        if isinstance(value, dict):
            return [((*location, key), child) for key, child in value.items()]
        return (
            [((*location, index), child) for index, child in enumerate(value)]
            if isinstance(value, list)
            else []
        )
    if kind == "index":
        index = int(segment["index"])
        if not isinstance(value, list) or not -len(value) <= index < len(value):
            return []
        return [((*location, index % len(value)), value[index])]
    name = segment[str(kind)]
    return [((*location, name), value[name])] if isinstance(value, dict) and name in value else []


def _select_any(path: str, data: Any) -> list[Location]:
    import jsonpath  # noqa: PLC0415 - 70 ms, and the bundled contract does without

    try:
        matches = list(jsonpath.finditer(path, data))
    except jsonpath.JSONPathError as error:
        raise ValueError(str(error).splitlines()[0]) from None
    return list(dict.fromkeys(match.parts for match in matches))
