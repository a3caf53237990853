"""``mockgrid fuzz``."""

from __future__ import annotations

import os
import re
import shlex
import signal
import sys
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from mockgrid.cli.flags import Configured, Value, contract_options, load
from mockgrid.errors import StartError
from mockgrid.values import Duration, Whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mockgrid.fuzz.client import Client
    from mockgrid.fuzz.example import DrawnExample
    from mockgrid.fuzz.failure import ClientFailure
    from mockgrid.fuzz.search import Search
    from mockgrid.testing.exchange import Exchange

FOUND: Final = 1
"""Exit code: the client fails at something."""

INTERRUPTED: Final = 130
"""Exit code: Ctrl+C came before anything was found."""

# Of the project's settings, those that decide on replies.
_SERVED: Final = ("base_path", "error_shape", "lenient", "models", "strict")
_ALL: Final = ""
_TIMEOUT: Final = 10.0


@click.command(
    cls=Configured, options_metavar="[OPTIONS]", context_settings={"allow_interspersed_args": False}
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND...")
@contract_options
@click.option(
    "--runs",
    type=Value(Whole(1)),
    default=200,
    show_default=True,
    help="Examples to draw; shrinking adds some.",
)
@click.option(
    "--seed", type=Value(Whole(0)), default=0, show_default=True, help="The same seed, the same examples."
)
@click.option(
    "--operation",
    "operations",
    multiple=True,
    metavar="ID",
    help="Operation whose replies are drawn; by default those that the client calls. Repeatable.",
)
@click.option(
    "--faults", is_flag=True, help="Errors before the reply, too, and replies that break on the wire."
)
@click.option(
    "--wild",
    is_flag=False,
    flag_value=_ALL,
    metavar="[NAMES]",
    help="Also what servers send though no contract allows it: all of it, or names with commas.",
)
@click.option(
    "--timeout",
    type=Value(Duration()),
    default=f"{_TIMEOUT:g}s",
    show_default=True,
    help="Time that the client may take for an example.",
)
@click.option(
    "--allow",
    "allowed",
    multiple=True,
    metavar="CODE",
    help="Exit code, or status of --call, by which the client says that it could not do its work; or code of "
    "a violation or verdict that is no failure, such as MG314. Repeatable.",
)
@click.option(
    "--output",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default="mockgrid-fuzz",
    show_default=True,
    help="Where scenario files of what breaks the client are written.",
)
@click.option("--keep-running", is_flag=True, help="Start COMMAND once, and call it for each example.")
@click.option("--call", metavar="URL", help="Where to call it, such as http://127.0.0.1:3000/chat.")
@click.option("--data", metavar="TEXT", help="Call it by POST, with this body (JSON); by default by GET.")
@click.option(
    "--replay",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, resolve_path=True),
    metavar="FILE",
    help="Play a scenario file once instead.",
)
@click.pass_context
def fuzz(ctx: click.Context, /, **values: Any) -> int:
    """Throw replies that the contract allows at a client of any language, and shrink what breaks it.

    COMMAND runs again and again, each time with OPENAI_BASE_URL and OPENAI_API_KEY of a session that plays
    another reply. It fails by an exit code other than 0, by taking longer than --timeout, by a request that
    breaks the contract, and by unsound conduct. Each distinct failure is made as small as can be, and
    written as a scenario file.

    Exits with 0 if nothing was found, with 1 if something was, and with 2 if it could not run.
    """
    command: Sequence[str] = values["command"]
    if not command:
        raise click.UsageError("The client's command is missing: mockgrid fuzz -- python client.py.", ctx)
    if values["keep_running"] != (values["call"] is not None):
        raise click.UsageError("--keep-running and --call URL go together.", ctx)
    if values["data"] is not None and values["call"] is None:
        raise click.UsageError("--data is the body of --call URL.", ctx)
    # Hypothesis would make a folder of its own here, for what it works out once.
    os.environ.setdefault(
        "HYPOTHESIS_STORAGE_DIRECTORY", str(Path(tempfile.gettempdir()) / "mockgrid-hypothesis")
    )
    from mockgrid.fuzz.client import UnfitClientError  # noqa: PLC0415 (slow, and mistakes are to be told soon)

    try:
        with _ended_by_signals() as check_signals:
            return _run(ctx, check_signals=check_signals, **values)
    except UnfitClientError as error:
        if error.details.strip():
            click.echo(error.details.rstrip(), err=True)
        raise


def _run(ctx: click.Context, **values: Any) -> int:
    from mockgrid.fuzz.command import CommandClient  # noqa: PLC0415 (slow, and mistakes are to be told soon)
    from mockgrid.fuzz.judge import ClientJudge  # noqa: PLC0415 (the same)
    from mockgrid.fuzz.service import ServiceCall, ServiceClient  # noqa: PLC0415 (the same)
    from mockgrid.testing.mock_grid import MockGrid  # noqa: PLC0415 (the same)

    judge = ClientJudge(values["allowed"])
    call = None if values["call"] is None else ServiceCall(values["call"], values["data"])
    served = {name: values[name] for name in ("document", "overlays", "allow_refs")}
    defaults = ctx.default_map or {}
    served |= {name: defaults[name] for name in _SERVED if name in defaults}
    with ExitStack() as stack:
        grid = stack.enter_context(MockGrid(**served))
        client: Client
        if call is None:
            client = CommandClient(values["command"], grid, judge, values["timeout"])
        else:
            client = stack.enter_context(
                ServiceClient(values["command"], call, grid, judge, values["timeout"])
            )
        if values["replay"] is not None:
            return _replay(client, values["replay"])
        return _searched(client, **values)


def _replay(client: Client, file: Path) -> int:
    from mockgrid.testing.error import PlayError  # noqa: PLC0415 (the same)

    try:
        failure = client.failure_at(file)
    except PlayError as error:
        first, *more = str(error).splitlines()
        if not more:
            raise
        raise StartError(first, hint=f"({len(more)} more; `mockgrid check {file}` tells all.)") from None
    if failure is None:
        click.echo(f"The client survives {file}.")
        return 0
    click.echo(failure.details.rstrip())
    click.echo(f"The client fails at {file}, by {failure}.")
    return FOUND


def _searched(client: Client, **values: Any) -> int:
    from mockgrid.fuzz.examples import examples  # noqa: PLC0415 (the same)
    from mockgrid.fuzz.progress import Progress  # noqa: PLC0415 (the same)
    from mockgrid.fuzz.search import Search  # noqa: PLC0415 (the same)

    contract = load(values["document"], values["overlays"], values["allow_refs"])
    wild = None if values["wild"] is None else list(filter(None, re.split(r"[,\s]+", values["wild"])))
    kinds = {"faults": values["faults"], "wild": wild}
    examples(
        contract, values["operations"] or [contract.operations[0].id], **kinds
    )  # what is misspelt is told first
    _check_folder(values["folder"])
    calls = client.calls()
    called = dict.fromkeys(exchange.operation for exchange in calls if exchange.operation is not None)
    operations = values["operations"] or called
    progress = Progress(sys.stderr)

    def failure_at(example: DrawnExample) -> ClientFailure | None:
        values["check_signals"]()
        return client.failure_at(example.scenario)

    streaming = any(_streams(exchange) for exchange in calls)
    search = Search(
        examples(contract, operations, streaming=streaming, **kinds),
        failure_at,
        progress,
    )
    stopped = False
    try:
        search.run(values["runs"], values["seed"])
    except KeyboardInterrupt:
        stopped = True
    progress.end()
    _tell(search, progress.state(search), **values)
    if search.discoveries:
        return FOUND
    return INTERRUPTED if stopped else 0


def _check_folder(folder: Path) -> None:
    """Tell that a folder cannot be written to before there is something to be lost.

    Raises:
        StartError: it, or the nearest folder above that is there, cannot.
    """
    there = next((each for each in (folder, *folder.absolute().parents) if each.exists()), folder)
    try:
        tempfile.TemporaryDirectory(dir=there).cleanup()  # what rights say is not true of root
    except OSError as error:
        message = f"--output: In {str(folder)!r} no file can be written: {error.strerror}."
        raise StartError(message, hint="Name another folder.") from None


def _tell(search: Search, state: str, **values: Any) -> None:
    """Write what was found, and say where."""
    from mockgrid.fuzz.record import write_discoveries  # noqa: PLC0415 (the same)

    click.echo(f"{state} (seed {values['seed']})")
    discoveries = search.discoveries.values()
    for discovery, path in write_discoveries(
        discoveries, values["folder"], values["seed"], partial(_again, values)
    ):
        click.echo(f"\n{discovery.failure}\n  {discovery.example}\n  {path}")


def _again(values: dict[str, Any], file: Path) -> str:
    """Return the command line that plays a file."""
    flags: list[str] = [] if values["document"] is None else ["--contract", values["document"]]
    for flag, name in (("--overlay", "overlays"), ("--allow-ref", "allow_refs"), ("--allow", "allowed")):
        flags += [part for value in values[name] for part in (flag, value)]
    if values["timeout"] != _TIMEOUT:  # without it, what took too long may be quick enough
        flags += ["--timeout", f"{round(1000 * values['timeout'])}ms"]
    if values["call"] is not None:
        flags += ["--keep-running", "--call", values["call"]]
        flags += [] if values["data"] is None else ["--data", values["data"]]
    return shlex.join(["mockgrid", "fuzz", *flags, "--replay", str(file), "--", *values["command"]])


def _streams(exchange: Exchange) -> bool:
    body = exchange.request.body
    return isinstance(body, dict) and body.get("stream") is True


@contextmanager
def _ended_by_signals() -> Iterator[Callable[[], None]]:
    """Take the signals that end a process for Ctrl+C, lest the client runs on.

    Given is what raises it again: Python loses what is raised while it collects cycles, for which Hypothesis
    has a function.
    """
    come: list[int] = []

    def interrupt(number: int, _frame: object) -> None:
        come.append(number)
        raise KeyboardInterrupt

    def check() -> None:
        if come:
            raise KeyboardInterrupt

    before = {}
    # A shell that starts it in the background has Ctrl+C ignored.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        with suppress(AttributeError, ValueError):  # on Windows, and in threads
            number = getattr(signal, name)
            before[number] = signal.signal(number, interrupt)
    try:
        yield check
    finally:
        for number, known in before.items():
            signal.signal(number, known)
