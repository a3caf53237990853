"""Cutting a text into the pieces that a stream sends."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mockgrid.reply.tokens import Tokenizer

# White space goes with the word after it; the pieces join to the text.
_WORD = re.compile(r"\s*\S+|\s+")


@dataclass(frozen=True, slots=True)
class Chunking:
    """How texts are cut: by token, by word, by characters, or as listed.

    Attributes:
        by: the unit; ``list`` cuts as ``pieces`` says.
        characters: code points to a piece, where ``by`` is ``characters``. No piece ends inside one, though
            it may end between the code points of one visible character, as models' tokens do.
        pieces: for the text that they join to. Any other text of the reply goes by token.
    """

    by: Literal["token", "word", "characters", "list"] = "token"
    characters: int = 1
    pieces: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.characters < 1:
            raise ValueError(f"characters is {self.characters}; a piece has at least one")

    def split(self, text: str, tokenizer: Tokenizer) -> list[str]:
        """Return the pieces of a text; they join to it.

        >>> Chunking("characters", 4).split("Hello there", tokenizer)
        ['Hell', 'o th', 'ere']
        """
        if self.by == "word":
            return _WORD.findall(text)
        if self.by == "characters":
            return [text[start : start + self.characters] for start in range(0, len(text), self.characters)]
        if self.by == "list" and "".join(self.pieces) == text:
            return list(self.pieces)
        return tokenizer.split(text)
