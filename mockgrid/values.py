"""What the values of settings may look like: how a flag, a variable or an argument in Python is read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from mockgrid.document.nearest import did_you_mean
from mockgrid.errors import StartError

SIZES: Final = {
    "": 1,
    "b": 1,
    "kb": 1000,
    "mb": 1000**2,
    "gb": 1000**3,
    "kib": 1024,
    "mib": 1024**2,
    "gib": 1024**3,
}
SECONDS: Final = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

_QUANTITY: Final = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?([a-z]*)", re.IGNORECASE)


class Kind(Protocol):
    """What the values of a setting are.

    Attributes:
        name: of such a value, as help shows it.
    """

    name: str

    def read(self, value: Any) -> Any:
        """Return the value as ``Settings`` holds it.

        Raises:
            StartError: it is none of this kind.
        """


class Whole:
    """A whole number within bounds."""

    name = "number"

    def __init__(self, least: int, most: int | None = None) -> None:
        self.least, self.most = least, most

    def read(self, value: Any) -> int:
        """Read ``8080``."""
        text = str(value).strip()
        if re.fullmatch(r"-?[0-9]{1,18}", text):
            number = int(text)
            if number >= self.least and (self.most is None or number <= self.most):
                return number
        expected = f"from {self.least} to {self.most}" if self.most is not None else f"from {self.least} up"
        raise StartError(f"{value!r} is not a whole number {expected}.")


class Percent(Whole):
    """A whole percentage."""

    name = "percent"

    def __init__(self) -> None:
        super().__init__(0, 100)

    def read(self, value: Any) -> int:
        """Read ``80``."""
        try:
            return super().read(value)
        except StartError as error:
            raise StartError(f"{error.message} It is a percentage: 80 for 80 %.") from None


class Size:
    """A number of bytes, with or without a unit."""

    name = "size"

    def read(self, value: Any) -> int:
        """Read ``20MiB``, ``5MB`` or ``1000``."""
        size = _quantity(value, SIZES)
        if size is None or size < 1:
            raise StartError(f"{value!r} is not a size such as 20MiB, 5MB or 1000 (bytes).")
        return int(size)


class Duration:
    """A time in seconds, with or without a unit.

    Args:
        zero: whether no time at all will do.
    """

    name = "time"

    def __init__(self, *, zero: bool = False) -> None:
        self.zero = zero

    def read(self, value: Any) -> float:
        """Read ``500ms``, ``30s``, ``2m`` or ``30``."""
        seconds = _quantity(value, SECONDS)
        if seconds is None or (seconds == 0 and not self.zero):
            raise StartError(f"{value!r} is not a time such as 500ms, 30s or 2m.")
        return seconds


class OneOf:
    """One of a few words."""

    name = "word"

    def __init__(self, *words: str) -> None:
        self.words = words

    def read(self, value: Any) -> str:
        """Read one of the words, in any case."""
        word = str(value).strip().lower()
        if word in self.words:
            return word
        expected = f"{', '.join(self.words[:-1])} or {self.words[-1]}"
        raise StartError(f"{value!r} is not {expected}.{did_you_mean(word, self.words)}")


class Switch:
    """Yes or no; on the command line, a flag that is there or not."""

    name = "switch"

    def read(self, value: Any) -> bool:
        """Read ``True``; a text such as ``"no"`` would count as yes wherever it is asked for."""
        if isinstance(value, bool):
            return value
        raise StartError(f"{value!r} is not True or False.")


class Text:
    """Any text; in Python, a path will do.

    Args:
        name: of such a text.
    """

    def __init__(self, name: str = "text") -> None:
        self.name = name

    def read(self, value: Any) -> str:
        """Read ``localhost``, or ``Path("petstore.yaml")``."""
        text = os.fspath(value) if isinstance(value, os.PathLike) else value
        if isinstance(text, str):
            return text
        raise StartError(f"{value!r} is not text.")


class Names:
    """Several values: the flag repeated, or one variable with commas or blanks between them.

    Args:
        name: of one of them.
        commas: whether one flag gives several, too.
        between: what stands between those of one variable, as a regular expression.
    """

    def __init__(self, name: str, *, commas: bool = False, between: str = r"[,\s]+") -> None:
        self.name = name
        self.commas = commas
        self._between = between

    def read(self, value: Any) -> tuple[str, ...]:
        """Read what one flag gives, or all that several give as a collection."""
        if isinstance(value, Iterable) and not isinstance(value, (str, bytes, os.PathLike, Mapping)):
            return tuple(name for item in value for name in self._several(item))
        return self._several(value)

    def split(self, text: str) -> list[str]:
        """Split what one variable gives."""
        return [name for name in re.split(self._between, text) if name]

    def _several(self, value: Any) -> tuple[str, ...]:
        text = Text().read(value)
        return tuple(self.split(text)) if self.commas else (text,)


class ApiKeys(Names):
    """API keys: what a header can carry, and nothing that would be cut off there."""

    def read(self, value: Any) -> tuple[str, ...]:
        """Read one key, or those of one variable."""
        keys = super().read(value)
        for key in keys:
            if not key:
                raise StartError("The key is empty.")
            if any(char.isspace() or not char.isprintable() for char in key):
                raise StartError("A key has no spaces and no control characters.")
        return keys


class PathPrefix:
    """A path prefix; empty, or just a slash, for none."""

    name = "path"

    def read(self, value: Any) -> str:
        """Read ``/v1``."""
        text = os.fspath(value) if isinstance(value, os.PathLike) else value
        if not isinstance(text, str):
            raise StartError(f"{value!r} is not a path such as /v1.")
        odd = next(
            (char for char in text if char in "?#{}\\" or char.isspace() or not char.isprintable()), None
        )
        if odd is None and "//" not in text:
            return text
        wrong = "//" if odd is None else "a space" if odd == " " else repr(odd)
        raise StartError(f"{text!r} is not a path such as /v1: it has {wrong} in it.")


class Address:
    """The address of an API elsewhere."""

    name = "url"

    def read(self, value: Any) -> str:
        """Read ``https://api.example.com/v1``; a slash at its end makes no difference."""
        text = Text().read(value)
        try:
            parts = urlsplit(text)
            host, _ = parts.hostname, parts.port
        except ValueError:
            host = None
        if not host or parts.scheme not in ("http", "https") or not text.isprintable() or " " in text:
            raise StartError(f"{text!r} is not a URL such as https://api.example.com/v1.")
        if "@" in parts.netloc:  # what stands before it must not be shown, here neither
            raise StartError("The URL has a user or a password in it; a key goes in a header or a variable.")
        if parts.query or parts.fragment:
            raise StartError(
                f"{text!r} ends in more than a path; a URL such as https://api.example.com/v1 is expected."
            )
        return text.rstrip("/")


def _quantity(value: Any, units: Mapping[str, float]) -> float | None:
    """Return what a number with a unit comes to; None for what is none, or is below nothing."""
    if isinstance(value, float):  # Python writes small ones as 1e-05
        return value if 0 <= value < 10**15 else None
    quantity = _QUANTITY.fullmatch(str(value).strip())
    if quantity is None or quantity[2].lower() not in units:
        return None
    return float(quantity[1]) * units[quantity[2].lower()]
