"""Holding what a provider answers to the contract, and to what the fake answers to the same request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mockgrid.drift.bodies import BodyComparison
from mockgrid.drift.side import Side
from mockgrid.recording.exchange import header
from mockgrid.schema.hints import SchemaHints

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.contract.contract import Contract
    from mockgrid.contract.operation import Response
    from mockgrid.drift.question import Drift, Question
    from mockgrid.recording.exchange import RecordedReply
    from mockgrid.reply.errors import ErrorShape

__all__ = ["UNSEEN", "DriftJudge", "is_circumstance"]

UNSEEN: Final = frozenset(("MG440", "MG445", "MG446", "MG448"))
"""Codes of what keeps from comparing: no reply, a limit, no service, a key that is not taken."""

_NOT_FOUND: Final = 404
_LIMITED: Final = 429
# What a request alone does not bring about: money, time, and how many others there are.
_CIRCUMSTANCES: Final = frozenset((402, 408, 409, 423, 424, 425, 429))
_SERVER: Final = 500
_ERROR: Final = 400
_REFUSED: Final = (401, 403)
_REDIRECTS: Final = range(300, 400)
# Headers that clients act on, whether or not a contract asks for them.
_ACTED_ON: Final = ("allow", "location", "retry-after", "www-authenticate")


def is_circumstance(status: int) -> bool:
    """Tell whether a status says more about the moment than about the request."""
    return status in _CIRCUMSTANCES or status >= _SERVER


class DriftJudge:
    """Judges replies by one contract.

    Args:
        contract: it.
        shape: of the fake's errors; where it is not the contract's own, that breaks no promise.
    """

    def __init__(self, contract: Contract, shape: ErrorShape = "vendor") -> None:
        self._contract = contract
        self._shape = shape

    def drifts(self, question: Question, reply: RecordedReply) -> list[Drift]:
        """Return how a provider's reply differs from what was promised; nothing where it does not.

        Of several promises, it is the closest; what was of the moment promised nothing.
        """
        several = [
            self._differing(each, reply)
            for each in (question, *question.others)
            if each is question
            or each.expected.status == reply.status
            or not is_circumstance(each.expected.status)
        ]
        return min(several, key=lambda drifts: sum(drift.severity != "note" for drift in drifts))

    def _differing(self, question: Question, reply: RecordedReply) -> list[Drift]:
        fake = Side(self._contract, question.operation, question.expected)
        side = Side(self._contract, question.operation, reply)
        drifts = list(_HeadComparison(self._contract, question, fake, side).drifts())
        # What comes in place of a reply may be a gateway's.
        if drifts and drifts[0].code in UNSEEN and drifts[0].severity == "error":
            return drifts[:1]
        if side.response is not None or (question.recorded and side.reply.status == fake.reply.status):
            drifts += BodyComparison(question, fake, side, own_shape=self._shape == "vendor").drifts()
        return drifts


class _HeadComparison:
    """Status, media type and headers of what the fake and the provider answer to the same request."""

    def __init__(self, contract: Contract, question: Question, fake: Side, side: Side) -> None:
        self._contract = contract
        self._question = question
        self._fake = fake
        self._side = side
        self._alike = side.reply.status == fake.reply.status

    def drifts(self) -> Iterator[Drift]:
        if not self._alike or self._side.response is None:
            yield from self._status(self._side.reply.status, self._fake.reply.status)
        response = self._side.response
        if response is None and not (self._question.recorded and self._alike):
            return
        sent = bool(self._side.reply.body)
        other = self._alike and sent and self._side.content.media != self._fake.content.media
        # What a reply to HEAD is the head of is declared with GET.
        free = self._question.operation.method == "HEAD" and response is not None and not response.media
        if other or not (response is None or self._side.is_declared or free):
            yield self._media(response)
        yield from self._headers(response)

    def _status(self, status: int, usual: int) -> Iterator[Drift]:
        question = self._question
        both: dict[str, Any] = {"expected": str(usual), "got": str(status)}
        answers = f"the provider answers {status}"
        by_chance = is_circumstance(usual) or (question.scripted and usual in _REFUSED)
        if status in _REFUSED and question.credential == "key" and usual < _ERROR:
            message = f"{answers}: it does not take the key, and nothing could be compared"
            hint = "--key-env names the variable that holds one that may do this."
            yield question.drift("MG448", message, hint=hint, **both)
        elif self._side.response is None and not (
            self._alike or status == _LIMITED or status in self._contract.policy.gateway
        ):
            declared = ", ".join(sorted(question.operation.responses)) or "none"
            message = f"{answers}, and {question.operation.id} declares {declared}; {question.says} {usual}"
            yield question.drift("MG401", message, contract=question.operation.at, **both)
        elif by_chance and not self._alike:
            message = (
                f"{answers} where {question.says} {usual}, which is of the moment; nothing could be compared"
            )
            yield question.drift("MG446", message, severity="note", **both)
        elif self._alike:
            if status not in self._contract.policy.gateway:
                message = f"{answers}, and so does the scenario; {question.operation.id} does not declare it"
                at = question.operation.at
                yield question.drift(
                    "MG401", message, severity="warning", party="contract", contract=at, **both
                )
        elif status in _REDIRECTS and self._side.response is not None:
            message = f"{answers}, and sends on to where the key is not given; nothing could be compared"
            yield question.drift("MG447", message, severity="note", **both)
        elif status == _NOT_FOUND and question.guessed:
            message = f"{answers}: it has nothing of the name that was made up, and nothing could be compared"
            hint = "Give the parameter an example in the contract that the provider knows."
            yield question.drift("MG446", message, severity="note", hint=hint, **both)
        elif status == _LIMITED:
            message = f"{answers}: it limits the rate, and nothing could be compared"
            yield question.drift("MG445", message, hint="Try again later, or ask less.", **both)
        elif is_circumstance(status) and (usual < _ERROR or status != _SERVER):
            message = f"{answers}: it does not serve this now, and nothing could be compared"
            yield question.drift("MG446", message, hint="Try again later.", **both)
        else:
            message = f"{answers} where {question.says} {usual}"
            yield question.drift("MG402", message, party=question.other, **both)

    def _media(self, response: Response | None) -> Drift:
        media, usual = self._side.content.media, self._fake.content.media
        sent = f"the provider's reply is {media}" if media else "the provider's reply has no media type"
        if response is None or self._side.is_declared:
            both: dict[str, Any] = {"expected": usual or "none", "got": media}
            message = f"{sent} where {self._question.says} {usual or 'nothing'}"
            return self._question.drift("MG403", message, party=self._question.other, **both)
        declared = ", ".join(response.media) or "no body"
        message = f"{sent}, and the contract declares {declared} for {self._side.reply.status}"
        both = {"expected": declared, "got": media, "contract": response.at}
        return self._question.breach("MG403", message, known=self._alike and media == usual, **both)

    def _headers(self, response: Response | None) -> Iterator[Drift]:
        headers = response.headers if response is not None else {}
        names = (name.decode("latin-1") for name, _ in self._fake.reply.headers if self._alike)
        ours, theirs = set(names), self._side.reply.headers
        acted_on = ours & {*_ACTED_ON, *self._question.counts_on} - {"content-type"}
        for name in sorted(acted_on.union(headers) - {"content-type"}):
            text = header(theirs, name.encode("latin-1", "replace"))
            declared = headers.get(name, {})
            at = response.at if response is not None and declared else ""
            fields: dict[str, Any] = {"expected": name, "contract": at}
            if text:
                if response is not None and declared and not self._is_sound(response, name, text):
                    message = f"the header {name} of the provider's reply is not what its schema says"
                    yield self._question.drift("MG405", message, **fields)
            elif declared.get("required") is True:
                message = f"the provider's reply has no header {name}, which the contract requires"
                same = self._alike and name not in ours
                yield self._question.breach("MG404", message, known=same, **fields)
            elif name in acted_on:
                message = f"the provider's reply has no header {name}, which {self._question.says} with"
                party = self._question.other
                yield self._question.drift("MG404", message, severity="warning", party=party, **fields)

    def _is_sound(self, response: Response, name: str, text: str) -> bool:
        validator = self._contract.header_validator(response, name)
        return validator is None or any(map(validator.accepts, (SchemaHints.of(validator).typed(text), text)))
