"""``mockgrid record``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from mockgrid.cli.flags import Configured, scrub_option, setting
from mockgrid.cli.serve import warn, warn_of_files
from mockgrid.errors import StartError
from mockgrid.settings import SETTINGS, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockgrid.app.recording import Recording
    from mockgrid.recording.scrubbing import ScrubRules

# What decides on replies that are made here: all come from the provider.
_NOT_HERE: Final = frozenset(
    (
        *("clock", "document", "models", "prose_tokens", "scenario", "scenarios", "seed", "shutdown_timeout"),
        *("strict", "style", "watch"),
    )
)


def _settings(command: Callable[..., Any]) -> Callable[..., Any]:
    for name in reversed([name for name in SETTINGS if name not in _NOT_HERE]):
        command = setting(name)(command)
    return command


@click.command(cls=Configured, options_metavar="--upstream URL --output FILE [OPTIONS]")
@click.argument("document", required=False, envvar="MOCKGRID_DOCUMENT")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Scenario file to write; it is written as exchanges come, too.",
)
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
@scrub_option
@_settings
@click.pass_context
def record(ctx: click.Context, /, **values: Any) -> int:
    """Forward everything to a provider until Ctrl+C, and write what it answers as a scenario.

    Requests and replies pass unchanged, and are held to DOCUMENT (or MOCKGRID_DOCUMENT), by default the
    bundled Consumption API. Secrets do not reach the file.
    """
    output, force, scrubbed = values.pop("output"), values.pop("force"), values.pop("scrubbed")
    settings = Settings(**values)
    if settings.upstream is None:
        raise click.UsageError("The provider is missing: mockgrid record --upstream URL --output FILE.", ctx)

    from mockgrid.app.build import build_app  # noqa: PLC0415 (slow, and mistakes are to be told soon)
    from mockgrid.app.forward import RecordingApp  # noqa: PLC0415 (the same)
    from mockgrid.app.recording import Recording  # noqa: PLC0415 (the same)
    from mockgrid.http.server import run  # noqa: PLC0415 (the same)
    from mockgrid.recording.scrubbing import ScrubRules  # noqa: PLC0415 (the same)

    rules = ScrubRules.read(scrubbed)
    app = build_app(settings, records=True)
    recording = Recording(output, settings, app.redaction, rules, force=force)
    if isinstance(app, RecordingApp):
        app.recording = recording
        app.doing = f"records {settings.upstream} in {output}"
    warn_of_files(app.contract.warnings)
    begun = True
    try:
        return run(app, settings)
    except StartError:
        begun = False
        raise
    finally:
        if begun:
            _close(recording, rules)


def _close(recording: Recording, rules: ScrubRules) -> None:
    """Write what is left, and tell what is in the file."""
    click.echo(f"mockgrid: {recording.close()}", err=True)
    if recording.written is not None:
        for sentence in recording.written.left_out:
            warn(sentence)
        for sentence in (*recording.written.remarks, *rules.taken_out(recording.written.taken)):
            click.echo(f"mockgrid: {sentence}", err=True)
