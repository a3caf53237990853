"""What a test run exercised of a contract, and what it never did.

Two questions are answered for every request: which *row* it was (operation, request media type, status,
response media type), and which *branches* of the request's schema it took (optional properties, listed
values, forms). Both are asked of every request that is served, so that knowing the answer has to be cheap:
what was seen once is never looked at again.
"""

from __future__ import annotations

from mockgrid.contract.coverage.coverage import Coverage
from mockgrid.contract.coverage.snapshot import OtherContractError, Snapshot, merge

__all__ = ["Coverage", "OtherContractError", "Snapshot", "merge"]
