"""Schemas compiled once, of which many values are made."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from mockgrid.errors import InvalidSchemaError, UnsatisfiableError
from mockgrid.schema.generate.attempt import Care, GenerationAttempt, Manner
from mockgrid.schema.generate.chooser import SeededChooser, ValuePosition
from mockgrid.schema.generate.document import SchemaDocument
from mockgrid.schema.generate.generator import Generator, Known
from mockgrid.schema.generate.judge import Judge
from mockgrid.schema.generate.keywords import (
    ARRAY,
    BOOLEAN,
    EVERY_KIND,
    NUMBER,
    OBJECT,
    STRING,
    choose_draft,
)
from mockgrid.schema.generate.limits import JSON, VALUE_DEPTH_LIMIT, ExhaustedError, is_sound
from mockgrid.schema.generate.minimum import MinimumSize
from mockgrid.schema.generate.published import PublishedSchemas
from mockgrid.schema.generate.unions import Unions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mockgrid.schema.generate.chooser import Chooser
    from mockgrid.schema.generate.schema import Schema
    from mockgrid.schema.schemas import Schemas
_TEXT_LIMIT = 2_000
# As one would write it; with every part judged; as small as can be.
_MANNERS = (
    Manner(Care.DELICATE, 60_000),
    Manner(Care.EACH, 10_000),
    Manner(Care.EACH, 10_000, lean=True),
)
# What a document publishes is nobody's attack, and is mostly right at the first go.
_PLAIN = Manner(Care.WHOLE, 200_000, plenty=120, enough=240, deep=4)
_OVERLAPPING_TRIED = 4
_PUBLISHED_MANNERS = (
    *[_PLAIN] * _OVERLAPPING_TRIED,
    _PLAIN._replace(care=Care.DELICATE),
    _PLAIN._replace(care=Care.EACH, steps=40_000),
    Manner(Care.EACH, 40_000, lean=True, labelled=False),
)
_EDGES = Manner(Care.DELICATE, 60_000, plenty=120, enough=240, deep=6, edges=True)
_SAMPLING = Manner(Care.WHOLE, 10_000, plenty=30, enough=30, deep=1)
_CUTTING = Manner(Care.NOTHING, 40_000, lean=True, labelled=False)
_STAND_INS: tuple[tuple[int, JSON], ...] = (
    (OBJECT, {}),
    (ARRAY, []),
    (STRING, ""),
    (NUMBER, 0),
    (BOOLEAN, False),
)


class Made(NamedTuple):
    """A value, and what is to be known of it.

    Attributes:
        value: it.
        exclusive: whether it is of one branch alone of each ``oneOf``.
        fault: why no value satisfies the schema, where none does and this is what could be made.
    """

    value: JSON
    exclusive: bool = True
    fault: UnsatisfiableError | None = None


class Maker:
    """Makes values for the schemas of one document, and remembers what it worked out.

    Args:
        document: the schemas.
    """

    def __init__(self, document: SchemaDocument) -> None:
        self._document = document
        self._minimum = MinimumSize()
        self._judge = Judge(document)
        self._known: tuple[Known, Known] = ({}, {})
        self._unions = Unions(self._judge, self._sample) if document.natural else None

    def make(
        self,
        applied: list[Schema],
        manners: Iterable[Manner],
        chooser: Callable[[int], Chooser],
        *,
        text: str = "",
        exemplary: bool = False,
    ) -> Made:
        """A value that satisfies all of some schemas, by the first manner that gives one.

        Raises:
            UnsatisfiableError: no value was found within the limits.
        """
        failure: UnsatisfiableError | None = None
        overlapping: list[Made] = []
        try:
            for schema in applied:
                self._minimum.require(schema)
            for turn, manner in enumerate(manners):
                position = ValuePosition(chooser(turn), text=text[:_TEXT_LIMIT], lean=manner.lean)
                try:
                    made, hopeful = self._try(applied, manner, position, exemplary=exemplary)
                    if made.exclusive or not hopeful:
                        return made
                    overlapping.append(made)
                    if len(overlapping) == _OVERLAPPING_TRIED:
                        break
                except ExhaustedError as error:
                    failure = failure or error.refusal
                except UnsatisfiableError as error:
                    failure = failure or error
        except RecursionError as error:
            raise UnsatisfiableError(
                f"the value would be nested deeper than {VALUE_DEPTH_LIMIT} levels"
            ) from error
        if overlapping:
            return overlapping[0]
        raise failure or UnsatisfiableError("no value was found")

    def cut(self, schema: Schema, chooser: Chooser, fault: UnsatisfiableError) -> Made:
        """What can be made where no value satisfies a schema: without the parts that cannot be."""
        attempt = GenerationAttempt(_CUTTING, self._judge, self._minimum)
        generator = Generator(self._document, attempt, self._known[False])
        try:
            value = generator.make([schema], ValuePosition(chooser, lean=True))
            return Made(_copied(value), fault=fault)
        except (UnsatisfiableError, ExhaustedError, RecursionError):
            kinds, chain = EVERY_KIND, {schema.number}
            while "$ref" in schema.targets and schema.targets["$ref"].number not in chain:
                kinds &= schema.kinds
                schema = schema.targets["$ref"]
                chain.add(schema.number)
            kinds &= schema.kinds
            return Made(
                next((_copied(value) for kind, value in _STAND_INS if kind & kinds), None), fault=fault
            )

    def is_large(self, schema: Schema) -> bool:
        """Whether it takes much to make and to judge a value of a schema."""
        return self._judge.is_large(schema)

    def accepts(self, schema: Schema, value: JSON, *, loosely: bool) -> bool:
        """Whether a value is valid; ``loosely``, where several branches of a ``oneOf`` may hold."""
        try:
            return self._judge.holds(schema, value, loosely=True) and (
                loosely or self._judge.holds(schema, value)
            )
        except (ExhaustedError, RecursionError):
            return False

    def _try(
        self, applied: list[Schema], manner: Manner, position: ValuePosition, *, exemplary: bool
    ) -> tuple[Made, bool]:
        """A value, and whether another might be of one branch alone of each ``oneOf``."""
        attempt = GenerationAttempt(manner, self._judge, self._minimum, exemplary=exemplary)
        unions = self._unions if manner.labelled else None
        generator = Generator(self._document, attempt, self._known[manner.labelled], unions)
        value = generator.make(applied, position)
        if not is_sound(value):
            raise UnsatisfiableError("no value was found within the limits of size")
        exclusive = attempt.holds(applied, value, strictly=True)
        if not exclusive and not (self._document.natural and attempt.holds(applied, value)):
            raise UnsatisfiableError(
                "no value was found that satisfies all keywords together", where=applied[0].pointer
            )
        # Enumerated values are part of the schema: the caller gets a copy of its own.
        return Made(_copied(value), exclusive), not attempt.overlapped

    def _sample(self, union: Schema, option: Sequence[Schema], position: ValuePosition) -> JSON:
        """A small value of one branch of a union, whatever other unions it has parts of."""
        attempt = GenerationAttempt(_SAMPLING, self._judge, self._minimum)
        applied = (*option, *self._document.beside_branches(union))
        return Generator(self._document, attempt, self._known[True]).make(applied, position)


class CompiledSchema:
    """One JSON Schema, compiled once and used for many values.

    Any schema gets a value that validates, or a :class:`~mockgrid.errors.SynthesisError`, after a bounded
    number of steps. A value has at most 5,000 parts, 40 levels and about 200,000 characters; no reference
    is ever fetched. One instance is not to be used by two threads at once.

    >>> CompiledSchema({"type": "object", "properties": {"city": {"type": "string"}}}).value("a seed")
    {'city': 'city-32'}

    Args:
        schema: the schema, which must not be changed afterwards.
        draft: ``2020-12``, ``2019-09``, ``draft-07``, ``draft-06`` or ``draft-04``; by ``$schema`` when not
            given, and 2020-12 where that says nothing known.

    Raises:
        InvalidSchemaError: ``schema`` is no JSON Schema, or refers to anything outside itself.
    """

    def __init__(self, schema: dict[str, object] | bool, *, draft: str | None = None) -> None:  # noqa: FBT001 (booleans are schemas)
        try:
            self._document = SchemaDocument(schema, choose_draft(schema, draft))
            self._object = self._document.make({"type": "object"}, self._document.root)
        except RecursionError as error:
            raise InvalidSchemaError("the schema is nested too deep") from error
        self._maker = Maker(self._document)

    def value(self, seed: str, *, text: str = "", must_be_object: bool = False) -> JSON:
        """A value that satisfies the schema: the same for the same schema, seed and text, on every platform.

        Args:
            seed: different seeds give different values where the schema leaves room.
            text: stands where prose is wanted (``content``, ``answer``, … or a lone string) and it fits.
            must_be_object: ask for an object, whatever else the schema admits.

        Raises:
            UnsatisfiableError: no value was found within the limits.
        """
        return self._value(_seeded(seed), text=text, must_be_object=must_be_object)

    def value_by(self, chooser: Chooser, *, text: str = "", must_be_object: bool = False) -> JSON:
        """A value that satisfies the schema, by what somebody chooses; otherwise as :meth:`value`."""
        return self._value(lambda _: chooser, text=text, must_be_object=must_be_object)

    def edge(self, chooser: Chooser, *, must_be_object: bool = False) -> JSON:
        """A value at the edges of the schema: the shortest, the longest, empty, null; as :meth:`value_by`."""
        return self._value(lambda _: chooser, text="", must_be_object=must_be_object, edges=True)

    def _value(
        self, chooser: Callable[[int], Chooser], *, text: str, must_be_object: bool, edges: bool = False
    ) -> JSON:
        applied = [self._document.root, *([self._object] if must_be_object else [])]
        manners = (_EDGES, *_MANNERS) if edges else _MANNERS
        return self._maker.make(applied, manners, chooser, text=text).value


class PublishedMaker(Maker):
    """Makes values for the schemas of an OpenAPI document.

    Args:
        schemas: them, translated.
        components: the document's named ones as they are written.
    """

    def __init__(self, schemas: Schemas, components: dict[str, Any]) -> None:
        self._published = PublishedSchemas(schemas, components)
        super().__init__(self._published)

    def compile(self, node: Any) -> PublishedSchema:
        """Return what makes values for a translated schema."""
        return PublishedSchema(self._published.at(node), self)


class PublishedSchema:
    """One schema of an OpenAPI document, of which values are made as people would write them.

    Args:
        schema: it.
        maker: what makes values for the schemas of its document.
    """

    def __init__(self, schema: Schema, maker: Maker) -> None:
        self._schema = schema
        self._maker = maker

    def value(self, seed: str, *, text: str = "", exemplary: bool = False) -> Made:
        """A value that satisfies the schema, or what is left of one without the parts that cannot be made.

        Args:
            seed: different seeds give different values where the schema leaves room.
            text: stands where prose is wanted and it fits.
            exemplary: whether parts whose schemas give a valid example are that example.
        """
        return self._value(_PUBLISHED_MANNERS, _seeded(seed), text=text, exemplary=exemplary)

    def edge(self, chooser: Chooser) -> Made:
        """A value at the edges of the schema, by what somebody chooses."""
        return self._value((_EDGES, *_PUBLISHED_MANNERS), lambda _: chooser)

    def _value(
        self,
        manners: tuple[Manner, ...],
        chooser: Callable[[int], Chooser],
        *,
        text: str = "",
        exemplary: bool = False,
    ) -> Made:
        try:
            return self._maker.make([self._schema], manners, chooser, text=text, exemplary=exemplary)
        except UnsatisfiableError as error:
            return self._maker.cut(self._schema, chooser(0), error)

    @cached_property
    def is_large(self) -> bool:
        """Whether it takes much to make and to judge a value, however small."""
        return self._maker.is_large(self._schema)

    def accepts(self, value: Any, *, loosely: bool = False) -> bool:
        """Whether a value satisfies the schema; ``loosely``, where a ``oneOf`` may be met twice."""
        return self._maker.accepts(self._schema, value, loosely=loosely)


def _seeded(seed: str) -> Callable[[int], Chooser]:
    return lambda turn: SeededChooser(f"{turn}:{seed}")


def _copied(value: JSON) -> JSON:
    """A value of its own, ten times as fast as by ``deepcopy``."""
    if isinstance(value, dict):
        return {name: _copied(item) for name, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value
