import os
import sys
import time
from pathlib import Path

import pytest
from waiting import within

from mockgrid.errors import StartError
from mockgrid.fuzz.process import CommandProcess, client_variables

GRANDCHILD = """\
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
"""
DAEMON = GRANDCHILD.replace("])", "], start_new_session=True)")


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").split(") ")[1][0] != "Z"
    except OSError:
        return False


def python(code, *arguments):
    return CommandProcess([sys.executable, "-c", code, *arguments], dict(os.environ))


def test_it_tells_how_the_command_ended():
    with python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)") as process:
        assert process.wait(30) == 3
    assert (process.output.text(), process.errors.text()) == ("out\n", "err\n")
    with python("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)") as process:
        assert process.wait(30) == -11


STARTED = [GRANDCHILD]
if sys.platform == "linux":
    STARTED.append(DAEMON)


@pytest.mark.parametrize("code", STARTED, ids=["in its group", "that has left it"][: len(STARTED)])
@pytest.mark.parametrize("waits", [True, False], ids=["that hangs", "that has ended"])
def test_what_a_command_has_started_ends_with_it(waits, code):
    with python(code + ("time.sleep(60)" if waits else "")) as process:
        assert within(30, lambda: process.output.text().endswith("\n"))
        child = int(process.output.text())
        assert alive(child)
        begun = time.monotonic()
        assert process.wait(0.05 if waits else 30) == (None if waits else 0)
    assert within(5, lambda: not alive(child))
    assert time.monotonic() - begun < 20


def test_a_command_that_was_reaped_meanwhile_is_no_error():
    with python("") as process:
        assert process.wait(30) == 0
    process._wait()


def test_of_a_command_that_never_stops_printing_the_end_is_kept():
    with python("while True: print('x' * 999)") as process:
        assert within(30, lambda: process.output.size > 1_000_000)
        assert process.wait(0.01) is None
    assert 0 < len(process.output.text()) <= 64 * 1024


def test_colours_are_left_out():
    with python("print('\\x1b[1;31mKeyError\\x1b[0m: \\x1b[2K0')") as process:
        assert process.wait(30) == 0
    assert process.output.text() == "KeyError: 0\n"


def test_since_when_may_be_said():
    with python("print('one', flush=True); input()") as process:
        assert process.wait(30) == 1
        assert process.output.text(process.output.size) == ""
        assert process.errors.text(process.errors.size - 4) == process.errors.text()[-4:]


def test_what_cannot_be_run_is_told(tmp_path):
    with pytest.raises(StartError, match=r"^There is no command 'nowhere-to-be-seen'\. Is it installed"):
        CommandProcess(["nowhere-to-be-seen"], {})
    file = tmp_path / "script"
    file.write_text("")
    with pytest.raises(StartError, match=r"^The command `.*script` cannot be run: Permission denied\.$"):
        CommandProcess([str(file)], {})


def test_no_proxy_lies_between(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "intranet")
    variables = client_variables("http://127.0.0.1:1/v1", "mg-1")
    assert variables["OPENAI_BASE_URL"] == variables["OPENAI_API_BASE"] == "http://127.0.0.1:1/v1"
    assert variables["OPENAI_API_KEY"] == "mg-1"
    assert variables["NO_PROXY"] == "intranet,127.0.0.1,localhost"
    assert variables["PATH"] == os.environ["PATH"]
