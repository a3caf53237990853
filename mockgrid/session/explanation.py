"""Why an exchange was answered as it was, as it is told: what each step made of its request."""

from __future__ import annotations

from typing import ClassVar, Literal

from mockgrid.fixed import fixed
from mockgrid.scenario.predicate import Outcome  # noqa: TC001 - read when the classes are
from mockgrid.scenario.step import StepVerdict  # noqa: TC001 - the same
from mockgrid.schema.json_form import JsonForm, described


@fixed
class ExplainedStep(JsonForm):
    """What one step made of a request."""

    first_in_json: ClassVar = ("step", "index", "where")

    step: str = described("Its name")
    index: int = described("Its place in the scenario, from 0", minimum=0)
    where: str = described("Where it is written")
    verdict: StepVerdict = described(
        "It answers; it matches and has given all its replies, so that the request fails or passes on; it "
        "matches, after the one that decides; or it does not match"
    )
    reply: int | None = described("Which of its replies it gave, from 0; null for none", minimum=0)
    predicates: tuple[Outcome, ...] = described("How each went, in their order")

    def __str__(self) -> str:
        head = f"  {self.index + 1}. {self.step}: {self.verdict}"
        lines = (f"     {'yes' if each.held else 'no '}  {each}" for each in self.predicates)
        return "\n".join((head, *lines))


@fixed
class Explanation(JsonForm):
    """Why each step did or did not answer a request that came, as things stood then."""

    first_in_json: ClassVar = ("exchange", "session")

    outcome: Literal["step", "default", "none", "unasked", "unknown"] = described(
        "A step answered; the default reply came; the scenario had no reply; no step was asked; or how "
        "things stood is known no more"
    )
    message: str = described("One sentence")
    steps: tuple[ExplainedStep, ...] = described(
        "At most 30, in their order. Of more, those that matter most come first: the one that answered, "
        "those that had given all their replies, near misses, and those after the one that answered"
    )
    further: int = described("Steps that are not among these", default=0, minimum=0)
    scenario: str | None = described("What played; null where no step was asked", default=None)
    state: str | None = described("The state that it was in", default=None)
    attempt: int = described("How often the session had seen this very request", default=0, minimum=0)
    exchange: int = described("The number of the exchange", default=0)
    session: str = described(default="", schema={"$ref": "#/components/schemas/SessionName"})

    def __str__(self) -> str:
        further = (f"  and {self.further} more, which were further from it",) if self.further else ()
        return "\n".join((self.message, *map(str, self.steps), *further))
