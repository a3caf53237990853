"""What flags and ``MOCKGRID_*`` variables hold: how it is read, and what is said of what cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mockgrid.app.values import Names, OneOf
from mockgrid.errors import StartError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockgrid.app.values import Kind


class Value(click.ParamType):  # type: ignore[type-arg]  # generic in new versions only
    """What a flag holds, read as a setting of that kind is read anywhere.

    Args:
        kind: of value.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.name = kind.name

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str | None:
        """Show a choice of words in the help (the context is not given by older versions of click)."""
        del param, ctx
        return f"[{'|'.join(self.kind.words)}]" if isinstance(self.kind, OneOf) else None

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read what a flag gives."""
        try:
            return self.kind.read(value)
        except StartError as error:
            raise click.BadParameter(error.message, ctx, param) from None

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        """Split what one variable gives."""
        return self.kind.split(rv) if isinstance(self.kind, Names) else super().split_envvar_value(rv)


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
