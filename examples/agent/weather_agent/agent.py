"""A conversation with tools."""

from typing import Any

import httpx2
import openai
from openai import OpenAI

from weather_agent import tools
from weather_agent.errors import AgentError, RejectedError, StreamCutError
from weather_agent.forecast import FORMAT, Forecast
from weather_agent.retrying import retrying

MODEL = "text-prime"
ROUNDS = 8
STREAMS = 3


class WeatherAgent:
    """Answers questions, and remembers what was said.

    Args:
        client: of the API.
    """

    def __init__(self, client: OpenAI) -> None:
        self._client = client
        self.messages: list[dict[str, Any]] = [
            {"role": "system", "content": "You answer questions about the weather."}
        ]

    def ask(self, question: str) -> str:
        """Return the answer to a question; the model may call tools before it answers."""
        self.messages.append({"role": "user", "content": question})
        for _ in range(ROUNDS):
            message = self._complete(tools=tools.TOOLS).message
            if not message.tool_calls:
                return self._said(message.content or "")
            self.messages.append(message.model_dump(include={"role", "content", "tool_calls"}))
            for call in message.tool_calls:
                result = tools.run(call.function.name, call.function.arguments)
                self.messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
        raise AgentError(f"The model has called tools {ROUNDS} times and not answered.")

    def tell(self, question: str) -> str:
        """Return the answer to a question that is streamed; one that is cut is asked for again."""
        self.messages.append({"role": "user", "content": question})
        for _ in range(STREAMS):
            try:
                return self._said(self._streamed())
            except StreamCutError as error:
                cut = error
        raise cut

    def forecast(self, city: str) -> Forecast:
        """Return the forecast for a city; what is none is asked for again."""
        self.messages.append({"role": "user", "content": f"Forecast for {city}, as JSON."})
        for _ in range(ROUNDS):
            choice = self._complete(response_format=FORMAT)
            if choice.message.refusal:
                raise RejectedError(choice.message.refusal)
            if choice.finish_reason == "stop":
                return Forecast.read(self._said(choice.message.content or ""))
        raise AgentError("The model never finished its forecast.")

    def _complete(self, **options: Any) -> Any:
        completion = retrying(
            lambda: self._client.chat.completions.create(
                model=MODEL,
                messages=self.messages,
                temperature=0.2,
                max_completion_tokens=400,
                # The Grid's own; the official client has no argument for it.
                extra_body={"route": "fallback"},
                **options,
            )
        )
        return completion.choices[0]

    def _streamed(self) -> str:
        """Return a streamed answer.

        Raises:
            StreamCutError: the connection failed, or the stream ended without a finish reason.
        """
        create = self._client.chat.completions.create
        stream = retrying(lambda: create(model=MODEL, messages=self.messages, stream=True))
        pieces, finished = [], None
        try:
            for chunk in stream:
                for choice in chunk.choices:
                    pieces.append(choice.delta.content or "")
                    finished = choice.finish_reason or finished
        except (httpx2.TransportError, openai.APIError) as error:
            raise StreamCutError("".join(pieces)) from error
        if finished is None:
            raise StreamCutError("".join(pieces))
        return "".join(pieces)

    def _said(self, text: str) -> str:
        self.messages.append({"role": "assistant", "content": text})
        return text
