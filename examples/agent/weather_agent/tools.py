"""What the model may call."""

import json
from typing import Any

CELSIUS = {"Oslo": 3, "Rome": 21, "Tokyo": 14}

TOOLS: list[dict[str, Any]] = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The temperature in a city.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
                "additionalProperties": False,
            },
        },
    }
]


def run(name: str, arguments: str) -> str:
    """Return the result of a call as JSON; what the model got wrong is told to it."""
    try:
        city = json.loads(arguments)["city"]
    except (ValueError, KeyError, TypeError):
        return json.dumps({"error": f"{name} takes an object with a city"})
    if name != "get_weather" or city not in CELSIUS:
        return json.dumps({"error": f"{name} knows nothing of {city}"})
    return json.dumps({"city": city, "celsius": CELSIUS[city]})
