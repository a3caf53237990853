"""Writing scenarios of recorded exchanges."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from mockgrid.document.json_body import canonical_json
from mockgrid.fixed import fixed
from mockgrid.recording.difference import same
from mockgrid.recording.exchange import RecordedReply
from mockgrid.recording.judging import StepJudge
from mockgrid.recording.reading import RequestReader
from mockgrid.recording.replies import Replies, UnsayableError, Wording
from mockgrid.recording.requests import RECORDED, as_data
from mockgrid.recording.scrubbed import scrubbed, scrubbed_value
from mockgrid.recording.scrubbing import ScrubRules
from mockgrid.recording.telling_apart import tell_apart
from mockgrid.recording.trial import Trial
from mockgrid.recording.yaml_text import Block, Commented, OneLine, yaml_text
from mockgrid.reply.behaviours import speaking_operations
from mockgrid.session.redaction import Redaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mockgrid.contract.contract import Contract
    from mockgrid.recording.exchange import RecordedExchange
    from mockgrid.recording.reading import ReadRequest
    from mockgrid.recording.sources.fixtures import FixtureStep
    from mockgrid.recording.telling_apart import Known
    from mockgrid.reply.errors import ErrorShape

__all__ = ["Scribe", "WrittenScenario"]

# Where what was no exchange comes among the steps.
_LAST: Final = 10**9
# The address of a request of which the body alone is known, and no operation takes it.
_NOWHERE: Final = "(without an address)"
_REFUSED: Final = "The contract refuses this request:"
_UNTOLD: Final = "A step for it would answer others."
# Of a request that is refused, what must be known for its step not to answer others.
_TELLING: Final = frozenset(("last_user", "system", "any_message", "path", "query", "body"))
_FOR_VERIFY: Final = "What was asked, each request once: `mockgrid verify` asks it again."
_PASSES: Final = "A date, a time or an id that was drawn is all that tells this request from others."
_LAST_OF_ALL: Final = "Nothing that lasts tells this from what other steps ask for: it comes after them."
_NOT_APART: Final = (
    "Nothing that lasts tells these requests apart; the replies are in the order in which they came."
)


@fixed
class WrittenScenario:
    """A scenario that was written.

    Attributes:
        text: the file.
        steps: how many steps it has.
        exchanges: how many exchanges these were made of.
        elsewhere: how often there was which method and path that the contract does not have.
        left_out: why the others are not in it, a sentence each.
        taken: how often each rule found what it takes out, by how it is asked for.
        broken: of how many of the exchanges the request breaks the contract.
    """

    text: str
    steps: int
    exchanges: int
    elsewhere: Mapping[str, int]
    left_out: tuple[str, ...]
    taken: Mapping[str, int]
    broken: int

    @property
    def remarks(self) -> list[str]:
        """What is in the file and may surprise, a sentence each."""
        if not self.broken:
            return []
        many = f"{self.broken} of the exchanges have requests that the contract refuses"
        return [f"{many}; their steps answer all the same, by `contract: off`, and comments say why"]


@dataclass(slots=True)
class _Asked:
    """One request, and the exchanges in which it was sent, in their order."""

    request: ReadRequest
    exchanges: list[tuple[int, RecordedExchange]] = field(default_factory=list)


@dataclass(slots=True)
class _Page:
    """What is being written.

    Attributes:
        steps: each with how many others' requests it holds for, and the place of its first exchange.
        requests: those that have a step.
        count: how many exchanges the steps are made of.
        fixtures: whether some were steps already.
        taken: how often each rule found what it takes out.
        broken: of how many exchanges the request breaks the contract.
        placeholders: what stands for what was taken out.
    """

    steps: list[tuple[tuple[int, int], Any]] = field(default_factory=list)
    requests: list[ReadRequest] = field(default_factory=list)
    count: int = 0
    elsewhere: Counter[str] = field(default_factory=Counter)
    left_out: list[str] = field(default_factory=list)
    fixtures: bool = False
    taken: Counter[str] = field(default_factory=Counter)
    broken: int = 0
    placeholders: dict[str, str] = field(default_factory=dict)

    def leave_out(self, exchange: RecordedExchange, why: str) -> None:
        where = f"{exchange.where}: " if exchange.where else ""
        self.left_out.append(f"{where}{exchange.request.method} {exchange.request.path}: {why}")

    def in_order(self) -> list[Any]:
        return [step for _, step in sorted(self.steps, key=lambda item: item[0])]

    def reasons(self) -> list[str]:
        """Return why exchanges are not among the steps, a sentence each."""
        others = [
            f"{count} of {name}, which the contract does not have."
            for name, count in sorted(self.elsewhere.items())
        ]
        return [*others, *self.left_out]


class Scribe:
    """Writes scenarios of recorded exchanges, the same of the same.

    Args:
        contract: that the scenarios are for.
        shape: of the errors that are served.
        rules: what is taken out beside secrets.
        redaction: knows what is a secret; None for what the contract says of it.
        paced: whether replies take as long as they took.
        placeholders: what stands for what is taken out, in all scenarios alike; None for each anew.
    """

    def __init__(  # noqa: PLR0913 - by name
        self,
        contract: Contract,
        shape: ErrorShape = "vendor",
        *,
        rules: ScrubRules | None = None,
        redaction: Redaction | None = None,
        paced: bool = True,
        placeholders: dict[str, str] | None = None,
    ) -> None:
        self._placeholders = placeholders
        self._contract = contract
        self._rules = rules or ScrubRules()
        self._redaction = redaction or Redaction(contract)
        self._reader = RequestReader(contract)
        self._trial = Trial(contract, shape)
        self._replies = Replies(self._trial, paced=paced)
        self._judge = StepJudge(contract, shape)
        # Steps that name no operation are for those that speak.
        speaking = list(speaking_operations(contract.operations))
        self._unnamed = speaking[0] if len(speaking) == 1 else ""

    def step(self, exchange: RecordedExchange) -> str:
        """Return the step of one exchange, as an item of a scenario's ``steps``.

        Where there can be none, it is a comment that says why.
        """
        page, _ = self._page([exchange])
        lines = yaml_text(Block(steps=page.in_order())).splitlines()[1:] if page.steps else []
        return "".join(f"{line}\n" for line in (*lines, *(f"# {reason}" for reason in page.reasons())))

    def answered(self, exchange: RecordedExchange) -> RecordedExchange:
        """Return an exchange with the default reply to its request, in place of what came."""
        request = self._reader.read(exchange.request)
        made = request and self._trial.compose({"auto": True}, request)
        if not made:
            return replace(exchange, reply=None)
        body = made.body if made.events is None else b"".join(made.events)
        headers = ((b"content-type", made.content_type.encode("latin-1")),) if made.content_type else ()
        return replace(exchange, reply=RecordedReply(made.status, headers, ((0.0, body),) if body else ()))

    def scenario(
        self,
        exchanges: Sequence[RecordedExchange],
        *,
        description: str = "",
        requests: bool = True,
        steps: Sequence[FixtureStep] = (),
    ) -> WrittenScenario:
        """Return a scenario that gives to each recorded request the reply that was recorded.

        Args:
            exchanges: in their order.
            description: what it is for; empty for where it was recorded.
            requests: whether the file holds the requests, from which ``mockgrid verify`` asks again.
            steps: others that follow, which were steps already.
        """
        page, clean = self._page(exchanges)
        for step in steps:
            self._fixture(step, page)
        origins = sorted({exchange.request.origin for exchange in clean} - {""})
        whence = f"Recorded from {' and '.join(origins) or 'a provider'}."
        data = Block(description=description or whence, strict=True)
        # What were steps already say nothing of which models there are.
        models = (
            ["*"]
            if page.fixtures and self._contract.policy.models is not None
            else self._models(page.requests)
        )
        if models:
            data["models"] = models
        reasons = page.reasons()
        listed = page.in_order()
        data["steps"] = Commented(listed, "\n".join(("Not in here:", *reasons))) if reasons else listed
        if requests and page.requests:
            recorded = [OneLine(as_data(request.recorded)) for request in page.requests]
            data[RECORDED] = Commented(recorded, _FOR_VERIFY)
        return WrittenScenario(
            yaml_text(data),
            len(listed),
            page.count,
            dict(sorted(page.elsewhere.items())),
            tuple(page.left_out),
            page.taken,
            page.broken,
        )

    def _page(self, exchanges: Sequence[RecordedExchange]) -> tuple[_Page, list[RecordedExchange]]:
        """Return what is to be written of exchanges, and these as they may be read."""
        page = _Page(placeholders={} if self._placeholders is None else self._placeholders)
        clean = scrubbed(exchanges, self._redaction, self._rules, page.taken, page.placeholders)
        by_operation: dict[str, dict[tuple[str, bytes], _Asked]] = {}
        for place, (exchange, sent) in enumerate(zip(clean, exchanges, strict=True)):
            request = self._reader.read(exchange.request, sent.request)
            if request is None:
                page.elsewhere[f"{exchange.request.method} {exchange.request.path or _NOWHERE}"] += 1
            elif exchange.reply is None:
                page.leave_out(exchange, exchange.lacking or "There was no reply.")
            else:
                known = by_operation.setdefault(request.operation.id, {})
                known.setdefault(_identity(request), _Asked(request)).exchanges.append((place, exchange))
        for several in by_operation.values():
            listed = list(several.values())
            for telling in tell_apart([each.request for each in listed]):
                self._step(telling, [listed[place] for place in telling.places], page)
        return page, clean

    def _step(self, known: Known, alike: list[_Asked], page: _Page) -> None:
        """Add the step of requests that are known by the same."""
        request, when = alike[0].request, known.when
        if request.operation.id != self._unnamed:
            when = {"operation": request.operation.id, **when}
        came = [(place, exchange, each.request) for each in alike for place, exchange in each.exchanges]
        came.sort(key=lambda item: item[0])
        refused = f"{_REFUSED} {request.broken[0].rstrip('.')}." if request.broken else ""
        if refused and when.keys().isdisjoint(_TELLING):
            for _, exchange, _ in came:
                page.leave_out(exchange, f"{refused} {_UNTOLD}")
            return
        replies = [wording for _, exchange, own in came if (wording := self._said(exchange, own, page))]
        if not replies:
            return
        when, judged = self._judge.judged(when, replies, request)
        step = Block(when=when, **_replies(judged), **({"contract": "off"} if refused else {}))
        sources = dict.fromkeys(exchange.test or exchange.where for _, exchange, _ in came)
        comments = [", ".join(filter(None, sources)), _NOT_APART if len(alike) > 1 else ""]
        comments += [_PASSES] * known.passes + [_LAST_OF_ALL] * bool(known.beyond)
        if refused:
            comments.append(refused)
            page.broken += len(came)
        comment = "\n".join(filter(None, comments))
        order = (known.beyond, came[0][0])
        page.steps.append((order, Commented(step, comment) if comment else step))
        page.requests += [each.request for each in alike]
        page.count += len(came)

    def _fixture(self, step: FixtureStep, page: _Page) -> None:
        """Add a step that was one already."""
        said = (step.when, [words for _, words in step.replies])
        clean = scrubbed_value(said, self._redaction, self._rules, page.taken, page.placeholders)
        when, words = clean
        if step.operation:
            operation = next(
                (each for each in self._contract.operations if each.path == step.operation), None
            )
            if operation is None:
                page.left_out.append(
                    f"{step.where}: It is for {step.operation}, which the contract does not have."
                )
                return
            when = {"operation": operation.id, **when}
        if unreadable := next(filter(None, map(self._judge.unreadable, words)), ""):
            page.left_out.append(f"{step.where}: {unreadable}")
            return
        page.fixtures = True
        judged = [self._judge.marked(when, Wording(reply)) for reply in words]
        block = Block(when=when) if when else Block()
        block |= _replies(judged)
        if step.passes:
            block["then"] = "pass"
        comment = "\n".join(filter(None, (step.where, step.comment)))
        page.steps.append(((_LAST, len(page.steps)), Commented(block, comment) if comment else block))

    def _said(self, exchange: RecordedExchange, request: ReadRequest, page: _Page) -> Wording | None:
        """Return the reply of an exchange in words; None where there are none, which is noted."""
        if exchange.reply is None:
            return None
        try:
            said = self._replies.said(exchange.reply, request)
        except UnsayableError as error:
            page.leave_out(exchange, error.message)
            return None
        if unreadable := self._judge.unreadable(said.words):
            page.leave_out(exchange, unreadable)
            return None
        return said

    def _models(self, requests: Iterable[ReadRequest]) -> list[str]:
        """Return the models that were asked for, where the contract does not know one of them."""
        known = self._contract.policy.models
        models = sorted({model for request in requests if (model := request.view.model)})
        if known is None or all(known.find(model) is not None for model in models):
            return []
        return models


def _replies(replies: list[Any]) -> dict[str, Any]:
    """Return a step's replies; where all are the same, one is repeated anyway."""
    first = _bare(replies[0])
    alone = all(same(_bare(reply), first) for reply in replies)
    return {"reply": replies[0]} if alone else {"replies": replies}


def _bare(reply: Any) -> Any:
    return reply.value if isinstance(reply, Commented) else reply


def _identity(request: ReadRequest) -> tuple[str, bytes]:
    """Return what two requests to one operation that ask the same have in common."""
    value = request.view.body
    body = request.request.body if value is None else canonical_json(value)
    return f"{request.view.path}?{request.recorded.query}", body
