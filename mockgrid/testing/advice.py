"""What to look at where a client's requests have not arrived."""

from __future__ import annotations

from urllib.parse import urlsplit

__all__ = ["advice"]

_USUAL = "Does the client use this base_url and api_key?"


def advice(base_url: str) -> str:
    """Return the most probable reason, as a question; a proxy's own address is never shown.

    Args:
        base_url: what clients are given.
    """
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415 - slow, and for failing tests alone

    parts = urlsplit(base_url)
    host = parts.hostname or ""
    proxies = getproxies()
    if not (parts.scheme in proxies or "all" in proxies) or proxy_bypass(host):
        return _USUAL
    name = f"{parts.scheme}_proxy" if parts.scheme in proxies else "all_proxy"
    return f"{_USUAL} Or has it asked a proxy? {name.upper()} is set, and NO_PROXY does not name {host}."
