"""A short tone as real audio, in the formats that the standard library can make."""

from __future__ import annotations

import base64
import io
import math
import struct
import wave
from functools import cache

FORMATS = ("wav", "pcm16")
"""The formats that can be made; the others need an encoder."""

SECONDS = 0.1
RATE = 24_000
"""Samples a second, 16 bits each, one channel: what OpenAI's own audio has."""

TOKENS = 2
"""What the tone counts in ``usage``: 50 ms a token."""


@cache
def tone(audio_format: str) -> str:
    """Return a tone of 0.1 s as base64, in ``wav`` or ``pcm16``."""
    frames = int(SECONDS * RATE)
    samples = struct.pack(
        f"<{frames}h", *(int(8000 * math.sin(2 * math.pi * 440 * frame / RATE)) for frame in range(frames))
    )
    if audio_format == "pcm16":
        return base64.b64encode(samples).decode("ascii")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
