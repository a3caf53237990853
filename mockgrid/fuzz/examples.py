"""Which examples a client is tried with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mockgrid.fuzz.example import DrawnExample
from mockgrid.strategies import errors, sequences
from mockgrid.strategies import faults as faulty
from mockgrid.strategies import wild as wild_replies
from mockgrid.strategies.plain import plain, plain_failures, plain_patches, with_plain
from mockgrid.strategies.replies import in_streams, successful
from mockgrid.strategies.target import target_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hypothesis.strategies import SearchStrategy

    from mockgrid.contract.contract import Contract


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
    return st.one_of(
        [_answering(name, contract, streaming=streaming, faults=faults, wild=wild) for name in operations]
    )


def _answering(
    name: str, contract: Contract, *, streaming: bool, faults: bool, wild: Sequence[str] | None
) -> SearchStrategy[DrawnExample]:
    target = target_of(name, contract)
    kinds = [successful(target)]
    if streaming:
        kinds.append(in_streams(target))
    if wild is not None:
        kinds.append(wild_replies(*wild))
    single = st.one_of(kinds)
    drawn = single.map(_alone)
    if faults:
        broken = st.one_of(errors(name, contract), faulty(name, contract)).map(_alone)
        several = sequences(name, contract, faults=True, wild=wild or wild is not None)
        # Not by `one_of`: of what is long Hypothesis draws many for one that is short.
        drawn = st.sampled_from((drawn, broken, broken, several)).flatmap(_itself)
    plainest = [*plain(target, streaming=streaming), *(plain_failures(target, faults=True) if faults else ())]
    drawn = with_plain(drawn, list(map(_alone, plain_patches(target))), list(map(_alone, plainest)))
    operation = None if target.speaks else target.operation.id
    return drawn.map(lambda listed: DrawnExample(listed, operation))


def _alone(reply: dict[str, Any]) -> list[dict[str, Any]]:
    return [reply]


def _itself(drawn: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return drawn
