"""What the control interface tells: each thing once, for the server, its OpenAPI document, and tests."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - read when the classes are
from typing import Any, ClassVar, Literal, Self

from mockgrid.fixed import fixed
from mockgrid.schema.json_form import JsonForm, described
from mockgrid.schema.violation import FieldWarning, Violation

EndedBy = Literal["server", "client", "shutdown"]

_CLOCK = {"$ref": "#/components/schemas/Clock"}
_SESSION_NAME = {"$ref": "#/components/schemas/SessionName"}


def _exchange_number() -> Any:
    return described("The number of the exchange", default=0, omitted=True)


def _shown_key() -> Any:
    words = "What may be shown of the key that opened the session, such as mg-…abcd: others may look alike"
    return described(words, default="", omitted=True, in_repr=False)


@fixed
class FailedPredicate(JsonForm):
    """A predicate that did not hold."""

    predicate: str = described("Which")
    expected: str = described("What it asks for")
    got: str = described("What the request has")


@fixed
class NearMiss(JsonForm):
    """A step that nearly matched a request."""

    first_in_json: ClassVar = ("step", "index", "where")

    step: str = described("Its name")
    where: str = described("Where it is written")
    held: int = described("How many predicates held")
    of: int = described("How many there are")
    predicate: str = described("The first that did not hold", place="failed.predicate")
    expected: str = described("What that asks for", place="failed.expected")
    got: str = described("What the request has", place="failed.got")
    index: int = described("Its place in the scenario, from 0", default=0, in_repr=False)
    failed_held: bool = described("Whether it held", default=False, in_repr=False, place="failed.held")
    others: tuple[FailedPredicate, ...] = described("The others that did not hold", default=(), in_repr=False)


@fixed
class Unmatched(JsonForm):
    """A request for which the scenario had no reply."""

    first_in_json: ClassVar = ("exchange", "message", "step")

    message: str = described("One sentence")
    near_misses: tuple[NearMiss, ...] = described("At most three steps, the nearest first")
    exchange: int = _exchange_number()
    step: str | None = described("The step that had given all its replies", default=None, in_repr=False)

    def __str__(self) -> str:
        return self.message


@fixed
class UnusedStep(JsonForm):
    """A step of a strict scenario that gave no reply, or in a test held to its script, not all."""

    first_in_json: ClassVar = ("scenario", "index")

    scenario: str = described("The scenario's name")
    step: str = described("The step's name")
    where: str = described("Where it is written")
    index: int = described("Its place in the scenario, from 0", default=0, in_repr=False)
    given: int = described("How many replies it gave", default=0, omitted=True)
    of: int = described("How many it has to give", default=1, omitted=True)

    def __str__(self) -> str:
        given = f": {self.given} of {self.of} replies given" if self.given else ""
        return f"{self.step} ({self.where}){given}"


@fixed
class Verdict(JsonForm):
    """What the journal proves of the client's conduct."""

    first_in_json: ClassVar = ("name",)

    code: str = described("Such as MG310")
    name: str = described("Such as retry_after_ignored")
    message: str = described("What was seen and what was expected, one sentence")
    exchanges: tuple[int, ...] = described("The numbers of the exchanges that prove it")

    def __str__(self) -> str:
        return f"{self.code} {self.name}: {self.message}"


@fixed
class SentRequest(JsonForm):
    """What the client sent; credentials read ``[redacted]``."""

    first_in_json: ClassVar = ("method", "path", "query", "headers", "body", "base64")

    method: str = described("As sent")
    path: str = described("As sent, decoded")
    query: str = described("As sent, without its question mark")
    headers: Mapping[str, str] = described("By lower-case name")
    body: Any = described("A JSON value, or text; null for no body, and for bytes that are neither")
    size: int = described("Bytes of the body", place="bytes", minimum=0)
    base64: str | None = described("The body where it is neither", default=None, omitted=True, in_repr=False)
    text: str = described(
        "JSON as it was sent, where that is not its shortest form", default="", omitted=True, in_repr=False
    )
    raw_path: str = described(
        "The path with its escapes, where a part of it has a slash; else left out",
        default="",
        omitted=True,
        in_repr=False,
    )

    @property
    def json(self) -> Any:
        """The body as a JSON value; the same as ``body``."""
        return self.body

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@fixed
class Chunk(JsonForm):
    """A piece of a reply."""

    at: float = described("Seconds since the reply began")
    data: str = described("Its text")
    due: float | None = described(
        "When it was to leave, the same; left out where nothing waited",
        default=None,
        omitted=True,
        in_repr=False,
    )


@fixed
class GivenReply(JsonForm):
    """What the server answered."""

    first_in_json: ClassVar = ("headers", "body", "base64")

    headers: Mapping[str, str] = described("By lower-case name")
    body: Any = described("A JSON value, or text, as far as it left; null for a stream")
    chunks: tuple[Chunk, ...] = described("The pieces in which it left; none where it left at once")
    size: int = described("Bytes of the body", place="bytes", minimum=0)
    base64: str | None = described("The body where it is neither", default=None, omitted=True, in_repr=False)


@fixed
class ExchangeRecord(JsonForm):
    """One request with its reply; credentials read [redacted]. Times are seconds."""

    first_in_json: ClassVar = (
        *("number", "session", "at", "operation", "request", "violations", "warnings", "failure", "attempt"),
        *("since_last_attempt", "scenario", "step", "unmatched", "status", "reply"),
    )

    number: int = described("Its place in the session, from 1", minimum=1)
    status: int = described("Of the reply", minimum=100, maximum=599)
    request: SentRequest = described("What was sent")
    reply: GivenReply = described("What was answered")
    operation: str | None = described("The id of what was called; null where there is no such operation")
    step: str | None = described("The scenario's step that gave the reply; null for the default reply")
    scenario: str | None = described("The scenario that played; null where none did")
    attempt: int = described("How often the session had seen this very request, with this one", minimum=0)
    violations: tuple[Violation, ...] = described("How the request broke the contract")
    warnings: tuple[FieldWarning, ...] = described(
        "Fields that the contract does not know, or deprecates, and what else is odd"
    )
    unmatched: Unmatched | None = described("Why the scenario had no reply; else null", place="no_step")
    at: float = described("From the session's beginning to the request")
    since_last_attempt: float | None = described(
        "Since the last reply to this very request; null for the first"
    )
    seconds: float | None = described("From the request's head to the reply's end; null until then")
    ended_by: EndedBy | None = described("Null while it is under way")
    whole: bool | None = described("Whether the reply ended as it should; null while it is under way")
    virtual_seconds: float = described("Waits that a virtual clock has spared")
    degraded: str | None = described("What the transport could not do, and what was done instead")
    session: str = described(default="", in_repr=False, schema=_SESSION_NAME)
    failure: str | None = described("The kind of failure that was answered", default=None, in_repr=False)
    label: str = described("What its session is known by", default="", omitted=True, in_repr=False)
    key: str = _shown_key()
    fault: str = described(
        "How the reply was broken, such as stream.fault=reset; left out where it was not",
        default="",
        omitted=True,
        in_repr=False,
    )
    struck: int | None = described(
        "How many events of a stream had left when its fault struck; left out where none has",
        default=None,
        omitted=True,
        in_repr=False,
    )
    provider_violations: tuple[Violation, ...] = described(
        "How a reply that a provider gave breaks the contract; in a stream, pointers begin with the event's "
        "number",
        default=(),
        omitted=True,
        in_repr=False,
    )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read an exchange; what is said of it has its number."""
        number = {"exchange": data["number"]}
        numbered: dict[str, Any] = {
            name: [{**item, **number} for item in data.get(name, ())]
            for name in ("violations", "warnings", "provider_violations")
        }
        if data["no_step"] is not None:
            numbered["no_step"] = {**data["no_step"], **number}
        return super(ExchangeRecord, cls).from_json({**data, **numbered})  # noqa: UP008 - `fixed` makes the class anew


@fixed
class ExchangeRow(JsonForm):
    """What a list of many says of an exchange."""

    session: str = described(schema=_SESSION_NAME)
    number: int = described("Its place in the session, from 1", minimum=1)
    ago: float = described("Seconds from the request until this was told")
    arrived: float = described(
        "When the request came, by a clock of the server's own: what tells exchanges of one number apart, "
        "where a session has begun anew"
    )
    method: str = described("As sent")
    path: str = described("As sent, decoded")
    operation: str | None = described("The id of what was called; null where there is no such operation")
    step: str | None = described("The scenario's step that gave the reply; null for the default reply")
    attempt: int = described("How often the session had seen this very request, with this one", minimum=0)
    status: int = described("Of the reply", minimum=100, maximum=599)
    failure: str | None = described("The kind of failure that was answered")
    violations: tuple[str, ...] = described("The codes of how the request broke the contract")
    seconds: float | None = described("From the request's head to the reply's end; null until then")
    ended_by: EndedBy | None = described("Null while it is under way")
    whole: bool | None = described("Whether the reply ended as it should; null while it is under way")
    label: str = described("What its session is known by", default="", omitted=True)
    key: str = _shown_key()


@fixed
class ExchangePage(JsonForm):
    """The exchanges of a session."""

    session: str = described(schema=_SESSION_NAME)
    count: int = described("How many there have been", minimum=0)
    dropped: int = described("Those that the journal had no room for", place="dropped.exchanges", minimum=0)
    dropped_violations: int = described(
        "Those of them with a violation", place="dropped.violations", minimum=0
    )
    exchanges: tuple[ExchangeRecord, ...] = described("Those that are kept")


@fixed
class ClockState(JsonForm):
    """A session's time."""

    virtual: bool = described("Whether it stands still until it is moved")
    now: float = described("Seconds since the session began")
    spared: float = described("Seconds that replies would have waited")


@fixed
class PlayedStep(JsonForm):
    """A step of the scenario that plays."""

    index: int = described("From 0")
    name: str = described()
    where: str = described("Where it is written")
    given: int = described("How many replies it gave")
    replies: int = described("How many different ones it has", default=1, minimum=1)
    next: int | None = described(
        "Which of them comes next, from 0; null where it has given all that it gives", default=None
    )


@fixed
class LimitState(JsonForm):
    """How a limit stands."""

    counts: Literal["requests", "tokens", "concurrent"] = described("What it counts")
    amount: int = described("How much there is of it")
    per: float = described("Seconds in which all of it comes again; 0 where it comes when a reply has ended")
    left: int = described("How much is left", minimum=0)
    reset: float = described("Seconds until it is whole again if nothing comes")
    model: str | None = described("Whose it is, where each model has its own", default=None)


@fixed
class BalanceState(JsonForm):
    """The tokens that replies may have."""

    left: int = described("How many are left; below 0 where a reply had more")
    top_up: int | None = described("How many come when none are left; null for none", default=None)
    due: float | None = described("In how many seconds they come; null where none are ordered", default=None)


@fixed
class PlayedScenario(JsonForm):
    """The scenario that plays in a session."""

    name: str = described()
    where: str = described("Where it is written")
    strict: bool = described("Whether a request that no step matches fails")
    state: str = described("The state that it is in")
    steps: tuple[PlayedStep, ...] = described()
    limits: tuple[LimitState, ...] = described("How its limits stand", default=())
    balance: BalanceState | None = described("Null where there is no end of tokens", default=None)


@fixed
class Summary(JsonForm):
    """What a session has come to: what the client broke, what it met, and what it left."""

    first_in_json: ClassVar = ("session", "label", "scenario", "clock", "exchanges", "kept", "dropped")

    violations: tuple[Violation, ...] = described("How requests broke the contract", default=())
    warnings: tuple[FieldWarning, ...] = described(
        "Unknown and deprecated fields, and what else is odd", default=()
    )
    unmatched: tuple[Unmatched, ...] = described("Requests for which the scenario had no reply", default=())
    unused_steps: tuple[UnusedStep, ...] = described("Steps of strict scenarios without a reply", default=())
    verdicts: tuple[Verdict, ...] = described("What is proved of the client's conduct", default=())
    exchanges: int = described("How many there have been", default=0, place="exchanges.count", minimum=0)
    dropped_violations: int = described(
        "Exchanges with violations that the journal had no room for",
        default=0,
        place="exchanges.dropped_violations",
        minimum=0,
    )
    under_way: int = described(
        "Those whose reply has not ended", default=0, in_repr=False, place="exchanges.under_way", minimum=0
    )
    session: str = described(default="", in_repr=False, schema=_SESSION_NAME)
    scenario: PlayedScenario | None = described(default=None, in_repr=False)
    clock: ClockState | None = described(default=None, in_repr=False, schema=_CLOCK)
    kept: int = described("Those that are kept", default=0, in_repr=False, place="exchanges.kept", minimum=0)
    dropped: int = described(
        "Those that are not", default=0, in_repr=False, place="exchanges.dropped", minimum=0
    )
    label: str = described("What the session is known by", default="", omitted=True, in_repr=False)
    key: str = _shown_key()

    def __bool__(self) -> bool:
        """Whether there is anything to complain about."""
        return bool(
            self.violations
            or self.warnings
            or self.unmatched
            or self.unused_steps
            or self.verdicts
            or self.dropped_violations
        )


def schemas() -> dict[str, Any]:
    """Return what has a name in the OpenAPI document of the control interface, and is defined here."""
    from mockgrid.session.explanation import Explanation  # noqa: PLC0415 - 4 ms, and for those who ask

    forms: dict[str, type[JsonForm]] = {
        "Violation": Violation,
        "Warning": FieldWarning,
        "Unmatched": Unmatched,
        "Clock": ClockState,
        "Session": Summary,
        "Exchange": ExchangeRecord,
        "Explanation": Explanation,
        "Exchanges": ExchangePage,
        "ExchangeRow": ExchangeRow,
        "Verdict": Verdict,
    }
    references = {form: f"#/components/schemas/{name}" for name, form in forms.items()}
    return {name: form.schema(references) for name, form in forms.items()}
