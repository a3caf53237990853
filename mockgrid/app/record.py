"""What the contract report is made from, added up while requests are answered."""

from __future__ import annotations

import hashlib
from copy import copy
from time import monotonic, time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mockgrid.app.evidence import Evidence, learn, place_of
from mockgrid.contract.coverage import Coverage
from mockgrid.contract.reply_coverage import Key, ReplyCoverage
from mockgrid.report import Tally, build
from mockgrid.report.tally import merge
from mockgrid.session.exchange import request_body
from mockgrid.session.manners import misuses, odd_fields
from mockgrid.session.turns import all_at_once

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockgrid.app.evidence import Entry
    from mockgrid.contract.contract import Contract, Operation
    from mockgrid.contract.operation import MediaType
    from mockgrid.reply.reply import ForwardedReply
    from mockgrid.reply.request import RepeatedRequest
    from mockgrid.report import Document
    from mockgrid.scenario.scenario import Scenario
    from mockgrid.schema.violation import FieldWarning
    from mockgrid.session.exchange import KeptExchange, RequestHead
    from mockgrid.session.manners import MannersOf
    from mockgrid.session.redaction import Redaction
    from mockgrid.session.session import Session, Sessions
    from mockgrid.session.turns import Turns

    Alike = tuple[str | None, str, int, bytes, str]

# Shapes of bodies that are remembered, warnings about all of them, and characters of a shape's fields.
_MOST_SHAPES: Final = 5_000
_MOST_WARNINGS: Final = 5_000
_LONGEST_KIND: Final = 1_000
# Bodies with the same fields of which each is looked at, and how many after them one stands for.
_LOOKED_AT: Final = 4096
_ONE_IN: Final = 16
# Of those with other fields than have room.
_NO_ROOM: Final = ()
_MOST_MEDIA: Final = 1_000
# Exchanges that are told of each verdict.
_MOST_PLACES: Final = 10
# Kinds of exchanges that are told apart.
_MOST_ALIKE: Final = 20_000


class Recorder:
    """Adds up what one server sees.

    Args:
        contract: what is served.
        redaction: hides credentials.
        manners_of: returns what a behaviour knows of good requests; None where that is enforced.

    Attributes:
        counts: exchanges by operation, request media type, status, reply media type and step.
        violations: by code.
    """

    def __init__(
        self, contract: Contract, redaction: Redaction, manners_of: MannersOf = lambda _: None
    ) -> None:
        self._contract = contract
        self._redaction = redaction
        self._manners_of = manners_of
        self._evidence = Evidence(contract, redaction, manners_of)
        self._coverage = Coverage(contract)
        self._replies = ReplyCoverage(contract)
        self._reply_kinds: dict[Key, int] = {}  # of sessions that have ended
        self._tally = Tally()
        self._told: dict[Alike, int] = {}
        self.counts: dict[Alike, int] = {}
        self.violations: dict[str, int] = {}
        # Media types as they were sent, without what must not be told of them.
        self._media: dict[bytes, str] = {}
        self._kept = 0
        # Bodies by their operation and fields.
        self._kinds: dict[tuple[Any, ...], int] = {}
        # What is worth a word about bodies that have the same fields, and how many there were.
        self._shapes: dict[str, tuple[Operation, list[FieldWarning], list[int]]] = {}

    @property
    def remembered(self) -> dict[str, int]:
        """How many different answers, media types, kinds of bodies and fields of theirs are counted."""
        return {
            "answers": len(self.counts),
            "bodies": len(self._kinds),
            "fields": len(self._shapes),
            "media_types": len(self._media),
        }

    def note(self, exchange: KeptExchange) -> None:
        """Add an exchange whose reply is about to leave."""
        operation, answer = exchange.operation, exchange.answer
        exchange.counted = True
        reply_media = b""
        for name, value in answer.headers:
            if name == b"content-type":
                reply_media = value
                break
        request_media = ""
        if exchange.body_size:
            sent = exchange.head.headers.get(b"content-type", b"")
            request_media = self._media.get(sent) or self._request_media(exchange)
        alike = (
            operation.id if operation is not None else None,
            request_media,
            answer.status,
            reply_media,
            answer.step,
        )
        counts = self.counts
        if alike in counts:
            counts[alike] += 1
        elif len(counts) < _MOST_ALIKE:
            counts[alike] = 1
        else:  # made-up steps: their names are left out, and then made-up media types
            alike = (*alike[:4], "")
            for rank, sent in ((2, reply_media), (3, b"")):  # a reply's is made up by scripts alone
                if alike not in counts and len(counts) >= rank * _MOST_ALIKE:
                    alike = (alike[0], "", answer.status, sent, "")
            counts[alike] = counts.get(alike, 0) + 1

    def note_body(
        self,
        head: RequestHead,
        operation: Operation,
        media: MediaType,
        value: Any,
        repeat: RepeatedRequest | None = None,
    ) -> None:
        """Add a valid body, and how it was sent; one that comes again has nothing more to teach.

        The first thousands that have the same fields are looked at one by one; after them, one in sixteen is
        enough to tell what their clients vary, and stands for the others.
        """
        if repeat is not None and repeat.noted is not None:
            kind, counts = repeat.noted
            counts[0] += self._worth(kind)
            return
        kind = (operation.id, *value) if value.__class__ is dict else (operation.id,)
        count = self._worth(kind)
        if not count:
            return
        self._coverage.observe_body(operation, media, value)
        manners = self._manners_of(operation.behaviour)
        odd = misuses(value, manners) if manners is not None else []
        if odd:
            self._tell(operation, self._evidence.hidden(head, odd), count)
        shape = _shape(operation, value)
        known = self._shapes.get(shape)
        if known is None:
            warnings = self._evidence.hidden(head, odd_fields(media, value, manners))
            known = operation, warnings, [0]
            odd = odd or warnings
            if len(self._shapes) < _MOST_SHAPES and self._kept + len(warnings) <= _MOST_WARNINGS:
                self._shapes[shape] = known
                self._kept += len(warnings)
            else:
                self._tell(operation, warnings, count)
        known[2][0] += count
        if repeat is not None and not odd:
            repeat.noted = kind, known[2]

    def _worth(self, kind: tuple[Any, ...]) -> int:
        """Count a body of a kind, and return for how many it stands; 0 where it need not be looked at.

        Those for whose kind there is no room are of one kind.
        """
        kinds = self._kinds
        if kind not in kinds and (len(kinds) >= _MOST_SHAPES or sum(map(len, kind)) >= _LONGEST_KIND):
            kind = _NO_ROOM
        seen = kinds.get(kind, 0)
        kinds[kind] = seen + 1
        if seen < _LOOKED_AT:
            return 1
        return 0 if seen % _ONE_IN else _ONE_IN

    def _request_media(self, exchange: KeptExchange) -> str:
        media = self._evidence.request_media(exchange)
        if len(self._media) < _MOST_MEDIA:
            self._media[exchange.head.headers.get(b"content-type", b"")] = media
        return media

    def close(self, session: Session) -> None:
        """Add what a session has come to, before it is forgotten."""
        all_at_once(self._add_end(_End.of(session, session.journal), self._tally, self._reply_kinds))

    def leave(self, session: Session) -> None:
        """Add how far a session has come in what it plays, before it plays something else."""
        all_at_once(_steps(_End.of(session, ()), self._tally))

    def _observe(self) -> None:
        """Tell the coverage of the exchanges since it was told last."""
        for alike, count in self.counts.items():
            more = count - self._told.get(alike, 0)
            if more:
                operation, request_media, status, reply_media, _ = alike
                self._coverage.observe(operation, request_media, status, reply_media.decode("latin-1"), more)
        self._told = dict(self.counts)

    def report(
        self, sessions: Iterable[Session], *, dropped: int, dropped_violations: int
    ) -> Turns[Document]:
        """Make the contract report, in which the open sessions count as they stand, in turns.

        It tells of the moment from which on all that can be covered is known, whatever happens in later
        turns, and of what clients were shown until its last.

        Args:
            sessions: those that are open.
            dropped: exchanges for which the journal had no room.
            dropped_violations: how many of them showed a violation.
        """
        from mockgrid.scenario.reading.structure import fault_kinds  # noqa: PLC0415 - for reports alone

        yield from self._coverage.prepared()
        self._observe()
        coverage, ended = self._coverage.snapshot(), self._tally.as_json()
        ends = [_End.of(session, session.journal) for session in sessions]
        shapes = [(operation, warnings, count) for operation, warnings, (count,) in self._shapes.values()]
        open_ones, open_replies = Tally(), dict[Key, int]()
        open_ones.drop(exchanges=dropped, violations=dropped_violations)
        for operation, warnings, count in shapes:
            self._tell(operation, warnings, count, open_ones)
            yield
        for end in ends:
            yield from self._add_end(end, open_ones, open_replies)
        for fault in fault_kinds():
            open_ones.fault(fault)
        replies = []
        for entry in self._replies.entries():
            replies.append(entry)
            yield
        return build(coverage, merge(ended, open_ones.as_json()), replies)

    def counted(self, kind: str, entry: Entry, sessions: Sessions) -> Turns[dict[str, Any]]:
        """Find which of the newest exchanges an entry of the report counts, in turns; see ``Evidence``."""
        return self._evidence.of(kind, entry, sessions)

    def note_violations(self, exchange: KeptExchange, session: Session) -> None:
        """Add how a request broke the contract, whatever becomes of its reply."""
        if exchange.answer.violations:
            for violation in exchange.answer.violations:
                self.violations[violation.code] = self.violations.get(violation.code, 0) + 1
            self._evidence.add_violations(exchange, self._tally, session.name, session.title)

    def note_provider(
        self, head: RequestHead, body: bytes, operation: Operation | None, reply: ForwardedReply
    ) -> None:
        """Add how a provider's reply broke the contract, once that has ended."""
        if reply.own_violations:
            hidden = self._redaction.of(head, body)
            name = operation.id if operation is not None else None
            for violation in reply.own_violations:
                self._tally.provider(name, reply.status, hidden.value(violation.as_json()))

    def _add_end(self, end: _End, tally: Tally, kinds: dict[Key, int]) -> Turns[None]:
        from mockgrid.reply.behaviours import transcript_of  # noqa: PLC0415 - 5 ms, for verdicts alone
        from mockgrid.session.telling import redacted_verdict  # noqa: PLC0415 - 20 ms before a server is ready
        from mockgrid.session.verdicts import judged  # noqa: PLC0415 - the same 20 ms

        yield from _steps(end, tally)
        for exchange in end.exchanges:
            learn(exchange, self._replies, kinds)
            if exchange.answer.fault and exchange.replied:
                tally.fault(exchange.answer.fault, 1)
            yield
        retry = self._contract.policy.retry
        epoch = time() - monotonic()  # only to read dates that a reply asked to wait for
        proofs = yield from judged(end.exchanges, retry, transcript_of, final=True, epoch=epoch)
        exchanges = {exchange.number: exchange for exchange in end.exchanges} if proofs else {}
        for proof in proofs:
            verdict = redacted_verdict(proof, exchanges.get, self._redaction)
            places = [
                place_of(seen, end.session, end.label, self._redaction.of(seen.head, request_body(seen)))
                for seen in map(exchanges.get, verdict.exchanges[:_MOST_PLACES])
                if seen is not None
            ]
            tally.verdict(verdict.name, end.session, verdict.message, verdict.exchanges, places=places)
            yield

    def _tell(
        self, operation: Operation, warnings: list[FieldWarning], count: int, tally: Tally | None = None
    ) -> None:
        for warning in warnings:
            (tally or self._tally).warning(operation.id, warning, count)


class _End(NamedTuple):
    """What a session has come to.

    Attributes:
        session: its name.
        label: what people know it by.
        scenario: that it plays; None for none.
        given: how many replies each step of that has given.
        exchanges: that its journal has.
    """

    session: str
    label: str
    scenario: Scenario | None
    given: tuple[int, ...]
    exchanges: tuple[KeptExchange, ...]

    @classmethod
    def of(cls, session: Session, exchanges: Iterable[KeptExchange]) -> _End:
        """Return what a session has come to by now, with those of its exchanges that matter."""
        play = session.play
        scenario, given = (play.scenario, tuple(play.cursors.given)) if play is not None else (None, ())
        # What ends later has not ended: else its client would be blamed for what it does after that.
        kept = (copy(exchange) if exchange.under_way else exchange for exchange in exchanges)
        return cls(session.name, session.title, scenario, given, tuple(kept))


def _steps(end: _End, tally: Tally) -> Turns[None]:
    """Add how far a session has come in what it plays."""
    if end.scenario is not None:
        for step in end.scenario.steps:
            tally.step(end.scenario.name, step.label, step.where, end.given[step.index])
            yield


def _shape(operation: Operation, value: Any) -> str:
    """Return what stands for the fields of a body, two levels deep: others like it need no other words."""
    fields: list[Any] = [operation.id]
    if value.__class__ is dict:
        fields += value
        for item in value.values():
            if item.__class__ is dict:
                fields.append(sorted(item))
            elif item.__class__ is list:
                fields.append(sorted(set().union(*[part for part in item if part.__class__ is dict])))
    shape = repr(fields)
    if len(shape) <= _LONGEST_KIND:
        return shape
    return hashlib.blake2b(shape.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
