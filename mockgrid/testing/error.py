"""What a test asked of MockGrid, and cannot have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockgrid.document.nearest import nearest
from mockgrid.errors import MockgridError, MockgridWarning

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import pytest

    from mockgrid.findings import Finding


def hidden(raised: pytest.ExceptionInfo[BaseException]) -> bool:
    """Tell whether pytest leaves a module that has this as ``__tracebackhide__`` out of a traceback.

    What MockGrid raises on purpose says all; the line of the test is what remains to be shown.
    """
    return issubclass(raised.type, (MockgridError, MockgridWarning))


class CallError(MockgridError):
    """The server refuses a call of its control interface, or cannot be asked.

    Args:
        status: the HTTP status that says so; 0 where there was no answer.
        message: one sentence: what was found, what was expected, what to do.
        findings: what is wrong with a script, as JSON, in order.
    """

    def __init__(self, status: int, message: str, findings: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.findings = tuple(findings)


class PlayError(MockgridError):
    """What is to be played breaks the language or the contract, or is not there.

    Args:
        message: one sentence, or one line for each finding.
        where: the line of the test that asked for it; empty where the findings say the place.
        findings: what is wrong, as JSON, in order.
    """

    def __init__(self, message: str, *, where: str = "", findings: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(message, where=where)
        self.findings = tuple(findings)


class WaitError(MockgridError, TimeoutError):
    """Fewer exchanges than expected had ended when the time was over."""


def unplayable(findings: Iterable[Finding]) -> PlayError:
    """Return what is wrong with a script as one error."""
    wrong = list(findings)
    return PlayError("\n".join(map(str, wrong)), findings=[finding.as_json() for finding in wrong])


def no_attribute(
    kind: type, name: str, further: Iterable[str], words: Mapping[str, Collection[str]]
) -> AttributeError:
    """Return that there is no attribute of a name, and which one was meant.

    Args:
        kind: of the object.
        name: what was looked for.
        further: attributes that are not the class's.
        words: what else attributes are called, by their names here.
    """
    public = {each for each in dir(kind) if not each.startswith("_")}.union(further)
    meant = None
    if name not in public and not name.startswith("_"):
        called = (here for here, others in words.items() if name in others)
        meant = next(called, None) or nearest(name, public)
    hint = f". Did you mean {meant}?" if meant else ""
    return AttributeError(f"{kind.__name__!r} object has no attribute {name!r}{hint}")
