"""A provider before which MockGrid stands: what no step answers goes there, its reply comes back unchanged.

It is asked by httpcore2, which the extra ``mockgrid[record]`` brings, and which nothing else imports.
"""

from __future__ import annotations

from mockgrid.errors import ExtraError

try:
    import httpcore2  # noqa: F401 - whether it is there
except ImportError:
    raise ExtraError("Asking a provider needs httpcore2, which is not installed.", "record") from None
