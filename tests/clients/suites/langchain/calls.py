"""The calls of docs/fuzz.md's table."""

from langchain_core.exceptions import LangChainException
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from openai import OpenAIError
from pydantic import BaseModel


class City(BaseModel):
    """A city."""

    city: str


@tool
def get_weather(city: str) -> str:
    """Tells the weather."""
    return f"3 °C in {city}"


def _model(url, key):
    # All models share one pool: a reply that breaks a connection would be felt by the next call.
    alone = {"connection": "close"}
    return ChatOpenAI(model="text-prime", base_url=url, api_key=key, max_retries=0, default_headers=alone)


def invoke(*session):
    _model(*session).invoke("Hi")


def stream(*session):
    list(_model(*session).stream("Hi"))


def invoke_with_tools(*session):
    for call in _model(*session).bind_tools([get_weather]).invoke("Hi").tool_calls:
        if call["name"] == get_weather.name:
            _ = call["args"], call["id"]


def stream_with_tools(*session):
    chunks = _model(*session).bind_tools([get_weather]).stream("Hi")
    whole = next(chunks)
    for chunk in chunks:
        whole += chunk
    _ = whole.tool_calls


def structured(*session):
    _model(*session).with_structured_output(City).invoke("Hi")


def structured_by_function(*session):
    _model(*session).with_structured_output(City, method="function_calling").invoke("Hi")


CALLS = {
    "invoke": invoke,
    "stream": stream,
    "invoke, with tools": invoke_with_tools,
    "stream, with tools": stream_with_tools,
    "with_structured_output": structured,
    "with_structured_output, by a function": structured_by_function,
}
OWN = (OpenAIError, LangChainException)
