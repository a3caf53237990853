"""How a client failed at a reply, and what tells one failure from another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from mockgrid.fixed import fixed
from mockgrid.fuzz.crash import crash_in
from mockgrid.report.wording import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WIDEST: Final = 100
# What differs from example to example and not from mistake to mistake.
_VARIABLE: Final = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`|0x[0-9a-f]+|\d+", re.IGNORECASE)


@fixed
class ClientFailure:
    """What a client did at a reply that it should not have done.

    Attributes:
        what: in a few words: ``exit code 1``.
        mistake: what it comes from, the same for all replies that meet the same mistake:
            ``TypeError at client.py:12``; empty where ``what`` says all.
        details: lines that help to understand it: the end of what the client printed.
    """

    what: str
    mistake: str = ""
    details: str = ""

    @property
    def signature(self) -> tuple[str, str]:
        """The same for failures that are taken for one."""
        return self.what, self.mistake

    @property
    def name(self) -> str:
        """A name for a file: letters, digits and dashes."""
        return re.sub(r"[^a-z0-9]+", "-", (self.mistake or self.what).lower()).strip("-")[:60] or "failure"

    def __str__(self) -> str:
        return f"{self.what}: {self.mistake}" if self.mistake else self.what


def printed(errors: str, output: str, played: Any) -> str:
    """Return the mistake that shows in what a client printed; empty where it printed nothing.

    Args:
        errors: of standard error.
        output: of standard output.
        played: the replies, whose texts tell nothing of the mistake.
    """
    crash = crash_in(errors) or crash_in(output)
    if crash is not None:
        return str(crash)
    lines = [line.strip() for line in (errors if errors.strip() else output).splitlines() if line.strip()]
    if not lines:
        return ""
    last = lines[-1]
    for text in sorted(set(_texts(played)), key=len, reverse=True):
        last = last.replace(text, "…")
    return printable(_VARIABLE.sub("…", last)[:_WIDEST])


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts in what was played that are long enough to be known again."""
    if isinstance(value, str) and len(value) > 1:
        yield value
        yield from (word for word in value.split() if len(word) > 1)
    within: Iterable[Any] = value.values() if isinstance(value, dict) else value
    if isinstance(value, (dict, list)):
        for item in within:
            yield from _texts(item)
