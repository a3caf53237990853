"""Plain completions: one choice of text as JSON.

It is what most tests ask for, so its way is as short as can be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from mockgrid.reply.chat.completion import Choice, Completion, render_json, usage_of
from mockgrid.reply.chat.conversation import prompt_tokens
from mockgrid.reply.reply import JSON, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockgrid.reply.tokens import Tokenizer

# Fields that shape a reply; a request without any of them gets one choice of text as JSON.
SHAPING = frozenset(
    (
        "audio",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "modalities",
        "n",
        "response_format",
        "service_tier",
        "stop",
        "stream",
        "tool_choice",
        "tools",
    )
)
# Characters of an attempt's id that stand in a completion's id.
ID = 29

# The values that differ, in their order, as numbers and names that cannot occur by themselves.
_ID, _CREATED, _MODEL, _CONTENT = "@id@", 700_000_001, "@model@", "@content@"
_PROMPT, _WRITTEN, _TOTAL = 700_000_002, 700_000_003, 700_000_004


class PlainReplies:
    """Makes replies that have one choice of text and nothing else.

    Their bytes are those of ``render_json``: all but the seven values that differ are encoded once, by it.

    Args:
        fingerprint: the ``system_fingerprint``.
        tokenizer: counts usage.
        default_model: the model of a request that names none.
        created: tells when replies are made, in Unix seconds; an instant where that is always the same.
    """

    def __init__(
        self, fingerprint: str, tokenizer: Tokenizer, default_model: str, created: Callable[[], int] | int
    ) -> None:
        self._tokenizer = tokenizer
        self._default_model = default_model
        self._created = created
        self._headers = [(b"content-type", JSON)]
        usage = {**usage_of(prompt=_PROMPT, written=_WRITTEN), "total_tokens": _TOTAL}
        choices = (Choice(_CONTENT),)
        sample = Completion(_ID, _CREATED, _MODEL, "default", fingerprint, choices, usage, None, "")
        template = render_json(sample, tokenizer).replace(b"%", b"%%")
        for text in (_ID, _MODEL, _CONTENT):
            template = template.replace(b'"%b"' % text.encode(), b"%b")
        for number in (_CREATED, _PROMPT, _WRITTEN, _TOTAL):
            template = template.replace(b"%d" % number, b"%d")
        self._template = template.replace(b"%b", b'"chatcmpl-%b"', 1)

    def reply(self, body: dict[str, Any], content: str, attempt_id: str) -> Reply | None:
        """Return the reply that says ``content``; None to a prompt of which a part is audio.

        Args:
            body: a request that asks for no more than text: it has none of the fields of ``SHAPING``.
            content: the text.
            attempt_id: hexadecimal text that differs between attempts.
        """
        tokenizer = self._tokenizer
        prompt, prompt_audio = prompt_tokens(tokenizer, body)
        if prompt_audio:
            return None
        written, created = tokenizer.count(content), self._created
        total = prompt + written
        made = self._template % (
            attempt_id[:ID].encode(),
            created if isinstance(created, int) else created(),
            orjson.dumps(body.get("model") or self._default_model),
            orjson.dumps(content),
            prompt,
            written,
            total,
        )
        reply = Reply(200, self._headers, made)
        reply.tokens = total
        return reply
