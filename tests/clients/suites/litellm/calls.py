"""The calls of docs/fuzz.md's table."""

import litellm
from openai import OpenAIError

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


def _asked(url, key, **more):
    messages = [{"role": "user", "content": "Hi"}]
    return {
        "model": "openai/text-prime",
        "messages": messages,
        "api_base": url,
        "api_key": key,
        "max_retries": 0,
    } | more


def _streamed(*session, **more):
    chunks = list(litellm.completion(**_asked(*session, stream=True, **more)))
    litellm.stream_chunk_builder(chunks)


CALLS = {
    "completion": lambda *session: litellm.completion(**_asked(*session)),
    "completion, streamed": _streamed,
    "completion, with tools": lambda *session: litellm.completion(**_asked(*session, tools=[TOOL])),
    "completion, with tools, streamed": lambda *session: _streamed(*session, tools=[TOOL]),
}
# Its own errors are OpenAI's, too.
OWN = (OpenAIError,)
