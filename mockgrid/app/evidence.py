"""Which exchanges of the journal an entry of the contract report counts."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from mockgrid.contract.bodies import UNREAD, media_type_for, read_body
from mockgrid.contract.coverage import Coverage, Key, Rows, bare
from mockgrid.contract.reply_coverage import ReplyCoverage
from mockgrid.errors import MockgridError
from mockgrid.reply.delivery.form import events_of, json_or_text, readings_of
from mockgrid.reply.request import UNMET_PREFERENCE
from mockgrid.report import Tally
from mockgrid.report.tally import place
from mockgrid.schema.violation import FieldWarning
from mockgrid.session.exchange import NO_STEP, request_body, whole_body
from mockgrid.session.manners import misuses, odd_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockgrid.contract.contract import Contract, Operation
    from mockgrid.contract.operation import MediaType
    from mockgrid.contract.reply_coverage import Key as ReplyKey
    from mockgrid.report.tally import Place
    from mockgrid.session.exchange import KeptExchange, RequestHead
    from mockgrid.session.manners import MannersOf
    from mockgrid.session.redaction import Hidden, Redaction
    from mockgrid.session.session import Sessions
    from mockgrid.session.turns import Turns

# Events of a stream that are looked at: so many of the first, and of the last.
_ENDS: Final = 64
RECENT: Final = 10_000
"""Exchanges among which is looked."""

# Lists of which an entry is of one operation, and takes long to find in an exchange.
_OF_BODIES: Final = ("branches", "replies", "warnings")
# What is said of the headers of a request once its body has proved valid.
_SAID_LATER: Final = ("MG150", UNMET_PREFERENCE)

_DEEPEST: Final = 10_000

Entry = tuple[str, ...]
"""What tells an entry of the report from others of its list; ``mockgrid.report.tally.KEYS`` has the names."""


class Evidence:
    """What one exchange alone tells the report, and so which exchanges an entry counts.

    Args:
        contract: what is served.
        redaction: hides credentials.
        manners_of: returns what a behaviour knows of good requests; None where that is enforced.
    """

    def __init__(self, contract: Contract, redaction: Redaction, manners_of: MannersOf) -> None:
        self._contract = contract
        self._redaction = redaction
        self._manners_of = manners_of
        self._by_key: dict[Key, list[Entry]] = {}

    @cached_property
    def _rows(self) -> Rows:
        return Rows(self._contract.operations)

    def add_violations(
        self, exchange: KeptExchange, tally: Tally, session: str = "", label: str = ""
    ) -> None:
        """Add to a tally how the request of a session broke the contract."""
        hidden = self._redaction.of(exchange.head, request_body(exchange))
        operation = exchange.operation.id if exchange.operation is not None else None
        for violation in exchange.answer.violations:
            where = place_of(exchange, session, label, hidden)
            tally.violation(operation, hidden.value(violation.as_json()), session, where)

    def hidden(self, head: RequestHead, warnings: list[FieldWarning]) -> list[FieldWarning]:
        """Return warnings about a request without its secrets."""
        if not warnings:
            return []
        hidden = self._redaction.of(head)  # a field may be called as a key is
        return [FieldWarning.from_json(hidden.value(warning.as_json())) for warning in warnings]

    def request_media(self, exchange: KeptExchange) -> str:
        """Return the media type of a request as it was sent, without what must not be told of it."""
        sent = exchange.head.headers.get(b"content-type", b"")
        return self._redaction.of(exchange.head).text(sent.decode("latin-1"))

    def of(self, kind: str, entry: Entry, sessions: Sessions) -> Turns[dict[str, Any]]:
        """Find which of the newest exchanges an entry counts, in turns.

        Args:
            kind: the list of the report in which it stands.
            entry: which it is.
            sessions: whose exchanges.
        """
        chosen = []
        self._by_key.clear()  # clients make up media types
        for exchange in sessions.budget.newest(RECENT):
            operation, session = exchange.operation, sessions.of(exchange)
            may = kind not in _OF_BODIES or (operation is not None and operation.id in entry)
            if session is not None and may:
                if entry in self._entries(kind, exchange):
                    at = round(exchange.arrived, 6)
                    chosen.append({"session": session.name, "number": exchange.number, "arrived": at})
                yield
        return {"exchanges": chosen}

    def _entries(self, kind: str, exchange: KeptExchange) -> Iterable[Entry]:
        """Return the entries of a list that an exchange counts in."""
        answer, tally = exchange.answer, Tally()
        match kind:
            case "rows":
                return self._rows_of(exchange) if exchange.counted else []
            case "branches":
                coverage = Coverage(self._contract)
                for body in self._valid_body(exchange):
                    coverage.observe_body(*body)
                return coverage.sent()
            case "replies":
                replies = ReplyCoverage(self._contract)
                learn(exchange, replies, {})
                return replies.shown()
            case "violations":
                self.add_violations(exchange, tally)
            case "warnings":
                self._add_warnings(exchange, tally)
            case "faults" if answer.fault and exchange.replied:
                tally.fault(answer.fault)
            case "steps":
                _add_step(exchange, tally)
        return tally.keys(kind)

    def _add_warnings(self, exchange: KeptExchange, tally: Tally) -> None:
        for operation, media, value in self._valid_body(exchange):
            manners = self._manners_of(operation.behaviour)
            odd = [*odd_fields(media, value, manners), *misuses(value, manners)]
            for warning in self.hidden(exchange.head, odd):
                tally.warning(operation.id, warning)

    def _rows_of(self, exchange: KeptExchange) -> list[Entry]:
        operation = exchange.operation.id if exchange.operation is not None else None
        request = bare(self.request_media(exchange) if exchange.body_size else "")
        key = Key(operation, request, exchange.answer.status, bare(_reply_media(exchange)))
        if key not in self._by_key:
            declared: list[Entry] = [self._rows.declared[number][:4] for number in self._rows.of(key)]
            self._by_key[key] = declared or [(operation or "", request, str(key.status), key.response)]
        return self._by_key[key]

    @staticmethod
    def _valid_body(exchange: KeptExchange) -> Iterator[tuple[Operation, MediaType, Any]]:
        """Yield the body of a valid request, with what it was sent to; nothing for any other."""
        operation, body = exchange.operation, whole_body(exchange)
        if operation is None or not operation.body or not body:
            return
        if any(
            each.location != "body" and each.code not in _SAID_LATER for each in exchange.answer.violations
        ):
            return
        sent = exchange.head.headers.get(b"content-type", b"").decode("latin-1")
        media = media_type_for(operation, sent or None)
        if media is None or media.schema is None:
            return
        try:
            value = read_body(media, sent, body, _DEEPEST)
        except MockgridError:
            return
        if value is not UNREAD and not media.schema.explain(value):
            yield operation, media, value


def _add_step(exchange: KeptExchange, tally: Tally) -> None:
    """Add the step whose reply an exchange had, as long as its session remembers what it played."""
    met = exchange.met
    cursors = met.cursors() if met is not None else None
    if met is not None and cursors is not None and met.step != NO_STEP:
        step = cursors.scenario.steps[met.step]
        tally.step(cursors.scenario.name, step.label, step.where)


def place_of(exchange: KeptExchange, session: str, label: str, hidden: Hidden) -> Place:
    """Return where in the report's words something was seen."""
    request = hidden.text(f"{exchange.head.method} {exchange.head.path}")
    return place(session, label, exchange.number, request, exchange.answer.status)


def learn(exchange: KeptExchange, replies: ReplyCoverage, kinds: dict[ReplyKey, int]) -> None:
    """Learn what of the contract a reply has shown to its client, as far as it has left."""
    operation, answer = exchange.operation, exchange.answer
    if operation is None or not exchange.replied:
        return
    media = _reply_media(exchange)
    learn_from = replies.lesson(operation, answer.status, media, kinds)
    if learn_from is None:
        return
    # A stream, and a scripted body, are kept as the pieces in which they left.
    body = exchange.reply_body or b"".join(piece for _, piece in exchange.chunks)
    if not media.lower().startswith("text/event-stream"):
        learn_from([json_or_text(body)])
        return
    events = events_of(body)
    for event in events[:_ENDS] + events[_ENDS:][-_ENDS:]:
        learn_from(readings_of(event))


def _reply_media(exchange: KeptExchange) -> str:
    headers = exchange.answer.headers
    return next((value for name, value in headers if name == b"content-type"), b"").decode("latin-1")
