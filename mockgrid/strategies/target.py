"""The operation for which replies are drawn, and what its contract says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from mockgrid.app.build import load_contract
from mockgrid.contract.contract import Contract
from mockgrid.document.nearest import did_you_mean
from mockgrid.errors import MockgridError
from mockgrid.reply.behaviours import speaking_operations
from mockgrid.settings import read_settings

if TYPE_CHECKING:
    from pathlib import Path

    from mockgrid.contract.contract import Operation

DocumentLike: TypeAlias = "str | Path | Contract | None"
"""An OpenAPI document by its path, or compiled; None for the contract that ships."""

_SHOWN_NAMES = 12


@dataclass(frozen=True, eq=False)
class Target:
    """An operation of a contract.

    Attributes:
        contract: all of it.
        operation: for which replies are drawn.
        speaks: whether scenarios speak by its replies, as they do by chat completions.
        usual: whether steps are for it that name no operation, and for no other.
    """

    contract: Contract
    operation: Operation
    speaks: bool
    usual: bool


def target_of(operation: str | None, document: DocumentLike) -> Target:
    """Return the operation of a document that a caller means.

    Args:
        operation: its id, or ``METHOD /path``; None for the one that holds a conversation, or the only one.
        document: whose.

    Raises:
        MockgridError: there is no such operation.
        DocumentError: the document cannot be used.
    """
    contract = document if isinstance(document, Contract) else _contract(document)
    speaking = speaking_operations(contract.operations)
    chosen = _chosen(operation, contract, list(speaking))
    usual = list(speaking) or [operation.id for operation in contract.operations]
    return Target(contract, chosen, chosen.id in speaking, usual == [chosen.id])


def _contract(document: str | Path | None) -> Contract:
    return load_contract(read_settings({} if document is None else {"document": document}))


def _chosen(name: str | None, contract: Contract, speaking: list[str]) -> Operation:
    candidates = speaking or [operation.id for operation in contract.operations]
    if name is None and len(candidates) == 1:
        name = candidates[0]
    known: dict[str, Operation] = {}
    for operation in contract.operations:
        for path in (operation.path, f"{contract.base_path}{operation.path}"):
            known.setdefault(f"{operation.method.upper()} {path}", operation)
    known |= {operation.id: operation for operation in contract.operations}
    names = [operation.id for operation in contract.operations]
    listed = ", ".join(names[:_SHOWN_NAMES]) + (", …" if len(names) > _SHOWN_NAMES else "")
    if name is None:
        message = (
            f"{contract.title} has {len(names)} operations, and none is named for which replies are drawn."
        )
        raise MockgridError(message, hint=f"Name one of {listed}.")
    method, _, path = name.partition(" ")
    chosen = known.get(name) or known.get(f"{method.upper()} {path}")
    if chosen is None:
        hint = did_you_mean(name, known).strip() or f"It has {listed}."
        raise MockgridError(f"{contract.title} has no operation {name!r}.", hint=hint)
    return chosen
