"""Judges values by `jsonschema-rs`, after a look at how much work that may be."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from mockgrid.schema.formats import FORMATS
from mockgrid.schema.generate.keywords import DRAFT_4, words
from mockgrid.schema.generate.limits import ExhaustedError, is_sound, longest_text
from mockgrid.schema.generate.schema import IN_PLACE, Schema, post_order
from mockgrid.schema.pattern_engine import PATTERN_OPTIONS
from mockgrid.schema.reached import Room
from mockgrid.schema.regex import QUADRATIC_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from mockgrid.schema.generate.document import SchemaDocument

_VALIDATORS: tuple[Any, ...] = (
    jsonschema_rs.Draft4Validator,
    jsonschema_rs.Draft6Validator,
    jsonschema_rs.Draft7Validator,
    jsonschema_rs.Draft201909Validator,
    jsonschema_rs.Draft202012Validator,
)
# Keywords that come to the same as their only schema.
_REPEATING = words("$ref $dynamicRef $recursiveRef allOf anyOf")
_WAYS_LIMIT = 20_000
_VISITS_LIMIT = 200_000
_HEIGHT_LIMIT = 2_500
_WHOLE_LIMIT = 300
_FORMS_KEPT = 1_000


class Judge:
    """Tells whether values satisfy the schemas of a document.

    The validator is given the document in a plain form: each subschema under a number, references to these
    numbers only, and what is the same twice over (``allOf: [x, x]``) once, since it remembers nothing and
    would take twice as long at every level.

    Args:
        document: the compiled schemas.
    """

    def __init__(self, document: SchemaDocument) -> None:
        self._document = document
        self.natural = document.natural
        self._same: dict[int, Schema] = {}
        self._settled: set[int] = set()
        self._circular: set[int] = set()  # numbers of those that come back to themselves for the same value
        self._heights: dict[int, int] = {}
        # By the number of the schema: all subschemas that it is made of, if they are not too many, and
        # whether the work has to be counted for each value.
        self._closures: dict[int, tuple[list[Schema] | None, bool]] = {}
        self._forms: dict[int, tuple[Any, dict[str, Schema]]] = {}
        self._compiled: dict[tuple[int, bool, bool], Callable[[Any], bool]] = {}
        self._room = Room()

    def is_large(self, schema: Schema) -> bool:
        """Whether a schema is made of so many that each value is judged by those alone that it comes to."""
        return self._closure(schema)[0] is None

    def size(self, schema: Schema) -> int:
        """How many subschemas it takes to judge by one."""
        closure, _ = self._closure(schema)
        return _WHOLE_LIMIT if closure is None else len(closure)

    def holds(self, schema: Schema, value: object, *, loosely: bool = False) -> bool:
        """Whether a value, which must be sound, is valid.

        Args:
            schema: what it has to satisfy.
            value: it.
            loosely: whether several branches of a ``oneOf`` may hold; formats count then, of natural values.

        Raises:
            ExhaustedError: the validator might take too long to tell.
        """
        # Of one branch alone is what is so whether or not formats are checked: often they are not.
        formats = self.natural and loosely
        closure, counted = self._closure(schema)
        visited: dict[tuple[int, int], int] = {}
        slow = not self._document.linear and longest_text(value) > QUADRATIC_LIMIT
        limit = _VISITS_LIMIT * (10 if self._document.natural else 1)
        if slow or (counted and self._visits(schema, value, visited, cut=closure is None) > limit):
            raise ExhaustedError(
                f"no value was found within the limit of {limit} steps",
                where=schema.pointer,
                hint="Simplify the schema.",
            )
        if closure is None:
            # Only what the value comes to: the rest of a large document says nothing about it.
            reached = dict.fromkeys(number for number, _ in visited)
            parts = [self._document.schemas[number] for number in reached]
            return self._compile(schema, parts, loosely=loosely, formats=formats)(value)
        return self._kept(schema, closure, loosely=loosely, formats=formats)(value)

    def nearly_holds(self, schema: Schema, value: object, *, formats: bool) -> bool:
        """Whether a value is valid as far as the nearest subschemas say; the others may be anything."""
        return self._kept(schema, self._nearest(self._alias(schema)), loosely=False, formats=formats)(value)

    def _kept(
        self, schema: Schema, parts: Sequence[Schema], *, loosely: bool, formats: bool
    ) -> Callable[[Any], bool]:
        key = (schema.number, loosely, formats)
        if key in self._compiled:
            self._room.use(key)
        else:
            self._compiled[key] = self._compile(schema, parts, loosely=loosely, formats=formats)
            self._room.enter(key, len(parts), partial(self._compiled.pop, key))
        return self._compiled[key]

    def _closure(self, schema: Schema) -> tuple[list[Schema] | None, bool]:
        if schema.number not in self._closures:
            self._closures[schema.number] = self._enclose(self._alias(schema))
        return self._closures[schema.number]

    def _enclose(self, top: Schema) -> tuple[list[Schema] | None, bool]:
        """All that a schema is made of, unless it is too much, and whether work has to be counted."""
        if self._document.natural and len(self._nearest(top)) >= _WHOLE_LIMIT:
            return None, True
        ways: dict[int, int] = {}
        closure: list[Schema] = []
        recursive = False
        for part, returns in post_order(top, self._below, set()):
            closure.append(part)
            recursive = recursive or returns
            ways[part.number] = 1 + sum(ways.get(below.number, 0) for below in self._below(part))
        if max(self._heights.get(part.number, 1) for part in closure) > _HEIGHT_LIMIT:
            raise ExhaustedError(
                f"more than {_HEIGHT_LIMIT} schemas that apply one another", where=top.pointer
            )
        circular = any(part.number in self._circular for part in closure)
        return closure, recursive or circular or max(ways.values()) > _WAYS_LIMIT

    def _nearest(self, top: Schema) -> list[Schema]:
        """The schemas that one is made of, or the nearest of many, found without compiling many more."""
        nearest = {top.number: top}
        waiting = deque([top])
        while waiting and len(nearest) < _WHOLE_LIMIT:
            below = {part.number: part for part in self._below(waiting.popleft())}
            waiting += [part for number, part in below.items() if number not in nearest]
            nearest |= below
        return list(nearest.values())

    def _compile(
        self, schema: Schema, parts: Sequence[Schema], *, loosely: bool, formats: bool
    ) -> Callable[[Any], bool]:
        raw = self._document.raw
        if self._document.dynamic and schema is self._document.root and isinstance(raw, dict):
            form = raw
        else:
            top = self._alias(schema)
            form = {"$ref": f"#/$defs/{top.number}", "$defs": {}}
            linked: set[str] = set()
            for part in parts:
                if part.plain and part is not top:
                    continue
                own, links = self._form(part)
                if loosely and "oneOf" in own:
                    own = {"anyOf" if key == "oneOf" else key: each for key, each in own.items()}
                form["$defs"][str(part.number)] = own
                linked |= links.keys()
            form["$defs"] |= {number: {} for number in linked if number not in form["$defs"]}
        used = {part.keywords.get("format") for part in parts} if formats else set()
        checks = {name: check for name, check in FORMATS.items() if name in used}
        try:
            validator = _VALIDATORS[self._document.draft.order](
                form,
                validate_formats=bool(checks),
                formats=checks,
                pattern_options=PATTERN_OPTIONS,
                retriever=_refuse,
            )
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError, SystemError):
            return lambda _: False

        def accepts(value: Any) -> bool:
            try:
                return bool(validator.is_valid(value))
            except (TypeError, ValueError, SystemError):
                return False

        return accepts

    def _settle(self, schema: Schema, *, returns: bool) -> None:
        """Note what a schema comes to once repetitions are left out; those below it are known already."""
        # One that is not known yet applies this one to the same value again.
        parts = [self._same.get(part.number, part) for part in schema.in_place()]
        keys = schema.keywords.keys()
        repeats = keys == {"if", "then", "else"} or (len(keys) == 1 and not _REPEATING.isdisjoint(keys))
        same = parts[0] if repeats and parts and all(part is parts[0] for part in parts) else schema
        self._same[schema.number] = same
        if returns or schema in parts:
            self._circular.add(schema.number)
        self._heights[schema.number] = 1 + max(
            (self._heights.get(part.number, 0) for part in parts), default=0
        )

    def _alias(self, schema: Schema) -> Schema:
        if not schema.compound:
            return schema
        if schema.number not in self._same:
            for part, returns in post_order(schema, Schema.in_place, self._settled):
                self._settle(part, returns=returns)
        return self._same[schema.number]

    def _parts(self, schema: Schema, keyword: str) -> list[Schema]:
        """The subschemas of a keyword as the validator is given them."""
        parts = list(map(self._alias, schema.parts(keyword)))
        return list(dict.fromkeys(parts)) if keyword in {"allOf", "anyOf"} else parts

    def _below(self, schema: Schema, keywords: Container[str] | None = None) -> list[Schema]:
        """The subschemas of all keywords, or of some, and those that references lead to."""
        parts = list(map(self._alias, schema.targets.values()))
        for keyword in schema.keywords:
            if keywords is None or keyword in keywords:
                parts += self._parts(schema, keyword)
        return parts

    def _form(self, schema: Schema) -> tuple[Any, dict[str, Schema]]:
        """A schema as the validator is given it, and what it refers to."""
        if schema.number not in self._forms:
            if len(self._forms) >= _FORMS_KEPT:
                self._forms.clear()
            links: dict[str, Schema] = {}
            self._forms[schema.number] = (self._write(schema, links), links)
        return self._forms[schema.number]

    def _write(self, schema: Schema, links: dict[str, Schema]) -> Any:  # noqa: C901 (one for each kind of keyword)
        if schema.always is not None:
            return {} if schema.always else {"not": {}}

        def link(part: Schema) -> Any:
            part = self._alias(part)
            if part.always is not None:
                return part.always if self._document.draft.order != DRAFT_4 else self._write(part, links)
            if part.plain:
                return self._write(part, links)
            links[str(part.number)] = part
            return {"$ref": f"#/$defs/{part.number}"}

        form: dict[str, Any] = {}
        for keyword, value in schema.keywords.items():
            if keyword in schema.child:
                form[keyword] = link(schema.child[keyword])
            elif keyword in schema.listed:
                parts = self._parts(schema, keyword)
                if keyword == "oneOf" and len(parts) > 1 and len(set(parts)) == 1:
                    return {"not": {}}  # all hold, or none
                form[keyword] = list(map(link, parts))
            elif keyword in schema.named:
                named = {name: link(part) for name, part in schema.named[keyword].items()}
                if keyword == "patternProperties":
                    named = {schema.patterns[source].text: part for source, part in named.items()}
                form[keyword] = {**(value if keyword == "dependencies" else {}), **named}
            elif keyword == "pattern":
                form[keyword] = schema.patterns[value].text
            elif keyword in {"enum", "const"}:
                sound = list(filter(is_sound, value if keyword == "enum" else [value]))
                if not sound:
                    return {"not": {}}
                form[keyword] = sound if keyword == "enum" else value
            elif keyword not in schema.targets and (keyword != "format" or self._document.natural):
                form[keyword] = value
        links_in_place = [link(target) for target in schema.targets.values()]
        if links_in_place:
            form["allOf"] = [*form.get("allOf", ()), *links_in_place]
        return form

    def _visits(self, schema: Schema, value: object, known: dict[tuple[int, int], int], *, cut: bool) -> int:
        """At most how many times the validator looks at a schema: a number, however large, soon told.

        Args:
            schema: it.
            value: what is held to it.
            known: the numbers of the schemas and the parts of the value that were looked at.
            cut: whether the validator will know those alone, so that of what breaks a schema at a glance,
                such as the other branches of a discriminator, nothing more counts.
        """
        schema = self._alias(schema)
        if schema.number in self._circular:
            raise ExhaustedError(
                "this schema applies itself to the same value again, without end",
                where=schema.pointer,
                hint="Break the circle of references.",
            )
        key = (schema.number, id(value))
        if key not in known:
            known[key] = 1
            applied = [(part, value) for part in self._below(schema, IN_PLACE)]
            breaking = self._breaking(schema, value) if cut and isinstance(value, dict) else None
            if breaking is not None:
                applied = [(breaking, value)] if breaking is not schema else []
            elif isinstance(value, dict):
                further = schema.parts("unevaluatedProperties")
                names = schema.parts("propertyNames")
                for name, item in value.items():
                    applied += [(part, item) for part in [*schema.of_member(name), *further]]
                    applied += [(part, name) for part in names]
            elif isinstance(value, list):
                further = [*schema.parts("contains"), *schema.parts("unevaluatedItems")]
                for index, item in enumerate(value):
                    applied += [(part, item) for part in [*schema.of_item(index), *further]]
            visits = 1 + sum(self._visits(part, item, known, cut=cut) for part, item in applied)
            known[key] = visits
        return known[key]

    def _breaking(self, schema: Schema, value: dict[str, Any]) -> Schema | None:
        """A schema that an object breaks by a text that is none of those listed: this one, or all of it."""
        for part in (schema, *map(self._alias, schema.listed.get("allOf", ()))):
            properties = part.named.get("properties", {})
            for name, text in value.items() if properties else ():
                if isinstance(text, str) and name in properties and properties[name].plain:
                    listed = properties[name].keywords.get("enum")
                    if isinstance(listed, list) and text not in listed:
                        return part
        return None


def _refuse(uri: str) -> Any:
    raise ValueError(f"{uri} is not fetched")
