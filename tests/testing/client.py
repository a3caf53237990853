"""A client of a session that does as it is told: it neither retries nor checks."""

from __future__ import annotations

import httpx

HELLO = [{"role": "user", "content": "Hello there"}]


class Client(httpx.Client):
    def __init__(self, session, **options):
        headers = {"authorization": f"Bearer {session.api_key}"}
        super().__init__(base_url=session.base_url, headers=headers, trust_env=False, **options)

    def ask(self, content="Hello there", **body):
        messages = [{"role": "user", "content": content}]
        return self.post("/chat/completions", json={"model": "text-prime", "messages": messages, **body})
