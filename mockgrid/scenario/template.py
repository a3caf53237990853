"""Texts with places for what the request says: ``Hello ${last_user}``.

Five things can be inserted, ``${last_user}``, ``${model}``, ``${attempt}``, ``${body:/json/pointer}`` and
``${header:name}``; ``$${`` stands for a plain ``${``. Nothing is evaluated, and what is inserted is not read
again. What the request does not have is the empty text.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from mockgrid.contract.security import is_secret_name
from mockgrid.document.nearest import did_you_mean
from mockgrid.document.pointer import resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockgrid.scenario.diagnostics import Node
    from mockgrid.scenario.view import RequestView

__all__ = ["Structure", "Template"]

_PLACE: Final = re.compile(r"\$\$\{|\$\{([^}]*)(\}?)")
_PLAIN: Final = ("last_user", "model", "attempt")
_TAKING: Final = {"body": "/json/pointer", "header": "name"}
_POINTER: Final = re.compile(r"(?:/(?:[^~]|~[01])*)?")
# Characters of one insertion into a header.
_LINE: Final = 1000
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Insertion:
    """What is inserted at one place: its name, and for some a pointer or a header's name."""

    name: str
    argument: str = ""

    def text(self, view: RequestView) -> str:
        """Return what the request has for it."""
        match self.name:
            case "last_user":
                value: Any = view.last_user
            case "model":
                value = view.model
            case "attempt":
                value = view.attempt
            case "header":
                value = view.header(self.argument)
            case _:
                try:
                    value = resolve(view.body, self.argument)
                except KeyError:
                    value = None
        if value is None:
            return ""
        return _whole(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


@dataclass(frozen=True, slots=True)
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
        if "${" not in source:
            return cls.plain(source)
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


@dataclass(frozen=True, slots=True)
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


def _insertion(place: str, node: Node) -> Insertion | None:
    name, colon, argument = place.partition(":")
    if name in _PLAIN and not colon:
        return Insertion(name)
    if name not in _TAKING:
        guess = did_you_mean(name, (*_PLAIN, *_TAKING)).strip()
        known = "Known are last_user, model, attempt, body:/json/pointer and header:name."
        written = place if len(place) <= len(known) else place[: len(known)] + "…"
        hint = "Only body and header take a colon." if name in _PLAIN else guess or known
        node.error("MG218", f"'${{{written}}}' is not something that can be inserted.", hint)
        return None
    if name == "header":
        if not argument or is_secret_name(argument):
            code, what = ("MG219", "carries a credential") if argument else ("MG218", "is not named")
            hint = "Match on it with `when`." if argument else "Write ${header:name}."
            node.error(code, f"The header of '${{{place}}}' {what}.", hint)
            return None
        return Insertion(name, argument.strip().lower())
    if not colon or not _POINTER.fullmatch(argument):
        message = f"'${{{place}}}' holds no JSON pointer."
        node.error("MG218", message, "A pointer begins with a slash: ${body:/metadata/user}.")
        return None
    return Insertion(name, argument)


def _compiled(node: Node, templates: list[Template]) -> Any:
    value = node.value
    if isinstance(value, str):
        if "${" not in value:
            return value
        templates.append(Template.read(node))
        return templates[-1]
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
