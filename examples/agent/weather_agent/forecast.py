"""Structured output."""

import json
from dataclasses import dataclass
from typing import Any

FORMAT: dict[str, Any] = {
    "type": "json_schema",
    "json_schema": {
        "name": "forecast",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "celsius": {"type": "integer"}},
            "required": ["city", "celsius"],
            "additionalProperties": False,
        },
    },
}


@dataclass(frozen=True)
class Forecast:
    """The weather of tomorrow."""

    city: str
    celsius: int

    @classmethod
    def read(cls, text: str) -> "Forecast":
        """Read what the model wrote.

        Raises:
            ValueError: it is no forecast.
        """
        found = json.loads(text)
        try:
            return cls(str(found["city"]), int(found["celsius"]))
        except (KeyError, TypeError) as error:
            raise ValueError(text) from error
