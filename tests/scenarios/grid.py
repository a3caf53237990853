"""A server as tests of the shipped scenarios see it: with real clients that count their attempts."""

from __future__ import annotations

import itertools
from contextlib import contextmanager

import httpx
import openai

HELLO = [{"role": "user", "content": "Hello there"}]
_NUMBERS = itertools.count(1)


class Grid:
    """One server. Every client gets a key, and with it a session, of its own.

    Attributes:
        statuses: what the server answered to the latest client, attempt by attempt, redirects included.
    """

    def __init__(self, url, app):
        self.url, self.app = url, app
        self.statuses = []

    @contextmanager
    def openai(self, scenario, **options):
        """The official client, as it comes: two retries, and redirects are followed."""
        self.statuses = []
        http = openai.DefaultHttpxClient(event_hooks={"response": [self._note]}, trust_env=False)
        with openai.OpenAI(
            base_url=self.url, api_key=key_of(scenario), http_client=http, **options
        ) as client:
            yield client.chat.completions

    @contextmanager
    def httpx(self, scenario, **options):
        """A plain HTTP client, as in a client that somebody wrote at home."""
        self.statuses = []
        headers = {"authorization": f"Bearer {key_of(scenario)}"}
        hooks = {"response": [self._note]}
        with httpx.Client(
            base_url=self.url, headers=headers, event_hooks=hooks, trust_env=False, **options
        ) as client:
            yield client

    def _note(self, response):
        self.statuses.append(response.status_code)


def key_of(scenario):
    return f"mg.{scenario}.{next(_NUMBERS)}"
