"""Counters and gauges for Prometheus.

Requests are counted by what counts them anyway; prometheus-client turns that into its text only when somebody
scrapes, and a server that nobody scrapes never loads it.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import Counter
from itertools import accumulate
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from mockgrid.app.record import Recorder
    from mockgrid.contract.contract import Contract
    from mockgrid.reply.script import StreamStats
    from mockgrid.schema.values import Recent
    from mockgrid.session.exchange import KeptExchange
    from mockgrid.session.session import Sessions

LATENESS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0)
"""Upper bounds of the buckets of lateness, in seconds."""


class Remembering(Protocol):
    """Remembers some of what clients sent."""

    @property
    def remembered(self) -> Mapping[str, Recent[Any] | int]:
        """What it remembers, or how many, by what that is."""


class Metrics:
    """What one server has done, and what it holds.

    Args:
        contract: that is served.
        recorder: counts exchanges and violations.
        sessions: those that are open.
        parts: returns what remembers what clients sent.

    Attributes:
        open_streams: how many are being sent.
    """

    def __init__(
        self,
        contract: Contract,
        recorder: Recorder,
        sessions: Sessions,
        parts: Callable[[], Iterable[Remembering]],
    ) -> None:
        self.open_streams = 0
        self._recorder = recorder
        self._sessions = sessions
        self._contract = contract
        self._parts = parts
        self._lag = 0.0
        self._chunks = 0
        self._lateness = [0] * (len(LATENESS) + 1)
        self._late = 0.0

    def note_stream(self, exchange: KeptExchange, played: StreamStats | None) -> None:
        """Count the pieces of a reply that has ended, and how late they were."""
        self._chunks += len(exchange.chunks)
        if played is not None:
            for seconds in played.late:
                self._lateness[bisect_left(LATENESS, seconds)] += 1
                self._late += seconds

    async def text(self) -> tuple[bytes, str]:
        """Return all metrics in Prometheus' text format, and its content type."""
        from prometheus_client import CollectorRegistry  # noqa: PLC0415 - see above
        from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest  # noqa: PLC0415

        began = monotonic()
        await asyncio.sleep(0)
        registry = CollectorRegistry(auto_describe=False)
        self._lag = monotonic() - began
        registry.register(self)
        return generate_latest(registry), CONTENT_TYPE_LATEST

    def collect(self) -> Iterator[Any]:
        """Yield what prometheus-client makes its text of."""
        from prometheus_client.core import (  # noqa: PLC0415 - see above
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
        )

        requests = CounterMetricFamily(
            "mockgrid_requests", "Requests answered.", labels=["operation", "status", "step"]
        )
        for (operation, status, step), count in sorted(self._requests().items()):
            requests.add_metric([operation, status, step], count)
        yield requests
        violations = CounterMetricFamily(
            "mockgrid_violations", "Breaches of the contract by requests.", labels=["code"]
        )
        for code, count in sorted(self._recorder.violations.items()):
            violations.add_metric([code], count)
        yield violations
        yield CounterMetricFamily("mockgrid_stream_chunks", "Pieces of streams sent.", value=self._chunks)
        lateness = HistogramMetricFamily(
            "mockgrid_stream_chunk_lateness_seconds", "How late pieces left that had to wait for their time."
        )
        lateness.add_metric([], self._buckets(), self._late)
        yield lateness
        budget = self._sessions.budget
        for name, meaning, value in (
            ("open_streams", "Streams that are being sent.", self.open_streams),
            ("sessions", "Sessions that are open.", len(self._sessions)),
            ("journal_exchanges", "Exchanges in the journal.", len(budget)),
            ("journal_bytes", "Bytes that the journal counts for them.", budget.size),
            ("loop_lag_seconds", "How long the event loop kept this scrape waiting.", self._lag),
        ):
            yield GaugeMetricFamily(f"mockgrid_{name}", meaning, value=value)
        known = dict(item for part in self._parts() for item in part.remembered.items())
        counts = {of: kept if isinstance(kept, int) else len(kept) for of, kept in known.items()}
        sizes = {of: kept.size for of, kept in known.items() if not isinstance(kept, int)}
        sizes["compiled"] = self._contract.compiled_bytes
        for name, meaning, measured in (
            ("remembered", "What is remembered of what clients sent, by what it is.", counts),
            ("remembered_bytes", "Bytes of what may come again, more or less.", sizes),
        ):
            remembered = GaugeMetricFamily(f"mockgrid_{name}", meaning, labels=["of"])
            for of, value in sorted(measured.items()):
                remembered.add_metric([of], value)
            yield remembered
        drops = CounterMetricFamily(
            "mockgrid_journal_dropped", "Exchanges that the journal had no room for.", labels=["violation"]
        )
        drops.add_metric(["false"], budget.dropped - budget.dropped_violations)
        drops.add_metric(["true"], budget.dropped_violations)
        yield drops

    def _requests(self) -> dict[tuple[str, str, str], int]:
        counts: Counter[tuple[str, str, str]] = Counter()
        for (operation, _, status, _, step), count in self._recorder.counts.items():
            counts[operation or "", str(status), step] += count
        return counts

    def _buckets(self) -> list[tuple[str, float]]:
        bounds = (*map(str, LATENESS), "+Inf")
        return list(zip(bounds, accumulate(self._lateness), strict=True))
