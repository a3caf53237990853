"""Counting and cutting text: one tokenizer for usage, limits and streams.

The built-in tokenizer counts four characters a token, OpenAI's own rule of thumb, which comes near the counts
of real models and costs next to nothing. With the extra ``mockgrid[tokens]`` counts are those of OpenAI's
``o200k_base``.
"""

from __future__ import annotations

import re
import warnings
from bisect import bisect_left
from functools import lru_cache
from importlib.util import find_spec
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Characters to a token of the built-in tokenizer.
_SIZE = 4
# Longer texts are counted anew each time, so that the cache stays small.
_CACHED_LENGTH = 2048
_CACHED_TEXTS = 4096
# So many have all of their pieces remembered.
_CUT_TEXTS = 128
_BLOCK = 50_000


class Tokenizer(Protocol):
    """Splits text into pieces that join to it, and counts tokens."""

    @property
    def remembered(self) -> int:
        """How many texts it knows again."""

    def count(self, text: str) -> int:
        """Return how many tokens a text has."""

    def total(self, texts: Iterable[str]) -> int:
        """Return how many tokens several texts have together.

        Raises:
            TypeError: one of them is not a text.
        """

    def pieces(self, text: str) -> Iterable[str]:
        """Return the pieces that a stream sends, a token each; they join to the text."""


class ShortWords:
    """The built-in tokenizer: one token for each four characters that a text begins.

    Token ``k`` ends at character ``4 k``, or up to three earlier, where a space begins the next. So pieces
    are short words and parts of long ones, and the first ``n`` pieces of a text have ``n`` tokens.

    Pieces of short texts are remembered: several choices say the same, and so do retries.

    >>> list(ShortWords().pieces("You said: Say hello"))
    ['You', ' said', ':', ' Say', ' hello']
    """

    def __init__(self) -> None:
        self._remembered = lru_cache(_CUT_TEXTS)(lambda text: tuple(self._cut(text)))

    @property
    def remembered(self) -> int:
        """How many texts are known again."""
        return self._remembered.cache_info().currsize

    def count(self, text: str) -> int:
        """Return how many tokens a text has."""
        return -(-len(text) // _SIZE)

    def total(self, texts: Iterable[str]) -> int:
        """Return how many tokens several texts have together, rounded once."""
        return -(-len("".join(texts)) // _SIZE)

    def pieces(self, text: str) -> Iterable[str]:
        """Return the text's tokens, of a long text cut while they are taken; they join to it."""
        return self._remembered(text) if len(text) <= _CACHED_LENGTH else self._cut(text)

    def _cut(self, text: str) -> Iterator[str]:
        start = 0
        for most in range(_SIZE, len(text), _SIZE):
            space = text.rfind(" ", most - _SIZE + 1, most + 1)
            end = most if space < 0 else space
            yield text[start:end]
            start = end
        if text:
            yield text[start:]


class OpenAITokens:
    """The tokens of OpenAI's ``o200k_base``, from a vocabulary that ships with `bpe-openai`.

    Counts of short texts are remembered: a conversation is sent again with each turn.
    """

    def __init__(self, vocabulary: Any) -> None:
        self._vocabulary = vocabulary
        self._remembered = lru_cache(_CACHED_TEXTS)(self._count)

    @property
    def remembered(self) -> int:
        """How many texts are known again."""
        return self._remembered.cache_info().currsize

    def count(self, text: str) -> int:
        """Return how many tokens a text has."""
        return self._remembered(text) if len(text) <= _CACHED_LENGTH else self._count(text)

    def total(self, texts: Iterable[str]) -> int:
        """Return how many tokens several texts have together, each counted alone."""
        total = 0
        for text in texts:
            if not isinstance(text, str):
                raise TypeError(f"{type(text).__name__} is not text")
            total += self.count(text)
        return total

    def pieces(self, text: str) -> list[str]:
        """Return the text's tokens; those that end inside a character go together with the next."""
        data = text.encode("utf-8")
        sizes = (len(self._vocabulary.decode_single_token_bytes(token)) for token in self._ids(text))
        pieces: list[str] = []
        start = 0
        for end in accumulate(sizes):
            # 0b10xxxxxx continues a character: the cut would fall inside it.
            if end >= len(data) or data[end] & 0xC0 != 0x80:  # noqa: PLR2004 - two bits
                pieces.append(data[start:end].decode("utf-8"))
                start = end
        return pieces

    def _count(self, text: str) -> int:
        return sum(1 for _ in self._ids(text))

    def _ids(self, text: str) -> Iterator[int]:
        # The vocabulary takes no more than so much at once; a block's border may cost a token.
        for start in range(0, len(text), _BLOCK):
            yield from self._vocabulary.encode_ordinary(text[start : start + _BLOCK])


def has_vocabulary() -> bool:
    """Tell whether ``mockgrid[tokens]`` is installed."""
    return find_spec("bpe_openai") is not None


def best_tokenizer() -> Tokenizer:
    """Return OpenAI's own tokenizer where ``mockgrid[tokens]`` is installed, else the built-in one.

    Where it is, this is for the main thread alone: filters of warnings are the whole process's.
    """
    if not has_vocabulary():
        return ShortWords()
    with warnings.catch_warnings():
        # It reads its vocabulary by a function that Python 3.11 and 3.12 deprecate: not its users' business.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            import bpe_openai  # noqa: PLC0415 - optional, and large
        except ImportError:
            return ShortWords()
        return OpenAITokens(bpe_openai.get_encoding("o200k_base"))


def cut(tokenizer: Tokenizer, text: str, limit: int) -> tuple[str, bool]:
    """Return the longest start of a text that has at most ``limit`` tokens, and whether that cut it."""
    if tokenizer.count(text) <= limit:
        return text, False
    pieces = list(islice(tokenizer.pieces(text), max(limit, 0)))
    # A piece may hold several tokens, and joined pieces may split otherwise.
    while pieces and tokenizer.count("".join(pieces)) > limit:
        pieces.pop()
    return "".join(pieces), True


# White space goes with the word after it; the pieces join to the text.
_WORD = re.compile(r"\s*\S+|\s+")


Chunks: TypeAlias = "Literal['token', 'word'] | int | tuple[str, ...]"
"""How texts are cut: by token, by word, by so many code points, or into those of these pieces in a row that
join to the text; any other text goes by token then. No piece ends inside a code point, though it may end
between those of one visible character, as models' tokens do.
"""


def pieces_of(text: str, tokenizer: Tokenizer, chunks: Chunks) -> Iterable[str]:
    """Return the pieces of a text, perhaps cut while they are taken; they join to it.

    >>> pieces_of("Hello there", tokenizer, 4)
    ['Hell', 'o th', 'ere']
    """
    if chunks == "word":
        return _WORD.findall(text)
    if isinstance(chunks, int):
        return [text[start : start + chunks] for start in range(0, len(text), chunks)]
    if isinstance(chunks, tuple):
        joined = "".join(chunks)
        if joined == text:
            return chunks
        run = _run(chunks, joined, text)
        if run:
            return run
    return tokenizer.pieces(text)


def _run(chunks: tuple[str, ...], joined: str, text: str) -> tuple[str, ...]:
    """Return the first pieces in a row that join to a text; none where there are none."""
    ends = list(accumulate(map(len, chunks), initial=0))
    start = joined.find(text) if text else -1
    while start >= 0:
        first, last = bisect_left(ends, start), bisect_left(ends, start + len(text))
        if ends[first] == start and ends[last] == start + len(text):
            return chunks[first:last]
        start = joined.find(text, start + 1)
    return ()
