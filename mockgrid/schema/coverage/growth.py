"""How the learners of a schema grow, from its root on, and which branches it has.

A branch is what a request may have or may not have: an optional property, one of several listed values, one
of several forms. It belongs to the schema in which it is written, wherever that is referred to from, so that
schemas that refer to themselves have as many branches as any.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mockgrid.document.pointer import join, resolve
from mockgrid.schema.branches import Branch, branches_of
from mockgrid.schema.coverage.alternatives import Arm, Tested, Told
from mockgrid.schema.coverage.arrays import Items
from mockgrid.schema.coverage.forms import accepting, telling_property, words_of
from mockgrid.schema.coverage.learner import CLASSES, Choices, Learner, Node, Several, prune
from mockgrid.schema.coverage.objects import Fields, First, Further
from mockgrid.schema.patterns import Patterns
from mockgrid.schema.violation import shown_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockgrid.schema.validator import SchemaValidator

__all__ = ["Growth", "SchemaBranch"]

_LONGEST_CHAIN: Final = 64
_SAMPLES: Final[dict[type, Any]] = {str: "", int: 1, float: 1.5, bool: True, list: [], dict: {}}
_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


class SchemaBranch(NamedTuple):
    """One branch.

    Attributes:
        pointer: JSON pointer into the contract, to the property, the listed value or the form.
        label: where and what it is: ``messages[].role=tool``.
        kind: ``property``, ``value`` or ``form``.
        deprecated: whether the contract says so.
        parent: index of the branch that a request must have to have this one; None for none.
    """

    pointer: str
    label: str
    kind: str
    deprecated: bool
    parent: int | None


class Place(NamedTuple):
    """Where in a body a schema speaks: the path as it is shown, and the branch that leads there."""

    path: str = ""
    parent: int | None = None

    def field(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def told(self, teller: str, value: str) -> str:
        """The path of the objects in which a property has a value: ``messages[role=user]``."""
        return f"{self.path.removesuffix('[]')}[{teller}={value}]"


class Growth:
    """A schema's learners, made schema by schema, those nearest to the root first.

    Args:
        validator: has the schema.
        data: the document.
    """

    def __init__(self, validator: SchemaValidator, data: dict[str, Any]) -> None:
        self._schemas = validator.schemas
        self._data = data
        self._patterns = Patterns(validator.draft)
        self._made: dict[int, list[tuple[type, Learner]]] = {}  # by the identity of a schema that is kept
        self._indices: dict[str, int] = {}
        self._learners: list[Learner] = []
        self._waiting: deque[Callable[[], None]] = deque()
        self.branches: list[SchemaBranch] = []
        self.sent = bytearray()
        self.root = self._node(validator.schema, Place())
        while self._waiting:
            self._waiting.popleft()()
        self._prune()

    def _prune(self) -> None:
        """Leave out all that teaches nothing, and nothing below either."""
        known: set[int] = set()
        before = -1
        while before != len(known):
            before = len(known)
            known |= {id(learner) for learner in self._learners if learner.teaches(known)}
        for learner in self._learners:
            learner.shed(known)
        prune(self.root, known)

    def _node(self, schema: Any, place: Place) -> Node:
        found: dict[type, list[Learner]] = {}
        for part in self._speaking(schema, 0):
            if id(part) not in self._made:
                made = self._made[id(part)] = []
                made += self._learners_of(part, place)
            for kind, learner in self._made[id(part)]:
                found.setdefault(kind, []).append(learner)
        return {kind: self._together(learners) for kind, learners in found.items()}

    def _together(self, learners: list[Learner]) -> Learner:
        return learners[0] if len(learners) == 1 else self._known(Several(learners))

    def _known(self, learner: Any) -> Any:
        self._learners.append(learner)
        return learner

    def _index(self, pointer: str, label: str, kind: str, place: Place, *, deprecated: bool = False) -> int:
        """Return the number of a branch, giving it one where it is new."""
        found = self._indices.get(pointer)
        if found is None:
            found = self._indices[pointer] = len(self.branches)
            self.branches.append(SchemaBranch(pointer, label, kind, deprecated, place.parent))
            self.sent.append(0)
        return found

    def _speaking(self, schema: Any, depth: int) -> Iterator[dict[str, Any]]:
        """Return the schemas that speak about the same value whatever it is."""
        if not isinstance(schema, dict) or depth > _LONGEST_CHAIN:
            return
        yield schema
        if str(schema.get("$ref", "")).startswith("#"):
            yield from self._speaking(resolve(self._schemas.shared, schema["$ref"]), depth + 1)
        for part in schema.get("allOf", ()):
            yield from self._speaking(part, depth + 1)
        forms = self._forms(schema)
        if len(forms) == 1:
            yield from self._speaking(forms[0][2], depth + 1)

    def _forms(self, schema: dict[str, Any]) -> list[tuple[int, Branch, Any]]:
        """Return the forms that a value may have, null aside."""
        if "anyOf" not in schema:
            return []
        read = branches_of(self._schemas, schema["anyOf"])
        forms = zip(range(len(read)), read, schema["anyOf"], strict=True)
        return [form for form in forms if form[1].types - {"null"}]

    def _learners_of(self, schema: dict[str, Any], place: Place) -> Iterator[tuple[type, Learner]]:
        yield from self._choices(schema, place)
        yield from self._types(schema, place)
        if "properties" in schema:
            fields = self._known(Fields())
            self._waiting.append(lambda: self._fill(fields, schema, place))
            yield dict, fields
        yield from self._further(schema, place)
        if "items" in schema or "prefixItems" in schema:
            listed = schema.get("prefixItems") or schema["items"]
            first: list[Node] = [{} for _ in listed] if isinstance(listed, list) else []
            rest: Node = {}
            self._waiting.append(lambda: self._fill_items(first, rest, schema, place))
            yield list, self._known(Items(first, rest))
        forms = self._forms(schema)
        if len(forms) > 1:
            yield from self._alternatives(schema, forms, place)

    def _source(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return a schema as it was published."""
        at = self._schemas.origin(schema)
        found = resolve(self._data, at) if at is not None else {}
        return found if isinstance(found, dict) else {}

    def _choices(self, schema: dict[str, Any], place: Place) -> Iterator[tuple[type, Learner]]:
        choices = schema.get("enum")
        if choices is None and "type" in schema:
            choices = self._source(schema).get("enum")  # a lenient contract takes others, too
        if not isinstance(choices, list):
            return
        at = self._schemas.origin(schema, "enum") or ""
        pending: dict[type, dict[Any, int]] = {str: {}, bool: {}, int: {}}
        listed = [(number, choice) for number, choice in enumerate(choices) if choice is not None]
        if len(listed) == 1:
            return
        for number, choice in listed:
            kind = int if choice.__class__ is float else choice.__class__
            if kind in pending and choice not in pending[kind]:
                label = f"{place.path}={shown_plain(choice)}"
                pending[kind][choice] = self._index(f"{at}/{number}", label, "value", place)
        for kind, left in pending.items():
            if left:
                learner = self._known(Choices(self.sent, left))
                yield from ((each, learner) for each in ((int, float) if kind is int else (kind,)))

    def _types(self, schema: dict[str, Any], place: Place) -> Iterator[tuple[type, Learner]]:
        """One of several JSON types is a form, too, where the document lists them."""
        named = schema.get("type")
        if not isinstance(named, list) or len(set(named) - {"null"}) == 1 or "enum" in schema:
            return
        at = self._schemas.origin(schema, "type")
        arms: dict[type, Arm] = {}
        for number, name in enumerate(named):
            if name in _KINDS:
                label = f"{place.path} ({'an' if name[0] in 'aio' else 'a'} {name})".strip()
                arm = self._known(Arm(self.sent, self._index(f"{at}/{number}", label, "form", place), {}))
                # An integer is one, and not any number, where the document lists both.
                own = dict.fromkeys(_KINDS[name], arm)
                arms = {**arms, **own} if name == "integer" else {**own, **arms}
        yield from arms.items()

    def _fill(self, fields: Fields, schema: dict[str, Any], place: Place) -> None:
        required = schema.get("required", ())
        at = self._schemas.origin(schema, "properties") or ""
        for name, item in schema["properties"].items():
            source = self._source(item) if isinstance(item, dict) else {}
            kinds = Branch.of(item, self._schemas.shared).types - {"null"}
            if source.get("readOnly") is True or not kinds:
                continue  # a request has no use for it
            if name in required:
                fields.pending[name] = self._node(item, Place(place.field(name), place.parent))
                continue
            said = (part.get("deprecated") is True for part in self._speaking(item, 0))
            index = self._index(
                at + join((name,)), place.field(name), "property", place, deprecated=any(said)
            )
            node = self._node(item, Place(place.field(name), index))
            first = self._known(First(self.sent, index, fields, name, node))
            fields.pending[name] = dict.fromkeys(CLASSES, first)

    def _further(self, schema: dict[str, Any], place: Place) -> Iterator[tuple[type, Learner]]:
        patterns = {
            pattern: item
            for pattern, item in schema.get("patternProperties", {}).items()
            if isinstance(item, dict)
        }
        inside = Place(place.field("*"), place.parent)
        for pattern, item in patterns.items():
            node: Node = {}
            self._waiting.append(lambda node=node, item=item: node.update(self._node(item, inside)))  # type: ignore[misc]
            takes = self._matching(pattern)
            yield dict, self._known(Further(frozenset(), takes, node))
        if isinstance(schema.get("additionalProperties"), dict):
            rest: Node = {}
            item = schema["additionalProperties"]
            self._waiting.append(lambda: rest.update(self._node(item, inside)))
            named = frozenset(schema.get("properties", ()))
            matching = [self._matching(pattern) for pattern in schema.get("patternProperties", ())]
            takes = lambda name: not any(matches(name) for matches in matching)  # noqa: E731
            yield dict, self._known(Further(named, takes, rest))

    def _matching(self, pattern: str) -> Callable[[str], bool]:
        return lambda name: isinstance(name, str) and self._patterns.found(pattern, name)

    def _fill_items(self, first: list[Node], rest: Node, schema: dict[str, Any], place: Place) -> None:
        listed = schema.get("prefixItems") or schema.get("items") or []
        for number, node in enumerate(first):
            node.update(self._node(listed[number], Place(f"{place.path}[{number}]", place.parent)))
        if isinstance(schema.get("items"), dict):
            rest.update(self._node(schema["items"], Place(f"{place.path}[]", place.parent)))

    def _alternatives(
        self, schema: dict[str, Any], forms: list[tuple[int, Branch, Any]], place: Place
    ) -> Iterator[tuple[type, Learner]]:
        at = self._schemas.origin(schema, "anyOf")
        objects = [branch for _, branch, _ in forms if branch.takes({})]
        teller = telling_property(objects)
        arms: list[Arm] = []
        for (number, branch, form), words in zip(forms, words_of(forms), strict=True):
            inside, label = place, f"{place.path}{words}"
            if teller is not None and branch.types - {"null"} == {"object"}:
                value = "|".join(shown_plain(choice) for choice in branch.constants[teller])
                inside, label = Place(place.told(teller, value)), f"{place.field(teller)}={value}"
            index = self._index(f"{at}/{number}", label.strip(), "form", place)
            arms.append(self._arm(index, form, Place(inside.path, index)))
        for kind in CLASSES:
            takers = [
                (arm, branch, form)
                for arm, (_, branch, form) in zip(arms, forms, strict=True)
                if branch.takes(_SAMPLES[kind])
            ]
            if len(takers) == 1:
                yield kind, takers[0][0]
            elif kind is dict and teller is not None:
                told = {choice: arm for arm, branch, _ in takers for choice in branch.constants[teller]}
                yield kind, self._known(Told(teller, told))
            elif takers:
                tests = [(arm, accepting(self._schemas, form)) for arm, _, form in takers]
                yield kind, self._known(Tested(tests))

    def _arm(self, index: int, form: Any, place: Place) -> Arm:
        node: Node = {}
        self._waiting.append(lambda: node.update(self._node(form, place)))
        arm: Arm = self._known(Arm(self.sent, index, node))
        return arm
