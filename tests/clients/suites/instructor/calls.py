"""The calls of docs/fuzz.md's table."""

import instructor
from instructor.core.exceptions import InstructorError
from openai import OpenAI, OpenAIError
from pydantic import BaseModel

ASKED = {"model": "text-prime", "messages": [{"role": "user", "content": "Where?"}], "max_retries": 1}


class City(BaseModel):
    """A city."""

    city: str


def _client(url, key, mode):
    return instructor.from_openai(OpenAI(base_url=url, api_key=key, max_retries=0), mode=mode)


def create(*session, mode=instructor.Mode.TOOLS):
    _client(*session, mode).create(**ASKED, response_model=City)


def create_partial(*session):
    list(_client(*session, instructor.Mode.TOOLS).create_partial(**ASKED, response_model=City))


def create_iterable(*session):
    list(_client(*session, instructor.Mode.TOOLS).create_iterable(**ASKED, response_model=City))


CALLS = {
    "create": create,
    "create, by JSON_SCHEMA": lambda *session: create(*session, mode=instructor.Mode.JSON_SCHEMA),
    "create_partial": create_partial,
    "create_iterable": create_iterable,
}
OWN = (InstructorError, OpenAIError)
