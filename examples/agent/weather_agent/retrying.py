"""Trying again: what may pass, after as long as the API asks for."""

import time
from collections.abc import Callable
from typing import TypeVar

import openai

from weather_agent.errors import mapped

T = TypeVar("T")

ATTEMPTS = 4
FIRST_DELAY = 0.1
GROWTH = 4
PASSING = frozenset({408, 429, 500, 502, 503, 504})


def retrying(call: Callable[[], T], sleep: Callable[[float], None] = time.sleep) -> T:
    """Return what a call returns, which is tried again where that may help.

    Raises:
        AgentError: it does not help, or did not.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return call()
        except openai.APIConnectionError as error:
            failure, asked = error, 0.0
        except openai.APIStatusError as error:
            if error.status_code not in PASSING:
                raise mapped(error) from error
            failure, asked = error, asked_delay(error)
        except openai.OpenAIError as error:
            raise mapped(error) from error
        if attempt < ATTEMPTS:
            sleep(max(asked, FIRST_DELAY * GROWTH ** (attempt - 1)))
    raise mapped(failure) from failure


def asked_delay(error: openai.APIStatusError) -> float:
    """Return how many seconds a reply asks to wait."""
    headers = error.response.headers
    try:
        if "retry-after-ms" in headers:
            return float(headers["retry-after-ms"]) / 1000
        return float(headers.get("retry-after", 0))
    except ValueError:
        return 0.0
