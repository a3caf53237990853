"""The strategies: replies by kind, and sequences of them."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, TypeAlias

from mockgrid.strategies.choosing import either, strategy_of
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

_FAILURES = (0, 0, 0, 0, 1, 1, 2, 3)
"""How many come first, at most three."""


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
    return strategy_of(with_plain(successful(target), plain_patches(target), plain(target)))


def streams(operation: str | None = None, document: DocumentLike = None) -> SearchStrategy[Reply]:
    """Draw the same replies with odd but legal ways to stream them: cuts, comments, line ends, pace."""
    target = target_of(operation, document)
    plainest = plain(target, streaming=True)
    return strategy_of(with_plain(in_streams(target), plain_patches(target), plainest))


def errors(operation: str | None = None, document: DocumentLike = None) -> SearchStrategy[Reply]:
    """Draw errors: each status that the contract declares, with what it may say, and those of gateways."""
    return strategy_of(declared_errors(target_of(operation, document)))


def faults(operation: str | None = None, document: DocumentLike = None) -> SearchStrategy[Reply]:
    """Draw replies that break on the wire: cut, reset, stalled, garbled."""
    return strategy_of(broken(target_of(operation, document)))


def wild(*names: str) -> SearchStrategy[Reply]:
    """Draw what servers in the field send although no contract allows it.

    Args:
        names: of what to draw; all without any. ``mockgrid.strategies.wild.WILD`` says what each is.

    Raises:
        MockgridError: a name is not known.
    """
    listed = wild_replies(names)
    return strategy_of(lambda chooser: deepcopy(chooser.choice(listed)))


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
    return strategy_of(in_sequence(target_of(operation, document), faults=faults, wild=wild))


def in_sequence(target: Target, *, faults: bool, wild: bool | str | Sequence[str]) -> Drawing[list[Reply]]:
    """Draw failures and then a reply; see ``sequences``."""
    failing, ending = [declared_errors(target)], [successful(target)]
    # What takes few draws is no simpler for that: of two replies that fail, the plain one is to be shown.
    if target.speaks:
        ending.append(in_streams(target))
    if faults:
        failing.append(broken(target))
        ending.append(_weighed(broken(target)))
    listed: list[Reply] = []
    if wild:
        names = () if wild is True else (wild,) if isinstance(wild, str) else tuple(wild)
        listed = wild_replies(names, speaks=target.speaks)
        ending.append(_weighed(lambda chooser: deepcopy(chooser.choice(listed))))
    failure, last = either(failing), either(ending)

    def drawn(chooser: DrawnChooser) -> list[Reply]:
        failures = [failure(chooser) for _ in range(chooser.choice(_FAILURES))]
        return [*failures, last(chooser)]

    passing = [[failed, {"say": "0"}] for failed in plain_failures(target, faults=faults)]
    plainest = [*_alone(plain(target, streaming=True)), *passing]
    return with_asked(with_plain(drawn, _alone(plain_patches(target)), plainest), _alone(listed))


def _alone(replies: list[Reply]) -> list[list[Reply]]:
    return [[reply] for reply in replies]


def successful(target: Target) -> Drawing[Reply]:
    """Draw successful replies, each with all that it may have."""
    return said(target) if target.speaks else declared_replies(target)


def in_streams(target: Target) -> Drawing[Reply]:
    """Draw the same with ways to stream them."""
    return streamed(target) if target.speaks else declared_replies(target)


def _weighed(drawn: Drawing[Reply]) -> Drawing[Reply]:
    def weighed(chooser: DrawnChooser) -> Reply:
        reply = drawn(chooser)
        for _ in range(4):
            chooser.boolean()
        return reply

    return weighed
