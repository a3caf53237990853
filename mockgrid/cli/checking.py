"""What is wrong with contracts, overlays and scenarios."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

from mockgrid.cli.listing import Listing, ordered
from mockgrid.contract.bundle import NOWHERE, bundle
from mockgrid.contract.contract import Contract
from mockgrid.document.document import read_document
from mockgrid.document.json_text import NotJsonError
from mockgrid.document.mistakes import Mistakes
from mockgrid.document.pointer import join
from mockgrid.document.source_map import sentence_of
from mockgrid.document.yaml_mistakes import NotYamlError
from mockgrid.errors import DocumentError
from mockgrid.findings import Finding
from mockgrid.fixed import fixed
from mockgrid.scenario.loading import check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from mockgrid.contract.reach import Reach
    from mockgrid.document.document import Document
    from mockgrid.reply.errors import ErrorShape
    from mockgrid.scenario.scenario import Scenario

Kind = Literal["contract", "overlay", "scenario"]

_KEYS: Final[dict[str, Kind]] = {
    **dict.fromkeys(("openapi", "swagger"), "contract"),
    "overlay": "overlay",
    "paths": "contract",  # whose first line is missing
}
_OTHERS: Final = {
    ".html": "HTML",
    ".js": "JavaScript",
    ".md": "Markdown",
    ".py": "Python",
    ".toml": "TOML",
    ".ts": "TypeScript",
}
_FIRST_KEY: Final = re.compile(rb"""^(?:\s*\{|-)?\s*["']?(openapi|swagger|overlay)["']?\s*:""", re.MULTILINE)
_HEAD: Final = 4096


@fixed
class Source:
    """A file.

    Attributes:
        path: where it is, as it was given.
        kind: what it is; of a file that cannot be read, what it seems to be.
        document: what it holds; None where it cannot be read.
        error: why it cannot be read; None where it can.
    """

    path: Path
    kind: Kind
    document: Document | None
    error: DocumentError | None = None


@dataclass(slots=True)
class Checked:
    """What was looked at, and what was found.

    Attributes:
        kinds: how many files there were of each kind.
        findings: errors, warnings, and notes: replies that may break the contract, and the like.
        causes: those of them by which a text is no JSON or YAML: what it was taken for may have others.
        unfinished: whether errors in a file kept it from being checked to its end.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    causes: set[Finding] = field(default_factory=set)
    unfinished: bool = False

    @property
    def listing(self) -> Listing:
        """The same, as it is printed."""
        more = "More may be found after correction." if self.unfinished else ""
        return Listing(self.kinds, ordered(self.findings, self.causes), more=more)


def check_files(  # noqa: PLR0913 (each says one thing, by name)
    paths: Iterable[Path],
    contract: Callable[[], Contract],
    shape: ErrorShape = "vendor",
    *,
    chosen: bool,
    reach: Reach = NOWHERE,
    at: Callable[[str], None] = lambda _: None,
) -> Checked:
    """Check some files.

    Args:
        paths: of contracts, overlays and scenarios; which is which is told by their keys.
        contract: gives what scenarios, and overlays of nothing else, are held to; asked for when needed.
        shape: which errors are served in.
        chosen: whether that contract was named, and is not the bundled one.
        reach: where the references of contracts may lead.
        at: told what is under way.

    Raises:
        DocumentError: that contract cannot be used.
    """
    sources = []
    for path in paths:
        at(f"reading {path.name}")
        sources.append(_source(path))
    checked = Checked(Counter(source.kind for source in sources))
    contracts = [source.document for source in sources if source.kind == "contract" and source.document]
    names: dict[tuple[Path, str], Scenario] = {}
    for number, source in enumerate(sources, 1):
        at(f"checking {source.path.name} ({number} of {len(sources)})")
        if source.document is None:
            code = "MG210" if source.kind == "scenario" else "MG202"
            checked.findings.append(_finding(source.error or DocumentError(""), code, str(source.path)))
            checked.unfinished = True
        elif source.kind == "contract":
            _contract(source.document, checked, reach)
        elif source.kind == "overlay":
            _overlay(source, contracts, contract, checked, reach)
        else:
            scenario = _scenario(source.document, contract(), shape, checked)
            if scenario is None:
                checked.unfinished = True
            else:
                checked.findings += _duplicate(scenario, source.path, names)
    if not chosen:
        checked.findings[:] = [_with_contract(finding, among=bool(contracts)) for finding in checked.findings]
    return checked


def _source(path: Path) -> Source:
    """Read a file, and tell what it is by its first keys."""
    seeming, other = _seeming(path), _OTHERS.get(path.suffix.lower())
    if other is not None:
        message = f"This is {other}; scenarios, contracts and overlays are YAML or JSON."
        return Source(
            path, seeming, None, DocumentError(message, where=f"{path}:1:1", hint="Name one of those.")
        )
    try:
        document = read_document(path, Mistakes(strict=seeming != "contract"))
    except DocumentError as error:
        return Source(path, seeming, None, error)
    data = document.data if isinstance(document.data, dict) else {}
    kind: Kind = next((kind for key, kind in _KEYS.items() if key in data), "scenario")
    if isinstance(document.data, list) and seeming == "contract":
        kind = seeming
    if kind == "contract":
        document.mistakes.strict = False
    return Source(path, kind, document)


def _seeming(path: Path) -> Kind:
    """Tell what a file that cannot be read was probably meant to be."""
    head = b""
    if path.is_file():  # a pipe is not opened again
        with suppress(OSError), path.open("rb") as file:
            head = file.read(_HEAD)
    key = _FIRST_KEY.search(head)
    return _KEYS[key[1].decode()] if key is not None else "scenario"


def _with_contract(finding: Finding, *, among: bool) -> Finding:
    """Add how scenarios of another contract are checked to what looks like a scenario of one."""
    # An operation that resembles one of the bundled contract is mistyped, unless another contract is at hand.
    if finding.code != "MG223" or not (among or finding.hint.startswith("Known: ")):
        return finding
    hint = "If it belongs to another contract, name that by `--contract FILE`."
    return replace(finding, hint=f"{finding.hint} {hint}")


def _contract(document: Document, checked: Checked, reach: Reach) -> None:
    """Compile a contract."""
    try:
        contract = Contract(bundle(document, reach), webhooks=True)
    except DocumentError as error:
        document.mistakes.tell(error)
        checked.unfinished = True
    else:
        contract.check_compiling()
        places = {mistake.where for mistake in document.mistakes}
        gaps = {gap.where: gap for gap in contract.gaps if gap.where not in places}
        checked.findings += [
            replace(_finding(gap, "MG202", document.name), severity="warning") for gap in gaps.values()
        ]
        for where, message in contract.repeated_ids:
            sentence = message[:1].upper() + message[1:]
            checked.findings.append(Finding("MG204", "warning", sentence, where, "Rename one."))
        for where, message in contract.broken_examples:
            sentence = message[:1].upper() + message[1:]
            checked.findings.append(Finding("MG202", "warning", sentence, where))
    for mistake in document.mistakes:
        finding = _finding(mistake, "MG202", document.name)
        checked.findings.append(finding)
        if isinstance(mistake, (NotJsonError, NotYamlError)):
            checked.causes.add(finding)


def _overlay(
    source: Source,
    contracts: list[Document],
    contract: Callable[[], Contract],
    checked: Checked,
    reach: Reach,
) -> None:
    """Apply an overlay to what it extends, to the one contract that is checked with it, or to the default."""
    from mockgrid.document.overlay import apply  # noqa: PLC0415 (slow, and for these alone)

    overlay = source.document
    assert overlay is not None  # noqa: S101 - those that cannot be read are told before
    try:
        extended = _extended(source, overlay, reach)
        base = extended or (bundle(contracts[0], reach) if len(contracts) == 1 else contract().document)
        applied = apply(base, overlay)
        applied.document.mistakes = mistakes = Mistakes(strict=False)
        Contract(applied.document).check_compiling()
    except DocumentError as error:
        checked.findings.append(_finding(error, "MG202", overlay.name))
        checked.unfinished = True
        return
    own = (mistake for mistake in mistakes if mistake.where.startswith(f"{overlay.name}:"))
    checked.findings += [_finding(mistake, "MG202", overlay.name) for mistake in own]
    targets = {overlay.where(f"/actions/{index}/target") for index in range(len(overlay.data["actions"]))}
    for remark in applied.warnings:
        if remark.where in targets:
            hint = "Correct the target, or remove the action."
            checked.findings.append(Finding("MG203", "warning", remark.message, remark.where, hint))
        else:
            checked.findings.append(_note(remark.where, remark.message))
    checked.findings.append(_note(overlay.name, f"Applied to {base.name}."))


def _extended(source: Source, overlay: Document, reach: Reach) -> Document | None:
    """Return the document that an overlay names; None where it names none, or one on the web."""
    named = overlay.data.get("extends")
    if not isinstance(named, str) or "://" in named:
        return None
    try:
        return bundle(read_document(source.path.parent / named, Mistakes(strict=False)), reach)
    except DocumentError as error:
        message = f"The document {named!r} cannot be used: {error.message}"
        raise DocumentError(message, where=overlay.where(join(("extends",))), hint=error.hint) from None


def _scenario(document: Document, contract: Contract, shape: ErrorShape, checked: Checked) -> Scenario | None:
    from mockgrid.reply.checking import Checking, unsatisfiable_steps  # noqa: PLC0415 (slow, and for these alone)

    operations = [operation.id for operation in contract.operations]
    scenario, findings = check(document, by_name=True, operations=operations)
    checked.findings += findings
    if scenario is not None:
        checked.findings += Checking(contract, shape).findings(scenario)
        checked.findings += unsatisfiable_steps(scenario, contract, contract.policy.models)
        for step, reply in scenario.contract_off:
            number = f"reply {step.replies.index(reply) + 1} of " if len(step.replies) > 1 else ""
            message = f"contract: off, so {number}{step.label} is not held to the contract."
            checked.findings.append(_note(reply.where, message))
    return scenario


def _duplicate(scenario: Scenario, path: Path, names: dict[tuple[Path, str], Scenario]) -> Iterator[Finding]:
    """Two scenarios of one directory may not share a name."""
    first = names.setdefault((path.resolve().parent, scenario.name), scenario)
    if first is not scenario:
        message = f"The scenario '{scenario.name}' is already in {first.origin.document.name}."
        where = scenario.origin.document.where_key("/scenario")
        yield Finding("MG226", "error", message, where, "Rename one.")


def _note(where: str, message: str) -> Finding:
    """Return something that is allowed, and that a reader should know of."""
    return Finding("", "note", message, where)


def _finding(error: DocumentError, code: str, name: str) -> Finding:
    return Finding(code, "error", sentence_of(error), error.where or name, error.hint)
