"""What becomes of a request for what is not served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from mockgrid.control import CONTROL
from mockgrid.reply.preferences import prefers_page
from mockgrid.reply.request import RefusedError

if TYPE_CHECKING:
    from mockgrid.contract.contract import Contract
    from mockgrid.contract.route import Route
    from mockgrid.http.asgi import Writer
    from mockgrid.http.incoming import Head

# Characters of what was sent that a message shows.
_SHOWN: Final = 200
# Operations that a message names.
_MOST_SERVED: Final = 6
_UNKNOWN: Final = "unknown_path"


def unknown_path(head: Head, contract: Contract, base_path: str) -> RefusedError:
    """Return the refusal of a path that is not served: it says what to do instead, and what is served."""
    router, mounted = contract.router, head.mounted
    hint = router.absent(head.path)
    nearest = None if hint else router.nearest(head.path)
    if nearest:
        hint = f"Did you mean {mounted}{nearest}?"
    served = [call.replace(" ", f" {mounted}", 1) for call in router.served(head.path, nearest)]
    calls = ", ".join(served[:_MOST_SERVED])
    if len(served) > _MOST_SERVED:
        calls += f" and {len(served) - _MOST_SERVED} more (GET {mounted}/openapi.json has all)"
    words = (f"No such path: {mounted}{cut(head.path)}.", hint, f"Served: {calls}.")
    # Browsers and probes look at the root by themselves.
    looked = head.path.rstrip("/") in ("", "/favicon.ico", base_path)
    return RefusedError(
        _UNKNOWN, " ".join(filter(None, words)), harmless=looked and head.method in ("GET", "HEAD")
    )


def no_operation(head: Head, route: Route) -> RefusedError:
    """Return the refusal of a path that is served, and not with this method, or not with this query."""
    if head.method in route.variants:
        queries = (urlencode(sorted(variant.query)) for variant in route.variants[head.method])
        known = " or ".join(f"{route.template}?{query}" for query in queries)
        return RefusedError(_UNKNOWN, f"No such path: {cut(head.path)}; its query makes it {known}.")
    called = f"{cut(head.method)} is not allowed on {head.mounted}{cut(head.path)}"
    message = f"{called}; allowed: {route.allow}."
    return RefusedError("method_not_allowed", message, headers={"Allow": route.allow})


async def led_to_page(head: Head, refused: RefusedError, writer: Writer) -> bool:
    """Lead a browser to the live page that harmlessly looks at the root; return whether that was it.

    The address is relative, so that it holds behind whatever prefix a proxy has.
    """
    if refused.failure != _UNKNOWN or head.path not in ("", "/"):
        return False
    if not prefers_page(head.text(b"accept")):
        return False
    below = "" if head.path else f"{head.mounted.rpartition('/')[2]}/"
    location = f"{below}{CONTROL.removeprefix('/')}/"
    headers = [(b"location", location.encode("latin-1")), (b"vary", b"Accept")]
    if not writer.whole(307, headers, b""):
        await writer.start(307, headers, 0)
        await writer.end()
    return True


def cut(text: str) -> str:
    """Return a text as a message shows it."""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
