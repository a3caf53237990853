import sys

import pytest

from mockgrid.fuzz.command import code_name
from mockgrid.fuzz.crash import crash_in
from mockgrid.fuzz.failure import printed

pytestmark = pytest.mark.once

PRINTED = {
    "python": (
        """\
Traceback (most recent call last):
  File "/srv/app/client.py", line 12, in <module>
    main()
  File "/srv/app/.venv/lib/python3.12/site-packages/openai/_base_client.py", line 900, in request
    raise self._make_status_error_from_response(err.response) from None
openai.InternalServerError: Error code: 503
done: nothing
""",
        "openai.InternalServerError at client.py:12",
    ),
    "python, one error after another": (
        """\
Traceback (most recent call last):
  File "client.py", line 3, in ask
    return answer["choices"][0]
KeyError: 'choices'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "client.py", line 9, in <module>
    ask()
  File "client.py", line 5, in ask
    raise AppError from None
AppError
""",
        "AppError at client.py:5",
    ),
    "python, a message of several lines": (
        """\
Traceback (most recent call last):
  File "client.py", line 7, in <module>
    Answer.model_validate_json(text)
pydantic_core._pydantic_core.ValidationError: 1 validation error for Answer
celsius
  Field required [type=missing, input_value={}, input_type=dict]
""",
        "pydantic_core._pydantic_core.ValidationError at client.py:7",
    ),
    "python, a group": (
        """\
  + Exception Group Traceback (most recent call last):
  |   File "client.py", line 20, in <module>
  |     asyncio.run(main())
  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "client.py", line 14, in ask
    |     text.strip()
    | AttributeError: 'NoneType' object has no attribute 'strip'
    +------------------------------------
""",
        "AttributeError at client.py:14",
    ),
    "pytest": (
        """\
    def test_answer():
>       assert ask().strip()
E       AttributeError: 'NoneType' object has no attribute 'strip'

tests/test_client.py:4: AttributeError
FAILED tests/test_client.py::test_answer - AttributeError: 'NoneType' ...
""",
        "AttributeError at test_client.py:4",
    ),
    "node": (
        """\
file:///srv/client.mjs:5
console.log(answer.choices[0].message.content.trim());
                                              ^

TypeError: Cannot read properties of null (reading 'trim')
    at file:///srv/client.mjs:5:47
    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)

Node.js v22.1.0
""",
        "TypeError at client.mjs:5",
    ),
    "node, through a library": (
        """\
node:internal/process/promises:394
      triggerUncaughtException(err, true /* fromPromise */);
      ^

AI_APICallError: Bad Gateway
    at /srv/node_modules/ai/dist/index.mjs:10:5
    at async ask (file:///srv/src/ask.mjs:8:20) {
  cause: SyntaxError: Unexpected token '<'
      at JSON.parse (<anonymous>)
}
""",
        "AI_APICallError at ask.mjs:8",
    ),
    "the jvm": (
        """\
Exception in thread "main" java.lang.IllegalStateException: no answer
\tat app.Client.ask(Client.java:20)
Caused by: java.lang.NullPointerException: Cannot invoke "String.strip()" because "text" is null
\tat app.Client.text(Client.java:31)
\t... 1 more
""",
        "java.lang.NullPointerException at Client.java:31",
    ),
    ".net": (
        """\
Unhandled exception. System.NullReferenceException: Object reference not set to an instance of an object.
   at Client.Ask(String text) in /srv/Client.cs:line 9
   at Program.Main() in /srv/Program.cs:line 3
""",
        "System.NullReferenceException at Client.cs:9",
    ),
    "go": (
        """\
panic: runtime error: index out of range [0] with length 0

goroutine 1 [running]:
main.ask(...)
\t/srv/client.go:21
main.main()
\t/srv/client.go:30 +0x1d
exit status 2
""",
        "runtime error: index out of range at client.go:21",
    ),
    "rust": (
        "thread 'main' (41) panicked at src/main.rs:4:29:\ncalled `Option::unwrap()` on a `None` value\n",
        "panicked at main.rs:4",
    ),
    "ruby": (
        """\
client.rb:3:in 'Object#ask': undefined method 'strip' for nil (NoMethodError)
\tfrom client.rb:7:in '<main>'
""",
        "NoMethodError at client.rb:3",
    ),
    "php": (
        """\
PHP Fatal error:  Uncaught TypeError: trim(): Argument #1 must be string in /srv/client.php:12
Stack trace:
""",
        "TypeError at client.php:12",
    ),
}


@pytest.mark.parametrize("language", PRINTED)
def test_the_error_and_its_place_are_read_in_each_language(language):
    text, crash = PRINTED[language]
    assert str(crash_in(text)) == crash
    assert printed(text, "", {}) == printed("", text, {}) == crash


@pytest.mark.parametrize("text", ["", "Done.\n", "make: *** [test] Error 1\n", "Note: File is old\n"])
def test_what_tells_of_no_error_is_none(text):
    assert crash_in(text) is None


def test_python_itself_is_read(tmp_path):
    file = tmp_path / "client.py"
    file.write_text("import json\n\ndef ask():\n    return json.loads('')\n\nask()\n")
    import subprocess  # noqa: PLC0415 - for this test alone

    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=False)
    assert str(crash_in(done.stderr)) == "json.decoder.JSONDecodeError at client.py:4"


@pytest.mark.parametrize(
    ("errors", "output", "mistake"),
    [
        ("jq: error: Cannot iterate over null\n", "", "jq: error: Cannot iterate over null"),
        ("", "no answer in 12 ms\n\n", "no answer in … ms"),
        ("failed: 'x' at 0x7f3a\n", "fine\n", "failed: … at …"),
        ("cannot say Hello there\n", "", "cannot say …"),
        ("cannot say Hello\n", "", "cannot say …"),
        ("", "", ""),
    ],
)
def test_without_one_the_last_line_tells_failures_apart_whatever_was_replied(errors, output, mistake):
    assert printed(errors, output, {"steps": [{"reply": {"say": "Hello there"}}]}) == mistake


def test_exit_codes_have_names():
    assert [code_name(code) for code in (3, -9, -250)] == [
        "exit code 3",
        "the signal SIGKILL",
        "the signal 250",
    ]
