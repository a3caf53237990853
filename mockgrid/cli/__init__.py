"""The ``mockgrid`` command.

Every command's module is loaded when that command is called, and not before: a server should be ready soon.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import sys
from importlib import import_module
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from mockgrid import __version__
from mockgrid.errors import MockgridError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "check": "Check contracts, overlays and scenarios.",
    "explain": "Explain a code such as MG113, or which step a request would meet.",
    "fuzz": "Throw replies that the contract allows at a client, and shrink what breaks it.",
    "import": "Write scenarios of cassettes, HAR files, fixtures and logs.",
    "init": "Write a first scenario and a first test.",
    "metrics": "Print the counters of servers, added up.",
    "record": "Forward to a provider, and write what it answers as a scenario.",
    "report": "Show what tests never exercised, and what the client did wrong.",
    "schema": "Print the JSON Schema of scenario files.",
    "serve": "Serve a contract.",
    "verify": "Tell where a provider, the contract and scenarios have drifted apart.",
    "wait": "Wait until servers are ready.",
}

# What users of Prism look for.
_DYNAMIC = " The header `Prefer: dynamic=true` asks for it."
_OF_PRISM = {
    "--errors": " What breaks the contract is refused in any case.",
    "--dynamic": _DYNAMIC,
    "-d": _DYNAMIC,
}

FAILED = 2
"""Exit code: it could not be done as asked."""

INTERRUPTED = 130
"""Exit code: Ctrl+C, as shells have it."""


class Commands(click.Group):
    """The commands, each in the module of its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the help."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        command: click.Command = getattr(import_module(f"mockgrid.cli.{name}"), name)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Click's, and `help serve` is `serve --help`."""
        return super().parse_args(ctx, [*args[1:2], "--help"] if args[:1] == ["help"] else args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Click's, with the nearest name for one that is unknown."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from mockgrid.document.nearest import did_you_mean  # noqa: PLC0415 (only for mistakes)

            raise click.UsageError(f"There is no command {args[0]!r}.{did_you_mean(args[0], COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(
    "mockgrid",
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["--help", "-h"]},  # for the commands, too
)
@click.version_option(__version__, message="mockgrid %(version)s")
@click.pass_context
def mockgrid(ctx: click.Context) -> None:
    """A fake of The Grid's Consumption API for contract testing."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; what goes wrong is one line on stderr."""
    atexit.register(gc.freeze)  # the process ends: Python would look through all of it for garbage, in 30 ms
    try:
        code: Any = mockgrid.main(arguments, prog_name="mockgrid", standalone_mode=False)
    except click.ClickException as mistake:
        return _fail(_explained(mistake))
    except MockgridError as error:
        return _fail(" ".join(str(error).split("\n")))
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def _fail(message: str) -> int:
    with contextlib.suppress(OSError):
        print(f"mockgrid: {message}", file=sys.stderr, flush=True)  # noqa: T201 (a command line says so)
    return FAILED


def _explained(mistake: click.ClickException) -> str:
    """Say in one sentence what was found, where it was given, and what was expected."""
    if isinstance(mistake, click.NoSuchOption):
        return _no_such_option(mistake)
    if isinstance(mistake, click.MissingParameter):
        text = f"{_called(mistake)} is missing."
    elif isinstance(mistake, click.BadParameter):
        # Click goes on to list its fourteen ways to say yes and no.
        message = mistake.message.replace(" is not a valid boolean", " is not true or false").partition(
            ". Reco"
        )[0]
        text = f"{_called(mistake)}: {message}"
    else:
        text = mistake.format_message()
    return f"{text if text[-1] in '.?' else f'{text}.'}{_see_help(mistake)}"


def _no_such_option(mistake: click.NoSuchOption) -> str:
    from mockgrid.document.nearest import did_you_mean  # noqa: PLC0415 (only for mistakes)

    known: list[str] = []
    if mistake.ctx is not None:
        for parameter in mistake.ctx.command.get_params(mistake.ctx):
            known += [name for name in parameter.opts if name.startswith("--")]
    where = f"{mistake.ctx.command_path} has no option" if mistake.ctx else "There is no option"
    name = mistake.option_name
    hint = _OF_PRISM.get(name, "") if "--error-shape" in known else ""
    return f"{where} {name}.{hint or did_you_mean(name, known)}{_see_help(mistake)}"


def _called(mistake: click.BadParameter) -> str:
    """The flag, or the environment variable if that gave the value."""
    parameter, context = mistake.param, mistake.ctx
    if parameter is None:
        return "A value"
    source = context.get_parameter_source(parameter.name) if context is not None and parameter.name else None
    if source is ParameterSource.ENVIRONMENT and parameter.envvar:
        return str(parameter.envvar)
    return parameter.opts[0] if isinstance(parameter, click.Option) else str(parameter.human_readable_name)


def _see_help(mistake: click.ClickException) -> str:
    context = getattr(mistake, "ctx", None)
    return f" See {context.command_path} --help." if context is not None else ""
