"""The calls of docs/fuzz.md's table."""

from openai import OpenAI, OpenAIError
from pydantic import BaseModel

ASKED = {"model": "text-prime", "messages": [{"role": "user", "content": "Hi"}]}


class City(BaseModel):
    """A city."""

    city: str


def _completions(url, key):
    return OpenAI(base_url=url, api_key=key, max_retries=0).chat.completions


CALLS = {
    "create": lambda *session: _completions(*session).create(**ASKED),
    "create, streamed": lambda *session: list(_completions(*session).create(**ASKED, stream=True)),
    "parse": lambda *session: _completions(*session).parse(**ASKED, response_format=City),
}
OWN = (OpenAIError,)
