"""``POST /embeddings``: a vector for each input, near to those of texts that share its words."""

from __future__ import annotations

import base64
import hashlib
import math
import re
import struct
from typing import TYPE_CHECKING, Any, Final

from mockgrid.reply.behaviour import Behaviour
from mockgrid.reply.models import unknown_model
from mockgrid.reply.reply import JSON, Reply, json_text
from mockgrid.reply.request import RefusedError
from mockgrid.schema.values import as_text
from mockgrid.schema.violation import violation_at

if TYPE_CHECKING:
    from mockgrid.reply.behaviour import Kit
    from mockgrid.reply.request import Request

_SIZE: Final = 1536
_LARGEST: Final = 16_384
_WORD: Final = re.compile(r"\w+")
# Words of a text that its vector is made from: as many bytes add up in two.
_MOST_WORDS: Final = 256


class EmbeddingReplies(Behaviour):
    """Answers with vectors of length 1, the same for the same text whatever it comes with.

    Args:
        kit: the models that are known, and the tokenizer that counts usage.
    """

    def __init__(self, kit: Kit) -> None:
        self._contract = kit.contract
        self._models = kit.models
        self._tokenizer = kit.tokenizer

    def check(self, request: Request) -> None:
        """Refuse a model that is not known."""
        fields, models = _fields(request), request.models or self._models
        name, size = fields.get("model"), _size(fields)
        if isinstance(name, str) and models is not None and models.find(name) is None:
            raise unknown_model(name, request.models, self._models, self._contract)
        if size > _LARGEST:
            limit = f"at most {_LARGEST}"
            broken = violation_at(["dimensions"], "MG113", f"must be {limit}, got {size}", limit, size)
            raise RefusedError("invalid_request", "The request is not valid.", violations=[broken])

    def reply(self, request: Request, seed: str, attempt_id: str) -> Reply:  # noqa: ARG002 - always the same
        """Return a vector for each input, in order."""
        fields = _fields(request)
        inputs = _inputs(fields.get("input", ""))
        tokens = sum(self._tokenizer.count(item) if isinstance(item, str) else len(item) for item in inputs)
        data = [
            {"object": "embedding", "index": index, "embedding": _encoded(_vector(item, fields), fields)}
            for index, item in enumerate(inputs)
        ]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        models = request.models or self._models
        name = fields.get("model") or (models.default if models is not None else "default")
        served = models.served(name) if models is not None and isinstance(name, str) else name
        body = {"object": "list", "data": data, "model": served, "usage": usage}
        return Reply(200, [(b"content-type", JSON)], json_text(body))


def _fields(request: Request) -> dict[str, Any]:
    return request.value if isinstance(request.value, dict) else {}


def _inputs(value: Any) -> list[str | list[int]]:
    """Return texts, or lists of tokens: one, or one for each."""
    inputs = value if isinstance(value, list) and not _is_tokens(value) else [value]
    return [item if isinstance(item, str) or _is_tokens(item) else as_text(item) for item in inputs]


def _is_tokens(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, int) for item in value)


def _size(fields: dict[str, Any]) -> int:
    size = fields.get("dimensions")
    return size if isinstance(size, int) and size > 0 else _SIZE


def _vector(item: str | list[int], fields: dict[str, Any]) -> list[float]:
    words = _WORD.findall(item.casefold()) or [item] if isinstance(item, str) else map(str, item)
    distinct = list(dict.fromkeys(words))[:_MOST_WORDS]
    size = _size(fields)
    # All numbers are added at once, each in two bytes of one long integer.
    total, row = 0, bytearray(2 * size)
    for word in distinct:
        row[::2] = hashlib.shake_128(word.encode("utf-8", "replace")).digest(size)
        total += int.from_bytes(row, "little")
    # Twice a byte less 255 lies evenly around zero, and is never zero.
    sums = struct.unpack(f"<{size}H", total.to_bytes(2 * size, "little"))
    summed = [2 * value - 255 * len(distinct) for value in sums]
    length = math.sqrt(sum(value * value for value in summed)) or 1.0
    return [value / length for value in summed]


def _encoded(vector: list[float], fields: dict[str, Any]) -> list[float] | str:
    if fields.get("encoding_format") == "base64":
        return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
    return vector
