"""From a request's credential to its session."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from mockgrid.contract.router import ROUTED
from mockgrid.contract.security import Missing
from mockgrid.reply.request import RefusedError
from mockgrid.session.redaction import masked
from mockgrid.session.session import named_session, session_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from mockgrid.contract.contract import Operation
    from mockgrid.contract.extension import AcceptedKeys, KeyPrefix
    from mockgrid.http.incoming import Head
    from mockgrid.scenario.library import Library
    from mockgrid.session.session import Session, Sessions

SESSION = b"x-mockgrid-session"
SCENARIO = b"x-mockgrid-scenario"

_REMEMBERED = 10_000
_ANONYMOUS = session_name("")
# Longer keys are looked up anew each time, so that what is remembered stays small.
_LONGEST = 256
# Characters of an unknown name that are shown.
_SHOWN = 60


class Credentials:
    """Decides which keys are accepted, and which session and scenario each plays.

    Args:
        keys: the contract's key policy.
        sessions: where sessions are kept.
        library: gives the scenarios that keys and headers may ask for.
        accepted: keys accepted as they are.
        accept_any: whether every well-formed credential is accepted.
    """

    def __init__(
        self,
        keys: AcceptedKeys,
        sessions: Sessions,
        *,
        library: Callable[[], Library],
        accepted: Collection[str] = (),
        accept_any: bool = False,
    ) -> None:
        self._keys = keys
        self._sessions = sessions
        self._library = library
        self._accepted = frozenset(accepted)
        self._accept_any = accept_any or keys.prefixes is None
        # What an Authorization header was found to mean; clients send the same one again and again.
        self._known: dict[bytes, tuple[str, str, str]] = {}

    @property
    def remembered(self) -> dict[str, int]:
        """How many keys are known again."""
        return {"keys": len(self._known)}

    def session(self, head: Head, operation: Operation) -> Session:
        """Return the session that a request belongs to.

        Raises:
            RefusedError: the credential is missing, malformed or unknown, or names an unknown scenario.
        """
        headers = head.headers
        security = operation.security
        known = self._known.get(headers.get(b"authorization", b"")) if security.bearer_first else None
        if known is not None:
            key, scenario, mask = known
        elif security.required:
            key, scenario, mask = self._identify(head, operation)
        else:
            key, scenario, mask = self._volunteered(head, operation)
        if SESSION in headers:
            name = head.text(SESSION) or ""
            self._check_dash(name, operation)
            key, meant, mask = self._named(name)
            scenario = meant or scenario
        if SCENARIO in headers:
            scenario = self._scenario(
                head.text(SCENARIO) or "", f"The header {SCENARIO.decode()} names", operation
            )
            key = f"{key}~{scenario}"
        return self._sessions.get(key, scenario, mask)

    def presumed(self, head: Head) -> Session:
        """Return the session that a request without a usable credential was probably meant for.

        A key in the wrong header, or without its scheme, still tells whose request it is; its journal, and
        none other, should show the mistake.
        """
        if SESSION in head.headers:
            return self._sessions.get(*self._named(head.text(SESSION) or ""))
        if head.path.startswith(f"{ROUTED}/"):
            # A redirect names the session whose request it leads on.
            name = _token(head.query.decode("latin-1")).partition(".")[2]
            session = self._sessions.find(name) if name else None
            if session is not None:
                return session
        prefixes = tuple(known.prefix for known in self._keys.prefixes or ())
        for value in head.headers.values():
            word = value.rpartition(b" ")[2].decode("latin-1")
            if word in self._accepted or (prefixes and word.startswith(prefixes)):
                session = self._sessions.find(session_name(word))
                if session is not None:
                    return session
        return self._sessions.get(_ANONYMOUS)

    def scenario_of(self, key: str) -> str | None:
        """Return the scenario that a key asks for, empty for the default; None for no valid key."""
        known = self._known_prefix(key)
        if known is None:
            return "" if key in self._accepted or self._accept_any else None
        name = key[len(known.prefix) :].partition(".")[0] if known.scenario else ""
        return name if name and self._knows(name) else ""

    def refusal(self, key: str) -> str:
        """Return why a client with a key is refused; empty where it is not."""
        try:
            self._scenario_of(key, None)
        except RefusedError as refused:
            return refused.message
        return ""

    def _known_prefix(self, key: str) -> KeyPrefix | None:
        """Return the prefix by which a key is accepted."""
        for known in self._keys.prefixes or ():
            if key.startswith(known.prefix) and len(key) > len(known.prefix):
                return known
        return None

    def _identify(self, head: Head, operation: Operation) -> tuple[str, str, str]:
        """Return session and scenario of a request's key, and what may be shown of it."""
        credentials = operation.security.find(head.headers, head.query)
        if isinstance(credentials, Missing):
            raise self._refused(credentials.reason, operation, code="MG103", challenge=credentials.challenge)
        # Where several are sent, one that is known tells whose request it is.
        known = (each for each in credentials if self.scenario_of(each.key) is not None)
        credential = next(known, credentials[0])
        if " " in credential.key and not self._accept_any and credential.key not in self._accepted:
            message = "The API key holds characters that a key cannot have (spaces, controls or non-ASCII)."
            raise self._refused(message, operation, code="MG103")
        scenario = self._scenario_of(credential.key, operation)
        mask = self.mask_of(credential.key)
        identity = session_name(credential.key), scenario, mask
        if credential.scheme.kind == "bearer" and len(credential.key) <= _LONGEST:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[head.headers[b"authorization"]] = identity
        return identity

    def forget(self) -> None:
        """Look at every key anew: scenarios have changed."""
        self._known.clear()

    def _named(self, name: str) -> tuple[str, str, str]:
        """Return the same of what a header names: a key, or any other name."""
        scenario = self.scenario_of(name)
        if scenario is None:
            return named_session(name), "", ""
        return session_name(name), scenario, self.mask_of(name)

    def _volunteered(self, head: Head, operation: Operation) -> tuple[str, str, str]:
        """Return the same of a key that is not asked for: clients send theirs everywhere."""
        for credential in operation.security.volunteered(head.headers, head.query):
            scenario = self.scenario_of(credential.key)
            if scenario is not None:
                mask = self.mask_of(credential.key)
                return session_name(credential.key), scenario, mask
        return _ANONYMOUS, "", ""

    def mask_of(self, key: str) -> str:
        """Return what may be shown of a key."""
        known = self._known_prefix(key)
        return masked(key, known.prefix if known is not None else "")

    def _scenario_of(self, key: str, operation: Operation | None) -> str:
        """Return the scenario that an accepted key names; empty for the default one."""
        known = self._known_prefix(key)
        if known is None and not self._accept_any and key not in self._accepted:
            raise self._refused("The API key is not known.", operation)
        if known is None or not known.scenario:
            self._check_dash(key, operation)
            return ""
        name, dot, remainder = key[len(known.prefix) :].partition(".")
        if not dot or not remainder:
            message = f"The API key does not have the form {known.prefix}<scenario>.<anything>."
            raise self._refused(message, operation)
        return self._scenario(name, "The API key names", operation)

    def _check_dash(self, key: str, operation: Operation | None) -> None:
        """Refuse a key that names a scenario behind a prefix by which it would not play: ``mg-quota.x``.

        Raises:
            RefusedError: it does.
        """
        known = self._known_prefix(key)
        if known is None or known.scenario or "." not in key or key in self._accepted:
            return
        name = key[len(known.prefix) :].partition(".")[0]
        playing = next((each.prefix for each in self._keys.prefixes or () if each.scenario), None)
        if playing is not None and self._knows(name):
            message = f"A key that begins with {known.prefix} plays no scenario, and this one names {name}."
            raise self._refused(f"{message} Write {playing}{name}.ANYTHING to play it.", operation)

    def _scenario(self, name: str, subject: str, operation: Operation | None) -> str:
        if self._knows(name):
            return name
        short_name = name if len(name) <= _SHOWN else name[: _SHOWN - 1] + "…"
        hint = self._library().hint(name)
        raise self._refused(
            f"{subject} the scenario {short_name!r}, which is not known. {hint}", operation, code="MG105"
        )

    def _knows(self, name: str) -> bool:
        return name in self._library().scenarios

    def _refused(
        self, message: str, operation: Operation | None, *, code: str = "MG104", challenge: str = ""
    ) -> RefusedError:
        advice = f" {self._keys.advice}" if code != "MG105" and self._keys.advice else ""
        if operation is not None:
            challenge = challenge or operation.security.challenge
        headers = {"WWW-Authenticate": challenge}
        return RefusedError("unauthorized", message + advice, headers=headers, code=code)


def _token(query: str) -> str:
    return next(iter(parse_qs(query).get("token", ())), "")
