import asyncio
import itertools
from contextlib import contextmanager
from pathlib import Path

import httpx
import openai
import pytest
from waiting import within

from mockgrid.app.build import build_app
from mockgrid.http.server import start_in_thread
from mockgrid.reply.behaviours import transcript_of
from mockgrid.session.session import named_session, session_name
from mockgrid.session.verdicts import verdicts
from mockgrid.settings import Settings

HERE = Path(__file__).parent
NUMBERS = itertools.count(1)


class Conduct:
    """One client's session, and what it proves of that client.

    Attributes:
        url: where the client asks.
        key: what it says.
    """

    def __init__(self, app, server, scenario):
        self.app, self.url, self._loop = app, server.url, server.loop
        self.key = f"mg.{scenario}.{next(NUMBERS)}"
        self.session = session_name(self.key)

    @contextmanager
    def openai(self, **options):
        """The official client, as it comes: two retries, and redirects are followed."""
        http = openai.DefaultHttpxClient(trust_env=False)
        with openai.OpenAI(base_url=self.url, api_key=self.key, http_client=http, **options) as client:
            yield client.chat.completions

    @contextmanager
    def httpx(self, **options):
        """A plain HTTP client, as in a client that somebody wrote at home."""
        headers = {"authorization": f"Bearer {self.key}", **options.pop("headers", {})}
        with httpx.Client(headers=headers, trust_env=False, **options) as client:
            yield client

    def named(self):
        """Take part in a session that a header names; return that header."""
        name = f"suite-{self.key[3:]}"
        self.session = named_session(name)
        return {"x-mockgrid-session": name}

    @property
    def exchanges(self):
        """All of them, once the server is done with the last, which may be a little after its client."""
        journal = self.app.sessions.find(self.session).journal
        assert within(30, lambda: not any(exchange.under_way for exchange in journal))
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self._loop).result(30)
        return list(journal)

    @property
    def verdicts(self):
        found = verdicts(self.exchanges, self.app.contract.policy.retry, transcript_of, final=True)
        return [verdict.name for verdict in found]


@pytest.fixture(scope="package")
def served():
    settings = Settings(port=0, log="off", shutdown_timeout=0.2, scenarios=(str(HERE / "scenarios"),))
    app = build_app(settings)
    with start_in_thread(app, settings) as server:
        yield app, server


@pytest.fixture
def plays(served):
    return lambda scenario: Conduct(*served, scenario)
