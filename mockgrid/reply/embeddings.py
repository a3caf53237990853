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

if TYPE_CHECKING:
    from mockgrid.reply.behaviour import Kit
    from mockgrid.reply.request import Request

_SIZE: Final = 1536
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
        name, models = _fields(request).get("model"), request.models or self._models
        if name is not None and models is not None and models.find(name) is None:
            raise unknown_model(name, request.models, self._models, self._contract)

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
        body = {"object": "list", "data": data, "model": fields.get("model", "default"), "usage": usage}
        return Reply(200, [(b"content-type", JSON)], json_text(body))


def _fields(request: Request) -> dict[str, Any]:
    return request.value if isinstance(request.value, dict) else {}


def _inputs(value: Any) -> list[str | list[int]]:
    """Return texts, or lists of tokens: one, or one for each."""
    several = isinstance(value, list) and not all(isinstance(item, int) for item in value)
    return value if several else [value]


def _vector(item: str | list[int], fields: dict[str, Any]) -> list[float]:
    words = _WORD.findall(item.casefold()) or [item] if isinstance(item, str) else map(str, item)
    distinct = list(dict.fromkeys(words))[:_MOST_WORDS]
    size = fields.get("dimensions") or _SIZE
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
