"""``GET /models`` and ``GET /models/{model}``: the models that the contract's policy knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from mockgrid.contract.extension import Models
from mockgrid.reply.behaviour import CREATED, Behaviour
from mockgrid.reply.reply import JSON, Reply
from mockgrid.reply.request import unknown_model

if TYPE_CHECKING:
    from mockgrid.reply.behaviour import Kit
    from mockgrid.reply.request import Request


class ModelReplies(Behaviour):
    """Lists the known models, or tells one.

    Args:
        kit: whose models these are; the contract's title is what ``owned_by`` says.
    """

    def __init__(self, kit: Kit) -> None:
        self._models = kit.models or Models()
        self._owner = kit.contract.title

    def check(self, request: Request) -> None:
        """Refuse a model that is not known."""
        known = request.models or self._models
        name = request.parameters.get(("path", "model"))
        if name is not None and known.find(name) is None:
            raise unknown_model(name, known)

    def reply(self, request: Request, seed: str, attempt_id: str) -> Reply:  # noqa: ARG002 - always the same
        """Return the list, or the one model that the path names."""
        name = request.parameters.get(("path", "model"))
        known = request.models or self._models
        body: dict[str, Any] = (
            {"object": "list", "data": [self._model(each) for each in known.names]}
            if name is None
            else self._model(name)
        )
        return Reply(200, [(b"content-type", JSON)], orjson.dumps(body))

    def _model(self, name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": CREATED, "owned_by": self._owner}
