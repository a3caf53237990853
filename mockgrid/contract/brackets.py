"""The names of fields that hold parts of a value: ``name[a]``, ``name.a.b``, ``name[a][]`` and the like."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mockgrid.errors import MockgridError

if TYPE_CHECKING:
    from mockgrid.schema.hints import SchemaHints

__all__ = ["UnreadableError", "holder_of", "is_part", "part_of", "put", "steps_to"]

_PATH = re.compile(r"(?:\[[^\[\]]*\]|\.[^.\[\]]+)+")
_ONE_NAME = re.compile(r"\[(.*)\]", re.DOTALL)
_BEHIND = re.compile(r"[.\[]")
_ITEM = re.compile(r"\[-?[0-9]*\]|\.[0-9]+(?![^.\[])")
_STEP = re.compile(r"\[([^\[\]]*)\]|\.([^.\[\]]+)")
_DEEPEST = 16


class UnreadableError(MockgridError):
    """A text without the form that its style asks for; the message is a sentence without its subject."""


def holder_of(key: str) -> str:
    """Return where a name begins: of a field the same as of each value that it may be a part of.

    >>> holder_of("a[b].c"), holder_of("a.b"), holder_of("a")
    ('a', 'a', 'a')
    """
    return _BEHIND.split(key, maxsplit=1)[0]


def is_part(name: str, key: str, hints: SchemaHints) -> bool:
    """Tell whether a field holds a part of a value: its name goes on in brackets, or behind a full stop.

    Of what is no object, only items are parts, be it by an index that no list has.
    """
    if not key.startswith((f"{name}[", f"{name}.")):
        return False
    return hints.kinds is None or hints.names("object") or _ITEM.match(key, len(name)) is not None


def steps_to(name: str, key: str, hints: SchemaHints) -> list[str]:
    """Return the steps from a value to the part of it that a field holds; ``[]`` is an empty one.

    Args:
        name: of the value.
        key: of the field: the name, and a path in brackets or behind full stops.
        hints: of the value.

    Raises:
        UnreadableError: the path is none, or takes an object for a list of such.
    """
    path = key[len(name) :]
    if _PATH.fullmatch(path):
        steps = [inside or dotted for inside, dotted in _STEP.findall(path)]
    else:  # brackets may be a part of a property's name
        steps = _ONE_NAME.findall(path) if _ONE_NAME.fullmatch(path) else []
    misplaced = "" in steps[:-1] and any(
        not step and _is_no_list(part_of(hints, steps[:n]), steps[n + 1]) for n, step in enumerate(steps[:-1])
    )
    if misplaced or not 0 < len(steps) <= _DEEPEST:
        raise UnreadableError(f"is not written as {name}[property]=value: {key[:80]!r}")
    return steps


def _is_no_list(hints: SchemaHints, inside: str) -> bool:
    """Tell whether ``[]`` takes an object for a list of such; any other name may stand under an empty one."""
    return not hints.names("array") and inside in hints.properties


def part_of(hints: SchemaHints, steps: list[str]) -> SchemaHints:
    """Return the outline of a part of a value."""
    for step in steps:
        listed = hints.names("array") and (not step or step.isdecimal() or not hints.names("object"))
        hints = hints.item(0) if listed else hints.property(step)
    return hints


def put(tree: dict[str, Any], steps: list[str], key: str, values: list[Any]) -> None:
    """Put the values of a field into the tree of the value that it is a part of.

    >>> tree = {}
    >>> put(tree, ["b", "c", ""], "a[b].c[]", ["x"])
    >>> put(tree, ["d", "", "e"], "a[d][][e]", ["y", "z"])  # those of the first item and of the second
    >>> tree
    {'b': {'c': ['x']}, 'd': {'0': {'e': 'y'}, '1': {'e': 'z'}}}

    Args:
        tree: of dicts; a list itself stands under "".
        steps: where the field belongs.
        key: of the field.
        values: in their order, at least one.

    Raises:
        UnreadableError: the steps lead through what holds a value.
    """
    listed = steps[-1] == ""
    steps = steps[:-1] if listed and len(steps) > 1 else steps
    if "" not in steps[:-1]:
        _put(tree, steps, values if listed or len(values) > 1 else values[0], key)
        return
    for index, value in enumerate(values):
        _put(tree, [step or str(index) for step in steps], value, key)


def _put(tree: dict[str, Any], steps: list[str], value: Any, key: str) -> None:
    for step in steps[:-1]:
        inner = tree.setdefault(step, {})
        if isinstance(inner, list):  # beside other names, an empty one is a name, too
            tree[step] = inner = {"": inner}
        if not isinstance(inner, dict):
            raise _doubled(key)
        tree = inner
    held = tree.get(steps[-1])
    if steps[-1] not in tree:
        tree[steps[-1]] = value
    elif isinstance(held, dict) and isinstance(value, list) and "" not in held:
        held[""] = value
    else:
        raise _doubled(key)


def _doubled(key: str) -> UnreadableError:
    return UnreadableError(f"holds both a value and properties under one name: {key[:80]!r}")
