"""A request written down, and what the contract says of it before a scenario is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from mockgrid.contract.extension import known_models
from mockgrid.contract.operation import CHAT, MODELS
from mockgrid.contract.parameters import read_parameters
from mockgrid.document.nearest import did_you_mean
from mockgrid.document.pointer import join
from mockgrid.errors import DocumentError
from mockgrid.scenario.view import RequestView

if TYPE_CHECKING:
    from mockgrid.contract.contract import Contract
    from mockgrid.contract.operation import Operation
    from mockgrid.document.document import Document
    from mockgrid.scenario.scenario import Scenario

__all__ = ["Given", "given_request"]

_KEYS: Final = ("method", "path", "query", "headers", "body")
_KINDS: Final[dict[str, tuple[tuple[type, ...], str]]] = {
    "method": ((str,), "a text"),
    "path": ((str,), "a text"),
    "query": ((str, dict), "a text or a mapping"),
    "headers": ((dict,), "a mapping"),
}


@dataclass(frozen=True, slots=True)
class Given:
    """A request, and the operation that it is for.

    Attributes:
        operation: what it calls.
        path: with the API's base path.
        query: without the question mark.
        headers: by lower-case name.
        body: a JSON value; None for none.
        parameters: the path's, as they were sent.
    """

    operation: Operation
    path: str
    query: bytes
    headers: dict[bytes, bytes]
    body: Any
    parameters: dict[str, str]

    def view(self, contract: Contract, attempt: int) -> RequestView:
        """Return the request as scenarios see it, sent for the nth time."""
        models = contract.policy.models
        return RequestView(
            operation=self.operation.id,
            method=self.operation.method,
            path=self.path,
            query=self.query,
            headers=self.headers,
            body=self.body,
            attempt=attempt,
            default_model=models.default if models is not None else "default",
            aside=self.operation.aside,
        )

    def refusals(self, contract: Contract, scenario: Scenario) -> list[str]:
        """Return why the request would be refused before a scenario is asked; empty where it would not."""
        operation = self.operation
        parameters, violations = read_parameters(operation, self.parameters, self.query, self.headers)
        schema = operation.json_body.schema if operation.json_body is not None else None
        if self.body is None and operation.body_required:
            return ["The body is missing."]
        if self.body is not None and schema is not None and not schema.accepts(self.body):
            violations = [*violations, *schema.explain(self.body)]
        if violations:
            return [f"{found.code}: {found.path} {found.message}" for found in violations]
        if operation.behaviour == MODELS:
            model = parameters.get(("path", "model"))
        else:
            model = self.body.get("model") if isinstance(self.body, dict) else None
        models = contract.policy.models
        if scenario.models:
            models = known_models(scenario.models, models)
        asks = operation.behaviour in {CHAT, MODELS}
        if not asks or models is None or model is None or models.find(model) is not None:
            return []
        return [f"Model not found: {model}.{did_you_mean(model, models.names)}"]


def given_request(document: Document, contract: Contract) -> Given:
    """Return the request that a document holds.

    Args:
        document: a body, or a mapping of ``method``, ``path``, ``query``, ``headers`` and ``body``.
        contract: whose operations it may call.

    Raises:
        DocumentError: it is no request, or calls no operation of the contract.
    """
    data = document.data
    if not _is_whole(document):
        return _given(document, {"body": data}, contract)
    for key, (kinds, expected) in _KINDS.items():
        if key in data and not isinstance(data[key], kinds):
            raise _error(document, key, f"`{key}` is {expected}.")
    return _given(document, data, contract)


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


def _given(document: Document, data: dict[str, Any], contract: Contract) -> Given:
    body = data.get("body")
    method = str(data.get("method", "GET" if body is None else "POST")).upper()
    sent = data.get("path") or _usual(document, method, contract)
    path, _, query = sent.partition("?")
    query = "&".join(filter(None, (query, _query(data.get("query", "")))))
    # Documents give paths without the base path, clients with it.
    found = contract.router.find(path)
    if found is None:
        path = contract.base_path + (path if path.startswith("/") else f"/{path}")
        found = contract.router.find(path)
    if found is None:
        nearest = contract.router.nearest(sent.partition("?")[0])
        known = f"Did you mean {nearest}?" if nearest else f"Known: {', '.join(contract.router.paths)}."
        raise _error(document, "path", f"The contract has no path {sent!r}.", known)
    route, parameters = found
    operation = route.operations.get(method)
    if operation is None:
        raise _error(document, "method", f"{method} is not allowed on {path}.", f"Allowed: {route.allow}.")
    headers = {
        name.lower().encode("latin-1", "replace"): _text(value).encode("latin-1", "replace")
        for name, value in (data.get("headers") or {}).items()
    }
    return Given(operation, path, query.encode(), headers, body, parameters)


def _usual(document: Document, method: str, contract: Contract) -> str:
    """Return the path that a body without one is for: chat completions, or the only one that takes JSON."""
    taking = [
        operation for operation in contract.operations if operation.json_body and operation.method == method
    ]
    chat = [operation for operation in taking if operation.behaviour == CHAT]
    usual = chat or taking
    if len(usual) != 1:
        message = "The request does not say which operation it is for."
        known = ", ".join(contract.router.paths)
        hint = f"Write {{method: …, path: …, query: …, headers: …, body: …}}; known paths: {known}."
        raise DocumentError(message, where=document.where(""), hint=hint)
    return contract.base_path + usual[0].path


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
