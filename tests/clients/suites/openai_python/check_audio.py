"""Answers that are spoken: a sound that plays, with its transcript."""

import base64
import io
import wave

MODEL = "text-prime"
QUESTION = [{"role": "user", "content": "Say good morning."}]


def test_the_answer_is_a_sound_with_its_transcript(api, chat):
    completion = api.call(
        chat.create,
        model=MODEL,
        messages=QUESTION,
        modalities=["text", "audio"],
        audio={"voice": "alloy", "format": "wav"},
    )
    message = completion.choices[0].message
    assert completion.choices[0].finish_reason == "stop"
    assert message.audio.id
    assert isinstance(message.audio.expires_at, int)
    assert "Say good morning." in message.audio.transcript
    with wave.open(io.BytesIO(base64.b64decode(message.audio.data, validate=True))) as sound:
        assert sound.getnframes() / sound.getframerate() > 0.05
        assert len(sound.readframes(sound.getnframes())) == (
            sound.getnframes() * sound.getsampwidth() * sound.getnchannels()
        )


def test_a_spoken_answer_is_referred_to_by_its_id(api, chat):
    spoken = {"model": MODEL, "modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}}
    first = api.call(chat.create, messages=QUESTION, **spoken).choices[0].message
    messages = [
        *QUESTION,
        {"role": "assistant", "audio": {"id": first.audio.id}},
        {"role": "user", "content": "And good night."},
    ]
    second = api.call(chat.create, messages=messages, **spoken).choices[0].message
    assert "And good night." in second.audio.transcript
    assert second.audio.id != first.audio.id


def test_a_stream_brings_the_sound_piece_by_piece(api, chat):
    chunks = api.items(
        chat.create,
        model=MODEL,
        messages=QUESTION,
        modalities=["text", "audio"],
        audio={"voice": "alloy", "format": "pcm16"},
        stream=True,
    )
    deltas = [chunk.choices[0].delta.to_dict() for chunk in chunks]
    pieces = [delta["audio"] for delta in deltas if "audio" in delta]
    assert len([piece for piece in pieces if "id" in piece]) == 1
    assert len([piece for piece in pieces if "expires_at" in piece]) == 1
    assert "Say good morning." in "".join(piece.get("transcript", "") for piece in pieces)
    samples = b"".join(base64.b64decode(piece["data"], validate=True) for piece in pieces if "data" in piece)
    assert samples
    assert len(samples) % 2 == 0
    assert samples == base64.b64decode("".join(piece.get("data", "") for piece in pieces), validate=True)
    assert chunks[-1].choices[0].finish_reason == "stop"
