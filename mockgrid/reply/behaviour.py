"""What answers an operation beyond examples and synthesis.

A behaviour is a folder in ``reply/`` that holds all that is known of its requests, replies and streams, and a
line in ``behaviours.py``.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Protocol, TypeAlias

from mockgrid.fixed import fixed
from mockgrid.schema.values import ValueMemory
from mockgrid.session.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from mockgrid.contract.contract import Contract
    from mockgrid.contract.extension import Models
    from mockgrid.reply.delivery.form import StreamForm
    from mockgrid.reply.reply import Reply
    from mockgrid.reply.request import Request
    from mockgrid.reply.tokens import Tokenizer
    from mockgrid.scenario.reply import ScriptedReply
    from mockgrid.scenario.view import Conversation, RequestView
    from mockgrid.schema.violation import Violation
    from mockgrid.session.verdicts.streams import Transcript

__all__ = ["CREATED", "Behaviour", "Habits", "Hearer", "Kit", "Lapse", "Samples", "Speaker", "Style", "Turn"]

CREATED = 1_735_689_600
"""The instant at which a fixed clock stands still: 1 January 2025, 00:00 UTC."""

Style: TypeAlias = Literal["echo", "prose", "static"]
"""What default replies say: the user's words in one sentence (static as well), or prose of a given length."""


Samples: TypeAlias = "tuple[tuple[Any, tuple[Any, ...]], ...]"
"""Bodies of requests, each with those that ask for the same in other words."""


@fixed(kw_only=True)
class Kit:
    """What behaviours are made from.

    Attributes:
        contract: what replies obey.
        tokenizer: counts usage, cuts at limits, and makes the pieces of streams.
        models: the known models; None accepts any.
        memory: makes values for the schemas that requests carry.
        style: of default replies.
        prose_tokens: how long prose is.
        real_clock: whether replies say that they were made at the time of day.
        strict: whether the rules are enforced that an API has beyond its contract.
    """

    contract: Contract
    tokenizer: Tokenizer
    models: Models | None
    memory: ValueMemory = field(default_factory=ValueMemory)
    style: Style = "echo"
    prose_tokens: int = 64
    real_clock: bool = False
    strict: bool = False


class Turn(NamedTuple):
    """A request whose reply a scenario decides.

    Attributes:
        request: a valid one.
        view: the same as scenarios see it.
        seed: hexadecimal text from what the request asks, 32 characters, after the scenario's own seed.
        attempt_id: hexadecimal text that differs between attempts too, 128 characters.
        clock: the session's.
    """

    request: Request
    view: RequestView
    seed: str
    attempt_id: str
    clock: Clock = Clock()


class Behaviour(Protocol):
    """Answers the operations whose ``x-mockgrid.behaviour`` names it.

    Args:
        kit: what replies are made from.

    Attributes:
        conversation: reads the conversation in requests; None where they hold none, and nothing is scripted.
    """

    conversation: ClassVar[Conversation | None] = None

    def __init__(self, kit: Kit) -> None: ...

    @staticmethod
    def transcript() -> Transcript | None:
        """Return what finds the assistant's words for verdicts; None where there are none."""
        return None

    @staticmethod
    def habits() -> Habits | None:
        """Return what its replies are like beyond their schema; None where nothing is known of it."""
        return None

    @staticmethod
    def hearer() -> Hearer | None:
        """Return what says its replies in the words of scenarios; None where they have no words for them."""
        return None

    @staticmethod
    def misuses(body: Any) -> Iterable[Violation]:  # noqa: ARG004 - there is nothing to be said of it
        """Yield what is odd in a valid body beyond its schema, though it is answered."""
        return ()

    @staticmethod
    def expects(body: Any, pointer: str) -> bool:  # noqa: ARG004 - the same
        """Tell whether a field that the contract does not know is right in a body all the same."""
        return False

    @property
    def speaker(self) -> Speaker | None:
        """What says what scenarios script; None where there is no conversation."""
        return None

    def check(self, request: Request) -> None:
        """Refuse what the schema admits but this API does not, such as an unknown model.

        Raises:
            RefusedError: the request cannot be served.
        """

    def reply(self, request: Request, seed: str, attempt_id: str) -> Reply:
        """Compose the default reply.

        Args:
            request: a valid request.
            seed: hexadecimal text from what the request asks, 32 characters.
            attempt_id: hexadecimal text that differs between attempts too, 128 characters.
        """


class Lapse(NamedTuple):
    """One way in which a reply is not what its request asked for, or its events are out of order.

    Attributes:
        code: what ``mockgrid explain`` tells of it.
        message: what is so, without the place, a capital and a full stop.
        pointer: JSON pointer into the reply, or into the data of the event.
        expected: what should be so, in a few words; may be empty.
        got: what is so; may be empty.
    """

    code: str
    message: str
    pointer: str
    expected: str = ""
    got: str = ""


class Habits(Protocol):
    """What the replies of one behaviour are like beyond their schema, and what to send to see them.

    Attributes:
        steady: fields that servers are wont to have the same in all events of a stream.
    """

    steady: tuple[str, ...]

    def questions(self, model: str) -> Iterator[tuple[str, Any]]:
        """Yield bodies that are answered, each after what it asks for in words, such as ``streamed``."""

    def unanswerable(self) -> Iterator[tuple[str, Any]]:
        """Yield bodies that are refused though they obey the schema, each after what is wrong with it."""

    def phrased(self, said: Mapping[str, Any], model: str, calls: Sequence[tuple[str, Any]] = ()) -> Any:
        """Return a body of which the predicates of scenarios, by their names, would have these values.

        Args:
            said: the values.
            model: where nothing says which.
            calls: the functions whose calls are to be the reply, each with its arguments.
        """

    def most_tokens(self, body: Any) -> int:
        """Return how many tokens a request may take, of prompt and reply; what it leaves open is guessed."""

    def is_error(self, value: Any) -> bool:
        """Tell whether an event reports an error, by its data."""

    def kinds(self, values: Sequence[Any]) -> frozenset[str]:
        """Return what a reply, or its events, does other than say something, in the words of scenarios."""

    def said(self, values: Sequence[Any], others: Sequence[Any]) -> tuple[str, ...]:
        """Return pointers to what two replies may have otherwise that do not say the same, items as ``*``."""

    def lapses(self, body: Any, values: Sequence[Any], *, streamed: bool) -> Iterator[Lapse]:
        """Yield what is out of order in a reply, or its events, and what it has not of what was asked for."""


class Speaker(Protocol):
    """Says what scenarios script, in the words of one behaviour.

    Attributes:
        form: what the events of its streams look like.
        said: pointers to the fields of its replies whose values the words of scenarios say.
        settled: those that no reply of its leaves open, whatever the contract says.
        further: values of such fields that a reply may have all the same, by pointers.
    """

    form: StreamForm
    said: frozenset[str] = frozenset()
    settled: frozenset[str] = frozenset()
    further: tuple[Mapping[str, Any], ...] = ()

    def samples(self, scripted: ScriptedReply) -> Samples:
        """Return the bodies that a reply is composed for when it is checked, whole and as a stream."""

    def scripted(self, scripted: ScriptedReply, turn: Turn) -> Reply:
        """Compose what a scenario says, calls or refuses, or the default reply with what it adds to that.

        The reply's ``streaming`` says how it streams, or would have: faults, pace and waits follow from that.
        Status and headers are added by others.

        Raises:
            RefusedError: the request asks for what cannot be made.
        """

    def spoken(
        self, scripted: ScriptedReply, request: Request, view: RequestView, attempt_id: str
    ) -> Reply | None:
        """Return the same in a short way; None where the short way does not lead there.

        It is asked first for replies that have no pace, and of which nothing but a form is scripted.
        """


class Hearer(Protocol):
    """Says what one behaviour's replies say, in the words of scenarios: the inverse of its ``Speaker``.

    What the words leave open, such as ids, and whether they say the same, is for others to see to.
    """

    def reply(self, value: Any, request: Any) -> dict[str, Any] | None:
        """Return the words for the body of a reply to the body of a request; None where there are none."""

    def stream(self, values: Sequence[Any], request: Any) -> dict[str, Any] | None:
        """Return the words for a stream, given the data of its events without the one that ends it."""

    def event(self, value: Any, whole: Collection[str] = ()) -> dict[str, Any] | None:
        """Return the words for the data of one event; None where there are none.

        Args:
            value: the data.
            whole: the names of its fields that are given as they are.
        """
