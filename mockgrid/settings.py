"""Every setting of ``mockgrid serve``, with its default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Style = Literal["echo", "prose"]
Clock = Literal["fixed", "real", "virtual"]
ErrorShape = Literal["vendor", "both", "openai"]
LogFormat = Literal["text", "json", "off"]
ReadyFormat = Literal["text", "json"]

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a server is asked to do. Sizes are bytes, times are seconds."""

    document: str | None = None
    """Path of the OpenAPI document to serve; None serves the bundled Consumption API."""

    overlays: tuple[str, ...] = ()
    """Paths of OpenAPI overlays, applied in this order."""

    host: str = "127.0.0.1"
    """Name or address to listen on."""

    port: int = 8080
    """TCP port to listen on; 0 takes a free one."""

    uds: str | None = None
    """Path of a Unix socket to listen on, in place of host and port."""

    base_path: str | None = None
    """Path prefix of the API, such as ``/v1``; None takes the document's own."""

    api_keys: tuple[str, ...] = ()
    """Keys accepted as they are, each with a session of its own."""

    accept_any_key: bool = False
    """Accept every well-formed credential."""

    models: tuple[str, ...] = ()
    """Known models (``*`` is a wildcard); empty takes the contract's own."""

    style: Style = "echo"
    """Content of a default reply: an echo of the last user text, or seeded prose."""

    prose_tokens: int = 64
    """Length of prose replies, in tokens."""

    seed: int = 0
    """Seed of everything that is drawn."""

    clock: Clock = "fixed"
    """``fixed``: ``created`` stands still, waits are real; ``real``; ``virtual``: nothing waits."""

    error_shape: ErrorShape = "vendor"
    """Error bodies in the contract's shape, in OpenAI's, or with both keys."""

    strict: bool = False
    """Also enforce OpenAI's cross-field rules, which the document does not state."""

    lenient: bool = False
    """Also accept null for any optional field, and enum values newer than the document."""

    log: LogFormat = "text"
    """Format of the request log on stderr."""

    ready: ReadyFormat = "text"
    """Format of the line on stdout that says that the server answers."""

    scenarios: tuple[str, ...] = ()
    """Directories of scenario files, besides those that ship with MockGrid."""

    scenario: str | None = None
    """Name of the scenario that plays for sessions that ask for none; None plays default replies."""

    watch: bool = False
    """Read scenario files again when they change."""

    control_token: str | None = None
    """Token of the control interface; loopback callers need none."""

    max_body: int = 20 * MIB
    """Largest request body accepted, in bytes."""

    max_headers: int = 64 * KIB
    """Largest request line and header fields accepted together, in bytes."""

    max_depth: int = 256
    """Deepest nesting of a JSON body accepted."""

    journal_bytes: int = 16 * MIB
    """Bytes that the journals of all sessions may hold together; beyond, the oldest exchanges go, those
    with violations last."""

    max_sessions: int = 10_000
    """Sessions that are kept; beyond, the one idle longest is closed."""

    session_idle: float = 3600.0
    """Seconds after which a session that nobody uses may be closed."""

    max_connections: int = 10_000
    """Connections that are open at a time; one more is told 503 and closed."""

    max_streams: int = 5_000
    """Streams that are sent at a time; a request for one more is told 503."""

    request_timeout: float = 600.0
    """Seconds that a reply may take once its request is read; then the connection is closed."""

    body_timeout: float = 60.0
    """Seconds that a request body may take to arrive."""

    header_timeout: float = 30.0
    """Seconds that a request line with its header fields may take to arrive."""

    keep_alive: float = 75.0
    """Seconds that an idle connection stays open. Longer than the pools of common clients keep theirs (5 s to
    60 s): a server that closes first races with the next request on that connection."""

    shutdown_timeout: float = 4.5
    """Seconds that running replies get to finish once the server is told to stop."""
