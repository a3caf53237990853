"""Predicates that no request can satisfy: what they ask for is refused before a scenario is asked.

A request comes to a scenario when the contract has its method and path, knows its model, and accepts its
body. A step that asks for another waits for ever, which its author should be told when the file is checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import floor, isfinite
from typing import TYPE_CHECKING, Any, Final

from mockgrid.contract.extension import known_models
from mockgrid.document.nearest import did_you_mean, likeness
from mockgrid.document.pointer import split
from mockgrid.findings import Finding
from mockgrid.scenario.matcher import WORDS, scalars, texts
from mockgrid.scenario.possible_calls import WILD, WORD, PossibleCalls
from mockgrid.scenario.predicate import PLACES, AnyOf, Check, speaks_of_place
from mockgrid.scenario.reading.wording import ours, remedy
from mockgrid.scenario.short_repr import short_repr
from mockgrid.scenario.step import names_place
from mockgrid.scenario.template import body_insertions
from mockgrid.schema.node import can_have_value_at
from mockgrid.schema.warnings import field_warnings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockgrid.contract.contract import Contract
    from mockgrid.contract.extension import Models
    from mockgrid.contract.operation import Operation
    from mockgrid.scenario.matcher import Leaf
    from mockgrid.scenario.predicate import Predicate
    from mockgrid.scenario.scenario import Scenario
    from mockgrid.scenario.step import Step
    from mockgrid.scenario.view import Conversation, RequestView
    from mockgrid.schema.violation import Violation
    from mockgrid.schema.warnings import FieldWarning

__all__ = ["Seeker", "holding"]

_CODE: Final = "MG235"
_UNKNOWN: Final = "MG140"
_COUNTED: Final = ("turn", "attempt")
# A schema may ask for any number; it is looked for among these.
_FURTHEST: Final = 10_000
# How much alike the name of a field is to the one that was meant (1 is the same).
_ALIKE: Final = 0.85
# A value of the wrong kind, or with none of several forms.
_KINDS: Final = ("MG110", "MG119")
_BODIES: Final = ("body", "response_format")
_LONGEST: Final = 100
# Explaining a refusal is work: of more in one scenario, the rest is not looked at.
_EXPLAINED: Final = 200


def _is_for(when: Sequence[Predicate], call: RequestView) -> bool:
    answer = names_place(when, call)
    return call.usual if answer is None else answer


def _as_glob(check: Check) -> str:
    """Return how to write a text that looks like a glob as one; empty for all others."""
    text = check.source
    return f'Write {{glob: "{text}"}}.' if isinstance(text, str) and WILD.search(text) else ""


def _within(pointer: str, violation: Violation) -> bool:
    """Tell whether a place lies inside what is refused."""
    return pointer.startswith(f"{violation.pointer}/")


def _is_slip(remark: FieldWarning) -> bool:
    """Tell whether a field that is not known is one that is, but for a slip of the pen."""
    written = split(remark.pointer)[-1]
    return likeness(written, remark.meant) >= _ALIKE


def _counts(source: Any) -> Iterator[int]:
    """Return counts of which a matcher holds for one, if it does for any: those near its own numbers."""
    numbers = (scalar for scalar in scalars(source) if isinstance(scalar, (int, float)))
    whole = [floor(number) for number in numbers if isfinite(number)]
    near = {number + more for number in (0, *whole) for more in (-1, 0, 1, 2)}
    yield from (number for number in near if number >= 1)
    if isinstance(source, dict) and "schema" in source:
        yield from range(1, _FURTHEST + 1)


def _spelt(models: Models, source: Any) -> Iterator[str]:
    """Return the names of models; where case does not count, also as a matcher may spell them."""
    for name in models.names:
        yield name
        if models.ignore_case:
            yield name.title()
            yield name.upper()
            for word in [word for text in texts(source) for word in WORD.findall(text)]:
                start = name.casefold().find(word.casefold())
                if start >= 0:
                    name = name[:start] + word + name[start + len(word) :]  # noqa: PLW2901
            yield name


class Seeker:
    """Looks for the predicates of one scenario that no request of a contract can satisfy.

    Args:
        scenario: whose predicates.
        contract: what requests obey.
        models: those that the server knows; None for any. A scenario's own take their place.
        speaking: what reads the requests of the operations that hold a conversation, by the operation's id.
    """

    def __init__(
        self,
        scenario: Scenario,
        contract: Contract,
        models: Models | None,
        speaking: Mapping[str, Conversation],
    ) -> None:
        self._contract = contract
        # What a request without a model asks for, whether or not the scenario knows it.
        self._default = models.default if models is not None else ""
        self._models = known_models(scenario.models, contract.policy.models) if scenario.models else models
        self._speaking = speaking
        self._calls = PossibleCalls(contract, speaking)
        self._left = _EXPLAINED

    def findings(self, step: Step) -> Iterator[Finding]:
        """Return, as warnings, what is found in one step."""
        if step.lenient:
            return
        for pointer, message, hint in self._conjunction(step.when, "/when"):
            where = str(step.origin.at(*split(pointer)))
            yield Finding(_CODE, "warning", message, where, hint)
        for predicate in step.when:
            if isinstance(predicate, Check) and predicate.name.startswith("body/"):
                yield from self._misspelt(step, predicate)
        yield from self._uninserted(step)

    def _misspelt(self, step: Step, check: Check) -> Iterator[Finding]:
        """Say which field of a body is written as no operation has it, and much like one that it has."""
        remark = self._unknown(step, split(check.name.removeprefix("body")))
        if remark is not None and _is_slip(remark):
            where = step.origin.at("when", "body", *split(remark.pointer))
            message = f"The contract knows no field {remark.path} of a body."
            yield Finding("MG236", "warning", message, where.key, f"Did you mean {remark.meant}?")

    def _uninserted(self, step: Step) -> Iterator[Finding]:
        """Say which text of a reply inserts a field of the body that no operation has."""
        for reply in step.replies:
            for path, pointer in body_insertions(reply.origin.value):
                remark = self._unknown(step, split(pointer))
                if remark is not None:
                    message = f"The contract knows no field {remark.path} of a body, which is inserted here."
                    hint = (
                        f"Did you mean {remark.meant}?" if remark.meant else "Insert one that requests have."
                    )
                    yield Finding("MG236", "warning", message, str(reply.origin.at(*path)), hint)

    def _unknown(self, step: Step, path: Sequence[str]) -> FieldWarning | None:
        """Return what is said of a place in the body that no operation of a step knows; else None."""
        remarks: list[FieldWarning] = []
        for operation in self._calls.operations(step.when):
            schema = operation.json_body.schema if operation.json_body is not None else None
            body = holding(path, {}, _sample_of(self._speaking.get(operation.id)))
            odd = field_warnings(schema, body) if schema is not None else []
            warnings = [remark for remark in odd if remark.code == _UNKNOWN]
            if not warnings or len(operation.body) > 1:
                return None
            remarks.append(warnings[0])
        return remarks[0] if remarks else None

    def _conjunction(
        self, when: Sequence[Predicate], at: str, around: Sequence[Predicate] = ()
    ) -> Iterator[tuple[str, str, str]]:
        """Return what is found in a conjunction, with what else must hold around it."""
        whole = (*around, *when)
        calls = self._calls.of(whole)
        placed = [call for call in calls if _is_for(whole, call)]
        # Where nothing fits what stands around, that is told there.
        if not placed and any(_is_for(around, call) for call in calls):
            yield from self._place(when, whole, calls, at)
        called = {call.operation for call in placed or calls}
        operations = [operation for operation in self._contract.operations if operation.id in called]
        for predicate in when:
            if isinstance(predicate, AnyOf):
                others = (*around, *(other for other in when if other is not predicate))
                for index, branch in enumerate(predicate.branches):
                    yield from self._conjunction(branch, f"{at}/any/{index}", others)
            elif isinstance(predicate, Check) and predicate.name == "any_message":
                for leaf in predicate.matcher.places:
                    for message, hint in self._message(leaf, operations):
                        yield f"{at}/any_message{leaf.pointer}", message, hint
            elif isinstance(predicate, Check) and predicate.name not in PLACES:
                for message, hint in self._check(predicate, operations):
                    yield f"{at}/{predicate.name}", message, hint

    def _place(
        self, when: Sequence[Predicate], whole: Sequence[Predicate], calls: Sequence[RequestView], at: str
    ) -> Iterator[tuple[str, str, str]]:
        """Say which predicate fits no operation; where each fits one, that they do not go together."""
        alone = False
        for predicate in when:
            if not isinstance(predicate, Check) or predicate.name not in PLACES:
                continue
            if any(predicate.holds(call, "") for call in calls) or self._unsure(predicate):
                continue
            alone = True
            known = {
                "operation": sorted({call.operation for call in calls}),
                "method": sorted({call.method for call in calls}),
                "path": self._contract.router.paths,
            }[predicate.name]
            wanted = predicate.matcher.expected
            message = f"No request meets this: the contract has no {predicate.name} {wanted}."
            guess = self._contract.router.nearest(wanted) if predicate.name == "path" else None
            hint = _as_glob(predicate) or (
                f"Did you mean {guess}?" if guess else did_you_mean(wanted, known).strip()
            )
            yield f"{at}/{predicate.name}", message, hint or f"It has {', '.join(known)}."
        sure = all(isinstance(check, Check) and not self._unsure(check) for check in whole)
        if not alone and sure and speaks_of_place(when):
            message = "No request meets this: the contract has no operation with this method and path."
            yield at, message, "Look at the operations of the contract, or leave one of the predicates out."

    def _unsure(self, check: Check) -> bool:
        """Tell whether a matcher of paths could hold for a parameter that nobody has thought of."""
        return (
            check.name == "path"
            and check.matcher.choices is None
            and any("{" in path for path in self._contract.router.paths)
        )

    def _check(self, check: Check, operations: Sequence[Operation]) -> Iterator[tuple[str, str]]:
        if check.name in _COUNTED:
            if not any(map(check.matcher.holds, _counts(check.source))):
                yield f"No request meets this: `{check.name}` counts from 1.", "The first is 1, the next 2."
        elif check.name == "model":
            if all(operation.id in self._speaking for operation in operations):
                yield from self._model(check)
        elif check.name.partition("/")[0] in _BODIES and check.matcher.choices:
            yield from self._body(check, check.matcher.choices, operations)

    def _message(self, leaf: Leaf, operations: Sequence[Operation]) -> Iterator[tuple[str, str]]:
        """Say what the contract has against a field of any message."""
        places = {
            self._speaking[operation.id].messages_at
            for operation in operations
            if operation.id in self._speaking
        }
        for place in places if len(places) == 1 and leaf.matcher.choices else ():
            yield from self._refused(f"{place}/0{leaf.pointer}", leaf.matcher.choices or (), operations)

    def _model(self, check: Check) -> Iterator[tuple[str, str]]:
        models = self._models
        if models is None:
            return
        choices = check.matcher.choices
        if choices is not None:
            possible = any(isinstance(choice, str) and models.find(choice) for choice in choices)
        else:
            possible = len(models.names) < len(models.known) or any(
                map(check.matcher.holds, _spelt(models, check.source))
            )
        # A request that names no model has the default one, whether or not the scenario knows it.
        possible = possible or check.matcher.holds(self._default or None)
        if not possible:
            message = (
                f"No request meets this: the model {check.matcher.expected} is not known, which is a 404."
            )
            guess = _as_glob(check) or did_you_mean(check.matcher.expected, models.names).strip()
            yield message, guess or "Give the scenario `models` that have it, or ask for one that is known."

    def _body(
        self, check: Check, choices: Sequence[Any], operations: Sequence[Operation]
    ) -> Iterator[tuple[str, str]]:
        """Say what the contract has against all values that are asked for in one place of the body."""
        if check.name == "response_format" and "text" in choices:
            return  # which it is where the request says nothing of it
        pointer = check.name.removeprefix("body")
        if check.name.startswith("response_format"):
            pointer = f"/{check.name}" if "/" in check.name else "/response_format/type"
        yield from self._refused(pointer, choices, operations)

    def _refused(
        self, pointer: str, choices: Sequence[Any], operations: Sequence[Operation]
    ) -> Iterator[tuple[str, str]]:
        refusals = [
            self._refusal(operation, pointer, choice) for operation in operations for choice in choices
        ]
        first = refusals[0] if refusals else None
        if first is not None and None not in refusals:
            word = split(pointer)[-1] if _within(pointer, first) else ""
            value = short_repr(choices[0]) if len(choices) == 1 else "each of these"
            value = f"the field `{word}`" if word else value
            message = f"No request meets this: the contract refuses {value}; {first.sentence}"
            meant = next((f"Did you mean {known}?" for known in ours(word) if known in WORDS), remedy(word))
            yield message, meant or ("" if message.endswith("?") else "Ask for what the contract allows.")

    def _refusal(self, operation: Operation, pointer: str, value: Any) -> Violation | None:
        """Return what an operation has against a value in one place of its body; None for nothing."""
        schema = operation.json_body.schema if operation.json_body is not None else None
        if schema is None or value is None or not self._left or len(operation.body) > 1:
            return None
        path = split(pointer)
        body = holding(path, value, _sample_of(self._speaking.get(operation.id)))
        if schema.accepts(body) or (path and can_have_value_at(schema.schema, path, value)):
            return None
        self._left -= 1
        violations = schema.explain(body)
        inside = (item for item in violations if f"{item.pointer}/".startswith(f"{pointer}/"))
        around = (item for item in violations if item.code in _KINDS and _within(pointer, item))
        return next(inside, None) or next(around, None)


def _sample_of(conversation: Conversation | None) -> Any:
    return conversation.sample if conversation is not None else None


def holding(path: Sequence[str], value: Any, around: Any = None) -> Any:
    """Return a body that has a value at a place, and nothing else that matters.

    >>> holding(("a", "1", "b"), 5, {"a": [{"b": 1, "c": 2}]})
    {'a': [{'b': 1, 'c': 2}, {'b': 5}]}
    """
    if not path:
        return value
    part, further = path[0], path[1:]
    if part.isdecimal() and int(part) < _LONGEST:
        items = list(around) if isinstance(around, list) else []
        items += ({} for _ in range(int(part) + 1 - len(items)))
        items[int(part)] = holding(further, value, items[int(part)])
        return items
    fields = dict(around) if isinstance(around, Mapping) else {}
    return {**fields, part: holding(further, value, fields.get(part))}
