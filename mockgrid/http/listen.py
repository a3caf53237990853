"""Sockets to listen on, and what to say when there are none to be had."""

from __future__ import annotations

import errno
import socket
import sys
from pathlib import Path

from mockgrid.errors import StartError

BACKLOG = 2048
ATTEMPTS = 8
UNPRIVILEGED = 1024
# Of a Unix socket, as uvicorn has it: whoever may reach its directory may call.
_FOR_ALL = 0o666


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
    resolved = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    addresses = list(dict.fromkeys((family, address) for family, _, _, _, address in resolved))
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    try:
        for family, address in addresses:
            try:
                sockets.append(_open(family, (address[0], port, *address[2:]), alone=len(addresses) == 1))
            except OSError as error:
                # "localhost" may name an IPv6 address that this machine does not have.
                if error.errno not in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
                    raise
                missing = error
            else:
                port = port or sockets[0].getsockname()[1]
    except OSError:
        for opened in sockets:
            opened.close()
        raise
    if not sockets and missing is not None:
        raise missing
    return sockets


def _open(family: int, address: tuple[object, ...], *, alone: bool) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # there it would let two servers share a port
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            both = alone and address[0] == "::"
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if both else 1)
        opened.bind(address)
        opened.listen(BACKLOG)
        opened.setblocking(False)
    except OSError:
        opened.close()
        raise
    return opened


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
    reason = error.strerror or type(error).__name__
    return StartError(f"Cannot listen on port {port} of {host}: {reason}.", hint="See --host and --port.")
