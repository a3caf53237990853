"""Judges values by `jsonschema-rs`, after a look at how much work that may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema_rs

from mockgrid.schema.generate.document import IN_PLACE, Schema, post_order
from mockgrid.schema.generate.keywords import words
from mockgrid.schema.generate.limits import ExhaustedError, is_sound, longest_text
from mockgrid.schema.regex import QUADRATIC_LIMIT
from mockgrid.schema.regex.engine import PATTERN_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Container

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
        self._same: dict[int, Schema] = {}
        self._settled: set[int] = set()
        self._heights: dict[int, int] = {}
        # By the number of the schema: what accepts, how many subschemas it is made of, and whether the work
        # has to be counted for each value.
        self._compiled: dict[int, tuple[Callable[[Any], bool], int, bool]] = {}

    def size(self, schema: Schema) -> int:
        """How many subschemas it takes to judge by one."""
        return self._validator(schema)[1]

    def holds(self, schema: Schema, value: object) -> bool:
        """Whether a value, which must be sound, is valid.

        Raises:
            ExhaustedError: the validator might take too long to tell.
        """
        accepts, _, counted = self._validator(schema)
        slow = not self._document.linear and longest_text(value) > QUADRATIC_LIMIT
        if slow or (counted and self._visits(schema, value, {}) > _VISITS_LIMIT):
            raise ExhaustedError(
                f"no value was found within the limit of {_VISITS_LIMIT} steps",
                where=schema.pointer,
                hint="Simplify the schema.",
            )
        try:
            return accepts(value)
        except (ValueError, SystemError):
            return False

    def _validator(self, schema: Schema) -> tuple[Callable[[Any], bool], int, bool]:
        if schema.number not in self._compiled:
            self._compiled[schema.number] = self._compile(schema)
        return self._compiled[schema.number]

    def _compile(self, schema: Schema) -> tuple[Callable[[Any], bool], int, bool]:
        needed: dict[int, Schema] = {}
        ways: dict[int, int] = {}
        recursive = False
        for part, returns in post_order(self._alias(schema), self._below, set()):
            needed[part.number] = part
            recursive = recursive or returns
            ways[part.number] = 1 + sum(ways.get(below.number, 0) for below in self._below(part))
        if max(self._heights[number] for number in needed) > _HEIGHT_LIMIT:
            raise ExhaustedError(
                f"more than {_HEIGHT_LIMIT} schemas that apply one another", where=schema.pointer
            )
        raw = self._document.raw
        if self._document.dynamic and schema is self._document.root and isinstance(raw, dict):
            form = raw
        else:
            form = {
                "$ref": f"#/$defs/{self._alias(schema).number}",
                "$defs": {str(part.number): self._form(part) for part in needed.values()},
            }
        counted = recursive or max(ways.values()) > _WAYS_LIMIT
        try:
            validator = _VALIDATORS[self._document.draft.order](
                form, validate_formats=False, pattern_options=PATTERN_OPTIONS, retriever=_refuse
            )
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError, SystemError):
            return (lambda _: False), len(needed), False
        return validator.is_valid, len(needed), counted

    def _settle(self, schema: Schema) -> None:
        """Note what a schema comes to once repetitions are left out; those below it are known already."""
        # One that is not known yet applies this one to the same value again.
        parts = [self._same.get(part.number, part) for part in schema.in_place()]
        keys = schema.keywords.keys()
        repeats = keys == {"if", "then", "else"} or (len(keys) == 1 and not _REPEATING.isdisjoint(keys))
        same = parts[0] if repeats and parts and all(part is parts[0] for part in parts) else schema
        self._same[schema.number] = same
        self._heights[schema.number] = 1 + max(
            (self._heights.get(part.number, 0) for part in parts), default=0
        )

    def _alias(self, schema: Schema) -> Schema:
        if schema.number not in self._same:
            for part, _ in post_order(schema, Schema.in_place, self._settled):
                self._settle(part)
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

    def _form(self, schema: Schema) -> dict[str, Any] | bool:  # noqa: C901 (one for each kind of keyword)
        """A schema as the validator is given it."""
        if schema.always is not None:
            return schema.always
        form: dict[str, Any] = {}
        for keyword, value in schema.keywords.items():
            if keyword in schema.child:
                form[keyword] = self._link(schema.child[keyword])
            elif keyword in schema.listed:
                parts = self._parts(schema, keyword)
                if keyword == "oneOf" and len(parts) > 1 and len(set(parts)) == 1:
                    return {"not": {}}  # all hold, or none
                form[keyword] = list(map(self._link, parts))
            elif keyword in schema.named:
                links = {name: self._link(part) for name, part in schema.named[keyword].items()}
                if keyword == "patternProperties":
                    links = {schema.patterns[source].text: link for source, link in links.items()}
                form[keyword] = {**(value if keyword == "dependencies" else {}), **links}
            elif keyword == "pattern":
                form[keyword] = schema.patterns[value].text
            elif keyword in {"enum", "const"}:
                sound = list(filter(is_sound, value if keyword == "enum" else [value]))
                if not sound:
                    return {"not": {}}
                form[keyword] = sound if keyword == "enum" else value
            elif keyword not in schema.targets and keyword != "format":
                form[keyword] = value
        links_in_place = [self._link(target) for target in schema.targets.values()]
        if links_in_place:
            form["allOf"] = [*form.get("allOf", ()), *links_in_place]
        return form

    def _link(self, schema: Schema) -> Any:
        schema = self._alias(schema)
        return schema.always if schema.always is not None else {"$ref": f"#/$defs/{schema.number}"}

    def _visits(self, schema: Schema, value: object, known: dict[tuple[int, int], int]) -> int:
        """At most how many times the validator looks at a schema: a number, however large, soon told."""
        schema = self._alias(schema)
        key = (schema.number, id(value))
        if key not in known:
            known[key] = 1
            applied = [(part, value) for part in self._below(schema, IN_PLACE)]
            if isinstance(value, dict):
                further = schema.parts("unevaluatedProperties")
                for name, item in value.items():
                    applied += [(part, item) for part in [*schema.of_member(name), *further]]
            elif isinstance(value, list):
                further = [*schema.parts("contains"), *schema.parts("unevaluatedItems")]
                for index, item in enumerate(value):
                    applied += [(part, item) for part in [*schema.of_item(index), *further]]
            visits = 1 + sum(self._visits(part, item, known) for part, item in applied)
            known[key] = visits
        return known[key]


def _refuse(uri: str) -> Any:
    raise ValueError(f"{uri} is not fetched")
