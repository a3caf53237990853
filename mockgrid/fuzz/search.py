"""Looks for replies at which a client fails, and makes each as small as can be."""

from __future__ import annotations

import hashlib
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.errors import Flaky, HypothesisWarning

from mockgrid.errors import MockgridError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from hypothesis.strategies import SearchStrategy

    from mockgrid.fuzz.example import DrawnExample
    from mockgrid.fuzz.failure import ClientFailure

    Signature = tuple[str, str]

SHRINKING: Final = 60.0
"""Seconds after which what is being made smaller is small enough, for clients that take long to start."""


_QUIETLY: Final = settings(
    database=None,
    deadline=None,
    report_multiple_bugs=True,
    print_blob=False,
    verbosity=Verbosity.quiet,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


class FailedAtError(Exception):
    """The client failed; each mistake has a class of its own, by which Hypothesis tells them apart."""


@dataclass(slots=True)
class Discovery:
    """A mistake of the client's.

    Attributes:
        failure: what happened at the smallest example.
        example: the smallest so far.
        first: how many examples had been tried when it was met first, this one included.
    """

    failure: ClientFailure
    example: DrawnExample
    first: int


class Search:
    """Tries examples at a client.

    An example is tried once: the client is taken at its word, should it be asked the same again.

    Args:
        examples: from which is drawn.
        failure_at: tries one; returns how the client failed, None where it did not.
        report: called after each example that was tried.

    Attributes:
        discoveries: by what tells them apart, in the order in which they were met.
        tried: how many examples were tried.
    """

    def __init__(
        self,
        examples: SearchStrategy[DrawnExample],
        failure_at: Callable[[DrawnExample], ClientFailure | None],
        report: Callable[[Search], None] = lambda _: None,
    ) -> None:
        self._examples = examples
        self._failure_at = failure_at
        self._report = report
        self._known: dict[bytes, ClientFailure | None] = {}
        self._until = 0.0
        self._broken: MockgridError | None = None
        self._classes: dict[Signature, type[FailedAtError]] = {}
        self.discoveries: dict[Signature, Discovery] = {}
        self.tried = 0

    def run(self, runs: int, start: int) -> None:
        """Try so many examples, and make smaller what the client fails at, as soon as it does.

        The same start gives the same examples. After Ctrl+C, ``discoveries`` has what there was so far.

        Args:
            runs: how many.
            start: what they are drawn from.

        Raises:
            MockgridError: an example cannot be played.
        """
        small: set[Signature] = set()
        # Drawn as before, and known by now, until one fails: from that Hypothesis goes on to smaller ones.
        while met := self._draw(runs, start, small):
            for signature in sorted(met):
                self._trim(signature)
            small |= met
            self._until = 0.0

    def _trim(self, signature: Signature) -> None:
        """Leave out what Hypothesis, which draws all that a reply is made of, could not."""
        discovery = self.discoveries[signature]
        trimmed = True
        while trimmed:
            before = discovery.example
            for example in before.parts_left_out():
                with suppress(MockgridError):  # what is left is no reply
                    self._failure(example)
                if discovery.example is not before:
                    break
            trimmed = discovery.example is not before

    def _draw(self, runs: int, start: int, small: Collection[Signature]) -> set[Signature]:
        """Have Hypothesis draw examples, and make failing ones smaller.

        Args:
            runs: how many examples.
            start: what they are drawn from.
            small: mistakes whose examples are small.

        Returns:
            The mistakes whose examples are small now.
        """
        met: set[Signature] = set()

        def survives(example: DrawnExample) -> None:
            try:
                failure = self._failure(example)
            except MockgridError as error:
                self._broken = error
                raise
            if failure is not None and failure.signature not in small:
                self._until = self._until or time.monotonic() + SHRINKING
                met.add(failure.signature)
                raise self._error(failure.signature)

        drawing = seed(start)(settings(_QUIETLY, max_examples=runs)(given(self._examples)(survives)))
        try:
            with warnings.catch_warnings(action="ignore", category=HypothesisWarning):  # of long texts
                drawing()
        except* (FailedAtError, Flaky):
            pass
        finally:
            if self._broken is not None:
                raise self._broken
        return met

    def _failure(self, example: DrawnExample) -> ClientFailure | None:
        """Return how the client fails at an example."""
        # By what is much shorter than its text: of hundreds of thousands, nearly all are survived.
        known_as = hashlib.blake2b(str(example).encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if known_as in self._known:
            return self._known[known_as]
        if self._until and time.monotonic() > self._until:
            return None
        failure = self._failure_at(example)
        self._known[known_as] = failure
        self.tried += 1
        if failure is not None:
            self._note(failure, example)
        self._report(self)
        return failure

    def _note(self, failure: ClientFailure, example: DrawnExample) -> None:
        known = self.discoveries.get(failure.signature)
        if known is None:
            self.discoveries[failure.signature] = Discovery(failure, example, self.tried)
        elif example.size < known.example.size:
            known.failure, known.example = failure, example

    def _error(self, signature: Signature) -> FailedAtError:
        kind = self._classes.get(signature)
        if kind is None:
            kind = self._classes[signature] = type("FailedAtError", (FailedAtError,), {})
        return kind()
