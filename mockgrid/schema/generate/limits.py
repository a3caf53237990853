"""How much work, and how large a value, one schema may cost."""

from __future__ import annotations

from mockgrid.errors import UnsatisfiableError

SUBSCHEMA_LIMIT = 10_000
SCHEMA_DEPTH_LIMIT = 100
VALUE_DEPTH_LIMIT = 40
NODE_LIMIT = 5_000
CHARACTER_LIMIT = 200_000
STRING_LIMIT = 16_384
INTEGER_LOW, INTEGER_HIGH = -(2**63), 2**64 - 1


class ExhaustedError(UnsatisfiableError):
    """A limit was met: what was being tried is given up as a whole, not just the branch at hand."""


class Budget:
    """A number of steps, each a microsecond or a few; the same schema takes the same steps everywhere."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._left = steps

    def spend(self, steps: int = 1, where: str = "") -> None:
        """Take steps.

        Raises:
            ExhaustedError: none are left.
        """
        self._left -= steps
        if self._left < 0:
            raise ExhaustedError(
                f"no value was found within the limit of {self._steps} steps",
                where=where,
                hint="Simplify the schema.",
            )
