"""Trying a scenario on a request that is written down: which step it would meet, and nothing is played."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlencode

from mockgrid.contract.extension import known_models
from mockgrid.contract.parameters import read_parameters
from mockgrid.document.nearest import did_you_mean
from mockgrid.document.pointer import join
from mockgrid.errors import DocumentError
from mockgrid.fixed import fixed
from mockgrid.reply.behaviour import Kit
from mockgrid.reply.behaviours import BEHAVIOURS, readings, speaking_operations
from mockgrid.reply.request import RefusedError, Request
from mockgrid.reply.tokens import ShortWords
from mockgrid.scenario.scenario import Cursors
from mockgrid.scenario.selection import explain, select

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockgrid.contract.contract import Contract
    from mockgrid.document.document import Document
    from mockgrid.scenario.scenario import Scenario
    from mockgrid.scenario.selection import Explained
    from mockgrid.scenario.view import RequestView
    from mockgrid.schema.violation import Violation

__all__ = ["DryRun", "SampleRequest", "dry_run", "sample_request"]

_KEYS: Final = ("method", "path", "query", "headers", "body")
_KINDS: Final[dict[str, tuple[tuple[type, ...], str]]] = {
    "method": ((str,), "a text"),
    "path": ((str,), "a text"),
    "query": ((str, dict), "a text or a mapping"),
    "headers": ((dict,), "a mapping"),
}


class SampleRequest(NamedTuple):
    """A request that is written down, and what its parameters break."""

    request: Request
    violations: list[Violation]

    def breaches(self) -> list[str]:
        """Return how the request breaks the contract."""
        request, violations = self
        operation, body = request.operation, request.value
        schema = operation.json_body.schema if operation.json_body is not None else None
        if body is None and operation.body_required:
            return ["The body is missing."]
        if body is not None and schema is not None and not schema.accepts(body):
            violations = [*violations, *schema.explain(body)]
        if violations:
            return [f"{violation.code}: {violation.path} {violation.message}" for violation in violations]
        return []

    def refusals(self, contract: Contract, scenario: Scenario) -> list[str]:
        """Return why the request would be refused before a scenario is asked; empty where it would not."""
        if breaches := self.breaches():
            return breaches
        request = self.request
        operation = request.operation
        models = contract.policy.models
        request.models = known_models(scenario.models, models) if scenario.models else None
        try:
            if operation.behaviour in BEHAVIOURS:
                kit = Kit(contract=contract, tokenizer=ShortWords(), models=models)
                BEHAVIOURS[operation.behaviour](kit).check(request)
        except RefusedError as refused:
            return [refused.message if refused.message.endswith(("?", ".")) else f"{refused.message}."]
        return []


def sample_request(document: Document, contract: Contract) -> SampleRequest:
    """Return the request that a document holds.

    Args:
        document: a body, or a mapping of ``method``, ``path``, ``query``, ``headers`` and ``body``.
        contract: whose operations it may call.

    Raises:
        DocumentError: it is no request, or calls no operation of the contract.
    """
    data = document.data
    if not _is_whole(document):
        return _sample(document, {"body": data}, contract)
    for key, (kinds, expected) in _KINDS.items():
        if key in data and not isinstance(data[key], kinds):
            raise _error(document, key, f"`{key}` is {expected}.")
    return _sample(document, data, contract)


def _is_whole(document: Document) -> bool:
    """Tell whether a document is a request with its path or method, and not the body of one alone.

    Raises:
        DocumentError: it seems to be one, and has a key that is none of a request's.
    """
    data = document.data
    if not isinstance(data, dict):
        return False
    beside = next((key for key in ("method", "path") if key in data), None)
    unknown = next((key for key in data if key not in _KEYS), None)
    if beside is None or unknown is None:
        return unknown is None and (beside is not None or "body" in data)
    hint = did_you_mean(unknown, _KEYS).strip() or f"Known: {', '.join(_KEYS)}."
    message = f"The key {unknown[:60]!r} is not known beside `{beside}`."
    where = document.where_key(join((unknown,)))
    raise DocumentError(message, where=where, hint=f"{hint} If all of this is a body, write {{body: …}}.")


def _sample(document: Document, data: dict[str, Any], contract: Contract) -> SampleRequest:
    body = data.get("body")
    method = str(data.get("method", "GET" if body is None else "POST")).upper()
    sent = data.get("path") or _usual(document, method, contract)
    path, _, query = sent.partition("?")
    query = "&".join(filter(None, (query, _query(data.get("query", "")))))
    # Documents give paths without the base path, clients with it.
    match = contract.router.find(path)
    if match is None:
        path = contract.base_path + (path if path.startswith("/") else f"/{path}")
        match = contract.router.find(path)
    if match is None:
        nearest = contract.router.nearest(sent.partition("?")[0])
        known = f"Did you mean {nearest}?" if nearest else f"Known: {', '.join(contract.router.paths)}."
        raise _error(document, "path", f"The contract has no path {sent!r}.", known)
    route, parameters = match
    operation = route.operation(method, query.encode())
    if operation is None:
        raise _error(document, "method", f"{method} is not allowed on {path}.", f"Allowed: {route.allow}.")
    headers = {
        name.lower().encode("latin-1", "replace"): _text(value).encode("latin-1", "replace")
        for name, value in (data.get("headers") or {}).items()
    }
    read, violations = read_parameters(operation, parameters, query.encode(), headers)
    return SampleRequest(Request(operation, path, query.encode(), headers, read, body, b""), violations)


def _usual(document: Document, method: str, contract: Contract) -> str:
    """Return the path that a body without one is for: one that speaks, or the only one that takes JSON."""
    taking = [
        operation for operation in contract.operations if operation.json_body and operation.method == method
    ]
    speaking = speaking_operations(taking)
    usual = [operation for operation in taking if operation.id in speaking] or taking
    if len(usual) != 1:
        message = "The request does not say which operation it is for."
        known = ", ".join(contract.router.paths)
        hint = f"Write {{method: …, path: …, query: …, headers: …, body: …}}; known paths: {known}."
        raise DocumentError(message, where=document.where(""), hint=hint)
    query = urlencode(sorted(usual[0].query))
    return f"{contract.base_path}{usual[0].path}{query and '?'}{query}"


def _query(given: str | dict[str, Any]) -> str:
    """Return a query as it is sent, without its question mark; a list is sent as several pairs."""
    if isinstance(given, str):
        return given.removeprefix("?")
    pairs = [
        (name, _text(item))
        for name, value in given.items()
        for item in (value if isinstance(value, list) else [value])
    ]
    return urlencode(pairs)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _error(document: Document, key: str, message: str, hint: str = "") -> DocumentError:
    return DocumentError(message, where=document.where(f"/{key}"), hint=hint)


@fixed
class DryRun:
    """A request, a scenario, and what came of them.

    Attributes:
        view: the request.
        refusals: why the contract refuses the request; then no step is asked.
        steps: what each step makes of it.
    """

    scenario: Scenario
    view: RequestView
    refusals: Sequence[str]
    steps: Sequence[Explained]

    @property
    def step(self) -> Explained | None:
        """The step that decides; None where none does."""
        return next((step for step in self.steps if step.verdict in {"answers", "fails"}), None)

    @property
    def outcome(self) -> str:
        """``refused``, ``step``, ``default`` (the default reply) or ``none`` (424)."""
        if self.refusals:
            return "refused"
        if self.step is not None:
            return "step" if self.step.verdict == "answers" else "none"
        return "none" if self.scenario.strict and self.concerned else "default"

    @property
    def concerned(self) -> bool:
        """Whether the scenario is for such requests at all."""
        return self.scenario.concerns(self.view)

    def as_json(self) -> dict[str, Any]:
        """Return it as the command and the control interface give it."""
        step = self.step if self.outcome in {"step", "none"} else None
        return {
            "version": 1,
            "scenario": {
                "name": self.scenario.name,
                "where": self.scenario.where,
                "strict": self.scenario.strict,
            },
            "request": {
                "operation": self.view.operation,
                "method": self.view.method,
                "path": self.view.path,
                "attempt": self.view.attempt,
            },
            "outcome": self.outcome,
            "refusals": list(self.refusals),
            "step": step.step.label if step is not None else None,
            "index": step.step.index if step is not None else None,
            "reply": step.reply if step is not None else None,
            "steps": [explained.as_json() for explained in self.steps],
        }


def dry_run(scenario: Scenario, sample: SampleRequest, contract: Contract, attempt: int) -> DryRun:
    """Return what a scenario makes of a request that a new session sends for the nth time."""
    models = contract.policy.models
    default = models.default if models is not None else "default"
    request = sample.request
    reading = readings(contract.operations)[request.operation.id]
    cursors = Cursors(scenario)
    for earlier in range(1, attempt):
        select(scenario, cursors, reading.view(request, earlier, default))
    view = reading.view(request, attempt, default)
    view.broken = scenario.lenient and bool(sample.breaches())
    explained = explain(scenario, view, cursors)
    answered = view.broken and any(each.verdict == "answers" for each in explained)
    return DryRun(scenario, view, [] if answered else sample.refusals(contract, scenario), explained)
