"""Where the values of a document stand in its files, as a tree of spots beside the data.

A spot is cheap to ask for and costly to have for every value of a large contract, so documents make
their spots only when somebody asks, in practice when a finding is reported.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

__all__ = ["Place", "Spot"]


class Place(NamedTuple):
    """One position in one file; line and column count from 1.

    >>> str(Place("api.yaml", 3, 7))
    'api.yaml:3:7'
    """

    name: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.name}:{self.line}:{self.column}"


class Spot:
    """Where one value stands (``place``), the key that leads to it (``key``), and the spots inside it."""

    __slots__ = ("inside", "key", "place")

    def __init__(self, place: Place, key: Place | None = None, inside: Inside = None) -> None:
        self.place = place
        self.key = key
        self.inside = inside

    def child(self, part: str) -> Spot | None:
        """The spot under a key or an index; None where there is none."""
        if isinstance(self.inside, dict):
            return self.inside.get(part)
        if isinstance(self.inside, list) and part.isdecimal() and int(part) < len(self.inside):
            return self.inside[int(part)]
        return None

    def under(self, key: Place | None) -> Spot:
        """The same value as reached by another key."""
        return Spot(self.place, key, self.inside)

    def copy(self) -> Spot:
        """A tree of its own, to be changed freely."""
        inside: Inside = None
        if isinstance(self.inside, dict):
            inside = {key: spot.copy() for key, spot in self.inside.items()}
        elif isinstance(self.inside, list):
            inside = [spot.copy() for spot in self.inside]
        return Spot(self.place, self.key, inside)


Inside: TypeAlias = dict[str, Spot] | list[Spot] | None
