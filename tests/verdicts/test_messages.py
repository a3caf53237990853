"""What each verdict says."""

import pytest
from verdicts.by_hand import (
    BARE,
    END,
    LOCATION,
    PARTS,
    RETRY,
    after,
    count,
    exchange,
    failing,
    goes_on,
    hop,
    numbered,
    sent_on,
    stream,
)

from mockgrid.findings.codes import codes
from mockgrid.reply.behaviours import transcript_of
from mockgrid.session.records import Verdict
from mockgrid.session.verdicts import verdicts
from mockgrid.session.verdicts.policy import proved

CODES = {code.name: number for number, code in codes().items() if number.startswith("MG31")}

HALF = b'data: {"choices": [{"ind\n\n'
MESSAGES = [
    (
        failing(0.02, status=429, reply=after(b"2")),
        "MG310 retry_after_ignored: Waited 0.02 s after a 429 that asked for 2 s.",
    ),
    (
        failing(0.1, 0.2, status=429, reply=after(b"2")),
        "MG310 retry_after_ignored: Waited 0.1 s after a 429 that asked for 2 s (2 times).",
    ),
    (
        failing(1, status=422),
        (
            "MG311 retried_non_retryable: Sent the same request again 1 s after a 422 that is not to be "
            "retried; expected no further attempt."
        ),
    ),
    (
        failing(0.5, 1, 2, 4, 8),
        "MG312 retry_storm: Made 6 attempts of one call within 15.5 s; expected at most 5.",
    ),
    (
        [exchange(10.0 * place, 503, sent=count(place % 3)) for place in range(9)],
        (
            "MG318 nested_retry: Made 9 attempts of one call: 3 times 3, since a loop around the client "
            "tries again what the client has tried again; expected one of the two to."
        ),
    ),
    (
        failing(0.01, 0.01, 0.01, whole=False),
        "MG312 retry_storm: Made 4 attempts of one call within 0.03 s; expected at most 3 within 0.1 s.",
    ),
    (
        failing(0.01, status=500),
        (
            "MG313 no_backoff: Waited 0.01 s after a 500; "
            "expected a short delay that grows from one attempt to the next."
        ),
    ),
    (
        failing(1, 1, status=500),
        (
            "MG313 no_backoff: Waited as long after each of 2 failures (1 s, 1 s); "
            "expected a delay that grows from one attempt to the next."
        ),
    ),
    (
        [exchange(0, 503)],
        (
            "MG314 gave_up: Gave up after 1 attempt, at a 503, which may be retried; "
            "expected 3 attempts before giving up."
        ),
    ),
    (
        [exchange(0, whole=False), exchange(1, whole=False)],
        (
            "MG314 gave_up: Gave up after 2 attempts, at a connection that failed before the first byte; "
            "expected 3 attempts before giving up."
        ),
    ),
    (
        [sent_on(0, LOCATION)],
        (
            "MG314 gave_up: A 307 was not followed; expected a request to its Location "
            "with the same method, body and credentials."
        ),
    ),
    (
        [stream(0, *PARTS, whole=False), goes_on(1, "The fjord is calm,")],
        (
            'MG315 truncated_stream_accepted: Exchange 2 sends "The fjord is calm," as the assistant\'s '
            "words, taken from a stream that was cut after 3 chunks; expected an error, or another attempt."
        ),
    ),
    (
        [stream(0, *PARTS, HALF, *END), goes_on(1, "The fjord is calm,")],
        (
            'MG316 malformed_chunk_ignored: Exchange 2 sends "The fjord is calm," as the assistant\'s words, '
            "taken from a stream that has a chunk that cannot be read; expected an error, or another attempt."
        ),
    ),
    (
        [sent_on(0, LOCATION), hop(0.1, 401, sent={**BARE, b"host": b"localhost"})],
        (
            "MG317 redirect_dropped_credentials: Followed a 307 to /r/v1/chat/completions on another host "
            "without `authorization`, and met a 401; expected the same credentials as before."
        ),
    ),
]


@pytest.mark.parametrize(("made", "message"), MESSAGES, ids=[message[:5] for _, message in MESSAGES])
def test_each_says_what_was_seen_and_what_was_expected(made, message):
    (found,) = verdicts(numbered(*made), RETRY, transcript_of, final=True)
    assert str(found) == message
    assert found.as_json() == {
        "code": CODES[found.name],
        "name": found.name,
        "exchanges": list(found.exchanges),
        "message": found.message,
    }


def test_every_verdict_has_a_message_above():
    assert sorted({message.split()[0] for _, message in MESSAGES}) == sorted(CODES.values())
    assert proved("gave_up", (1,), "") == Verdict("MG314", "gave_up", "", (1,))
