"""``mockgrid verify``."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from mockgrid.cli.check import files_of
from mockgrid.cli.flags import Configured, Value, contract_options, load, setting
from mockgrid.cli.under_way import UnderWay
from mockgrid.document.nearest import did_you_mean
from mockgrid.drift.budget import Amounts
from mockgrid.errors import StartError
from mockgrid.values import Address, Duration, OneOf

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mockgrid.cli.listing import Listing
    from mockgrid.contract.contract import Contract
    from mockgrid.drift.question import Question
    from mockgrid.findings import Finding
    from mockgrid.scenario.scenario import Scenario
    from mockgrid.upstream.provider import Provider

_KEY: Final = "OPENAI_API_KEY"
_FIELDS: Final = (
    *("code", "message", "hint", "party", "question"),
    *("pointer", "expected", "got", "contract", "others"),
)
_BUDGET: Final = "requests=100,tokens=100000"


@click.command(cls=Configured)
@click.argument("paths", nargs=-1, metavar="[SCENARIO]...")
@click.option(
    "--against",
    type=Value(Address()),
    metavar="URL",
    help="The provider: the base URL that its clients have, such as https://api.example.com/v1.",
)
@contract_options
@click.option(
    "--from",
    "before",
    metavar="DOCUMENT",
    help="Without --against: the older contract; by default the project's, else the bundled.",
)
@click.option("--model", help="Model to ask for, where a scenario does not say which.")
@click.option(
    "--key-env",
    "variables",
    multiple=True,
    metavar="[SCHEME=]NAME",
    help=f"Variable that holds the provider's key, or that of one scheme; by default {_KEY}, if set.",
)
@click.option(
    "--operation",
    "operations",
    multiple=True,
    metavar="ID",
    help="Operation to call, whatever it does; by default those that change nothing. Repeatable.",
)
@click.option(
    "--budget",
    type=Value(Amounts()),
    default=_BUDGET,
    show_default=True,
    help="Most requests to send, and most tokens they may take; with more than that, nothing is sent.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.option(
    "--timeout", type=Value(Duration()), default="60s", show_default=True, help="Time that a reply may take."
)
@click.option(
    "--format",
    "form",
    type=Value(OneOf("text", "json", "junit", "github")),
    default="text",
    show_default=True,
    help="Lines for people, JSON for programs, JUnit XML, or annotations for GitHub Actions.",
)
@setting("error_shape", "As for `mockgrid serve`: the shape of the fake's errors.", show_default=False)
@click.option("--strict/--no-strict", default=True, help="Whether warnings fail, too; by default they do.")
@click.pass_context
def verify(ctx: click.Context, /, **values: Any) -> int:
    """Ask a provider what the fake is asked, and tell where they have drifted apart.

    Sent is what the steps of scenarios match; SCENARIO is a file, or a directory of them. Without any, sent
    are the contract's own samples: each operation that changes nothing, whole and streamed, with tools, with
    a schema, and each error that can be provoked. Compared is the shape of the replies: status, media type,
    headers, fields, their types and listed values, the order of chunks; never texts, ids or counts.

    Without --against, the contract that --contract names is compared with the one that scenarios are for, and
    nothing is sent: told is which requests and replies stop being valid, and what has changed.

    Exits with 0 if nothing has drifted, with 1 if something has, and with 2 if that could not be told: the
    provider is not there, limits the rate, does not serve now, or does not take the key.
    """
    newer = ctx.get_parameter_source("document") is ParameterSource.COMMANDLINE
    if values["against"] is None and not newer:
        message = "Name the provider with --against URL, or a newer contract with --contract."
        raise click.UsageError(message, ctx)
    if values["against"] is not None and values["before"] is not None:
        raise click.UsageError("--from goes with --contract, and not with --against.", ctx)
    if values["operations"] and values["paths"]:
        raise click.UsageError(
            "--operation names what is asked without scenarios; leave one of them out.", ctx
        )
    from mockgrid.cli.listing import FORMATS, exit_code  # noqa: PLC0415 (slow, and mistakes come first)
    from mockgrid.upstream.key import read_key  # noqa: PLC0415 (the same)

    named = dict(each.rpartition("=")[::2] for each in values["variables"])
    keys = {scheme: read_key(variable, "--key-env", "") for scheme, variable in named.items()}
    if "" not in keys and os.environ.get(_KEY, "").strip():
        keys[""] = read_key(_KEY, "--key-env", "")
    files = files_of(values["paths"], ctx) if values["paths"] else []
    listing: Listing | None
    with UnderWay() as under_way:
        under_way.at("reading the contract")
        contract = load(values["document"], values["overlays"], values["allow_refs"])
        if values["against"] is None:
            listing = _compared(ctx, contract, files, **values)
        else:
            scenarios = _scenarios(files, contract)
            listing = asyncio.run(_verified(contract, scenarios, keys, under_way, **values))
    if listing is None:
        return 0
    for text in FORMATS[values["form"]](listing):
        click.echo(text)
    return exit_code(listing, strict=values["strict"])


def _compared(ctx: click.Context, after: Contract, files: Sequence[Path], **values: Any) -> Listing:
    """Compare the contract of scenarios, which is the project's, with a newer."""
    from mockgrid.app.sources import own_overlay  # noqa: PLC0415 (slow, as above)
    from mockgrid.cli.listing import Listing, ordered  # noqa: PLC0415 (the same)
    from mockgrid.drift.contracts import ContractComparison  # noqa: PLC0415 (the same)

    project = ctx.default_map or {}
    if values["before"] is not None:
        before = load(values["before"], values["overlays"], values["allow_refs"])
    else:
        before = load(project.get("document"), project.get("overlays", ()), values["allow_refs"])
        given = ctx.get_parameter_source("overlays") is ParameterSource.COMMANDLINE
        if project.get("document") is None and not given and _is_published(after, before):
            overlays = [str(own_overlay()), *values["overlays"]]
            after = load(values["document"], overlays, values["allow_refs"])
    scenarios = _scenarios(files, before)
    drifts = ContractComparison(before, after, values["error_shape"]).drifts(scenarios)
    cases = [
        (
            scenario.name,
            [drift for drift in drifts if drift.where.startswith(f"{scenario.origin.document.name}:")],
        )
        for scenario in scenarios
    ]
    further = [drift for drift in drifts if not any(drift in known for _, known in cases)]
    counts = Counter(contract=2, scenario=len(scenarios)) if scenarios else Counter(contract=2)
    return Listing(counts, ordered(drifts), "files", _FIELDS, [*cases, ("contract", further)])


def _is_published(contract: Contract, bundled: Contract) -> bool:
    """Tell whether a contract is another version of the bundled, as it is published: without its overlay."""
    return contract.title == bundled.title and all(each.behaviour is None for each in contract.operations)


def _scenarios(files: Sequence[Path], contract: Contract) -> list[Scenario]:
    """Return the scenarios in files.

    Raises:
        ScenarioError: one cannot be used.
    """
    from mockgrid.scenario.loading import load as load_scenario  # noqa: PLC0415 (slow, as above)

    operations = [operation.id for operation in contract.operations]
    return [load_scenario(file, operations=operations) for file in files]


async def _verified(
    contract: Contract,
    scenarios: Sequence[Scenario],
    keys: dict[str, str],
    under_way: UnderWay,
    **values: Any,
) -> Listing | None:
    from mockgrid.cli.listing import Listing, ordered  # noqa: PLC0415 (slow, as above)
    from mockgrid.drift.asking import Asking, Bounds  # noqa: PLC0415 (the same)
    from mockgrid.drift.judge import DriftJudge  # noqa: PLC0415 (the same)
    from mockgrid.drift.question import Drift  # noqa: PLC0415 (the same)
    from mockgrid.drift.verification import Verification, gathered  # noqa: PLC0415 (the same)

    schemes = {scheme.name for each in contract.operations for scheme in each.security.welcome}
    if unknown := next((scheme for scheme in keys if scheme and scheme not in schemes), ""):
        hint = did_you_mean(unknown, schemes).strip() or f"Known: {', '.join(sorted(schemes))}."
        raise StartError(f"--key-env: the contract has no security scheme {unknown!r}.", hint=hint)
    questions, notes = await _questions(contract, scenarios, **values)
    requests, tokens = len(questions), sum(question.most_tokens for question in questions)
    plan = f"{requests} request{'' if requests == 1 else 's'}, at most {tokens:,} tokens"
    if values["dry_run"]:
        for question in questions:
            request = question.request
            costs = f" (at most {question.most_tokens:,} tokens)" if question.most_tokens else ""
            click.echo(f"{request.method} {request.target}: {question.title}{costs}")
        for note in notes:
            click.echo(str(note))
        click.echo(f"{plan}; nothing was sent.")
        return None
    values["budget"].check(requests, tokens)
    if not questions:
        raise StartError(
            "There is nothing to ask.", hint="Name a scenario, or an operation with --operation."
        )
    click.echo(f"mockgrid: {plan}, to {values['against']}", err=True)
    asking = Asking(partial(_provider, contract, **values), keys, Bounds(values["timeout"]))
    verification = Verification(asking, DriftJudge(contract, values["error_shape"]), under_way.at)
    await verification.run(questions)
    more = f"{plan} were planned; {verification.unsent} were not sent." if verification.unsent else ""
    cases = [(question.title, drifts) for question, drifts in verification.findings]
    drifts = gathered(verification.findings)
    if verification.unverified:
        drifts.append(Drift("MG449", "error", verification.unverified, values["against"]))
        cases.append(("the provider", drifts[-1:]))
    return Listing(
        Counter(request=len(verification.findings)),
        ordered([*drifts, *notes]),
        "requests",
        _FIELDS,
        cases,
        more,
        unable={drift.code for drift in drifts} if verification.unverified else (),
    )


async def _questions(
    contract: Contract, scenarios: Sequence[Scenario], **values: Any
) -> tuple[list[Question], list[Finding]]:
    """Return what is asked, and notes on what is not."""
    from mockgrid.drift.fake import Fake  # noqa: PLC0415 (slow, as above)
    from mockgrid.drift.samples import ContractQuestions  # noqa: PLC0415 (the same)
    from mockgrid.drift.steps import ScenarioQuestions  # noqa: PLC0415 (the same)
    from mockgrid.findings import Finding  # noqa: PLC0415 (the same)

    model = values["model"]
    fake = Fake(contract, values["error_shape"], [model] if model else ())
    if scenarios:
        steps = ScenarioQuestions(contract, fake, model or "")
        questions = [question for scenario in scenarios for question in steps.of(scenario)]
        questions += await steps.refused()
        return questions, [Finding("", "note", f"Not asked: {why}.", where) for where, why in steps.left_out]
    named = values["operations"]
    unknown = next((name for name in named if contract.operation(name) is None), None)
    if unknown is not None:
        known = [operation.id for operation in contract.operations]
        hint = did_you_mean(unknown, known).strip() or f"Known: {', '.join(known)}."
        raise StartError(f"--operation: the contract has no operation {unknown!r}.", hint=hint)
    usual = fake.models.default if fake.models is not None else "default"
    samples = ContractQuestions(contract, fake, model or usual, named)
    questions = await samples.all()
    return questions, [
        Finding("", "note", f"Not asked: {why}.", f"{operation.method} {operation.path}")
        for operation, why in samples.left_out
    ]


def _provider(contract: Contract, **values: Any) -> Provider:
    """Return the provider, without a connection."""
    from mockgrid.upstream.provider import Provider  # noqa: PLC0415 (an extra)

    return Provider(values["against"], contract.base_path, None, values["timeout"])
