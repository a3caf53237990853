"""What flags and ``MOCKGRID_*`` variables hold: how it is read, and what is said of what cannot be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZES = {
    "": 1,
    "b": 1,
    "kb": 1000,
    "mb": 1000**2,
    "gb": 1000**3,
    "kib": 1024,
    "mib": 1024**2,
    "gib": 1024**3,
}
SECONDS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

_QUANTITY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?([a-z]*)", re.IGNORECASE)


class Whole(click.ParamType):  # type: ignore[type-arg]  # generic in new versions only
    """A whole number within bounds."""

    name = "number"

    def __init__(self, least: int, most: int | None = None) -> None:
        self.least, self.most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read ``8080``."""
        text = str(value).strip()
        if re.fullmatch(r"-?[0-9]{1,18}", text):
            number = int(text)
            if number >= self.least and (self.most is None or number <= self.most):
                return number
        expected = f"from {self.least} to {self.most}" if self.most is not None else f"from {self.least} up"
        raise click.BadParameter(f"{text!r} is not a whole number {expected}.", ctx, param)


class Size(click.ParamType):  # type: ignore[type-arg]  # generic in new versions only
    """A number of bytes, with or without a unit."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read ``20MiB``, ``5MB`` or ``1000``."""
        found = _QUANTITY.fullmatch(str(value).strip())
        if found and found[2].lower() in SIZES:
            size = int(float(found[1]) * SIZES[found[2].lower()])
            if size > 0:
                return size
        raise click.BadParameter(f"{value!r} is not a size such as 20MiB, 5MB or 1000 (bytes).", ctx, param)


class Duration(click.ParamType):  # type: ignore[type-arg]  # generic in new versions only
    """A time in seconds, with or without a unit."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read ``500ms``, ``30s``, ``2m`` or ``30``."""
        found = _QUANTITY.fullmatch(str(value).strip())
        if found and found[2].lower() in SECONDS:
            seconds = float(found[1]) * SECONDS[found[2].lower()]
            if seconds > 0:
                return seconds
        raise click.BadParameter(f"{value!r} is not a time such as 500ms, 30s or 2m.", ctx, param)


class OneOf(click.ParamType):  # type: ignore[type-arg]  # generic in new versions only
    """One of a few words."""

    name = "word"

    def __init__(self, *words: str) -> None:
        self.words = words

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Show the words in the help (the context is not given by older versions of click)."""
        del param, ctx
        return f"[{'|'.join(self.words)}]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read one of the words, in any case."""
        word = str(value).strip().lower()
        if word in self.words:
            return word
        from mockgrid.contract.nearest import did_you_mean  # noqa: PLC0415 (only for mistakes)

        expected = f"{', '.join(self.words[:-1])} or {self.words[-1]}"
        raise click.BadParameter(f"{value!r} is not {expected}.{did_you_mean(word, self.words)}", ctx, param)


class Names(click.ParamType):  # type: ignore[type-arg]  # generic in new versions only
    """Several values: the flag repeated, or one variable with commas or blanks between them."""

    name = "name"

    def __init__(self, name: str, *, commas: bool = False) -> None:
        self.name = name
        self.commas = commas

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Read what one flag gives; with ``commas``, that is several values too."""
        del param, ctx
        if isinstance(value, tuple):
            return value
        return tuple(self.split_envvar_value(value)) if self.commas else (value,)

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        """Split what one variable gives."""
        return [name for name in re.split(r"[,\s]+", rv) if name]


class Keys(Names):
    """API keys: what a header can carry, and nothing that would be cut off there."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Read one key, or those of one variable."""
        keys = super().convert(value, param, ctx)
        for key in keys:
            if not key:
                raise click.BadParameter("The key is empty.", ctx, param)
            if any(char.isspace() or not char.isprintable() for char in key):
                raise click.BadParameter("A key has no spaces and no control characters.", ctx, param)
        return keys


class PathPrefix(click.ParamType):  # type: ignore[type-arg]  # generic in new versions only
    """A path prefix; empty, or just a slash, for none."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read ``/v1``."""
        text = str(value)
        odd = next(
            (char for char in text if char in "?#{}\\" or char.isspace() or not char.isprintable()), None
        )
        if odd is None and "//" not in text:
            return text
        found = "//" if odd is None else "a space" if odd == " " else repr(odd)
        raise click.BadParameter(f"{text!r} is not a path such as /v1: it has {found} in it.", ctx, param)


class Setting(click.Option):
    """A flag that also reads ``MOCKGRID_`` and its own name."""

    def __init__(self, declarations: Sequence[str], **attributes: Any) -> None:
        flag = declarations[0].removeprefix("--")
        variable = f"MOCKGRID_{flag.upper().replace('-', '_')}"
        super().__init__(declarations, envvar=variable, show_envvar=True, **attributes)

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """The variable's value, unless Kubernetes has set it.

        A Service called ``mockgrid`` puts ``MOCKGRID_PORT=tcp://10.0.0.7:8080`` into every pod beside it.
        """
        value = super().resolve_envvar_value(ctx)
        return None if value is not None and value.startswith("tcp://") else value
