"""``mockgrid explain``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mockgrid.cli.flags import Configured, Value, contract_options, load, setting
from mockgrid.values import OneOf, Whole

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = "scenarios"
"""The directory that is searched where none is named, if there is one."""

UNANSWERED = 1
"""Exit code: neither a step nor the default reply answers."""


@click.command(cls=Configured)
@click.argument("subject", metavar="[CODE|SCENARIO]", required=False)
@click.argument("request", metavar="[REQUEST]", required=False)
@contract_options
@setting("scenarios", "Directory of scenario files; by default scenarios, if there is one. Repeatable.")
@click.option(
    "--attempt",
    type=Value(Whole(1, 100_000)),
    default=1,
    show_default=True,
    help="How often the request has been sent, this time included.",
)
@click.option("--format", "form", type=Value(OneOf("text", "json")), default="text", show_default=True)
@click.pass_context
def explain(  # noqa: PLR0913, PLR0917 (click passes them by name)
    ctx: click.Context,
    subject: str | None,
    request: str | None,
    document: str | None,
    overlays: tuple[str, ...],
    allow_refs: tuple[str, ...],
    scenarios: tuple[str, ...],
    attempt: int,
    form: str,
) -> int:
    """Explain CODE, such as MG113 or out_of_range; without one, list them all.

    Or explain which step of SCENARIO a REQUEST would meet: predicate by predicate, and why not the others.
    SCENARIO is a file, or the name of a scenario. REQUEST is a JSON or YAML file, or - for standard input:
    the body of a chat completion, or an object with method, path, query, headers and body.

    Exits with 0 if a step or the default reply answers, with 1 if none does, and with 2 if it could not run.
    """
    directories = scenarios or ((HERE,) if Path(HERE).is_dir() else ())
    if request is None:
        _explain_code(ctx, subject, directories)
        return 0
    from mockgrid.cli.meeting import as_text, find_scenario, read_request  # noqa: PLC0415 (100 ms, and codes need none of it)
    from mockgrid.reply.dry_run import dry_run  # noqa: PLC0415 (the same)

    contract = load(document, overlays, allow_refs)
    operations = [operation.id for operation in contract.operations]
    scenario = find_scenario(str(subject), directories, operations)
    run = dry_run(scenario, read_request(request, contract), contract, attempt)
    if form == "json":
        click.echo(json.dumps(run.as_json(), indent=2, ensure_ascii=False))
    else:
        for line in as_text(run):
            click.echo(line)
    return 0 if run.outcome in {"step", "default"} else UNANSWERED


def _explain_code(ctx: click.Context, code: str | None, directories: Sequence[str]) -> None:
    from mockgrid.findings.codes import UnknownCodeError, codes, find, render  # noqa: PLC0415 (long texts)

    if code is not None:
        try:
            click.echo(render(find(code)))
        except UnknownCodeError:
            from mockgrid.cli.meeting import is_scenario  # noqa: PLC0415 (only for mistakes)

            if not is_scenario(code, directories):
                raise
            raise click.UsageError(
                f"REQUEST is missing: what should the scenario {code} meet?", ctx
            ) from None
        return
    for known in codes().values():
        click.echo(f"{known.code} {known.name}: {known.title}")
