"""The questions of a scenario: for each step a request that it matches, with the reply that it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from mockgrid.document.pointer import split
from mockgrid.drift.judge import is_circumstance
from mockgrid.drift.question import Question
from mockgrid.drift.samples import plain_request
from mockgrid.errors import MockgridError
from mockgrid.recording.exchange import RecordedRequest
from mockgrid.reply.behaviours import habits_of, readings, speaking_operations
from mockgrid.reply.reply import json_text
from mockgrid.reply.request import Request
from mockgrid.scenario.possible_calls import PossibleCalls
from mockgrid.scenario.predicate import checks, may_hold
from mockgrid.scenario.reply import Call, Error, Redirect, Refuse, SaidChoices
from mockgrid.scenario.satisfying import conditions, satisfying
from mockgrid.scenario.template import Structure
from mockgrid.scenario.unsatisfiable import holding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.contract.contract import Contract
    from mockgrid.contract.operation import Operation
    from mockgrid.drift.fake import Fake
    from mockgrid.recording.exchange import RecordedReply
    from mockgrid.scenario.predicate import Check
    from mockgrid.scenario.reply import ScriptedReply
    from mockgrid.scenario.scenario import Scenario
    from mockgrid.scenario.step import Step

__all__ = ["ScenarioQuestions"]

# What a request alone does not decide.
_BEYOND: Final = ("state", "attempt")
_MOST_TURNS: Final = 64
_SUCCESS: Final = 300
_FORMATS: Final = ("json_schema", "json_object", "text")
_KEY: Final = (401, 403)


class ScenarioQuestions:
    """Makes the questions.

    Args:
        contract: which the scenarios are for.
        fake: composes their replies.
        model: that is asked for where a step does not say which.

    Attributes:
        left_out: replies that are not compared: their places, and the reasons.
    """

    def __init__(self, contract: Contract, fake: Fake, model: str = "") -> None:
        self._contract = contract
        self._fake = fake
        self._model = model
        self._speaking = speaking_operations(contract.operations)
        self._calls = PossibleCalls(contract, self._speaking)
        self._readings = readings(contract.operations)
        self.left_out: list[tuple[str, str]] = []

    def of(self, scenario: Scenario, *, provoked: bool = True) -> Iterator[Question]:
        """Yield one for each step for which a request can be made up.

        Args:
            scenario: whose steps.
            provoked: whether its reply has to be one to which a request brings a provider by itself.
        """
        for step in scenario.steps:
            question = self._question(scenario, step, provoked=provoked)
            if isinstance(question, Question):
                yield question
            else:
                self.left_out.append((step.where, f"{step.label}: {question}"))

    def _question(self, scenario: Scenario, step: Step, *, provoked: bool) -> Question | str:
        """Return a question for a step, by the first of its replies that will do; else why none does."""
        reason = "it has no reply"
        operation = next(iter(self._calls.operations(step.when)), None)
        for scripted in step.replies if operation is not None else ():
            reason = _unprovoked(scripted) if provoked or scripted.computed is not None else ""
            if reason or operation is None:
                continue
            request = self._request(scenario, step, scripted, operation)
            if request is None:
                return "no request could be made up that it matches"
            try:
                expected = self._fake.scripted(scripted, request)
            except MockgridError as error:
                return error.message.rstrip(".")
            reason = _by_itself(expected.status) if provoked else ""
            if not reason:
                return self._made(scenario, step, scripted, request, expected)
        return reason

    @staticmethod
    def _made(
        scenario: Scenario, step: Step, scripted: ScriptedReply, request: Request, expected: RecordedReply
    ) -> Question:
        operation, habits = request.operation, habits_of(request.operation.behaviour)
        query = request.query.decode("latin-1")
        target = f"{request.path}{query and '?'}{query}"
        return Question(
            f"{scenario.name}, {step.label}",
            operation,
            RecordedRequest(operation.method, target, tuple(request.headers.items()), request.body),
            request.value,
            expected,
            scripted.where,
            scripted=True,
            deliberate=scripted.contract == "off",
            most_tokens=habits.most_tokens(request.value) if habits is not None else 0,
            counts_on=frozenset(name.decode("latin-1") for name in scripted.decided),
        )

    def _request(
        self, scenario: Scenario, step: Step, scripted: ScriptedReply, operation: Operation
    ) -> Request | None:
        """Return a request that a step matches and that is to be answered by one of its replies."""
        model = self._model or next(iter(scenario.models or ()), "") or self._default()
        plain = plain_request(self._contract, operation, model)
        if plain is None:
            return None
        recorded, body = plain
        wanted = list(conditions(step.when))
        habits = habits_of(operation.behaviour)
        if habits is not None:
            body = habits.phrased(_said(wanted, scripted, model), model, _calls(scripted))
        for check in wanted:
            if check.name.startswith(("body/", "response_format/")):
                value = satisfying(check.matcher)
                pointer = check.name.removeprefix("body/")
                body = body if value is None else holding(split(f"/{pointer}"), value, body)
        request = self._addressed(recorded, operation, body, wanted)
        view = self._readings[operation.id].view(request, 1, model)
        names = {check.name for check in checks(step.when) if check.name not in _BEYOND and not check.hidden}
        return request if may_hold(step.when, view, names) else None

    def _addressed(
        self, recorded: RecordedRequest, operation: Operation, body: Any, wanted: list[Check]
    ) -> Request:
        """Return a request with the path, the query and the headers that are spoken of."""
        data = json_text(body) if body is not None else b""
        headers = {**dict(recorded.headers), **({b"content-type": b"application/json"} if data else {})}
        path, query = recorded.path, recorded.query
        for check in wanted:
            value, (kind, _, name) = satisfying(check.matcher), check.name.partition("/")
            if value is None or not isinstance(value, (str, int, float)):
                continue
            if kind == "headers" and not check.hidden:
                headers[name.encode("latin-1", "replace")] = str(value).encode("latin-1", "replace")
            elif kind == "query" and not check.hidden:
                query = f"{query}{query and '&'}{urlencode({name: value})}"
            elif kind == "path" and self._contract.router.find(str(value)) is not None:
                path = str(value)
        return Request(operation, path, query.encode("latin-1", "replace"), headers, {}, body, data)

    def _default(self) -> str:
        return self._fake.models.default if self._fake.models is not None else "default"


def _said(wanted: list[Check], scripted: ScriptedReply, model: str) -> dict[str, Any]:
    """Return what the predicates of a step speak of, by their names, with values that they hold for."""
    said: dict[str, Any] = {"stream": bool(scripted.events or scripted.delivery.fault)}
    if isinstance(scripted.form, SaidChoices):
        said["n"] = len(scripted.form.said)
    usual: dict[str, tuple[Any, ...]] = {
        "model": (model,),
        "turn": tuple(range(1, _MOST_TURNS)),
        "response_format": _FORMATS,
        "tools": ("get_weather",),
        "stream": (False, True),
        "last_user": ("Hello",),
    }
    for check in wanted:
        places = check.matcher.places
        value: Any
        if places:
            value = {}
            for leaf in places:
                value = holding([str(part) for part in leaf.path], satisfying(leaf.matcher, "x"), value)
        else:
            value = satisfying(check.matcher, *usual.get(check.name, ()))
        if check.name == "tools" and value is not None:
            said["tools"] = [*said.get("tools", ()), *(value if isinstance(value, list) else [value])]
        elif value is not None and "/" not in check.name:
            said[check.name] = value
    return said


def _calls(scripted: ScriptedReply) -> list[tuple[str, Any]]:
    """Return the functions that a reply calls, each with its arguments."""
    form = scripted.form.said[0].form if isinstance(scripted.form, SaidChoices) else scripted.form
    return [
        (call.name, call.arguments.source if isinstance(call.arguments, Structure) else {})
        for call in (form.calls if isinstance(form, Call) else ())
    ]


def _unprovoked(scripted: ScriptedReply) -> str:
    """Return why no request brings a provider to such a reply by itself; empty where one may."""
    form, status = scripted.form, scripted.status or 0
    if scripted.computed is not None:
        return "its reply is made by a function"
    if isinstance(form, Redirect):
        return "a redirect is the provider's own affair"
    if isinstance(form, Refuse):
        return "whether a model refuses is its own affair"
    if isinstance(form, Error):
        status = form.status
        if form.gateway:
            return "a gateway's page is nobody's reply to a request"
    return _by_itself(status)


def _by_itself(status: int) -> str:
    """Return what is said of a status that no request brings about by itself; empty for all others."""
    is_so = is_circumstance(status) or status in _KEY
    return f"no request brings about {status} by itself" if is_so else ""
