"""A careful client of chat completions, and some that are like it but for one mistake of a kind of its own.

They speak HTTP by the standard library, so that each mistake is the client's and no SDK's. What a client may
do at a reply is to return, or to raise ``AppError``.
"""

import codecs
import email.utils
import http.client
import json
import time
from contextlib import closing
from types import SimpleNamespace
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
RETRIED = {402, 408, 429, 500, 502, 503, 504}
PRICES = {"text-prime": 2}


class AppError(Exception):
    """What a careful client says when it cannot do its work."""


class Careful:
    """Asks for the weather, and survives every legal reply and every fault.

    The same request may be answered whole or as a stream: both become a list of choices, each with ``text``,
    ``refusal``, ``calls`` (name and arguments by id) and ``finish``; and the ``model`` and ``usage``.
    """

    stream = False
    attempts = 3
    more = {"tools": [TOOL]}  # noqa: RUF012 - nobody changes it

    def __init__(self, base_url, key):
        self.address = urlsplit(base_url)
        self.key = key
        self.messages = [{"role": "user", "content": "What is the weather?"}]

    def run(self):
        reply = self.fetch()
        self.account(reply)
        for choice in reply.choices:
            self.finish(choice)
            for call in choice.calls:
                self.call(call["name"], call["arguments"])
            self.show(choice)

    # ------------------------------------------------------------ asking

    def fetch(self):
        pause = 0.06
        for attempt in range(1, self.attempts + 1):
            try:
                with closing(self.connection()) as connection:
                    response = self.send(connection)
                    status = response.status
                    if status == 200:
                        return self.read(response)
                    reason = self.reason(response.read())
                    wait = self.wait(response.headers)
            except (OSError, http.client.HTTPException) as error:
                reason, status, wait = str(error), 503, 0.0
            if not self.retries(status) or attempt == self.attempts:
                break
            time.sleep(max(wait, pause))
            pause *= 3
        raise AppError(reason)

    def connection(self):
        return http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=5)

    def send(self, connection):
        body = {"model": "text-prime", "messages": self.messages, "stream": self.stream, **self.more}
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        connection.request("POST", f"{self.address.path}/chat/completions", json.dumps(body), headers)
        return connection.getresponse()

    def retries(self, status):
        return status in RETRIED

    def reason(self, body):
        try:
            return str(json.loads(body))
        except ValueError:
            return "The server is not there."

    def wait(self, headers):
        text = headers.get("retry-after-ms")
        if text is not None:
            return float(text) / 1000
        text = headers.get("retry-after", "0")
        if text.isdecimal():
            return float(text)
        # A date names a whole second, of which most may be over.
        return email.utils.parsedate_to_datetime(text).timestamp() - time.time() - 0.9

    # ------------------------------------------------------------ reading

    def read(self, response):
        try:
            return self.assemble(response) if self.stream else self.whole(json.loads(response.read()))
        except ValueError as error:  # of JSON, and of UTF-8
            raise AppError(str(error)) from None

    def whole(self, body):
        choices = [
            SimpleNamespace(
                text=choice["message"].get("content"),
                refusal=choice["message"].get("refusal"),
                calls=[call["function"] for call in choice["message"].get("tool_calls") or ()],
                finish=choice["finish_reason"],
            )
            for choice in body["choices"]
        ]
        return SimpleNamespace(choices=choices, model=body["model"], usage=body.get("usage"))

    def assemble(self, response):
        reply = SimpleNamespace(choices=[], model=None, usage=None)
        for data in self.events(response):
            if data == "[DONE]":
                break
            chunk = json.loads(data)
            self.check(chunk)
            reply.model, reply.usage = chunk.get("model"), chunk.get("usage")
            for part in chunk["choices"]:
                self.add(reply, part)
        self.complete(reply)
        return reply

    def check(self, chunk):
        if not isinstance(chunk, dict) or "choices" not in chunk or chunk.get("error"):
            raise AppError("The stream has an error.")

    def events(self, response):
        data = []
        for line in self.lines(response):
            if line:
                field, _, value = line.partition(":")
                if field == "data":
                    data.append(value.removeprefix(" "))
            elif data:
                yield "\n".join(data)
                data = []

    def lines(self, response):
        kept = ""
        for text in self.texts(response):
            kept += text
            # A lone CR at the end may be the first half of a line end.
            whole, cr = (kept[:-1], "\r") if kept.endswith("\r") else (kept, "")
            *lines, kept = whole.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            kept += cr
            yield from lines
        yield kept.rstrip("\r")
        yield ""

    def texts(self, response):
        decoder = codecs.getincrementaldecoder("utf-8")()
        while piece := response.read1(4096):
            yield decoder.decode(piece)
        yield decoder.decode(b"", final=True)

    def add(self, reply, part):
        while len(reply.choices) <= part["index"]:
            reply.choices.append(SimpleNamespace(text=None, refusal=None, calls=[], finish=None))
        choice, delta = reply.choices[part["index"]], part["delta"]
        choice.finish = part.get("finish_reason") or choice.finish
        for field, name in (("content", "text"), ("refusal", "refusal")):
            if delta.get(field) is not None:
                setattr(choice, name, (getattr(choice, name) or "") + delta[field])
        for call in delta.get("tool_calls") or ():
            self.add_call(choice.calls, call)

    def add_call(self, calls, part):
        while len(calls) <= part["index"]:
            calls.append({"name": "", "arguments": ""})
        function = part.get("function") or {}
        calls[part["index"]]["name"] += function.get("name") or ""
        calls[part["index"]]["arguments"] += function.get("arguments") or ""

    def complete(self, reply):
        if not reply.choices or any(choice.finish is None for choice in reply.choices):
            raise AppError("The stream was cut.")

    # ------------------------------------------------------------ using

    def account(self, reply):
        tokens = (reply.usage or {}).get("total_tokens") or 0
        return tokens * PRICES.get(reply.model, 1)

    def finish(self, choice):
        return {"stop": "done", "length": "cut short", "tool_calls": "calls"}.get(choice.finish, "ended")

    def call(self, name, arguments):
        try:
            known = json.loads(arguments) if name == "get_weather" else {}
        except ValueError:
            known = {}
        city = known.get("city") if isinstance(known, dict) else None
        return city.upper() if isinstance(city, str) else "unknown"

    def show(self, choice):
        return (choice.text or choice.refusal or "").strip()


PLANTED = {}


def plant(name, *, faults=False):
    """Register a client under the name of its mistake; whether only faults find it."""

    def register(kind):
        PLANTED[name] = (kind, faults)
        return kind

    return register


# ---------------------------------------------------------------- what a reply says


@plant("null content")
class NullContent(Careful):
    def show(self, choice):
        return choice.text.strip()


@plant("a refusal")
class Refusal(Careful):
    def show(self, choice):
        return choice.text if choice.text is not None else choice.calls[0]["name"]


@plant("a finish reason that is not the usual")
class FinishReasonNotUsual(Careful):
    def finish(self, choice):
        return {"stop": "done", "length": "cut short", "tool_calls": "calls"}[choice.finish]


@plant("a finish for length in JSON content")
class FinishForLengthJSONContent(Careful):
    more = {"response_format": {"type": "json_object"}}  # noqa: RUF012 - as above

    def show(self, choice):
        if choice.text is not None and choice.finish in {"stop", "length"}:
            return json.loads(choice.text)
        return None


@plant("empty text")
class EmptyText(Careful):
    def show(self, choice):
        return choice.text[0].upper() if choice.text is not None else ""


@plant("text that is no ASCII")
class TextNoASCII(Careful):
    def show(self, choice):
        return (choice.text or "").encode("ascii")


@plant("text that looks like a template")
class TextLooksLikeTemplate(Careful):
    def show(self, choice):
        return (choice.text or "").format()


@plant("control characters")
class ControlCharacters(Careful):
    def show(self, choice):
        return ET.fromstring(f"<text>{escape(choice.text or '')}</text>")


@plant("several choices")
class SeveralChoices(Careful):
    more = {"n": 3}  # noqa: RUF012 - as above

    def run(self):
        reply = self.fetch()
        if reply.choices[0].text is not None:
            return "\n".join(choice.text for choice in reply.choices)
        return None


@plant("no usage")
class NoUsage(Careful):
    def account(self, reply):
        return reply.usage["total_tokens"]


@plant("usage without details")
class UsageWithoutDetails(Careful):
    def account(self, reply):
        details = (reply.usage or {"completion_tokens_details": {"reasoning_tokens": 0}})[
            "completion_tokens_details"
        ]
        return details["reasoning_tokens"]


@plant("another model that served")
class AnotherModelServed(Careful):
    def account(self, reply):
        return PRICES[reply.model]


# ---------------------------------------------------------------- calls of tools


@plant("a call without arguments")
class CallWithoutArguments(Careful):
    def call(self, name, arguments):
        return json.loads(arguments)["city"] if name == "get_weather" else None


@plant("an unknown tool")
class UnknownTool(Careful):
    def call(self, name, arguments):
        return {"get_weather": len}[name](arguments)


@plant("parallel calls")
class ParallelCalls(Careful):
    def run(self):
        for choice in self.fetch().choices:
            if choice.calls:
                (call,) = choice.calls
                self.call(**call)


@plant("parallel calls in a stream")
class ParallelCallsStream(Careful):
    stream = True

    def add_call(self, calls, part):
        # All pieces are taken for the first call's.
        super().add_call(calls, {**part, "index": 0})

    def call(self, name, arguments):
        return json.loads(arguments) if name and arguments.startswith("{}") else None


@plant("pieces of calls that come in turn")
class PiecesInTurn(Careful):
    stream = True

    def add_call(self, calls, part):
        # What has no id is taken for more of the last call.
        opened = max(calls, default=0) + bool(calls) if part.get("id") else max(calls, default=0)
        super().add_call(calls, {**part, "index": opened})

    def call(self, name, arguments):
        return json.loads(arguments) if name == "get_weather" and arguments else None


# ---------------------------------------------------------------- how a stream comes


@plant("chunks without content")
class ChunksWithoutContent(Careful):
    stream = True

    def add(self, reply, part):
        super().add(reply, part)
        if part["finish_reason"] is None:
            part["delta"]["content"].strip()


@plant("characters that are split")
class CharactersAreSplit(Careful):
    stream = True

    def read(self, response):
        return self.assemble(response)

    def texts(self, response):
        while piece := response.read1(4096):
            yield piece.decode()


@plant("lines that end by CRLF")
class LinesEndByCRLF(Careful):
    stream = True

    def events(self, response):
        for event in "".join(self.texts(response)).split("\n\n"):
            yield event.removeprefix("data: ").strip() or "[DONE]"

    def read(self, response):
        return self.assemble(response)


@plant("comments")
class Comments(Careful):
    stream = True

    def events(self, response):
        for line in self.lines(response):
            if line:
                yield line[line.index("data: ") + 6 :]

    def read(self, response):
        return self.assemble(response)


# ---------------------------------------------------------------- what goes wrong


@plant("an error page", faults=True)
class ErrorPage(Careful):
    def reason(self, body):
        return json.loads(body)["errors"]["detail"]


@plant("Retry-After as a date", faults=True)
class RetryAfterAsDate(Careful):
    def wait(self, headers):
        return float(headers.get("retry-after-ms", 0)) / 1000 or float(headers.get("retry-after", 0))


@plant("nested retries", faults=True)
class NestedRetries(Careful):
    attempts = 2

    def run(self):
        for _ in range(3):
            try:
                return super().run()
            except AppError as error:
                last = error
        raise last


@plant("a retry of what cannot pass", faults=True)
class RetryWhatCannotPass(Careful):
    def retries(self, status):
        return status != 200


@plant("no retry of a connection that broke", faults=True)
class NoRetryConnectionBroke(Careful):
    attempts = 1


@plant("an error event", faults=True)
class ErrorEvent(Careful):
    stream = True

    def check(self, chunk):
        pass


@plant("a cut stream taken as whole", faults=True)
class CutStreamTakenAsWhole(Careful):
    stream = True

    def complete(self, reply):
        pass

    def run(self):
        for choice in self.fetch().choices:
            if choice.text:
                self.messages += [
                    {"role": "assistant", "content": choice.text},
                    {"role": "user", "content": "Go on"},
                ]
                self.fetch()
