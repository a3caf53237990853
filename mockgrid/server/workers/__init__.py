"""Several processes behind one port, each session in one of them.

Every worker accepts connections. Once the head of a request has arrived, the worker knows whose session it
belongs to; where that is another's, the connection itself is handed over, with the bytes that were read.
"""

from __future__ import annotations

from mockgrid.server.workers.supervisor import run_workers

__all__ = ["run_workers"]
