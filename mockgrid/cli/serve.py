"""``mockgrid serve``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from mockgrid.app.values import DEFAULTS, KINDS
from mockgrid.cli.flags import Setting, Value, misspelt
from mockgrid.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

MOST_WARNINGS = 20
"""Remarks on the document that are told one by one."""


def setting(flag: str, explanation: str, **attributes: Any) -> Callable[[Any], Any]:
    """A flag with the kind and the default of the setting of its name."""
    name = flag.removeprefix("--").replace("-", "_")
    default = DEFAULTS[name]
    if not attributes.get("multiple"):
        attributes = {
            "default": default,
            "show_default": default is not None and default is not False,
        } | attributes
    if not attributes.get("is_flag"):
        attributes = {"type": Value(KINDS[name])} | attributes
    return click.option(flag, name, cls=Setting, help=explanation, **attributes)


def flatten(values: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """All values of a flag that was given several times, each with several values."""
    return tuple(value for several in values for value in several)


def warn(sentence: str) -> None:
    """Say on stderr what is probably a mistake."""
    click.echo(f"mockgrid: warning: {sentence}", err=True)


def warn_of_files(warnings: Sequence[tuple[str, str]]) -> None:
    """Say what is wrong in the document, or in scenarios, and yet does no harm."""
    for where, message in warnings[:MOST_WARNINGS]:
        warn(f"{where}: {message}")
    if len(warnings) > MOST_WARNINGS:
        warn(f"and {len(warnings) - MOST_WARNINGS} more like these.")


@click.command(options_metavar="[OPTIONS]")
@click.argument("document", required=False, envvar="MOCKGRID_DOCUMENT")
@setting("--host", "Name or address to listen on; 0.0.0.0 is all of them.")
@setting("--port", "Port to listen on; 0 takes a free one.")
@setting("--uds", "Unix socket to listen on, in place of host and port.", metavar="PATH")
@setting("--base-path", "Path prefix of the API; by default the document's own.", metavar="PATH")
@click.option(
    "--overlay",
    "overlays",
    cls=Setting,
    multiple=True,
    type=click.Path(),
    help="OpenAPI overlay to apply to the document. Repeatable.",
)
@click.option(
    "--api-key",
    "api_keys",
    cls=Setting,
    multiple=True,
    type=Value(KINDS["api_keys"]),
    help="Key to accept as it is, with a session of its own. Repeatable.",
)
@setting("--accept-any-key", "Accept every well-formed credential.", is_flag=True)
@setting(
    "--models",
    "Models to know; others get the contract's 404. Repeatable, or with commas; * is a wildcard.",
    multiple=True,
)
@setting("--scenarios", "Directory of scenario files. Repeatable.", multiple=True, type=str, metavar="DIR")
@setting("--scenario", "Scenario that plays where a key asks for none.", metavar="NAME")
@setting("--watch", "Read scenario files again when they change.", is_flag=True)
@setting("--style", "Content of default replies.")
@setting("--prose-tokens", "Length of prose replies, in tokens.")
@setting("--seed", "Seed of everything that is drawn.")
@setting("--clock", "fixed: `created` stands still, waits are real; virtual: nothing waits.")
@setting("--error-shape", "Error bodies in the contract's shape, in OpenAI's, or both in one.")
@setting("--strict", "Also enforce OpenAI's rules between fields, which no document states.", is_flag=True)
@setting(
    "--lenient",
    "Also accept null for optional fields, and enum values newer than the document.",
    is_flag=True,
)
@setting("--log", "Request log on stderr.")
@setting("--ready", "Line on stdout once the server answers.")
@setting(
    "--control-token", "Token for the control interface; callers on this machine need none.", metavar="TOKEN"
)
@setting("--max-body", "Largest request body.", default="20MiB")
@setting("--max-headers", "Largest request line and headers together.", default="64KiB")
@setting("--max-depth", "Deepest nesting of a JSON body.")
@setting(
    "--journal-bytes",
    "Bytes that the journal of all sessions holds; then the oldest exchanges go.",
    default="16MiB",
)
@setting("--max-sessions", "Sessions that are kept; then the one idle longest goes.")
@setting("--session-idle", "Time after which an unused session may go.", default="1h")
@setting("--max-connections", "Open connections; one more is told 503 and closed.")
@setting("--max-streams", "Streams sent at a time; one more is told 503.")
@setting("--request-timeout", "Time that a reply may take; then the connection closes.", default="10m")
@setting("--body-timeout", "Time for a request body to arrive.", default="60s")
@setting("--header-timeout", "Time for request line and headers to arrive.", default="30s")
@setting("--keep-alive", "Time that an idle connection stays open.", default="75s")
def serve(**values: Any) -> int:
    """Serve DOCUMENT (or MOCKGRID_DOCUMENT), by default the bundled Consumption API, until Ctrl+C.

    Each flag also reads an environment variable, named beside it; a flag wins.
    """
    values["api_keys"] = flatten(values["api_keys"])
    values["models"] = flatten(values["models"])
    settings = Settings(**values)
    for sentence in misspelt(serve, os.environ):
        warn(sentence)

    from mockgrid.app.build import build_app  # noqa: PLC0415 (slow, and mistakes are to be told soon)
    from mockgrid.http.server import run  # noqa: PLC0415 (the same)

    app = build_app(settings)
    warn_of_files(app.contract.warnings)
    if settings.scenarios and app.library is not None:
        warn_of_files(
            [
                (finding.where, f"{finding.code}: {finding.message} {finding.hint}".rstrip())
                for finding in app.library().findings
            ]
        )
    return run(app, settings)
