"""``GET /models`` and ``GET /models/{model}``: the models that the contract's policy knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from mockgrid.contract.extension import Models
from mockgrid.document.nearest import did_you_mean
from mockgrid.reply.behaviour import CREATED, Behaviour
from mockgrid.reply.reply import JSON, Reply
from mockgrid.reply.request import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.contract.contract import Contract
    from mockgrid.reply.behaviour import Kit
    from mockgrid.reply.request import Request
    from mockgrid.schema.violation import Location

# Characters of an unknown name, and known names, that are shown.
_SHOWN = 100
_MOST_NAMES = 8


class ModelReplies(Behaviour):
    """Lists the known models, or tells one.

    Args:
        kit: whose models these are; the contract's title is what ``owned_by`` says.
    """

    def __init__(self, kit: Kit) -> None:
        self._models = kit.models or Models()
        self._contract = kit.contract

    def check(self, request: Request) -> None:
        """Refuse a model that is not known."""
        name = request.parameters.get(("path", "model"))
        if name is not None and (request.models or self._models).find(name) is None:
            raise unknown_model(name, request.models, self._models, self._contract, "path")

    def reply(self, request: Request, seed: str, attempt_id: str) -> Reply:  # noqa: ARG002 - always the same
        """Return the list, or the one model that the path names."""
        name = request.parameters.get(("path", "model"))
        known = request.models or self._models
        body: dict[str, Any] = (
            {"object": "list", "data": [self._model(each, known) for each in _listed(known, request.funded)]}
            if name is None
            else self._model(name, known)
        )
        return Reply(200, [(b"content-type", JSON)], orjson.dumps(body))

    def _model(self, name: str, known: Models) -> dict[str, Any]:
        described = known.limits(name)
        model = {"id": name, "object": "model", "created": CREATED, "owned_by": self._contract.title}
        context, output = described.get("context"), described.get("output")
        limits = {
            "context_length": context,
            "max_input_tokens": described.get("input"),
            "max_output_tokens": output,
            # By the names that routers of models give them.
            "top_provider": _without_none({"context_length": context, "max_completion_tokens": output}),
        }
        entry = described.get("entry", {})
        served = dict.fromkeys((described.get("served"), *entry.get("served_models", ())))
        delivered = {"served_models": [each for each in served if each]}
        return {**model, **_without_none({**limits, **entry, **delivered})}


def unknown_model(
    name: str,
    scripted: Models | None,
    served: Models | None,
    contract: Contract,
    location: Location | None = None,
) -> RefusedError:
    """Return the refusal of a model that is not known: it says which are, and how another becomes known.

    Args:
        name: as it was sent.
        scripted: the models that the session's scenario names, which count in place of the server's; or None.
        served: the models that the server knows.
        contract: what is served.
        location: where the request names it; None for its body.
    """
    short = name if len(name) <= _SHOWN else name[: _SHOWN - 1] + "…"
    known = list((scripted or served or Models()).known) or ["none"]
    names = ", ".join(known[:_MOST_NAMES])
    if len(known) > _MOST_NAMES:
        names += f" and {len(known) - _MOST_NAMES} more"
    calls = (
        f" ({operation.method} {contract.base_path}{operation.path} lists them)"
        for operation in contract.operations
        if operation.behaviour == "models" and "{" not in operation.path
    )
    place = (
        "the scenario's `models:`"
        if scripted
        else "`mockgrid serve --models NAME,…`, or pytest's `--mockgrid-models`,"
    )
    return RefusedError(
        "unknown_model",
        f"Model not found: {short}.{did_you_mean(name, known)} Known are {names}{next(calls, '')};"
        f" {place} names others.",
        # The client may well know the API's models, and cannot know the scenario's.
        harmless=scripted is not None,
        location=location,
    )


def _listed(known: Models, funded: Models | None) -> Iterator[str]:
    return (name for name in known.names if funded is None or funded.find(name) is not None)


def _without_none(value: dict[str, Any]) -> dict[str, Any]:
    """Return what is known."""
    return {key: item for key, item in value.items() if item not in (None, {}, [])}
