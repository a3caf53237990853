"""What becomes of mistakes in a document: the first refuses it, or all are kept and it is used without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

__all__ = ["Mistakes"]


class Mistakes:
    """The mistakes of one document and of the files that it refers to, each once.

    As a context, what is done inside is a part of the document, and its mistake costs that part:

    >>> mistakes = Mistakes(strict=False)
    >>> with mistakes:
    ...     raise DocumentError("the reference leads to nothing.", where="api.yaml:3:7")
    >>> [str(mistake) for mistake in mistakes]
    ['api.yaml:3:7: the reference leads to nothing.']

    Args:
        strict: whether the first mistake refuses the document.
    """

    def __init__(self, *, strict: bool = True) -> None:
        self.strict = strict
        self._errors: dict[object, DocumentError] = {}

    def tell(self, error: DocumentError) -> None:
        """Keep a mistake, and go on with what its part means without it.

        Raises:
            DocumentError: this one, where the document is held to be without mistakes.
        """
        if self.strict:
            raise error
        self._errors.setdefault(error.identity, error)

    @property
    def told(self) -> list[DocumentError]:
        """Return all of them, also where several are at one place; none is looked up."""
        return list(self._errors.values())

    def __iter__(self) -> Iterator[DocumentError]:
        """Yield them as they were told, the first at each place."""
        first: dict[str, DocumentError] = {}
        for error in self._errors.values():
            first.setdefault(error.where, error)
        return iter(first.values())

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, DocumentError) or self.strict:
            return False
        self.tell(error)
        return True
