"""Operations whose id another one has, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.document.pointer import join

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockgrid.contract.operation import Operation
    from mockgrid.document.document import Document

__all__ = ["plain_id", "repeated_ids"]


def plain_id(method: str, path: str) -> str:
    """Return what an operation is called that has no id of its own: ``GET /pets``."""
    return f"{method.upper()} {path}"


def repeated_ids(operations: Iterable[Operation], document: Document) -> Iterator[tuple[str, str]]:
    """Yield the operation ids that were given before: where each stands, and a sentence.

    Args:
        operations: of one document, in its order.
        document: gives the places.
    """
    first: dict[str, Operation] = {}
    for operation in operations:
        known = first.setdefault(operation.written_id, operation)
        if known is operation or not operation.written_id:
            continue
        own = plain_id(operation.method, operation.path)
        of = f"{plain_id(known.method, known.path)} ({_place(known, document)})"
        if known.at == operation.at:  # two paths refer to one path item
            where = document.where_key(join(("paths", operation.path)))
        else:
            where = _place(operation, document)
        yield (
            where,
            f"the operationId {operation.written_id} is already that of {of}; this one is called {own!r}.",
        )


def _place(operation: Operation, document: Document) -> str:
    return document.where(f"{operation.at}/operationId")
