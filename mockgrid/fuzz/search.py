"""Looks for replies at which a client fails, and makes each as small as can be."""

from __future__ import annotations

import hashlib
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hypothesis import HealthCheck, Phase, Verbosity, given, reject, seed, settings
from hypothesis.errors import Flaky, HypothesisWarning, Unsatisfiable

from mockgrid.errors import MockgridError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from hypothesis.strategies import SearchStrategy

    from mockgrid.fuzz.example import DrawnExample
    from mockgrid.fuzz.failure import ClientFailure

    Signature = tuple[str, str]

SHRINKING: Final = 60.0
"""Seconds after which what is being made smaller is small enough, for clients that take long to start."""

_AT_A_TIME: Final = 5_000
"""Examples that are drawn together: of each, Hypothesis keeps the choices that led to it."""
_SEED_BITS: Final = 64
_REMEMBERED: Final = 4 * _AT_A_TIME
"""Examples that are known again, as long as others come between."""

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

    An example is tried once: the client is taken at its word, should it be asked the same again. What is kept
    of those it survives is bounded.

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
        self._known: dict[bytes, Signature | None] = {}
        self._earlier: frozenset[bytes] = frozenset()
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
        for number in range(-(-runs // _AT_A_TIME)):
            before, self._earlier = self.tried, frozenset(self._known)
            count = min(_AT_A_TIME, runs - number * _AT_A_TIME)
            # Drawn as before, and known by now, until one fails: from that Hypothesis makes smaller ones.
            while met := self._draw(count, start + (number << _SEED_BITS), small):
                for signature in sorted(met):
                    self._trim(signature)
                small |= met
                self._until = 0.0
            if self.tried == before:  # there are no others
                break

    def _trim(self, signature: Signature) -> None:
        """Leave out what Hypothesis, which draws all that a reply is made of, could not."""
        discovery = self.discoveries[signature]
        trimmed = True
        while trimmed:
            before = discovery.example
            for example in before.parts_left_out():
                with suppress(MockgridError):  # what is left is no reply
                    self._mistake(example, _known_as(example))
                if discovery.example is not before:
                    break
            trimmed = discovery.example is not before

    def _draw(self, runs: int, start: int, small: Collection[Signature]) -> set[Signature]:
        """Have Hypothesis draw examples, and make failing ones smaller.

        Args:
            runs: how many examples that are not alike.
            start: what they are drawn from.
            small: mistakes whose examples are small.

        Returns:
            The mistakes whose examples are small now.
        """
        met: set[Signature] = set()
        survived = set(self._earlier)

        def survives(example: DrawnExample) -> None:
            known_as = _known_as(example)
            try:
                mistake = self._mistake(example, known_as)
            except MockgridError as error:
                self._broken = error
                raise
            if mistake is not None and mistake not in small:
                self._until = self._until or time.monotonic() + SHRINKING
                met.add(mistake)
                raise self._error(mistake)
            if known_as in survived:
                reject()
            survived.add(known_as)

        drawing = seed(start)(settings(_QUIETLY, max_examples=runs)(given(self._examples)(survives)))
        try:
            with warnings.catch_warnings(action="ignore", category=HypothesisWarning):  # of long texts
                drawing()
        except* (FailedAtError, Flaky, Unsatisfiable):
            pass
        finally:
            if self._broken is not None:
                raise self._broken
        return met

    def _mistake(self, example: DrawnExample, known_as: bytes) -> Signature | None:
        """Return what the client fails by at an example."""
        if known_as in self._known:
            self._known[known_as] = mistake = self._known.pop(known_as)
            return mistake
        if self._until and time.monotonic() > self._until:
            return None
        failure = self._failure_at(example)
        self._known[known_as] = mistake = None if failure is None else failure.signature
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]
        self.tried += 1
        if failure is not None:
            self._note(failure, example)
        self._report(self)
        return mistake

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


def _known_as(example: DrawnExample) -> bytes:
    """Return what is much shorter than the text of an example, and as good as it to know it by."""
    return hashlib.blake2b(str(example).encode("utf-8", "surrogatepass"), digest_size=16).digest()
