"""Clients that call an application in this process: httpx's transport, and Starlette's test client."""

import asyncio
import inspect
from contextlib import contextmanager

import httpx
from starlette.testclient import TestClient

# That of older releases asks httpx for what it has no more.
KINDS = ("httpx", "starlette") if "app=self.app" not in inspect.getsource(TestClient.__init__) else ("httpx",)


class InProcess:
    """Calls an application by httpx's transport, each time on an event loop of its own."""

    def __init__(self, app):
        self.app = app

    def request(self, method, url, **sent):
        return asyncio.run(self._request(method, url, **sent))

    async def _request(self, method, url, **sent):
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, url, **sent)

    def get(self, url, **sent):
        return self.request("GET", url, **sent)

    def put(self, url, **sent):
        return self.request("PUT", url, **sent)

    def post(self, url, **sent):
        return self.request("POST", url, **sent)

    def delete(self, url):
        return self.request("DELETE", url)


@contextmanager
def client_of(app, kind="httpx"):
    if kind == "starlette":
        with TestClient(app) as client:
            yield client
    else:
        yield InProcess(app)
