"""Sockets to listen on, and what to say when there are none to be had; and room for those of connections."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from pathlib import Path
from typing import Final

from mockgrid.errors import StartError

BACKLOG = 2048
ATTEMPTS = 8
UNPRIVILEGED = 1024
# Of a Unix socket, as uvicorn has it: whoever may reach its directory may call.
_FOR_ALL = 0o666

RESERVED: Final = 64
"""Files that a server needs besides its connections: its own, and room to tell those that do not fit."""

_OPEN: Final = ("/proc/self/fd", "/dev/fd")


def listen(host: str, port: int) -> list[socket.socket]:
    """Listen on every address of a host, all on one port.

    Args:
        host: a name or address of this machine.
        port: 0 takes a free one.

    Raises:
        StartError: nothing can listen there; the message says what to do.
    """
    for attempt in range(ATTEMPTS):
        try:
            return _listen(host, port)
        except UnicodeError as error:  # no name of a host can hold such characters
            raise _explained(socket.gaierror(), host, port) from error
        except OSError as error:
            # A port that was free on one address and taken on the next: another is.
            if port or error.errno != errno.EADDRINUSE or attempt == ATTEMPTS - 1:
                raise _explained(error, host, port) from error
    raise AssertionError


def listen_on_path(path: str) -> socket.socket:
    """Listen on a Unix socket, in the place of one that nobody listens on any more.

    Args:
        path: of the socket's file; it is gone when the server has stopped.

    Raises:
        StartError: nothing can listen there; the message says what to do.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise StartError("This system has no Unix sockets.", hint="Use --host and --port instead of --uds.")
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if Path(path).is_socket() and opened.connect_ex(path):
            Path(path).unlink()  # nobody answers there any more
        opened.bind(path)
        Path(path).chmod(_FOR_ALL)
        opened.listen(BACKLOG)
        opened.setblocking(False)
    except OSError as error:
        opened.close()
        reason = error.strerror or str(error)
        raise StartError(
            f"Cannot listen on the Unix socket {path}: {reason}.",
            hint="--uds takes a path that is free, in a directory that may be written to.",
        ) from error
    return opened


def url_host(host: str) -> str:
    """The host for a client on this machine to put into a URL."""
    if host in {"", "0.0.0.0"}:  # noqa: S104 (compared, not bound)
        return "127.0.0.1"
    if host == "::":
        return "[::1]"
    return f"[{host}]" if ":" in host else host


def _listen(host: str, port: int) -> list[socket.socket]:
    # Of a text Python makes bytes by a codec that it takes 2 ms to load.
    named = host.encode() if host.isascii() else host
    resolved = socket.getaddrinfo(named or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    addresses = list(dict.fromkeys((family, address) for family, _, _, _, address in resolved))
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    with contextlib.ExitStack() as opened:
        for family, address in addresses:
            both = family == socket.AF_INET6 and address[0] == "::" and len(addresses) == 1
            try:
                listening = socket.create_server(
                    (address[0], port, *address[2:]), family=family, backlog=BACKLOG, dualstack_ipv6=both
                )
            except OSError as error:
                # "localhost" may name an IPv6 address that this machine does not have.
                if error.errno not in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
                    raise
                missing = error
            else:
                sockets.append(opened.enter_context(listening))
                listening.setblocking(False)
                port = listening.getsockname()[1]
        opened.pop_all()
    if not sockets and missing is not None:
        raise missing
    return sockets


def _explained(error: OSError, host: str, port: int) -> StartError:
    if isinstance(error, socket.gaierror):
        return StartError(
            f"The host {host!r} cannot be resolved.",
            hint="--host takes an address or name of this machine, such as 127.0.0.1 or 0.0.0.0.",
        )
    if error.errno == errno.EADDRINUSE:
        return StartError(
            f"Port {port} on {host} is already in use.",
            hint="Choose another with --port (0 takes a free one), or stop the program that holds it.",
        )
    if error.errno in {errno.EACCES, errno.EPERM}:
        return StartError(
            f"Listening on port {port} of {host} is not permitted.",
            hint=f"Choose a port from {UNPRIVILEGED} up with --port, or 0 for a free one.",
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return StartError(
            f"{host} is not an address of this machine.",
            hint="--host takes one that is, such as 127.0.0.1 or 0.0.0.0 (all of them).",
        )
    reason = os.strerror(error.errno) if error.errno else type(error).__name__
    return StartError(f"Cannot listen on port {port} of {host}: {reason}.", hint="See --host and --port.")


def connections_that_fit(most: int) -> int:
    """Let this process open as many files as its connections need, as far as the system allows that.

    Args:
        most: connections that are wanted.

    Returns:
        How many there may be, so that one more can be refused in words.
    """
    try:
        import resource  # noqa: PLC0415 (not on Windows, where nothing bounds them)
    except ImportError:
        return most
    allowed, highest = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most + RESERVED
    if allowed == resource.RLIM_INFINITY or allowed >= wanted:
        return most
    if highest == resource.RLIM_INFINITY or highest > allowed:
        raised = wanted if highest == resource.RLIM_INFINITY else min(wanted, highest)
        with contextlib.suppress(OSError, ValueError):  # macOS has a bound of its own
            resource.setrlimit(resource.RLIMIT_NOFILE, (raised, highest))
            allowed = raised
    reserved = min(RESERVED, (allowed + _open_files()) // 2)
    return min(most, max(allowed - reserved, 1))


def _open_files() -> int:
    """Return how many files this process has open; 0 where that cannot be told."""
    for folder in _OPEN:
        with contextlib.suppress(OSError):
            return len(list(Path(folder).iterdir()))
    return 0
