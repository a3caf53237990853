"""The values of one request for the JSON Schemas that it carries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockgrid.schema.values import ValueMemory

# Characters that are made anew for one request; what it asks for beyond them are the same values again.
_MADE = 32 * 1024


class RequestValues:
    """The values of one request, as JSON text: all that it asks for, and no more work than is reasonable.

    Choices get values of their own as long as these are small; once many characters are made, earlier values
    of the same schema are given again, in turn.
    """

    def __init__(self, memory: ValueMemory) -> None:
        self._memory = memory
        self._made: dict[tuple[str | int, ...], list[str]] = {}
        self._turns: dict[tuple[str | int, ...], int] = {}
        self._left = _MADE

    def make(
        self, schema: Any, seed: str, at: tuple[str | int, ...], *, text: str, must_be_object: bool
    ) -> str:
        """Return a value for the schema that stands at a place of the request.

        Raises:
            SynthesisError: the schema is invalid, or nothing satisfies it.
        """
        made = self._made.setdefault(at, [])
        if made and self._left <= 0:
            turn = self._turns.get(at, 0)
            self._turns[at] = turn + 1
            return made[turn % len(made)]
        value = self._memory.text(schema, seed, text=text, must_be_object=must_be_object)
        made.append(value)
        self._left -= len(value)
        return value
