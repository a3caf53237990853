"""Texts with places for what the request says: ``Hello ${last_user}``.

What can be inserted are ``${last_user}``, ``${model}``, ``${attempt}``, ``${body:/json/pointer}``,
``${header:name}``, and the last result of a tool and the arguments of its last call, whole or a part of their
JSON: ``${tool_result}``, ``${tool_result:get_weather#/celsius}``, ``${arguments:get_weather#/city}``. ``$${``
stands for a plain ``${``. Nothing is evaluated, and what is inserted is not read again. What the request does
not have is the empty text, and the request's view is told of it.
"""

from __future__ import annotations

import json
import re
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mockgrid.contract.security import is_secret_name
from mockgrid.document.nearest import did_you_mean
from mockgrid.document.pointer import join, resolve
from mockgrid.fixed import fixed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockgrid.scenario.diagnostics import Node
    from mockgrid.scenario.view import RequestView

__all__ = ["Structure", "Template", "body_insertions", "literal"]

Path: TypeAlias = tuple[str | int, ...]

_PLACE: Final = re.compile(r"\$\$\{|\$\{([^}]*)(\}?)")
_PLAIN: Final = ("last_user", "model", "attempt")
_TAKING: Final = {"body": "/json/pointer", "header": "name"}
_OF_TOOLS: Final = ("tool_result", "arguments")
_KNOWN: Final = (*_PLAIN, *_TAKING, *_OF_TOOLS)
# What other tools write for it. In single braces stand ordinary words as well, which are left alone.
_WORD: Final = rf"(?:{'|'.join(_KNOWN)})(?:[:#][^{{}}\s]*)?|[A-Za-z_][\w.\[\]]*"
_NAME: Final = r"(?:last_user|tool_result|body:/|(?:header|arguments):\w)[^{}\s]*"
_LOOKALIKE: Final = re.compile(rf"(?<![$\\])\{{\{{ *({_WORD}) *\}}\}}|(?<![${{\\])\{{({_NAME})\}}")
_ALL: Final = (
    "Known are last_user, model, attempt, body:/json/pointer, header:name, tool_result:name#/pointer and "
    "arguments:name#/pointer."
)
_THEIRS: Final = {
    "last_user": ("user", "input", "prompt", "message", "content"),
    "arguments": ("call", "tool_call", "args", "tool_args"),
    "tool_result": ("result", "tool"),
}
_SHOWN: Final = 80
_POINTER: Final = re.compile(r"(?:/(?:[^~]|~[01])*)?")
# Characters of one insertion into a header.
_LINE: Final = 1000
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def literal(value: Any) -> Any:
    """Return a JSON value whose texts are as templates write them, so that nothing is inserted.

    >>> literal({"price": "${last_user}"})
    {'price': '$${last_user}'}
    """
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, list):
        return [literal(item) for item in value]
    if isinstance(value, dict):
        return {name: literal(item) for name, item in value.items()}
    return value


@fixed
class Insertion:
    """What is inserted at one place.

    Attributes:
        name: what: ``last_user``, ``body``.
        argument: the name of a header or a tool, or the pointer into the body; empty for none.
        pointer: into the JSON of a tool's result or of its arguments; None for the whole text.
        source: as it was written, such as ``${body:/user}``.
    """

    name: str
    argument: str = ""
    pointer: str | None = None
    source: str = ""

    def text(self, view: RequestView) -> str:
        """Return what the request has for it; where that is nothing, the view is told."""
        match self.name:
            case "last_user":
                value: Any = view.last_user
            case "model":
                value = view.model
            case "attempt":
                value = view.attempt
            case "header":
                value = view.header(self.argument)
            case "body":
                value = resolve(view.body, self.argument, None)
            case _:
                value = self._of_tool(view.results if self.name == "tool_result" else view.calls)
        if value is None:
            if self.source not in view.lacking:
                view.lacking = (*view.lacking, self.source)
            return ""
        return _whole(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))

    def _of_tool(self, texts: list[tuple[str, str]]) -> Any:
        """Return the last text of a tool, or a part of its JSON; None where there is no such thing."""
        text = next((text for tool, text in reversed(texts) if self.argument in ("", tool)), None)
        if text is None or self.pointer is None:
            return text
        try:
            return resolve(json.loads(text), self.pointer, None)
        except (ValueError, RecursionError):
            return None


@fixed
class Template:
    """A text, and the places in it.

    Attributes:
        source: as it was written.
        parts: the plain texts and the insertions, in order.
        fixed: what it says to every request; None where that depends on the request.
    """

    source: str
    parts: tuple[str | Insertion, ...]
    fixed: str | None = field(init=False, compare=False)
    _only: tuple[str, Insertion, str] | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        texts = [part for part in self.parts if isinstance(part, str)]
        fixed = "".join(texts) if len(texts) == len(self.parts) else None
        object.__setattr__(self, "fixed", fixed)  # frozen for all others
        only = None
        places = [place for place, part in enumerate(self.parts) if not isinstance(part, str)]
        if len(places) == 1:
            (place,) = places
            before, after = (
                "".join(map(str, parts)) for parts in (self.parts[:place], self.parts[place + 1 :])
            )
            only = before, self.parts[place], after
        object.__setattr__(self, "_only", only)

    @classmethod
    def plain(cls, text: str) -> Template:
        """Return a text without places, whatever it holds."""
        return cls(text, (text,) if text else ())

    @classmethod
    def read(cls, node: Node) -> Template:
        """Read a text of a scenario; what cannot be inserted is a finding."""
        source: str = node.value
        if "{" not in source:
            return cls.plain(source)
        for match in _LOOKALIKE.finditer(source):
            place = _meant(match[1] or match[2])
            if place:
                message = f"'{match[0]}' is sent as it stands here."
                node.warn("MG237", message, f"Write ${{{place}}} to insert what the request has.")
        parts: list[str | Insertion] = []
        done = 0
        for match in _PLACE.finditer(source):
            parts.append(source[done : match.start()])
            done = match.end()
            if match[0] == "$${":
                parts.append("${")
            elif not match[2]:
                node.error("MG218", "The '${' is not closed.", "Write $${ where a plain ${ is meant.")
            elif (insertion := _insertion(match[1], node)) is not None:
                parts.append(insertion)
        parts.append(source[done:])
        return cls(source, tuple(item for item in parts if item != ""))

    @property
    def constant(self) -> bool:
        """Whether it says the same whatever the request says."""
        return self.fixed is not None

    def render(self, view: RequestView) -> str:
        """Return the text for a request."""
        if self.fixed is not None:
            return self.fixed
        if self._only is not None:  # as most have it: 0.2 µs of the 6 that composing takes
            before, insertion, after = self._only
            return before + insertion.text(view) + after
        return "".join([part if isinstance(part, str) else part.text(view) for part in self.parts])

    def render_json(self, view: RequestView) -> str:
        """Return the text for a request, what is inserted escaped as inside a JSON string."""
        return self._filled(lambda insertion: json.dumps(insertion.text(view), ensure_ascii=False)[1:-1])

    def render_line(self, view: RequestView) -> str:
        """Return the text for a request as a header may hold it.

        Control characters become blanks, and of each insertion there are at most 1,000 characters: clients
        refuse heads of more than a few thousand.
        """
        return self._filled(lambda insertion: _CONTROL.sub(" ", insertion.text(view)[:_LINE]))

    def sample(self) -> str:
        """Return the text with something harmless at every place, for checks before any request."""
        return self._filled(lambda insertion: "1" if insertion.name == "attempt" else "x")

    def _filled(self, text: Callable[[Insertion], str]) -> str:
        return "".join(part if isinstance(part, str) else text(part) for part in self.parts)


@fixed
class Structure:
    """A JSON value whose texts may have places.

    Attributes:
        source: as it was written.
        compiled: the same, with a ``Template`` for every text that has places.
        constant: whether it is the same whatever the request says.
    """

    source: Any
    compiled: Any
    constant: bool

    @classmethod
    def read(cls, node: Node) -> Structure:
        """Read a value of a scenario; what cannot be inserted is a finding."""
        insertion: list[Template] = []
        compiled = _compiled(node, insertion)
        return cls(node.value, compiled if insertion else node.value, not insertion)

    def render(self, view: RequestView) -> Any:
        """Return the value for a request; treat it as immutable."""
        return self.source if self.constant else _rendered(self.compiled, view)


def body_insertions(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Return the pointers of all ``${body:…}`` in a value, each with the keys that lead to its text."""
    if isinstance(value, str):
        for match in _PLACE.finditer(value):
            if match[2] and match[1].startswith("body:"):
                yield path, match[1].removeprefix("body:")
    elif isinstance(value, (dict, list)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from body_insertions(item, (*path, key))


def _insertion(place: str, node: Node) -> Insertion | None:
    """Read what stands between the braces; None where it cannot be inserted, which is noted."""
    source = f"${{{place}}}"
    whole, mark, pointer = place.partition("#")
    name, colon, argument = whole.partition(":")
    if name in _OF_TOOLS:
        wrong = bool(colon) is not bool(argument) or "/" in argument or _POINTER.fullmatch(pointer) is None
        hint = f"Write ${{{name}:get_weather#/celsius}}, or ${{{name}}}."
        mistake = ("MG218", f"'{source}' names no tool, or holds no JSON pointer.", hint) if wrong else None
        insertion = Insertion(name, argument, pointer if mark else None, source)
    else:
        name, colon, argument = place.partition(":")
        mistake = _mistake(name, argument, source, colon=bool(colon))
        argument = argument.strip().lower() if name == "header" else argument
        insertion = Insertion(name, argument, source=source)
    if mistake is not None:
        node.error(*mistake)
        return None
    return insertion


def _meant(place: str) -> str:
    """Return what to insert in place of what other tools write; empty where that is not plain.

    >>> _meant("user"), _meant("request.body.messages[0].role"), _meant("body:/x"), _meant("x")
    ('last_user', 'body:/messages/0/role', 'body:/x', '')
    """
    first, *path = [part for part in re.split(r"[.\[\]]+", place) if part] or [""]
    if first == "request" and path:
        first, *path = path
    if first in {"body", "messages"} and path:
        return f"body:{join(path if first == 'body' else (first, *path))}"
    if re.split("[:#]", place)[0] in _KNOWN:
        return place
    return next((ours for ours, theirs in _THEIRS.items() if first in theirs), "")


def _mistake(name: str, argument: str, source: str, *, colon: bool) -> tuple[str, str, str] | None:
    """Return code, message and hint for what is wrong with an insertion that is not of tools."""
    if name in _PLAIN and not colon:
        return None
    if name not in _TAKING:
        meant = _meant(name)
        guess = f"Did you mean {meant}?" if meant else did_you_mean(name, _KNOWN).strip() or _ALL
        written = source if len(source) <= _SHOWN else source[:_SHOWN] + "…}"
        hint = "Only body, header, tool_result and arguments take a colon." if name in _PLAIN else guess
        return "MG218", f"'{written}' is not something that can be inserted.", hint
    if name == "header" and is_secret_name(argument):
        return "MG219", f"The header of '{source}' carries a credential.", "Match on it with `when`."
    if name == "header" and not argument:
        return "MG218", f"The header of '{source}' is not named.", "Write ${header:name}."
    if name == "body" and not (colon and _POINTER.fullmatch(argument)):
        hint = "A pointer begins with a slash: ${body:/metadata/user}."
        return "MG218", f"'{source}' holds no JSON pointer.", hint
    return None


def _compiled(node: Node, templates: list[Template]) -> Any:
    value = node.value
    if isinstance(value, str):
        template = Template.read(node)
        if template.constant and "${" not in value:
            return value
        templates.append(template)
        return template
    if isinstance(value, dict):
        return {key: _compiled(item, templates) for key, item in node.items()}
    if isinstance(value, list):
        return [_compiled(item, templates) for item in node.members()]
    return value


def _rendered(value: Any, view: RequestView) -> Any:
    if isinstance(value, Template):
        return value.render(view)
    if isinstance(value, dict):
        return {key: _rendered(item, view) for key, item in value.items()}
    if isinstance(value, list):
        return [_rendered(item, view) for item in value]
    return value


def _whole(text: str) -> str:
    """Return a text that can be encoded: JSON admits halves of surrogate pairs, UTF-8 does not."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
