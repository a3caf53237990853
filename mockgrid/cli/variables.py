"""Environment variables that were probably meant for MockGrid, and are not read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import click

_PREFIX = "MOCKGRID_"
# Of other commands than the one that looks.
_ELSEWHERE = ("MOCKGRID_TIMEOUT", "MOCKGRID_URL")
# What Kubernetes and Docker set for a service of this name.
_INJECTED = re.compile(r".*SERVICE_(?:HOST|PORT)(?:_.*)?|.*PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_.*)?")
_ADDRESS = re.compile(r"(?:tcp|udp|sctp)://")


def misspelt(command: click.Command, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each variable whose name is nearly, but not, that of a setting.

    All others are left alone: platforms set variables of their own that begin like ours.
    """
    known = {str(parameter.envvar) for parameter in command.params if parameter.envvar} | {*_ELSEWHERE}
    for name in sorted(environment):
        if not name.startswith(_PREFIX) or name in known:
            continue
        if _INJECTED.fullmatch(name) or _ADDRESS.match(environment[name]):
            continue
        from mockgrid.document.nearest import nearest  # noqa: PLC0415 (only for mistakes)

        meant = nearest(name.removeprefix(_PREFIX), (other.removeprefix(_PREFIX) for other in known))
        if meant is not None:
            yield f"{name} is not a variable that is read; did you mean {_PREFIX}{meant}?"
