"""Flags and ``MOCKGRID_*`` variables: how they are read, and what is said of what cannot be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from mockgrid.errors import MockgridError, StartError
from mockgrid.settings import SETTINGS, WORDS, Settings, read_setting
from mockgrid.values import Names, OneOf, Switch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mockgrid.contract.contract import Contract
    from mockgrid.values import Kind

_PREFIX = "MOCKGRID_"
# Of other commands than the one that looks.
_ELSEWHERE = ("MOCKGRID_TIMEOUT", "MOCKGRID_URL")
# What Kubernetes and Docker set for a service of this name.
_INJECTED = re.compile(r".*SERVICE_(?:HOST|PORT)(?:_.*)?|.*PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_.*)?")
_HEADER = re.compile(r"\s*\[\s*tool\s*\.\s*mockgrid\s*\]")
_ADDRESS = re.compile(r"(?:tcp|udp|sctp)://")


class Value(click.ParamType):  # type: ignore[type-arg]  # generic in new versions only
    """What a flag holds, read as a setting of that kind is read anywhere.

    Args:
        kind: of value.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.name = kind.name

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str | None:
        """Show a choice of words in the help (the context is not given by older versions of click)."""
        del param, ctx
        return f"[{'|'.join(self.kind.words)}]" if isinstance(self.kind, OneOf) else None

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read what a flag gives."""
        try:
            return self.kind.read(value)
        except StartError as error:
            raise click.BadParameter(error.message, ctx, param) from None

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        """Split what one variable gives."""
        return self.kind.split(rv) if isinstance(self.kind, Names) else super().split_envvar_value(rv)


class Flag(click.Option):
    """A flag that also reads ``MOCKGRID_`` and its own name."""

    def __init__(self, declarations: Sequence[str], **attributes: Any) -> None:
        flag = declarations[0].removeprefix("--")
        variable = f"MOCKGRID_{flag.upper().replace('-', '_')}"
        super().__init__(declarations, envvar=variable, show_envvar=True, **attributes)

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """The variable's value, unless Kubernetes has set it.

        A Service called ``mockgrid`` puts ``MOCKGRID_PORT=tcp://10.0.0.7:8080`` into every pod beside it.
        """
        value = super().resolve_envvar_value(ctx)
        return None if value is not None and value.startswith("tcp://") else value


class Configured(click.Command):
    """A command to which ``[tool.mockgrid]`` of a project says what no flag and no variable does."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Click's, with these defaults."""
        flags = {parameter.name: isinstance(parameter, Flag) for parameter in self.params}
        flags["document"] = True
        settings, places = configured(Path.cwd())
        defaults = {name: value for name, value in settings.items() if flags.get(name, True)}
        context = super().make_context(info_name, args, parent, default_map=defaults, **extra)
        _check_folders(context, defaults.get("scenarios", ()), places)
        return context

    def invoke(self, ctx: click.Context) -> Any:
        """Click's; what goes wrong is an annotation, too, where findings would have been."""
        try:
            return super().invoke(ctx)
        except (MockgridError, click.UsageError) as error:
            if ctx.params.get("form") == "github":
                from mockgrid.cli.listing import annotation  # noqa: PLC0415 (only for mistakes)
                from mockgrid.findings import Finding  # noqa: PLC0415 (the same)

                where, hint = (error.where, error.hint) if isinstance(error, MockgridError) else ("", "")
                click.echo(annotation(Finding("", "error", error.message, where, hint)))
            raise


def _check_folders(context: click.Context, folders: Sequence[str], places: Mapping[str, str]) -> None:
    """Check that the scenarios of a project's settings are there, where nothing else names any.

    Raises:
        StartError: a folder is not there.
    """
    if "scenarios" in context.params:
        used = context.get_parameter_source("scenarios") is ParameterSource.DEFAULT_MAP
    else:
        used = not context.params.get("paths", True)
    missing = next((folder for folder in folders if used and not Path(folder).exists()), None)
    if missing is not None:
        message = f"[tool.mockgrid] scenarios: there is no file or directory {missing!r}."
        raise StartError(message, where=places["scenarios"])


def configured(here: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the settings, by name, that the nearest ``pyproject.toml`` with a table ``[tool.mockgrid]`` has.

    Beside them stands where each is written.

    Raises:
        StartError: it has no such setting, or none of this value.
    """
    for folder in (here, *here.parents):
        file = folder / "pyproject.toml"
        try:
            data = file.read_bytes()
        except OSError:
            continue
        table = _table(file, data) if b"mockgrid" in data else None
        if table is not None:
            settings, places = {}, {}
            for key, value in table.items():
                place = _place(file, data, key)
                name, meant = _read(place, file, key, value, here)
                settings[name], places[name] = meant, place
            return settings, places
    return {}, {}


def _place(file: Path, data: bytes, key: str) -> str:
    """Return the place of a key of the table ``[tool.mockgrid]``, where it is written as people write it."""
    lines = data.decode().splitlines()
    table = next((n for n, line in enumerate(lines) if _HEADER.match(line)), None)
    for number, line in enumerate(lines[table:] if table is not None else (), table or 0):
        written = re.match(rf"\s*[\"']?({re.escape(key)})[\"']?\s*=", line)
        if written is not None:
            return f"{file}:{number + 1}:{written.start(1) + 1}"
    return str(file)


def _table(file: Path, data: bytes) -> dict[str, Any] | None:
    import tomllib  # noqa: PLC0415 - 3 ms, for projects that have settings

    try:
        table = tomllib.loads(data.decode()).get("tool", {}).get("mockgrid")
    except (ValueError, AttributeError) as error:
        place = re.search(r"at line (\d+), column (\d+)", str(error))  # all other words are Python's
        where = f"{file}:{place[1]}:{place[2]}" if place else str(file)
        raise StartError("This is not TOML, or `tool` is no table.", where=where) from None
    if table is None or isinstance(table, dict):
        return table
    raise StartError("`tool.mockgrid` is a table of settings.", where=str(file))


def _read(place: str, file: Path, key: str, value: Any, here: Path) -> tuple[str, Any]:
    """Return the name of a setting, and the value that a file gives it, with paths as seen from here."""
    name = WORDS.get(key.replace("-", "_"))
    if name is None:
        from mockgrid.document.nearest import did_you_mean  # noqa: PLC0415 (only for mistakes)

        hint = did_you_mean(key, WORDS).strip() or f"Known: {', '.join(WORDS)}."
        raise StartError(f"[tool.mockgrid] has no setting {key!r}.", where=place, hint=hint)
    try:
        read = read_setting(name, value)
    except StartError as error:
        message = error.message.replace("True or False", "true or false")  # as TOML writes them
        raise StartError(f"[tool.mockgrid] {key}: {message}", where=place) from None
    return name, read if file.parent == here else SETTINGS[name].beside(read, file.parent)


def setting(name: str, explanation: str = "", **attributes: Any) -> Callable[[Any], Any]:
    """Add the flag of a setting to a command.

    Args:
        name: of the setting.
        explanation: for the help; by default what ``mockgrid serve`` says.
        attributes: those that differ from the setting's own.
    """
    known = SETTINGS[name]
    own: dict[str, Any] = {"help": explanation or known.description}
    if isinstance(known.kind, Switch):
        own["is_flag"] = True
    elif isinstance(known.kind, Names):
        own |= {"type": Value(known.kind), "multiple": True, "callback": _flat}
    else:
        own |= {
            "type": Value(known.kind),
            "default": known.default,
            "show_default": known.default is not None,
        }
    return click.option(known.flag, name, cls=Flag, **{**own, **attributes})


def _flat(_ctx: click.Context, _param: click.Parameter, values: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Return all values of a flag that was given several times, each with several values."""
    return tuple(value for several in values for value in several)


def all_settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the flags of all settings that have one."""
    for name in reversed([name for name, known in SETTINGS.items() if known.flag.startswith("--")]):
        command = setting(name)(command)
    return command


scrub_option = click.option(
    "--scrub",
    "scrubbed",
    multiple=True,
    metavar="WHAT",
    help="What else is taken out: a name, `mails`, a /pattern/, or @FILE with one in each line. Repeatable.",
)
"""What a recording is written without, besides secrets."""


def contract_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--contract``, ``--overlay`` and ``--allow-ref`` to a command."""
    overlay = setting("overlays", "OpenAPI overlay to apply to the contract. Repeatable.")
    contract = click.option(
        "--contract",
        "document",
        metavar="DOCUMENT",
        envvar="MOCKGRID_DOCUMENT",
        show_envvar=True,
        help="OpenAPI document of the contract; by default the bundled Consumption API.",
    )
    allowed = setting("allow_refs", "As for `mockgrid serve`: where references may lead. Repeatable.")
    together: Callable[..., Any] = contract(overlay(allowed(command)))
    return together


def load(document: str | None, overlays: Sequence[str], allow_refs: Sequence[str]) -> Contract:
    """Return the contract that ``mockgrid serve`` would serve.

    Raises:
        DocumentError: it cannot be used.
    """
    from mockgrid.app.sources import Sources  # noqa: PLC0415 (slow, and mistakes are to be told soon)

    settings = Settings(document=document, overlays=tuple(overlays), allow_refs=tuple(allow_refs))
    return Sources(settings).contract()


def misspelt(command: click.Command, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each variable whose name is nearly, but not, that of a setting.

    All others are left alone: platforms set variables of their own that begin like ours.
    """
    known = {str(parameter.envvar) for parameter in command.params if parameter.envvar} | {*_ELSEWHERE}
    for name in sorted(environment):
        if not name.startswith(_PREFIX) or name in known:
            continue
        if _INJECTED.fullmatch(name) or _ADDRESS.match(environment[name]):
            continue
        from mockgrid.document.nearest import nearest  # noqa: PLC0415 (only for mistakes)

        meant = nearest(name.removeprefix(_PREFIX), (other.removeprefix(_PREFIX) for other in known))
        if meant is not None:
            yield f"{name} is not a variable that is read; did you mean {_PREFIX}{meant}?"
