"""Steps and replies that a scenario includes from other files.

``steps: [{include: shared/errors.yaml}]`` stands for the steps of that file, and
``reply: {include: shared/replies.yaml#down, delay: 1s}`` for the reply that it has under ``down``, delayed.
What is included keeps its place: a finding about it names the file and the line where it was written.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mockgrid.document.document import Document, read_document
from mockgrid.document.nearest import did_you_mean
from mockgrid.document.pointer import join, resolve, split
from mockgrid.document.source_map import SourceMap
from mockgrid.errors import DocumentError, YamlError
from mockgrid.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.scenario.diagnostics import Node

__all__ = ["Included", "include", "not_included"]

_CODE: Final = "MG228"
_NOTHING: Final = object()
# Steps in all: files that include one another by many ways stand for billions.
_MOST: Final = 100_000
_NOT: Final[dict[type, tuple[str, str]]] = {
    list: ("list of steps", "Include a list of steps, or a file that has one under `steps`."),
    dict: ("reply", "A reply is a mapping, such as {say: Hi}."),
}
# In place of a reply that cannot be included, which has been said.
_LOST: Final = {"auto": True}


class Included(NamedTuple):
    """A document with all that it includes.

    Attributes:
        document: it includes nothing any more.
        files: those that were read for it, beside its own.
        findings: what could not be included, and was left out.
    """

    document: Document
    files: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def include(document: Document) -> Included:
    """Return a scenario's document with the steps and replies that it includes from files beside it."""
    data, mapped = document.data, None
    steps = data.get("steps") if isinstance(data, dict) else None
    if isinstance(steps, list) and any(map(_includes, steps)):
        mapped = document.source_map
    if mapped is None or not isinstance(mapped.inside, dict):
        return Included(document)
    reader = _Includer()
    place = mapped.inside["steps"]
    parts = list(reader.steps(_Part(steps, place, document), ((document.name, ""),)))
    inside = {**mapped.inside, "steps": SourceMap(place.position, place.key, [part.mapped for part in parts])}
    root = SourceMap(mapped.position, mapped.key, inside)
    whole = Document({**data, "steps": [part.value for part in parts]}, document.name, lambda: root)
    return Included(whole, tuple(reader.documents), tuple(reader.findings))


def not_included(node: Node) -> bool:
    """Note that data from no file includes something; tell whether it does."""
    part = node.find("include")
    if part is not None:
        hint = "Play the file by its path, or write out what it includes."
        part.error(_CODE, "Only a file that is read from disk includes others.", hint, key=True)
    return part is not None


def _includes(step: Any) -> bool:
    if not isinstance(step, dict):
        return False
    replies = step.get("replies")
    parts = [step, step.get("reply"), *(replies if isinstance(replies, list) else ())]
    return any(isinstance(part, dict) and "include" in part for part in parts)


class _Part(NamedTuple):
    """A value, where it was written, and in which document."""

    value: Any
    mapped: SourceMap
    document: Document

    def child(self, key: str) -> _Part:
        return _Part(self.value[key], self.mapped.child(key) or self.mapped, self.document)

    def members(self) -> Iterator[_Part]:
        inside = self.mapped.inside
        for value, mapped in zip(self.value, inside if isinstance(inside, list) else (), strict=True):
            yield _Part(value, mapped, self.document)


Chain = tuple[tuple[str, str], ...]


class _Includer:
    """Reads what is included: each file once."""

    def __init__(self) -> None:
        self.documents: dict[str, Document | None] = {}
        self.findings: list[Finding] = []
        self._count = 0
        self._full = False

    def steps(self, part: _Part, chain: Chain) -> Iterator[_Part]:
        """Return the steps of a list, those that it includes in their places.

        Args:
            part: the list.
            chain: the files and names through which it was reached.
        """
        for step in part.members():
            self._count += 1
            if not isinstance(step.value, dict):
                yield step
            elif "include" not in step.value:
                yield self._step(step, chain)
            elif len(step.value) > 1:
                self._tell(step, "`include` stands alone in place of a step.", "Take the other keys out.")
            elif self._count > _MOST:
                if not self._full:
                    self._tell(step, f"With this, there are more than {_MOST:,} steps.", "Include fewer.")
                self._full = True
            else:
                target, further = self._target(step, chain, list)
                yield from self.steps(target, further) if target is not None else ()

    def _step(self, step: _Part, chain: Chain) -> _Part:
        replies = {}
        if "reply" in step.value:
            replies["reply"] = self._reply(step.child("reply"), chain)
        if isinstance(step.value.get("replies"), list):
            several = step.child("replies")
            parts = [self._reply(reply, chain) for reply in several.members()]
            mapped = SourceMap(several.mapped.position, several.mapped.key, [part.mapped for part in parts])
            replies["replies"] = _Part([part.value for part in parts], mapped, step.document)
        return _with(step, replies)

    def _reply(self, reply: _Part, chain: Chain) -> _Part:
        """Return a reply with what it includes, but for the keys that it has itself."""
        if not isinstance(reply.value, dict) or "include" not in reply.value:
            return reply
        target, further = self._target(reply, chain, dict)
        if target is None:
            return reply._replace(value=_LOST)
        own = {key: reply.child(key) for key in reply.value if key != "include"}
        return _with(self._reply(target, further), own)

    def _target(self, part: _Part, chain: Chain, kind: type) -> tuple[_Part | None, Chain]:
        """Return what is included, None where it cannot be, which is told; and the chain with it."""
        try:
            return self._found(part, chain, kind)
        except YamlError as error:
            self.findings.append(Finding("MG210", "error", error.message, str(error.where), error.hint))
        except DocumentError as error:
            self._tell(part, error.message, error.hint)
        return None, chain

    def _found(self, part: _Part, chain: Chain, kind: type) -> tuple[_Part | None, Chain]:
        named = part.value["include"]
        file, _, name = named.partition("#") if isinstance(named, str) else ("", "", "")
        if not file and not name:
            hint = "Write include: replies.yaml#name, or include: steps.yaml."
            raise DocumentError("`include` names a file, and what it has under a name.", hint=hint)
        path = str(Path(part.document.name).parent / file) if file else part.document.name
        if (path, name) in chain:
            raise DocumentError(f"{named} includes itself.", hint="Take one of the two out.")
        document = self._read(path) if file else part.document
        if document is None:
            return None, chain
        steps = "/steps" if isinstance(document.data, dict) and "steps" in document.data else ""
        pointer = name if name.startswith("/") else join((name,)) if name else steps
        value = resolve(document.data, pointer, _NOTHING)
        if value is _NOTHING or document.source_map is None:
            known = list(document.data) if isinstance(document.data, dict) else []
            hint = did_you_mean(name, known).strip() or f"It has {', '.join(known) or 'no names'}."
            raise DocumentError(f"{path} has nothing under '{name}'.", hint=hint)
        if not isinstance(value, kind):
            message, hint = _NOT[kind]
            raise DocumentError(f"What is included here is no {message}.", hint=hint)
        mapped = document.source_map.at(split(pointer)) or document.source_map
        return _Part(value, mapped, document), (*chain, (path, name))

    def _read(self, path: str) -> Document | None:
        """Return a document; None where it cannot be read, which is told once."""
        if path not in self.documents:
            self.documents[path] = None
            try:
                self.documents[path] = read_document(Path(path))
            except YamlError:
                raise
            except DocumentError as error:
                message = error.message[:1].lower() + error.message[1:]
                hint = error.hint if error.hint.startswith("Did") else "Its path begins where this file is."
                raise DocumentError(f"{path} cannot be included: {message}", hint=hint) from None
        return self.documents[path]

    def _tell(self, part: _Part, message: str, hint: str) -> None:
        place = part.child("include").mapped.position
        self.findings.append(Finding(_CODE, "error", message, str(place), hint))


def _with(part: _Part, others: dict[str, _Part]) -> _Part:
    """Return a mapping in which some keys have other values."""
    inside = dict(part.mapped.inside) if isinstance(part.mapped.inside, dict) else {}
    inside.update((key, other.mapped) for key, other in others.items())
    mapped = SourceMap(part.mapped.position, part.mapped.key, inside)
    value = {**part.value, **{key: other.value for key, other in others.items()}}
    return _Part(value, mapped, part.document)
