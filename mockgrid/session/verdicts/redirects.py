"""Verdicts on how a client follows redirects."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from mockgrid.session.verdicts.attempts import credentials_of
from mockgrid.session.verdicts.verdict import proved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.session.verdicts.attempts import Attempt
    from mockgrid.session.verdicts.verdict import Verdict

_UNAUTHORIZED = 401


def judge_redirects(attempt: Attempt) -> Iterator[Verdict]:
    """Yield what the requests that followed redirects prove."""
    for before, after in pairwise(attempt.exchanges):
        if after.status != _UNAUTHORIZED:
            continue
        sent, came = before.headers, after.headers
        lost = [name for name in credentials_of(before) if name in sent and sent[name] != came.get(name)]
        if lost:
            name = lost[0]
            how = f"with another `{name.decode()}`" if name in came else f"without `{name.decode()}`"
            host = came.get(b"host")
            where = " on another host" if host != sent.get(b"host") else ""
            yield proved(
                "redirect_dropped_credentials",
                (before.number, after.number),
                f"Followed a {before.status} to {after.path}{where} {how}, and met a 401; "
                "expected the same credentials as before.",
            )
