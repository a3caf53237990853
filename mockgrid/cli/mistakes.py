"""Mistakes on the command line, in one sentence each."""

from __future__ import annotations

import click
from click.core import ParameterSource


def explained(mistake: click.ClickException) -> str:
    """What was found, where it was given, and what was expected."""
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
    return f"{where} {mistake.option_name}.{did_you_mean(mistake.option_name, known)}{_see_help(mistake)}"


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
