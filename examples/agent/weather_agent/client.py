"""The client of the API."""

import httpx2
from openai import DefaultHttpxClient, OpenAI


def connect(base_url: str | None = None, api_key: str | None = None) -> OpenAI:
    """Return a client; without arguments, as OPENAI_BASE_URL and OPENAI_API_KEY say.

    Its own retries are off: `retrying` has ours.
    """
    http = DefaultHttpxClient(timeout=10, event_hooks={"request": [_name_us]})
    return OpenAI(base_url=base_url, api_key=api_key, max_retries=0, http_client=http)


def _name_us(request: httpx2.Request) -> None:
    """Say in the API's logs who asks."""
    request.headers["X-Client"] = "weather-agent"
