"""How the answers of all workers become one, for calls that are about all sessions."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any, Final

import orjson

from mockgrid.report import merge
from mockgrid.server.control import CONTROL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LARGEST_OF_ALL: Final = (b"mockgrid_loop_lag_seconds",)
"""Metrics of which the sum would mean nothing."""


def first(answers: Sequence[bytes]) -> bytes:
    """Return what each worker says, once all have said it."""
    return answers[0]


def sessions(answers: Sequence[bytes]) -> bytes:
    """Return the sessions of all workers, worker by worker."""
    return _dump({"sessions": [one for answer in answers for one in _load(answer)["sessions"]]})


def report(answers: Sequence[bytes]) -> bytes:
    """Add up the contract reports."""
    return _dump(functools.reduce(merge, map(_load, answers)))


def metrics(answers: Sequence[bytes]) -> bytes:
    """Add up metrics in Prometheus' text format; each family stays together."""
    families: dict[bytes, dict[bytes, float]] = {}
    family = b""
    for answer in answers:
        for line in answer.splitlines():
            if line.startswith(b"# HELP "):
                family = line
            samples = families.setdefault(family, {})
            if line.startswith(b"#"):
                samples.setdefault(line, 0.0)
                continue
            name, _, value = line.rpartition(b" ")
            many = max if name in _LARGEST_OF_ALL else float.__add__
            samples[name] = many(samples.get(name, 0.0), float(value))
    return b"".join(
        name + b"\n" if name.startswith(b"#") else b"%b %r\n" % (name, value)
        for samples in families.values()
        for name, value in samples.items()
    )


MERGED: Final[dict[str, Callable[[Sequence[bytes]], bytes]]] = {
    f"{CONTROL}/health": first,
    f"{CONTROL}/metrics": metrics,
    f"{CONTROL}/report": report,
    f"{CONTROL}/sessions": sessions,
}
"""Makes one body of those of all workers' answers to a GET, by path; the asked worker's comes first."""


def _load(answer: bytes) -> Any:
    try:
        return orjson.loads(answer)
    except orjson.JSONDecodeError:  # what it does not write, it does not read
        return json.loads(answer)


def _dump(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # integers beyond 64 bits, or lone surrogates
        return json.dumps(value).encode()
