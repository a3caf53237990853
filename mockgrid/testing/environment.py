"""Environment variables that lead the official clients to a session."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType


class Environment(dict[str, str]):
    """``OPENAI_BASE_URL`` and ``OPENAI_API_KEY``; in a ``with`` block they are set, and restored after it.

    >>> with mockgrid.env():
    ...     client = OpenAI()
    """

    def __init__(self, base_url: str, api_key: str) -> None:
        super().__init__(OPENAI_BASE_URL=base_url, OPENAI_API_KEY=api_key)
        self._before: list[dict[str, str | None]] = []

    def __enter__(self) -> Self:
        self._before.append({name: os.environ.get(name) for name in self})
        os.environ.update(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for name, value in self._before.pop().items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
