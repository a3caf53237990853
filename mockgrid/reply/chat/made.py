"""Completions that were made once, as JSON with places for what differs: ids, the time, a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.reply.chat.completion import Choice, Completion, render_json, usage_of
from mockgrid.reply.reply import Reply

if TYPE_CHECKING:
    from mockgrid.reply.tokens import Tokenizer

# Bytes of the largest reply that is remembered.
_LARGEST = 8 * 1024
# Characters of an attempt's id that stand in a completion's id.
ID = 29
# The values that differ, in their order, as numbers and names that cannot occur by themselves.
_ID, _CREATED, _MODEL, _CONTENT = "@id@", 700_000_001, "@model@", "@content@"
_PROMPT, _WRITTEN, _TOTAL = 700_000_002, 700_000_003, 700_000_004


def plain_template(fingerprint: str, tokenizer: Tokenizer) -> bytes:
    """Return the JSON of a reply that has one choice of text and nothing else, with places for what differs.

    All but the seven values that differ are encoded once, by ``render_json``, whose bytes these are.
    """
    usage = {**usage_of(prompt=_PROMPT, written=_WRITTEN), "total_tokens": _TOTAL}
    choices = (Choice(_CONTENT),)
    sample = Completion(_ID, _CREATED, _MODEL, "default", fingerprint, choices, usage, None, "")
    template = render_json(sample, tokenizer).replace(b"%", b"%%")
    for text in (_ID, _MODEL, _CONTENT):
        template = template.replace(b'"%b"' % text.encode(), b"%b")
    for number in (_CREATED, _PROMPT, _WRITTEN, _TOTAL):
        template = template.replace(b"%d" % number, b"%d")
    return template.replace(b"%b", b'"chatcmpl-%b"', 1)


class KnownReply:
    """The default reply to a request, made once: each attempt has ids of its own, and the time.

    Args:
        completion: what it says.
        reply: it, as JSON.
    """

    __slots__ = ("_calls", "_reply", "_streaming", "_template")

    def __init__(self, completion: Completion, reply: Reply) -> None:
        # Each stands where it comes first: no text can hold an id that is drawn from that text.
        template = reply.body.replace(b"%", b"%%").replace(completion.id.encode(), b"chatcmpl-%b", 1)
        template = template.replace(b'"created":%d' % completion.created, b'"created":%d', 1)
        for choice in completion.choices:
            for call in choice.calls:
                template = template.replace(call.id.encode(), b"%b", 1)
        self._template = template
        self._calls = [(index, len(choice.calls)) for index, choice in enumerate(completion.choices)]
        self._streaming = reply.streaming
        # Without its body, which the template has.
        self._reply = Reply(reply.status, reply.headers, tokens=reply.tokens)

    def reply(self, attempt_id: str, created: int) -> Reply:
        """Return it for an attempt, at a time in Unix seconds."""
        calls = [own.encode() for index, count in self._calls for own in call_ids(attempt_id, index, count)]
        made, known = self._template % (attempt_id[:ID].encode(), created, *calls), self._reply
        return Reply(known.status, known.headers, made, tokens=known.tokens, streaming=self._streaming)


def can_be_made_again(completion: Completion, reply: Reply) -> bool:
    """Tell whether attempts differ in no more than ids and the time, and the reply is small."""
    spoken = any(choice.audio is not None for choice in completion.choices)
    return reply.events is None and not spoken and len(reply.body) <= _LARGEST


def named(choice: Choice, attempt_id: str, index: int) -> Choice:
    """Give each call its id, which differs between attempts, choices and calls."""
    ids = call_ids(attempt_id, index, len(choice.calls))
    calls = tuple(call._replace(id=own) for call, own in zip(choice.calls, ids, strict=True))
    return choice._replace(calls=calls)


def call_ids(attempt_id: str, index: int, count: int) -> list[str]:
    """Return the ids of so many calls of the choice at an index."""
    if not count:
        return []
    # The middle of a number that differs in each place; 24 characters as OpenAI's ids have.
    start = int(attempt_id[29:61], 16) + (index << 64)
    return [f"call_{(start + place) % (1 << 96):024x}" for place in range(count)]
