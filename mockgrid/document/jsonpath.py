"""JSONPath (RFC 9535): the locations that a query selects in a JSON value.

>>> select("$.paths['/pets'].get", {"paths": {"/pets": {"get": {}}}})
[('paths', '/pets', 'get')]
>>> select("$.tags[?@.name == 'b']", {"tags": [{"name": "a"}, {"name": "b"}]})
[('tags', 1)]
"""

from __future__ import annotations

import re
from typing import Any, Final, TypeAlias

__all__ = ["Location", "select"]

Location: TypeAlias = tuple[str | int, ...]

# Names, quoted names without escapes, indices and wildcards. All else is left to the jsonpath package, which
# takes longer to import than the bundled contract takes to compile.
_SEGMENT: Final = re.compile(
    r"""\.(?P<name>[A-Za-z_\u0080-\U0010ffff][\w\u0080-\U0010ffff-]*)
      | \['(?P<single>[^'\\\x00-\x1f]*)'\]
      | \["(?P<double>[^"\\\x00-\x1f]*)"\]
      | \[(?P<index>0|-?[1-9][0-9]{0,9})\]
      | (?P<wildcard>\.\*|\[\*\])""",
    re.VERBOSE | re.ASCII,
)


def select(path: str, data: Any) -> list[Location]:
    """The locations of the selected values, each as keys and indices from the root, each once, in order.

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
        locations = [found for location, value in locations for found in _children(segment, location, value)]
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
