"""The calls of docs/fuzz.md's table."""

from llama_index.core.base.llms.types import LLMMetadata
from llama_index.core.llms import ChatMessage
from llama_index.core.prompts import PromptTemplate
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai import OpenAI
from openai import OpenAIError
from pydantic import BaseModel

ASK = [ChatMessage("Hi")]


class Grid(OpenAI):
    """OpenAI's class knows only OpenAI's models by name."""

    @property
    def metadata(self):
        return LLMMetadata(
            context_window=120_000, is_chat_model=True, is_function_calling_model=True, model_name=self.model
        )


class City(BaseModel):
    """A city."""

    city: str


def get_weather(city: str) -> str:
    """Tells the weather."""
    return f"3 °C in {city}"


TOOL = FunctionTool.from_defaults(get_weather)


def _model(url, key):
    return Grid(model="text-prime", api_base=url, api_key=key, max_retries=0)


def chat_with_tools(*session):
    model = _model(*session)
    answer = model.chat_with_tools([TOOL], "Hi")
    model.get_tool_calls_from_response(answer, error_on_no_tool_call=False)


def stream_chat_with_tools(*session):
    model = _model(*session)
    for answer in model.stream_chat_with_tools([TOOL], "Hi"):
        model.get_tool_calls_from_response(answer, error_on_no_tool_call=False)


CALLS = {
    "chat": lambda *session: _model(*session).chat(ASK),
    "stream_chat": lambda *session: list(_model(*session).stream_chat(ASK)),
    "chat_with_tools": chat_with_tools,
    "stream_chat_with_tools": stream_chat_with_tools,
    "structured_predict": lambda *session: _model(*session).structured_predict(
        City, PromptTemplate("Where?")
    ),
}
OWN = (OpenAIError,)
