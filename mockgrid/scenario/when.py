"""From ``when`` to predicates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mockgrid.contract.security import is_secret_name
from mockgrid.document.nearest import did_you_mean
from mockgrid.fixed import fixed
from mockgrid.scenario.diagnostics import Node
from mockgrid.scenario.matcher import WORDS, part_at, read_matcher
from mockgrid.scenario.partial import leaves, together
from mockgrid.scenario.predicate import AnyOf, Check, NotAll

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from mockgrid.scenario.predicate import Predicate
    from mockgrid.scenario.view import RequestView

    Read = Callable[[RequestView, str], Any]

__all__ = ["read_when"]


def read_when(node: Node, operations: Collection[str] | None = None) -> tuple[Predicate, ...]:
    """Read a ``when`` whose structure is sound.

    Args:
        node: the mapping of predicates.
        operations: ids of the contract's operations, to check those that are named; None for no check.

    Returns:
        The predicates, all of which must hold, in the order of the file. What is wrong is noted.
    """
    return tuple(_predicates(node, operations))


def _predicates(node: Node, operations: Collection[str] | None) -> Iterator[Predicate]:
    for name, argument in node.items():
        match name:
            case "all":
                for item in argument.members():
                    yield from _predicates(item, operations)
            case "any":
                branches = tuple(read_when(item, operations) for item in argument.members())
                yield AnyOf(branches, argument.value)
            case "not":
                yield NotAll(read_when(argument, operations), argument.value)
            case _ if name in _SHAPED:
                yield from _SHAPED[name](argument)
            case _:
                if name == "operation":
                    _check_operations(argument, operations)
                matcher = read_matcher(_raised(argument) if name == "method" else argument)
                if matcher is not None:
                    yield Check(name, matcher, _READERS[name], several=name == "tool_result")


_READERS: Final[dict[str, Read]] = {
    "operation": lambda view, _: view.operation or None,
    "method": lambda view, _: view.method,
    "path": lambda view, _: view.path,
    "model": lambda view, _: view.model,
    "stream": lambda view, _: view.stream,
    "turn": lambda view, _: view.turn,
    "attempt": lambda view, _: view.attempt,
    "last_user": lambda view, _: view.last_user,
    "system": lambda view, _: view.system,
    "tool_result": lambda view, _: view.tool_results,
    "tools": lambda view, _: view.tools,
    "texts": lambda view, _: view.texts,
    "messages": lambda view, _: view.messages,
    "state": lambda _, state: state,
}


@fixed
class _PlaceReader:
    """A reader of one place, equal to others of it: so the index of steps knows that they look at one."""

    take: Callable[[RequestView, Any], Any]
    name: str | tuple[str | int, ...]

    def __call__(self, view: RequestView, _: str) -> Any:
        return self.take(view, self.name)


def _in_query(view: RequestView, name: str) -> list[Any]:
    return view.query.get(name, [None])


def _in_header(view: RequestView, name: str) -> Any:
    return view.header(name)


def _in_body(view: RequestView, path: tuple[str | int, ...]) -> Any:
    return part_at(path, view.body)


def _in_format(view: RequestView, path: tuple[str | int, ...]) -> Any:
    return part_at(path, view.response_format)


def _raised(node: Node) -> Node:
    """Methods are matched in upper case, whatever case they are written in."""

    def raised(value: Any) -> Any:
        if isinstance(value, dict):
            kept = ("matches", "schema", "exists")
            return {key: item if key in kept else raised(item) for key, item in value.items()}
        if isinstance(value, list):
            return [raised(item) for item in value]
        return value.upper() if isinstance(value, str) else value

    return Node(raised(node.value), node.pointer, node.diagnostics)


def _query(node: Node) -> Iterator[Check]:
    """One check for each parameter that is named."""
    for name, argument in node.items():
        matcher = read_matcher(argument, textual=True)
        if matcher is not None:
            read = _PlaceReader(_in_query, name)
            yield Check(f"query/{name}", matcher, read, several=True, hidden=is_secret_name(name))


def _headers(node: Node) -> Iterator[Check]:
    """One check for each header that is named."""
    for name, argument in node.items():
        matcher, lower = read_matcher(argument, textual=True), name.lower()
        if matcher is not None:
            yield Check(
                f"headers/{lower}", matcher, _PlaceReader(_in_header, lower), hidden=is_secret_name(lower)
            )


def _body(node: Node) -> Iterator[Check]:
    """One check for each place that the partial body speaks of."""
    for leaf in leaves(node):
        yield Check(f"body{leaf.pointer}", leaf.matcher, _PlaceReader(_in_body, leaf.path))


def _tools(node: Node) -> Iterator[Check]:
    """One check; for a list one for each of its names, since all of them must be offered."""
    for item in node.members() if isinstance(node.value, list) else (node,):
        matcher = read_matcher(item)
        if matcher is not None:
            yield Check("tools", matcher, _READERS["tools"], several=True)


def _any_message(node: Node) -> Iterator[Predicate]:
    value = node.value
    if _is_matcher(node, "fields of a message"):
        matcher = read_matcher(node)
        if matcher is not None:
            yield Check("any_message", matcher, _READERS["texts"], several=True)
    elif isinstance(value, dict):
        yield Check("any_message", together(value, leaves(node)), _READERS["messages"], several=True)


def _response_format(node: Node) -> Iterator[Check]:
    if not _is_matcher(node, "fields of response_format"):
        for leaf in leaves(node):
            yield Check(f"response_format{leaf.pointer}", leaf.matcher, _PlaceReader(_in_format, leaf.path))
        return
    matcher = read_matcher(node)
    if matcher is None:
        return
    whole = isinstance(node.value, dict) and not node.value.keys().isdisjoint({"schema", "exists"})
    if whole:
        yield Check("response_format", matcher, _PlaceReader(_in_format, ()))
    else:
        yield Check("response_format", matcher, _type)


def _type(view: RequestView, _: str) -> Any:
    return "text" if view.response_format is None else view.response_format.get("type")


_SHAPED: Final[dict[str, Callable[[Node], Iterator[Predicate]]]] = {
    "query": _query,
    "headers": _headers,
    "body": _body,
    "tools": _tools,
    "any_message": _any_message,
    "response_format": _response_format,
}


def _is_matcher(node: Node, fields: str) -> bool:
    """Tell whether a value is a matcher and not a mapping of fields; a mixture of both is noted."""
    if not isinstance(node.value, dict):
        return True
    words = [key for key in node.value if key in WORDS]
    others = [key for key in node.value if key not in WORDS]
    if words and others:
        message = (
            f"`{words[0]}` is a matcher and `{others[0]}` is not; a mapping holds {fields}, or matchers."
        )
        node[words[0]].error("MG220", message, "Put the matcher inside the field that it is about.", key=True)
    return not others


def _check_operations(node: Node, operations: Collection[str] | None) -> None:
    if operations is None:
        return
    for item in _named_values(node):
        if item.value not in operations:
            hint = did_you_mean(item.value, operations).strip() or f"Known: {', '.join(sorted(operations))}."
            item.error("MG223", f"The contract has no operation '{item.value}'.", hint)


def _named_values(node: Node) -> Iterator[Node]:
    if isinstance(node.value, str):
        yield node
    elif isinstance(node.value, dict):
        for key in ("equals", "not"):
            if key in node.value:
                yield from _named_values(node[key])
        if "one_of" in node.value:
            yield from node["one_of"].members()
