"""Which examples a client is tried with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockgrid.fuzz.example import DrawnExample
from mockgrid.strategies.choosing import either, strategy_of
from mockgrid.strategies.contract import declared_errors
from mockgrid.strategies.faulty import broken
from mockgrid.strategies.plain import plain, plain_failures, plain_patches, with_asked, with_plain
from mockgrid.strategies.replies import alone, in_sequence, in_streams, successful
from mockgrid.strategies.target import target_of
from mockgrid.strategies.wild import wild_replies

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hypothesis.strategies import SearchStrategy

    from mockgrid.contract.contract import Contract
    from mockgrid.strategies.choosing import Drawing


def examples(
    contract: Contract,
    operations: Iterable[str],
    *,
    streaming: bool = True,
    faults: bool = False,
    wild: Sequence[str] | None = None,
) -> SearchStrategy[DrawnExample]:
    """Return what to draw examples from.

    Args:
        contract: which replies obey.
        operations: that are answered, each by its id.
        streaming: whether streams may come in odd ways, for a client that asks for some.
        faults: whether errors come first, and replies break on the wire.
        wild: names of what no contract allows and yet may come; none for all of it, None for nothing of it.

    Raises:
        MockgridError: there is no such operation, or nothing wild of such a name.
    """
    drawn = [_answering(name, contract, streaming=streaming, faults=faults, wild=wild) for name in operations]
    return strategy_of(either(drawn))


def _answering(
    name: str, contract: Contract, *, streaming: bool, faults: bool, wild: Sequence[str] | None
) -> Drawing[DrawnExample]:
    target = target_of(name, contract)
    listed = [] if wild is None else wild_replies(wild, speaks=target.speaks)
    kinds = [successful(target), *([in_streams(target)] if streaming else ())]
    drawn = _alone(either(kinds))
    plainest = plain(target, streaming=streaming)
    if faults:
        failing = _alone(either([*declared_errors(target), *broken(target)]))
        drawn = either((drawn, failing, in_sequence(target, listed, faults=True)))
        plainest += plain_failures(target, faults=True)
    drawn = with_plain(drawn, alone(plainest), alone(plain_patches(target)))
    drawn = with_asked(drawn, alone(listed))
    operation = None if target.speaks else target.operation.id
    return lambda chooser: DrawnExample(drawn(chooser), operation)


def _alone(drawn: Drawing[dict[str, Any]]) -> Drawing[list[dict[str, Any]]]:
    return lambda chooser: [drawn(chooser)]
