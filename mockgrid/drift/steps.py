"""The questions of a scenario: the requests that it was recorded from, and for other steps made-up ones."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, urlencode

from mockgrid.contract.bodies import UNREAD, media_type_for, read_body
from mockgrid.document.pointer import split
from mockgrid.drift.judge import is_circumstance
from mockgrid.drift.question import Question
from mockgrid.drift.samples import plain_request
from mockgrid.errors import MockgridError
from mockgrid.recording.exchange import RecordedRequest, header
from mockgrid.recording.reading import RequestReader
from mockgrid.recording.requests import recorded_requests
from mockgrid.reply.behaviours import habits_of, readings, speaking_operations, stream_end
from mockgrid.reply.rendering import render
from mockgrid.reply.request import Request
from mockgrid.scenario.possible_calls import PossibleCalls
from mockgrid.scenario.predicate import checks, may_hold
from mockgrid.scenario.reply import Call, Error, Redirect, Refuse, SaidChoices
from mockgrid.scenario.satisfying import conditions, satisfying
from mockgrid.scenario.scenario import Cursors
from mockgrid.scenario.selection import select
from mockgrid.scenario.step import Selection
from mockgrid.scenario.template import Structure
from mockgrid.scenario.unsatisfiable import holding
from mockgrid.schema.hints import SchemaHints

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.contract.contract import Contract
    from mockgrid.contract.operation import MediaType, Operation
    from mockgrid.drift.fake import Fake
    from mockgrid.recording.exchange import RecordedReply
    from mockgrid.recording.reading import ReadRequest
    from mockgrid.scenario.predicate import Check
    from mockgrid.scenario.reply import ScriptedReply
    from mockgrid.scenario.scenario import Scenario
    from mockgrid.scenario.step import Step

__all__ = ["ScenarioQuestions"]

# What a request alone does not decide.
_BEYOND: Final = ("state", "attempt")
_MOST_TURNS: Final = 64
_MOST_TRIED: Final = 8
_FORMATS: Final = ("json_schema", "json_object", "text")
_KEY: Final = (401, 403)
_ADDED: Final = b"x-request-id"
# How a recorded stream is written that had no last event.
_UNENDED: Final = "no_done"
_DEEPEST: Final = 250
# What stands in a path as it is.
_PATH: Final = "/:@!$&'()*+,;=~"


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
        self._reader = RequestReader(contract)
        self._refused: list[tuple[Scenario, ReadRequest]] = []
        self.left_out: list[tuple[str, str]] = []

    def of(self, scenario: Scenario, *, provoked: bool = True) -> Iterator[Question]:
        """Yield those that it was recorded from, and one for each other step for which one can be made up.

        Args:
            scenario: whose steps.
            provoked: whether its reply has to be one to which a request brings a provider by itself.
        """
        answered: set[int] = set()
        cursors = Cursors(scenario)
        for recorded in recorded_requests(scenario.origin.document.data):
            read = self._reader.read(recorded)
            selection = select(scenario, cursors, read.view) if read is not None else None
            step = selection.step if isinstance(selection, Selection) else None
            if step is not None:
                answered.add(step.index)
            if read is not None and read.broken and (step is None or len(step.replies) > 1):
                # Which of several replies was to this request, nothing says.
                self._refused.append((scenario, read))
            elif read is None or not isinstance(selection, Selection):
                called = f"{recorded.method} {recorded.path}"
                self.left_out.append((scenario.where, f"no step answers {called}, which was recorded"))
            else:
                yield from self._told(selection.step, self._recorded(scenario, selection, read))
        for step in scenario.steps:
            if step.index not in answered:
                yield from self._told(step, self._derived(scenario, step, provoked=provoked))

    async def refused(self) -> list[Question]:
        """Return the recorded requests that the contract refuses, where no step says what came of them."""
        questions = []
        for scenario, read in self._refused:
            request = replace(read.recorded, target=_target(read.request))
            expected = await self._fake.reply(request, read.operation, "key")
            title, where = f"{scenario.name}, a request that is refused", scenario.where
            questions.append(Question(title, read.operation, request, read.request.value, expected, where))
        return questions

    def _told(self, step: Step, question: Question | str) -> Iterator[Question]:
        """Yield a question; note why there is none."""
        if isinstance(question, Question):
            yield question
        else:
            self.left_out.append((step.where, f"{step.label}: {question}"))

    def _recorded(self, scenario: Scenario, selection: Selection, read: ReadRequest) -> Question | str:
        """Return the question that a recorded request is, whatever came of it; else why it is none.

        Where it was sent more than once, what came of the moment comes last.
        """
        request = read.request
        request.body = read.recorded.body
        request.headers = dict(read.recorded.headers)
        again = (reply for reply in selection.step.replies if reply is not selection.reply)
        replies = (selection.reply, *islice(again, _MOST_TRIED))
        made = [self._repeated(scenario, selection.step, reply, request) for reply in replies]
        questions = [each for each in made if isinstance(each, Question)]
        questions.sort(key=lambda each: is_circumstance(each.expected.status))
        return replace(questions[0], others=tuple(questions[1:])) if questions else made[0]

    def _repeated(
        self, scenario: Scenario, step: Step, scripted: ScriptedReply, request: Request
    ) -> Question | str:
        """Return the question that a recorded request is for one of the replies to it."""
        question = self._composed(scenario, step, scripted, request, provoked=False)
        if isinstance(question, str):
            return question
        # What the fake adds by itself says nothing of the provider.
        added = {_ADDED} - scripted.decided
        headers = tuple(line for line in question.expected.headers if line[0] not in added)
        body, fault = question.expected.body, scripted.delivery.fault
        if fault is not None and fault.kind == _UNENDED:
            body = body.removesuffix(stream_end(request.operation.behaviour))
        expected = replace(question.expected, headers=headers, chunks=((0.0, body),))
        return replace(question, recorded=True, expected=expected)

    def _derived(self, scenario: Scenario, step: Step, *, provoked: bool) -> Question | str:
        """Return a question for a step, by the first of its replies that will do; else why none does."""
        question: Question | str = "it has no reply"
        operation = next(iter(self._calls.operations(step.when)), None)
        for scripted in step.replies if operation is not None else ():
            request = self._request(scenario, step, scripted, operation) if operation is not None else None
            if request is None:
                return "no request could be made up that it matches"
            question = self._composed(scenario, step, scripted, request, provoked=provoked)
            if isinstance(question, Question):
                break
        return question

    def _composed(
        self, scenario: Scenario, step: Step, scripted: ScriptedReply, request: Request, *, provoked: bool
    ) -> Question | str:
        """Return the question that a request is, with the reply to it; else why it is none."""
        reason = _unprovoked(scripted) if provoked or scripted.computed is not None else ""
        if reason:
            return reason
        try:
            expected = self._fake.scripted(scripted, request)
        except MockgridError as error:
            return error.message.rstrip(".")
        reason = _by_itself(expected.status) if provoked else ""
        return reason or self._made(scenario, step, scripted, request, expected)

    @staticmethod
    def _made(
        scenario: Scenario, step: Step, scripted: ScriptedReply, request: Request, expected: RecordedReply
    ) -> Question:
        operation, habits = request.operation, habits_of(request.operation.behaviour)
        return Question(
            f"{scenario.name}, {step.label}",
            operation,
            RecordedRequest(operation.method, _target(request), tuple(request.headers.items()), request.body),
            request.value,
            expected,
            scripted.where,
            scripted=True,
            deliberate=scripted.contract == "off",
            meant=frozenset(() if scripted.usage in (None, "off") else ("/usage",)),
            most_tokens=habits.most_tokens(request.value) if habits is not None else 0,
            counts_on=frozenset(name.decode("latin-1") for name in scripted.decided),
            spoken_of=frozenset(name for check in checks(step.when) for name in check.name.split("/")[:2]),
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
        form = header(recorded.headers, b"content-type")
        media = operation.json_body or (media_type_for(operation, form) if recorded.body else None)
        if media is not None and not media.is_json:
            body = read_body(media, form, recorded.body, _DEEPEST)
        schema = media.schema if media is not None else None
        for check in wanted:
            if check.name.startswith(("body/", "response_format/")):
                path = split(f"/{check.name.removeprefix('body/')}")
                bodies = [
                    holding(path, value, body) for value in islice(satisfying(check.matcher), _MOST_TRIED)
                ]
                valid = (each for each in bodies if schema is None or schema.accepts(each))
                body = next(valid, next(iter(bodies), body))
        if media is None and body is not None:
            return None
        request = self._addressed(recorded, operation, media, None if body is UNREAD else body, wanted)
        view = self._readings[operation.id].view(request, 1, model)
        names = {check.name for check in checks(step.when) if check.name not in _BEYOND and not check.hidden}
        return request if may_hold(step.when, view, names) else None

    def _addressed(
        self,
        recorded: RecordedRequest,
        operation: Operation,
        media: MediaType | None,
        body: Any,
        wanted: list[Check],
    ) -> Request:
        """Return a request with the path, the query and the headers that are spoken of."""
        data, headers = recorded.body, dict(recorded.headers)
        if media is not None and body is not None:
            name = "application/json" if media.is_json else media.name
            data = render(name, body, SchemaHints.of(media.schema))
            headers.setdefault(b"content-type", name.encode("latin-1", "replace"))
            if not media.is_json:  # not all values can be written in a form
                read = read_body(media, headers[b"content-type"].decode("latin-1"), data, _DEEPEST)
                body = None if read is UNREAD else read
        path, query = recorded.path, recorded.query
        for check in wanted:
            value, (kind, _, name) = next(satisfying(check.matcher), None), check.name.partition("/")
            if value is None or not isinstance(value, (str, int, float)):
                continue
            if kind == "headers" and not check.hidden:
                headers[name.encode("latin-1", "replace")] = str(value).encode("latin-1", "replace")
            elif kind == "query" and not check.hidden:
                others = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] != name]
                query = urlencode([*others, (name, value)])
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
                value = holding(
                    [str(part) for part in leaf.path], next(satisfying(leaf.matcher, "x"), None), value
                )
        else:
            value = next(satisfying(check.matcher, *usual.get(check.name, ())), None)
        if check.name == "tools" and value is not None:
            said["tools"] = [*said.get("tools", ()), *(value if isinstance(value, list) else [value])]
        elif value is not None and "/" not in check.name:
            said[check.name] = value
    return said


def _target(request: Request) -> str:
    """Return path and query as they are sent."""
    query = request.query.decode("latin-1")
    return f"{quote(request.path, safe=_PATH)}{query and '?'}{query}"


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
