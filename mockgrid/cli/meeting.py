"""How it is told which step a request would meet."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mockgrid.data import bundled
from mockgrid.document import is_path, yaml
from mockgrid.document.document import read_document
from mockgrid.document.pointer import resolve
from mockgrid.errors import DocumentError
from mockgrid.reply.dry_run import sample_request
from mockgrid.scenario.library import load_library
from mockgrid.scenario.loading import load
from mockgrid.scenario.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mockgrid.contract.contract import Contract
    from mockgrid.reply.dry_run import DryRun, SampleRequest
    from mockgrid.scenario.predicate import Outcome
    from mockgrid.scenario.scenario import Scenario

_STDIN: Final = "-"
_WIDTH: Final = 80
_WIDEST_NAME: Final = 24
_REPLY: Final = 200
_VERDICTS: Final = {
    "answers": "answers",
    "fails": "matches, and has given all its replies: 424",
    "passes": "matches, and has given all its replies",
    "later": "matches, after the one that answers",
    "no match": "does not match",
}


def find_scenario(name: str, directories: Iterable[str], operations: Sequence[str]) -> Scenario:
    """Return a scenario by its name, or by the path of its file.

    Args:
        name: with a file's ending or a slash it is a path.
        directories: where names are looked for, before the scenarios that ship with MockGrid.
        operations: ids of the contract's operations.

    Raises:
        DocumentError: there is none, or it cannot be used.
    """
    if is_path(name):
        return load(name, operations=operations)
    library = load_library([*directories, bundled("scenarios")], operations=operations)
    scenario = library.find(name)
    if scenario is not None:
        return scenario
    for file in library.files:
        if file.stem == name:
            return load(file, operations=operations)
    missing = [directory for directory in directories if not Path(directory).is_dir()]
    if missing:
        raise DocumentError("There is no such directory.", where=missing[0])
    raise DocumentError(f"There is no scenario {name!r}.", hint=library.hint(name))


def is_scenario(name: str, directories: Iterable[str]) -> bool:
    """Tell whether a name is a file's, or that of a scenario there is."""
    return is_path(name) or load_library([*directories, bundled("scenarios")]).find(name) is not None


def read_request(source: str, contract: Contract) -> SampleRequest:
    """Read a request.

    Args:
        source: path of a JSON or YAML file, or ``-`` for standard input.
        contract: whose operations it may call.

    Raises:
        DocumentError: it cannot be read, or calls no operation of the contract.
    """
    if source == _STDIN:
        document = yaml.load(sys.stdin.buffer.read(), name="standard input")
    else:
        document = read_document(source)
    return sample_request(document, contract)


def as_text(run: DryRun) -> Iterator[str]:
    """Return it as lines of at most 80 characters, unless a word is longer."""
    view, scenario = run.view, run.scenario
    sent = f", attempt {view.attempt}" if view.attempt > 1 else ""
    strict = ", strict" if scenario.strict else ""
    yield from _filled("request   ", f"{view.method} {view.path} ({view.operation}){sent}")
    yield from _filled("scenario  ", f"{scenario.name}{strict} ({scenario.origin.document.name})")
    yield from _answer(run)
    if scenario.limits or scenario.balance is not None:
        yield "note      limits and balance are not counted here"
    names = [outcome.name for step in run.steps for outcome in step.outcomes]
    width = min(max(map(len, names), default=0), _WIDEST_NAME)
    for step in run.steps:
        yield ""
        verdict = _VERDICTS[step.verdict]
        if run.refusals and step.verdict == "answers":
            verdict = "would answer"
        yield from _filled(f"{step.step.index + 1}. ", f"{step.step.label}: {verdict}")
        if not step.outcomes:
            yield "   yes  (it matches every request)"
        for outcome in step.outcomes:
            mark = "yes" if outcome.held else "no "
            yield from _filled(f"   {mark}  {outcome.name:{width}}  ", _found(outcome))


def _answer(run: DryRun) -> Iterator[str]:
    step = run.step
    if run.outcome == "refused":
        yield from _filled(
            "answer    ", "an error, since the contract refuses the request before a step is asked:"
        )
        for refusal in run.refusals:
            yield from _filled("          ", refusal)
    elif run.outcome == "default":
        reason = (
            "no step matches and the scenario is not strict"
            if run.concerned
            else "no step names this operation, its method or its path"
        )
        yield from _filled("answer    ", f"the default reply, since {reason}")
    elif step is None:
        yield from _filled("answer    ", "424, since no step matches and the scenario is strict")
    elif step.reply is None:
        yield from _filled(
            "answer    ", f"424, since {step.step.label} has given its {step.step.allowance()}"
        )
    else:
        reply = step.step.replies[step.reply]
        number = f", reply {step.reply + 1} of {len(step.step.replies)}" if len(step.step.replies) > 1 else ""
        yield from _filled("answer    ", f"{step.step.label}{number} ({reply.where})")
        yield from _filled(
            "          ", short_repr(resolve(reply.origin.document.data, reply.origin.pointer), _REPLY)
        )


def _found(outcome: Outcome) -> str:
    if not outcome.held:
        return f"{outcome.got}, expected {outcome.expected}"
    return outcome.got if outcome.got == outcome.expected else f"{outcome.got}, as in {outcome.expected}"


def _filled(label: str, text: str) -> list[str]:
    """Return a text in lines, the first after a label and the others below its beginning."""
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=label,
        subsequent_indent=" " * min(len(label), _WIDTH // 2),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [label.rstrip()]
