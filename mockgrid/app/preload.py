"""What only some requests need, loaded before the first of them comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mockgrid.control.operator import Operator
    from mockgrid.session.turns import Turns

__all__ = ["preload"]


class Operated(Protocol):
    """What operators may ask, in words and over HTTP; each loaded when somebody first does."""

    @property
    def control(self) -> object:
        """The control interface."""

    @property
    def operator(self) -> Operator:
        """What answers there."""


def preload(app: Operated) -> Turns[None]:
    """Load it, in turns, once a server has started."""
    import mockgrid.schema.generate  # noqa: F401, PLC0415 - 5 ms before a server is ready

    yield
    import starlette.applications  # noqa: F401, PLC0415 - the same

    yield
    _ = app.control
    yield from app.operator.reported()
