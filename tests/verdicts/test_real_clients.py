"""Every verdict, with a real client that earns it and one that does not."""

import asyncio
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import openai
import pytest

HELLO = {"model": "text-prime", "messages": [{"role": "user", "content": "Hello there"}]}


STREAM = {**HELLO, "stream": True}


def ask(client, url, **more):
    return client.post(f"{url}/chat/completions", json={**HELLO, **more})


def loop(conduct, attempts, waits):
    """The retries that somebody wrote at home."""
    with conduct.httpx() as client:
        for number in range(attempts):
            try:
                if ask(client, conduct.url).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            if number < attempts - 1:
                time.sleep(waits[min(number, len(waits) - 1)])


def at_best(plays, scenario, attempts, waits):
    """Verdicts on such retries, and on the same again: the machine may have stalled between two."""
    for _ in range(5):
        conduct = plays(scenario)
        loop(conduct, attempts, waits)
        yield conduct.verdicts


def by_the_book(conduct, **options):
    with conduct.openai(**options) as completions:
        return completions.create(**HELLO).choices[0].message.content


@pytest.mark.parametrize("scenario", ["throttled", "down-once", "lost"])
def test_the_official_client_earns_none(plays, scenario):
    conduct = plays(scenario)
    assert by_the_book(conduct) == "Hello"
    assert (len(conduct.exchanges), conduct.verdicts) == (2, [])


def test_retry_after_ignored(plays):
    conduct = plays("throttled-for-long")
    loop(conduct, 2, [0.1])
    assert conduct.verdicts == ["retry_after_ignored"]
    conduct = plays("throttled")
    loop(conduct, 2, [0.6])
    assert conduct.verdicts == []


def test_a_wait_until_a_date(plays, served):
    from mockgrid.reply.behaviours import transcript_of  # noqa: PLC0415 - with a clock, here alone
    from mockgrid.session.verdicts import verdicts  # noqa: PLC0415 - the same

    conduct = plays("by-date")
    loop(conduct, 2, [0.1])
    retry, epoch = served[0].contract.policy.retry, time.time() - time.monotonic()
    found = verdicts(conduct.exchanges, retry, transcript_of, epoch=epoch)
    assert [verdict.name for verdict in found] == ["retry_after_ignored"]


def test_retried_non_retryable(plays):
    conduct = plays("invalid")
    loop(conduct, 3, [0.1])
    assert conduct.verdicts == ["retried_non_retryable"]
    conduct = plays("invalid")
    with pytest.raises(openai.UnprocessableEntityError):
        by_the_book(conduct)
    assert conduct.verdicts == []


def test_a_loop_around_a_client_that_retries(plays):
    conduct = plays("down-briefly")
    for _ in range(3):
        with pytest.raises(openai.InternalServerError):
            by_the_book(conduct)
        time.sleep(0.1)
    assert (len(conduct.exchanges), conduct.verdicts) == (9, ["nested_retry"])
    alone = plays("down-briefly")
    for _ in range(5):
        with pytest.raises(openai.InternalServerError):
            by_the_book(alone, max_retries=0)
        time.sleep(0.1)
    assert "nested_retry" not in alone.verdicts


def test_retry_storm(plays):
    conduct = plays("down")
    loop(conduct, 6, [0.2, 0.3, 0.4, 0.5])
    assert conduct.verdicts == ["retry_storm"]
    assert ["retry_storm", "no_backoff"] in at_best(plays, "down", 4, [0])
    conduct = plays("down")
    loop(conduct, 5, [0.2, 0.3, 0.4, 0.5])
    assert conduct.verdicts == []


def test_no_backoff(plays):
    assert ["no_backoff"] in at_best(plays, "down", 3, [0])
    conduct = plays("down")
    with pytest.raises(openai.InternalServerError):
        by_the_book(conduct)
    assert (len(conduct.exchanges), conduct.verdicts) == (3, [])


def test_no_backoff_by_delays_that_do_not_grow(plays):
    assert ["no_backoff"] in at_best(plays, "down", 3, [0.8])


@pytest.mark.parametrize("scenario", ["throttled", "down", "lost"])
def test_gave_up(plays, scenario):
    conduct = plays(scenario)
    with pytest.raises(openai.APIError):
        by_the_book(conduct, max_retries=0)
    assert conduct.verdicts == ["gave_up"]


def test_nobody_need_ask_again_before_the_bill_is_paid(plays):
    conduct = plays("out-of-credit")
    with pytest.raises(openai.APIStatusError, match="402"):
        by_the_book(conduct)
    assert (len(conduct.exchanges), conduct.verdicts) == (1, [])


def test_calls_side_by_side(plays):
    """Two of three equal calls fail at once, and each has its own retry."""

    async def all_of(conduct):
        http = openai.DefaultAsyncHttpxClient(trust_env=False)
        async with openai.AsyncOpenAI(base_url=conduct.url, api_key=conduct.key, http_client=http) as client:
            await asyncio.gather(*(client.chat.completions.create(**HELLO) for _ in range(3)))

    conduct = plays("down-twice")
    asyncio.run(all_of(conduct))
    assert (len(conduct.exchanges), conduct.verdicts) == (5, [])


def test_calls_side_by_side_without_a_count(plays):
    conduct = plays("down-twice")
    together = threading.Barrier(2)

    def one_of(number):
        with conduct.httpx() as client:
            together.wait(30)  # it takes its time to make a client
            for wait in (0.15 + 0.08 * number, 0.6):
                if ask(client, conduct.url).status_code == 200:
                    return
                time.sleep(wait)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one_of, range(2)))
    assert [exchange.answer.status for exchange in conduct.exchanges] == [503, 503, 200, 200]
    assert conduct.verdicts == []


def goes_on(text):
    return [*HELLO["messages"], {"role": "assistant", "content": text}, {"role": "user", "content": "Go on"}]


def read_at_home(conduct, lines_of):
    """Read a stream with a reader that swallows what it does not like, and go on with what it got."""
    text = ""
    with conduct.httpx() as client:
        try:
            with client.stream("POST", f"{conduct.url}/chat/completions", json=STREAM) as reply:
                for line in lines_of(reply):
                    text += line
        except httpx.TransportError:
            pass
        ask(client, conduct.url, messages=goes_on(text))
    return text


def careless(reply):
    for line in reply.iter_lines():
        try:
            yield json.loads(line.removeprefix("data: "))["choices"][0]["delta"].get("content", "")
        except ValueError:
            continue


def streamed(completions):
    return "".join(chunk.choices[0].delta.content or "" for chunk in completions.create(**STREAM))


def read_with_care(conduct, error):
    """Read the stream with the official client, ask again where it fails, and go on."""
    with conduct.openai() as completions:
        try:
            text = streamed(completions)
        except error:
            text = streamed(completions)
        completions.create(model="text-prime", messages=goes_on(text))
    return text


@pytest.mark.parametrize("scenario", ["stream-cut", "stream-error"])
def test_truncated_stream_accepted(plays, scenario):
    conduct = plays(scenario)
    reader = careless if scenario == "stream-cut" else skips_errors
    assert read_at_home(conduct, reader) == "The fjord is calm,"
    assert conduct.verdicts == ["truncated_stream_accepted"]
    conduct = plays(scenario)
    assert read_with_care(conduct, openai.APIError).endswith("before the rain.")
    assert conduct.verdicts == []


def skips_errors(reply):
    for line in reply.iter_lines():
        data = line.removeprefix("data: ")
        if data.startswith('{"id"'):
            yield json.loads(data)["choices"][0]["delta"].get("content", "")


def test_malformed_chunk_ignored(plays):
    conduct = plays("garbled")
    assert read_at_home(conduct, careless) == "The fjord is and the boats come home."
    assert conduct.verdicts == ["malformed_chunk_ignored"]
    conduct = plays("garbled")
    assert read_with_care(conduct, json.JSONDecodeError) == "The fjord is calm, and the boats come home."
    assert conduct.verdicts == []


def test_redirect_dropped_credentials(plays):
    """The second of two requests is sent to another host; a header keeps what follows in the session."""
    conduct = plays("routed")
    with conduct.httpx(follow_redirects=True, headers=conduct.named()) as client:
        assert ask(client, conduct.url).status_code == 200
        assert ask(client, conduct.url, n=2).status_code == 401
    assert conduct.verdicts == ["redirect_dropped_credentials"]


def test_credentials_kept_across_hosts(plays):
    conduct = plays("routed")
    with conduct.httpx() as client:
        for n in (1, 2):
            reply = ask(client, conduct.url, n=n)
            assert client.post(httpx.URL(conduct.url).join(reply.headers["location"]), json={**HELLO, "n": n})
    assert [exchange.answer.status for exchange in conduct.exchanges] == [307, 200, 307, 200]
    assert conduct.verdicts == []


def test_a_redirect_that_is_not_followed(plays):
    """It is told from one whose follower has lost its key: the new place still says whose request it is."""
    conduct = plays("routed")
    with conduct.httpx() as client:
        assert ask(client, conduct.url).status_code == 307
    assert conduct.verdicts == ["gave_up"]
    conduct = plays("routed")
    with conduct.httpx(follow_redirects=True) as client:
        assert ask(client, conduct.url).status_code == 200
        assert ask(client, conduct.url, n=2).status_code == 401
    assert conduct.verdicts == ["redirect_dropped_credentials"]
