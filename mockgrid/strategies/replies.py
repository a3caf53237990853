"""The strategies: replies by kind, and sequences of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mockgrid.strategies.choosing import copies, either, strategy_of
from mockgrid.strategies.contract import declared_errors, declared_replies
from mockgrid.strategies.faulty import broken
from mockgrid.strategies.plain import plain, plain_failures, plain_patches, with_asked, with_plain
from mockgrid.strategies.spoken import said, streamed
from mockgrid.strategies.target import target_of
from mockgrid.strategies.wild import wild_replies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypothesis.strategies import SearchStrategy

    from mockgrid.strategies.choosing import Drawing, DrawnChooser
    from mockgrid.strategies.target import DocumentLike, Target

Reply: TypeAlias = dict[str, Any]
"""What stands under ``reply:`` in a step."""

_FAILURES: Final = 3
"""How many come first at most."""


def replies(operation: str | None = None, document: DocumentLike = None) -> SearchStrategy[Reply]:
    """Draw successful replies that the contract allows, and that a client must survive.

    Args:
        operation: an operation's id, or ``METHOD /path``; by default the one that holds a conversation, such
            as chat completions, or the only one.
        document: an OpenAPI document, by its path; by default the contract that ships.

    Raises:
        MockgridError: there is no such operation or document.
    """
    target = target_of(operation, document)
    return strategy_of(with_plain(successful(target), plain(target), plain_patches(target)))


def streams(operation: str | None = None, document: DocumentLike = None) -> SearchStrategy[Reply]:
    """Draw the same replies with odd but legal ways to stream them: cuts, comments, line ends, pace."""
    target = target_of(operation, document)
    plainest = plain(target, streaming=True)
    return strategy_of(with_plain(in_streams(target), plainest, plain_patches(target)))


def errors(operation: str | None = None, document: DocumentLike = None) -> SearchStrategy[Reply]:
    """Draw errors: each status that the contract declares, with what it may say, and those of gateways."""
    return strategy_of(either(declared_errors(target_of(operation, document))))


def faults(operation: str | None = None, document: DocumentLike = None) -> SearchStrategy[Reply]:
    """Draw replies that break on the wire: cut, reset, stalled, garbled."""
    return strategy_of(either(broken(target_of(operation, document))))


def wild(*names: str) -> SearchStrategy[Reply]:
    """Draw what servers in the field send although no contract allows it.

    Args:
        names: of what to draw; all without any. ``mockgrid.strategies.wild.WILD`` says what each is.

    Raises:
        MockgridError: a name is not known.
    """
    return strategy_of(either(copies(wild_replies(names))))


def sequences(
    operation: str | None = None,
    document: DocumentLike = None,
    *,
    faults: bool = False,
    wild: bool | str | Sequence[str] = False,
) -> SearchStrategy[list[Reply]]:
    """Draw failures, at most three, and then a reply: what stands under ``replies:`` in a step.

    Args:
        operation: see ``replies``.
        document: the same.
        faults: whether some failures and replies break on the wire.
        wild: whether there is among them what no contract allows: all of it, or what is named.
    """
    target = target_of(operation, document)
    listed = _asked(target, wild)
    passing = [[failed, {"say": "0"}] for failed in plain_failures(target, faults=faults)]
    plainest = [*alone(plain(target, streaming=True)), *passing]
    drawn = with_plain(in_sequence(target, listed, faults=faults), plainest, alone(plain_patches(target)))
    return strategy_of(with_asked(drawn, alone(listed)))


def _asked(target: Target, wild: bool | str | Sequence[str]) -> list[Reply]:  # noqa: FBT001 - as users say it
    if not wild:
        return []
    names = () if wild is True else (wild,) if isinstance(wild, str) else tuple(wild)
    return wild_replies(names, speaks=target.speaks)


def in_sequence(target: Target, wild: Sequence[Reply], *, faults: bool) -> Drawing[list[Reply]]:
    """Draw failures and then a reply; see ``sequences``.

    Args:
        target: the operation.
        wild: what the last may be that no contract allows.
        faults: whether some break on the wire.
    """
    breaking = broken(target) if faults else []
    failing = [*declared_errors(target), *breaking]
    endings = [successful(target), *([in_streams(target)] if target.speaks else ())]
    endings += [either(alike) for alike in (breaking, copies(wild)) if alike]
    # As many of those with which it goes on as of those with which it ends.
    going_on = [either(failing[place :: len(endings)]) for place in range(len(endings))]
    drawings = [*endings, *going_on]

    def drawn(chooser: DrawnChooser) -> list[Reply]:
        replies: list[Reply] = []
        while len(replies) < _FAILURES:
            place = chooser.index(len(drawings))
            replies.append(drawings[place](chooser))
            if place < len(endings):
                return replies
        return [*replies, chooser.choice(endings)(chooser)]

    return drawn


def alone(replies: list[Reply]) -> list[list[Reply]]:
    """Return each as the only one of a sequence."""
    return [[reply] for reply in replies]


def successful(target: Target) -> Drawing[Reply]:
    """Draw successful replies, each with all that it may have."""
    return said(target) if target.speaks else declared_replies(target)


def in_streams(target: Target) -> Drawing[Reply]:
    """Draw the same with ways to stream them."""
    return streamed(target) if target.speaks else declared_replies(target)
