"""Plain completions: one choice of text as JSON.

It is what most tests ask for, so its way is as short as can be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from mockgrid.reply.chat.completion import Choice, Completion
from mockgrid.reply.chat.conversation import prompt_tokens
from mockgrid.reply.chat.render import render_json, usage_of
from mockgrid.reply.reply import JSON, Reply

if TYPE_CHECKING:
    from mockgrid.reply.tokens import Tokenizer

# The values that differ, in their order, as numbers and names that cannot occur by themselves.
_ID, _CREATED, _MODEL, _CONTENT = "@id@", 700_000_001, "@model@", "@content@"
_PROMPT, _WRITTEN, _TOTAL = 700_000_002, 700_000_003, 700_000_004


class PlainReplies:
    """Makes replies that have one choice of text and nothing else.

    Their bytes are those of ``render_json``: all but the seven values that differ are encoded once, by it.

    Args:
        fingerprint: the ``system_fingerprint``.
        tokenizer: counts usage.
    """

    def __init__(self, fingerprint: str, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
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

    def reply(self, body: dict[str, Any], model: str, content: str, name: str, created: int) -> Reply | None:
        """Return the reply that says ``content``; None to a prompt of which a part is audio.

        Args:
            body: a request that asks for no more than text.
            model: that answers.
            content: the text.
            name: what is added to ``chatcmpl-``.
            created: Unix seconds.
        """
        tokenizer = self._tokenizer
        prompt, prompt_audio = prompt_tokens(tokenizer, body)
        if prompt_audio:
            return None
        written = tokenizer.count(content)
        total = prompt + written
        made = self._template % (
            name.encode(),
            created,
            orjson.dumps(model),
            orjson.dumps(content),
            prompt,
            written,
            total,
        )
        reply = Reply(200, self._headers, made)
        reply.tokens = total
        return reply
