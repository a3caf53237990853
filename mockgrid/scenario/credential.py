"""Which headers carry credentials, and so are neither shown nor inserted anywhere."""

from __future__ import annotations

from typing import Final

from mockgrid.contract.security import Security

__all__ = ["is_secret"]

_ALWAYS: Final = frozenset(Security([], {}).secret_headers)
# Parts of names by which vendors call what the contract at hand does not mention.
_TELLING: Final = ("authorization", "cookie", "api-key", "apikey", "api_key", "secret", "password")
_ENDINGS: Final = ("-token", "_token")


def is_secret(header: str) -> bool:
    """Tell whether a header carries a credential, by its name in any case.

    >>> is_secret("X-Goog-Api-Key"), is_secret("x-request-id")
    (True, False)
    """
    name = header.strip().lower()
    return (
        name in _ALWAYS
        or name == "token"
        or name.endswith(_ENDINGS)
        or any(part in name for part in _TELLING)
    )
