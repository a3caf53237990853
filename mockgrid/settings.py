"""Every setting of ``mockgrid serve``: its default, what it may hold, and what its flag says of it."""

from __future__ import annotations

import os
import re
from dataclasses import field, fields
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, get_args

from mockgrid.document.nearest import did_you_mean
from mockgrid.errors import StartError
from mockgrid.fixed import fixed
from mockgrid.values import Address, ApiKeys, Duration, Names, OneOf, PathPrefix, Size, Switch, Text, Whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mockgrid.values import Kind

Style = Literal["echo", "prose", "static"]
Clock = Literal["fixed", "real", "virtual"]
ErrorShape = Literal["vendor", "both", "openai"]
LogFormat = Literal["text", "json", "off"]
ReadyFormat = Literal["text", "json"]

_NO_FLAG: Final = ""
# What settings are called elsewhere.
_MEANT: Final = {
    **dict.fromkeys(("contract", "openapi", "spec"), "document"),
    "key": "api_keys",
    "virtual": 'clock="virtual"',
    "url": "RemoteGrid, for a server elsewhere",
}
# Values that are paths of files.
_FILES: Final = ("path", "dir")


class Setting(NamedTuple):
    """What is known of a setting beside its value.

    Attributes:
        kind: what it may hold.
        default: what it is where nobody says, as its flag takes it.
        description: for the command's help.
        flag: that sets it, without dashes where it is the command's argument; empty where none does.
    """

    kind: Kind
    default: Any
    description: str
    flag: str

    @property
    def word(self) -> str:
        """What files call it; empty for what they cannot set."""
        return self.flag.removeprefix("--").replace("-", "_")

    @property
    def is_file(self) -> bool:
        """Whether a value names a file or a folder, or several."""
        return isinstance(self.kind, Text | Names) and self.kind.name in _FILES

    def beside(self, value: Any, folder: Path) -> Any:
        """Return a value as it is meant in a file of a folder, or on a command line there."""
        if not self.is_file:
            return value
        return str(folder / value) if isinstance(value, str) else tuple(str(folder / path) for path in value)


def setting(default: Any, kind: Kind, description: str, flag: str | None = None) -> Any:
    """Return a field of ``Settings``, which by default has the flag of its name."""
    metadata = {"kind": kind, "default": default, "description": description, "flag": flag}
    return field(default=default if default is None else kind.read(default), metadata=metadata)


@fixed(kw_only=True)
class Settings:
    """What a server is asked to do. Sizes are bytes, times are seconds."""

    document: str | None = setting(
        None, Text("path"), "OpenAPI document to serve; by default the bundled.", "document"
    )
    host: str = setting("127.0.0.1", Text(), "Name or address to listen on; 0.0.0.0 is all of them.")
    port: int = setting(8080, Whole(0, 65535), "Port to listen on; 0 takes a free one.")
    uds: str | None = setting(None, Text("path"), "Unix socket to listen on, in place of host and port.")
    base_path: str | None = setting(
        None, PathPrefix(), "Path prefix of the API; by default the document's own."
    )
    webhooks: bool = setting(False, Switch(), "Serve the document's webhooks, too, each at /NAME.")
    overlays: tuple[str, ...] = setting(
        (),
        Names("path", between=re.escape(os.pathsep)),
        "OpenAPI overlay to apply to the document. Repeatable.",
        "--overlay",
    )
    api_keys: tuple[str, ...] = setting(
        (), ApiKeys("key"), "Key to accept as it is, with a session of its own. Repeatable.", "--api-key"
    )
    accept_any_key: bool = setting(False, Switch(), "Accept every well-formed credential.")
    models: tuple[str, ...] = setting(
        (),
        Names("names", commas=True),
        "Models to know; others get the contract's 404. Repeatable, or with commas; * is a wildcard, "
        "and NAME=MODEL says which model serves.",
    )
    scenarios: tuple[str, ...] = setting(
        (), Names("dir", between=r"\s+"), "Directory of scenario files, or one of them. Repeatable."
    )
    """Besides those that ship with MockGrid."""
    scenario: str | None = setting(None, Text("name"), "Scenario that plays where a key asks for none.")
    upstream: str | None = setting(
        None, Address(), "Provider to forward to what no step answers; needs the extra `record`."
    )
    upstream_key_env: str | None = setting(
        None, Text("name"), "Variable that holds the key for the provider, in place of the client's."
    )
    upstream_ca: str | None = setting(
        None, Text("path"), "File of certificates by which the provider may be trusted, too."
    )
    watch: bool = setting(False, Switch(), "Read scenario files again when they change.")
    style: Style = setting("echo", OneOf(*get_args(Style)), "Content of default replies.")
    """An echo of the last user text, or seeded prose; static: an echo, and of other operations the plainest
    values, such as ``string`` and ``0``."""
    prose_tokens: int = setting(64, Whole(1, 100_000), "Length of prose replies, in tokens.")
    seed: int = setting(0, Whole(0), "Seed of everything that is drawn.")
    clock: Clock = setting(
        "fixed",
        OneOf(*get_args(Clock)),
        "fixed: `created` stands still, waits are real; virtual: nothing waits.",
    )
    error_shape: ErrorShape = setting(
        "vendor",
        OneOf(*get_args(ErrorShape)),
        "Error bodies in the contract's shape, in OpenAI's, or both in one.",
    )
    strict: bool = setting(
        False, Switch(), "Also enforce OpenAI's rules between fields, which no document states."
    )
    allow_refs: tuple[str, ...] = setting(
        (),
        Names("place", between=r"\s+"),
        "Folder or beginning of a URL where references of the document may lead, too. Repeatable.",
        "--allow-ref",
    )
    strict_document: bool = setting(
        False, Switch(), "Refuse a document with a mistake in it, instead of serving what is left of it."
    )
    cache_dir: str | None = setting(
        None, Text("dir"), "Folder of compiled documents; by default mockgrid in the user's folder of caches."
    )
    no_cache: bool = setting(False, Switch(), "Compile the document anew, and keep nothing of it on disk.")
    lenient: bool = setting(
        False, Switch(), "Also accept null for optional fields, and enum values newer than the document."
    )
    cors: bool = setting(
        False, Switch(), "Let pages of any origin call the API: their preflights are answered, too."
    )
    log: LogFormat = setting("text", OneOf(*get_args(LogFormat)), "Request log on stderr.")
    ready: ReadyFormat = setting(
        "text", OneOf(*get_args(ReadyFormat)), "Line on stdout once the server answers."
    )
    control_token: str | None = setting(
        None, Text("token"), "Token for the control interface; callers on this machine need none."
    )
    max_body: int = setting("20MiB", Size(), "Largest request body.")
    max_headers: int = setting("64KiB", Size(), "Largest request line and headers together.")
    max_depth: int = setting(256, Whole(1, 10_000), "Deepest nesting of a JSON body.")
    journal_bytes: int = setting(
        "16MiB", Size(), "Bytes that the journal of all sessions holds; then the oldest exchanges go."
    )
    """Those with violations go last."""
    max_sessions: int = setting(10_000, Whole(1), "Sessions that are kept; then the one idle longest goes.")
    session_idle: float = setting("1h", Duration(), "Time after which an unused session may go.")
    max_connections: int = setting(10_000, Whole(1), "Open connections; one more is told 503 and closed.")
    max_streams: int = setting(5_000, Whole(1), "Streams sent at a time; one more is told 503.")
    request_timeout: float = setting(
        "10m", Duration(), "Time that a reply may take; then the connection closes."
    )
    body_timeout: float = setting("60s", Duration(), "Time for a request body to arrive.")
    header_timeout: float = setting("30s", Duration(), "Time for request line and headers to arrive.")
    keep_alive: float = setting("75s", Duration(), "Time that an idle connection stays open.")
    """Longer than the pools of common clients keep theirs (5 s to 60 s): a server that closes first races
    with the next request on that connection."""
    shutdown_timeout: float = setting(
        "4.5s", Duration(zero=True), "Time that running replies get to finish.", _NO_FLAG
    )
    """Once the server is told to stop."""


def _read_table() -> dict[str, Setting]:
    table = {}
    for each in fields(Settings):
        words = dict(each.metadata)
        if words["flag"] is None:
            words["flag"] = f"--{each.name.replace('_', '-')}"
        table[each.name] = Setting(**words)
    return table


SETTINGS: Final[Mapping[str, Setting]] = _read_table()
"""What is known of each, in the order of the command's help."""


WORDS: Final[Mapping[str, str]] = {known.word: name for name, known in SETTINGS.items() if known.word}
"""The settings that files and options can set: their names by what these call them."""


def read_setting(name: str, value: Any) -> Any:
    """Return the value of a setting as ``Settings`` holds it.

    >>> read_setting("max_body", "20MiB")
    20971520

    Args:
        name: of the setting; it is known.
        value: what a flag takes as text, or the same in Python's types.

    Raises:
        StartError: the setting cannot have it.
    """
    known = SETTINGS[name]
    return None if value is None and known.default is None else known.kind.read(value)


def read_settings(values: Mapping[str, Any], **defaults: Any) -> Settings:
    """Return settings that are given as arguments in Python.

    Args:
        values: by the names of settings; each as its flag takes it, or the same in Python's types.
        defaults: those that differ from the command's own.

    Raises:
        StartError: there is no such setting, or it cannot have the value.
    """
    __tracebackhide__ = True  # what is wrong stands in the caller's line
    read = {}
    for name, value in values.items():
        if name not in SETTINGS:
            meant = _MEANT.get(name)
            hint = f"Did you mean {meant}?" if meant else did_you_mean(name, SETTINGS).strip()
            hint = hint or f"Known: {', '.join(SETTINGS)}."
            raise StartError(f"MockGrid has no setting {name!r}.", hint=hint)
        try:
            read[name] = read_setting(name, value)
        except StartError as error:
            raise StartError(f"{name}: {error.message}") from None
    return Settings(**{**defaults, **read})
