import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
import types
from dataclasses import fields
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mockgrid import cli
from mockgrid.cli.flags import misspelt
from mockgrid.cli.serve import serve, warn_of_files
from mockgrid.findings.codes import codes
from mockgrid.settings import Settings

ROOT = Path(__file__).parents[1]

# Stands for the real thing: what the application does is not this file's matter.
FAKE = textwrap.dedent("""
    import sys, types
    from mockgrid.errors import DocumentError

    class App:
        title, base_path = "Fake 1.0.0", "/v1"
        contract = types.SimpleNamespace(warnings=())
        library = None

        async def __call__(self, scope, receive, send):
            status = 200 if scope["path"] == "/__mockgrid__/health" else 404
            body = b'{"status":"ready"}'
            headers = [(b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    def build_app(settings):
        if settings.document:
            raise DocumentError("The key 'paths' is missing.", where=f"{settings.document}:1:1")
        return App()

    build = types.ModuleType("mockgrid.app.build")
    build.build_app = build_app
    sys.modules[build.__name__] = build

    from mockgrid.cli import main
    sys.exit(main())
""")


@pytest.fixture
def environment(monkeypatch):
    for name in os.environ:
        if name.startswith("MOCKGRID_"):
            monkeypatch.delenv(name)
    return monkeypatch


@pytest.fixture
def mockgrid(environment, capfd):  # noqa: ARG001 (without the variables of whoever runs this)
    """Runs a command in this process: exit code, stdout, stderr."""

    def run(*arguments):
        code = cli.main(list(arguments))
        return (code, *capfd.readouterr())

    return run


@pytest.fixture
def settings_of(mockgrid, environment):
    """The settings that a command line comes down to."""

    def read(*arguments):
        found = []
        build = types.ModuleType("mockgrid.app.build")
        app = types.SimpleNamespace(contract=types.SimpleNamespace(warnings=()), library=None)
        build.build_app = lambda _settings: app
        environment.setitem(sys.modules, build.__name__, build)
        environment.setattr("mockgrid.http.server.run", lambda _app, settings: found.append(settings) or 0)
        code, out, err = mockgrid("serve", *arguments)
        assert (code, out, err) == (0, "", "")
        return found[0]

    return read


@pytest.fixture
def server():
    """Starts the command in a process of its own."""
    started = []

    def start(*arguments, **variables):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MOCKGRID_")}
        process = subprocess.Popen(
            [sys.executable, "-c", FAKE, *arguments],
            cwd=ROOT,
            env=clean | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def ending(process, timeout=60):
    out, err = process.communicate(timeout=timeout)
    return process.returncode, out.decode(), err.decode()


def test_serve_without_flags_has_the_settings_of_none(settings_of):
    assert settings_of() == Settings()


def test_every_setting_has_a_flag_except_what_is_fixed(settings_of):
    given = settings_of(
        "api.yaml",
        *("--host", "::1", "--port", "0", "--base-path", "/v2", "--overlay", "a.yaml", "--overlay", "b.yaml"),
        "--webhooks",
        *("--api-key", "one", "--api-key", "two,2", "--accept-any-key", "--models", "a,b-*", "--models", "c"),
        *("--style", "prose", "--prose-tokens", "9", "--seed", "7", "--clock", "virtual", "--strict"),
        *("--strict-document", "--allow-ref", "https:", "--allow-ref", "../schemas", "--cors"),
        *(
            "--error-shape",
            "both",
            "--cache-dir",
            "cache",
            "--no-cache",
            "--lenient",
            "--log",
            "off",
            "--ready",
            "json",
            "--control-token",
            "t",
        ),
        *("--max-body", "5MB", "--max-headers", "1KiB", "--max-depth", "9"),
        *("--scenarios", "one", "--scenarios", "two", "--scenario", "refusals", "--watch"),
        *(
            "--upstream",
            "https://api.example.com/v1/",
            "--upstream-key-env",
            "KEY",
            "--upstream-ca",
            "ca.pem",
        ),
        *("--journal-bytes", "1MiB", "--max-sessions", "5", "--session-idle", "2m", "--max-connections", "6"),
        *("--max-streams", "7", "--request-timeout", "8s", "--uds", "mockgrid.sock"),
        *("--body-timeout", "2m", "--header-timeout", "500ms", "--keep-alive", "9"),
    )
    assert given == Settings(
        document="api.yaml",
        host="::1",
        port=0,
        uds="mockgrid.sock",
        base_path="/v2",
        webhooks=True,
        overlays=("a.yaml", "b.yaml"),
        api_keys=("one", "two,2"),
        scenarios=("one", "two"),
        scenario="refusals",
        watch=True,
        upstream="https://api.example.com/v1",
        upstream_key_env="KEY",
        upstream_ca="ca.pem",
        accept_any_key=True,
        models=("a", "b-*", "c"),
        style="prose",
        prose_tokens=9,
        seed=7,
        clock="virtual",
        strict=True,
        strict_document=True,
        allow_refs=("https:", "../schemas"),
        cors=True,
        error_shape="both",
        cache_dir="cache",
        no_cache=True,
        lenient=True,
        log="off",
        ready="json",
        control_token="t",
        max_body=5_000_000,
        max_headers=1024,
        max_depth=9,
        journal_bytes=1024 * 1024,
        max_sessions=5,
        session_idle=120.0,
        max_connections=6,
        max_streams=7,
        request_timeout=8.0,
        body_timeout=120.0,
        header_timeout=0.5,
        keep_alive=9.0,
    )
    unset = {field.name for field in fields(Settings) if getattr(given, field.name) == field.default}
    assert unset == {"shutdown_timeout"}


def test_every_flag_reads_its_variable_and_wins_over_it(settings_of, environment):
    variables = {
        "DOCUMENT": "api.yaml",
        "PORT": "99",
        "API_KEY": "one two",
        "MODELS": "a, b",
        "OVERLAY": os.pathsep.join(("a.yaml", "b.yaml")),
        "STRICT": "1",
        "CONTROL_TOKEN": "t",
        "MAX_BODY": "1KiB",
        "SEED": "",
    }
    for name, value in variables.items():
        environment.setenv(f"MOCKGRID_{name}", value)
    given = settings_of("--port", "7")
    assert given.document == "api.yaml"
    assert given.port == 7
    assert given.api_keys == ("one", "two")
    assert given.models == ("a", "b")
    assert given.overlays == ("a.yaml", "b.yaml")
    assert given.strict
    assert given.control_token == "t"
    assert given.max_body == 1024
    assert given.seed == 0


def test_variable_that_kubernetes_sets_for_a_service_is_not_a_port(settings_of, environment):
    environment.setenv("MOCKGRID_PORT", "tcp://10.0.0.7:8080")
    assert settings_of().port == 8080


@pytest.mark.parametrize("command", [[], ["serve"], ["check"], ["wait"]])
def test_help_is_a_command_too(mockgrid, command):
    code, out, err = mockgrid("help", *command)
    assert (code, err) == (0, "")
    assert out == mockgrid(*command, "--help")[1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["srve"], "There is no command 'srve'. Did you mean serve? See mockgrid --help."),
        (["help", "srve"], "There is no command 'srve'. Did you mean serve? See mockgrid --help."),
        (["serve", "--prot", "1"], "mockgrid serve has no option --prot. Did you mean --port?"),
        (
            ["serve", "--errors"],
            "mockgrid serve has no option --errors. What breaks the contract is refused in any case.",
        ),
        (["serve", "-d"], "mockgrid serve has no option -d. The header `Prefer: dynamic=true` asks for it."),
        (["serve", "--port", "x"], "--port: 'x' is not a whole number from 0 to 65535."),
        (["serve", "--port", "65536"], "--port: '65536' is not a whole number from 0 to 65535."),
        (["serve", "--seed", "-1"], "--seed: '-1' is not a whole number from 0 up."),
        (["serve", "--style", "ecoh"], "--style: 'ecoh' is not echo, prose or static. Did you mean echo?"),
        (
            ["serve", "--max-body", "20XB"],
            "--max-body: '20XB' is not a size such as 20MiB, 5MB or 1000 (bytes).",
        ),
        (["serve", "--keep-alive", "0"], "--keep-alive: '0' is not a time such as 500ms, 30s or 2m."),
        (["serve", "a", "b"], "Got unexpected extra argument (b). See mockgrid serve --help."),
        (
            ["serve", "--base-path", "/v1?a"],
            "--base-path: '/v1?a' is not a path such as /v1: it has '?' in it.",
        ),
        (
            ["serve", "--base-path", "/v1#a"],
            "--base-path: '/v1#a' is not a path such as /v1: it has '#' in it.",
        ),
        (
            ["serve", "--base-path", "/a b"],
            "--base-path: '/a b' is not a path such as /v1: it has a space in it.",
        ),
        (
            ["serve", "--base-path", "/{a}"],
            "--base-path: '/{a}' is not a path such as /v1: it has '{' in it.",
        ),
        (
            ["serve", "--base-path", "http://a/v1"],
            "--base-path: 'http://a/v1' is not a path such as /v1: it has //",
        ),
        (["serve", "--api-key", ""], "--api-key: The key is empty."),
        (["serve", "--api-key", "a b"], "--api-key: A key has no spaces and no control characters."),
        (["serve", "--api-key", "a\x07"], "--api-key: A key has no spaces and no control characters."),
        (["wait", "ftp://x"], "URL: 'ftp://x' is not a URL such as http://127.0.0.1:8080."),
        (["wait", "65536"], "URL: '65536' is not a URL such as http://127.0.0.1:8080."),
        (["wait"], "URL is missing."),
        (["explain", "MG1133"], "There is no code 'MG1133'. Did you mean MG113?"),
        (["explain", "out_of_rnge"], "There is no code 'out_of_rnge'. Did you mean out_of_range?"),
        (["explain", "quux"], "There is no code 'quux'. Codes run from MG101 to MG4"),
    ],
)
def test_mistake_is_one_line_that_says_what_was_meant(mockgrid, arguments, sentence):
    code, out, err = mockgrid(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"mockgrid: {sentence}")
    assert err.count("\n") == 1


def test_mistake_in_a_variable_names_the_variable(mockgrid, environment):
    environment.setenv("MOCKGRID_PORT", "x")
    assert mockgrid("serve")[2].startswith("mockgrid: MOCKGRID_PORT: 'x' is not a whole number")
    environment.setenv("MOCKGRID_PORT", "1")
    environment.setenv("MOCKGRID_STRICT", "perhaps")
    assert mockgrid("serve")[2].startswith("mockgrid: MOCKGRID_STRICT: 'perhaps' is not true or false. See")


def test_help_and_version(mockgrid):
    code, out, err = mockgrid()
    assert (code, err) == (0, "")
    assert "Serve a contract." in out
    assert mockgrid("--version") == (0, "mockgrid 0.1.0\n", "")
    code, out, _ = mockgrid("serve", "--help")
    assert code == 0
    for name in ("MOCKGRID_PORT", "MOCKGRID_API_KEY", "MOCKGRID_ERROR_SHAPE", "MOCKGRID_DOCUMENT", "8080"):
        assert name in out


@pytest.mark.parametrize("command", [[], ["serve"], ["wait"], ["explain"]])
def test_short_help_is_help(mockgrid, command):
    code, out, err = mockgrid(*command, "-h")
    assert (code, err) == (0, "")
    assert out == mockgrid(*command, "--help")[1]


@pytest.mark.parametrize("path", ["", "/", "/v1", "v1/", "/a/b-c_d~e"])
def test_base_paths_that_are_taken(settings_of, path):
    assert settings_of("--base-path", path).base_path == path


def test_variable_that_is_nearly_one_is_pointed_out(mockgrid, environment):
    environment.setenv("MOCKGRID_PROT", "1")
    environment.setenv("MOCKGRID_SEED", "x")
    assert mockgrid("serve")[2].startswith("mockgrid: MOCKGRID_SEED: ")
    environment.setenv("MOCKGRID_SEED", "1")
    code, _, err = mockgrid("serve", "no-such-file.yaml")
    warning, mistake = err.splitlines()
    sentence = "MOCKGRID_PROT is not a variable that is read; did you mean MOCKGRID_PORT?"
    assert warning == f"mockgrid: warning: {sentence}"
    assert mistake.startswith("mockgrid: no-such-file.yaml: There is no such file.")
    assert code == 2


def test_variables_of_platforms_are_left_alone(settings_of, environment):
    for name, value in (
        ("SERVICE_HOST", "10.0.0.7"),
        ("SERVICE_PORT", "8080"),
        ("SERVICE_PORT_HTTP", "8080"),
        ("PORT_8080_TCP", "tcp://10.0.0.7:8080"),
        ("PORT_8080_TCP_PORT", "8080"),
        ("PORT_8080_TCP_PROTO", "tcp"),
        ("API_PORT", "tcp://10.0.0.7:8080"),
        ("POOL", "1"),
        ("URL", "http://127.0.0.1"),
        ("TIMEOUT", "3s"),
        ("LISTEN", ":8080"),
        ("0", "127.0.0.1:8081"),
    ):
        environment.setenv(f"MOCKGRID_{name}", value)
    assert settings_of() == Settings()  # which sees to it that nothing is said


def test_variables_of_every_command_are_known_to_serve():
    commands = [cli.Commands().get_command(None, name) for name in cli.COMMANDS]
    names = {str(option.envvar) for command in commands for option in command.params if option.envvar}
    assert list(misspelt(serve, dict.fromkeys(names, "x"))) == []


def test_remarks_on_the_document_are_told_at_the_start(capsys):
    warn_of_files([(f"a.yaml:{line}:1", "Odd.") for line in range(1, 24)])
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert lines[0] == "mockgrid: warning: a.yaml:1:1: Odd."
    assert lines[19:] == ["mockgrid: warning: a.yaml:20:1: Odd.", "mockgrid: warning: and 3 more like these."]


def test_serve_tells_the_remarks_of_its_contract(mockgrid, environment):
    environment.setattr("mockgrid.http.server.run", lambda _app, _settings: 0)
    code, out, err = mockgrid("serve", str(ROOT / "tests" / "documents" / "petstore.yaml"))
    assert (code, out) == (0, "")
    assert err.startswith("mockgrid: warning: ")
    assert "petstore.yaml:189:21: the example broken breaks its own schema: message is required" in err


def test_serve_tells_of_an_operation_id_that_is_given_twice_and_serves(mockgrid, environment, tmp_path):
    environment.setattr("mockgrid.http.server.run", lambda _app, _settings: 0)
    path = tmp_path / "twice.yaml"
    path.write_text(
        "openapi: 3.0.3\npaths:\n  /a: {get: {operationId: same}}\n  /b: {get: {operationId: same}}\n"
    )
    code, out, err = mockgrid("serve", str(path))
    assert (code, out) == (0, "")
    assert err == (
        f"mockgrid: warning: {path}:4:27: the operationId same is already that of GET /a ({path}:3:27); "
        "this one is called 'GET /b'.\n"
    )


def test_serve_tells_what_is_doubtful_in_scenarios(mockgrid, environment, tmp_path):
    environment.setattr("mockgrid.http.server.run", lambda _app, _settings: 0)
    (tmp_path / "a.yaml").write_text("steps: [{reply: {say: a}}, {when: {turn: 0}, reply: {say: b}}]")
    code, out, err = mockgrid("serve", "--scenarios", str(tmp_path))
    assert (code, out) == (0, "")
    lines = [line.partition("a.yaml:")[2] for line in err.splitlines()]
    assert [line.split()[1] for line in lines] == ["MG230:", "MG235:"]
    assert err.startswith("mockgrid: warning: ")


def test_serve_says_which_command_tells_all_that_is_wrong(mockgrid, tmp_path):
    (tmp_path / "a.yaml").write_text("steps: [{reply: {sya: a}}, {reply: {sya: b}}]")
    code, out, err = mockgrid("serve", "--scenarios", str(tmp_path))
    assert (code, out) == (2, "")
    assert err.endswith(f"(1 more error; `mockgrid check {tmp_path}` tells all.)\n")
    pets = str(ROOT / "tests" / "documents" / "petstore.yaml")
    _, _, err = mockgrid("serve", pets, "--scenarios", str(tmp_path))
    assert err.endswith(f"(1 more error; `mockgrid check --contract {pets} {tmp_path}` tells all.)\n")


def test_command_list_names_the_commands_that_exist():
    for name in cli.COMMANDS:
        command = cli.Commands().get_command(None, name)
        assert command.name == name
        assert command.get_short_help_str()


def test_explain_teaches_by_code_and_by_name(mockgrid):
    code, out, err = mockgrid("explain", "mg113")
    assert (code, err) == (0, "")
    assert out.startswith("MG113 out_of_range: a number that is too small or too large\n\n")
    assert "For example:" in out
    assert all(len(line) < 100 for line in out.splitlines())
    assert mockgrid("explain", "Out-of-range")[1] == out


def test_explain_lists_all_codes(mockgrid):
    code, out, err = mockgrid("explain")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert len(lines) == len(codes())
    assert "MG113 out_of_range: a number that is too small or too large" in lines


def test_codes_are_complete_and_in_order():
    assert list(codes()) == sorted(codes())
    names = [code.name for code in codes().values()]
    assert len(set(names)) == len(names)
    wanted = [
        *range(101, 144),
        150,
        151,
        *range(201, 205),
        *range(210, 229),
        *range(230, 238),
        *range(240, 246),
    ]
    wanted += [*range(301, 306), *range(310, 319), *range(401, 413), *range(420, 425), 430, 431]
    wanted += [*range(440, 444), *range(445, 450), *range(450, 454)]
    assert list(codes()) == [f"MG{number}" for number in wanted]
    for code in codes().values():
        assert all((code.title, code.explanation, code.example, code.remedy))
        assert code.explanation.endswith(".")
        assert code.remedy.endswith(".")


def test_serve_then_wait_then_stop(server, mockgrid):
    process = server("serve", "--port", "0", "--ready", "json", MOCKGRID_LOG="off")
    ready = json.loads(process.stdout.readline())
    port = ready["port"]
    assert ready["pid"] == process.pid
    for url in (ready["url"], ready["control"], f"http://127.0.0.1:{port}/", f"127.0.0.1:{port}"):
        assert mockgrid("wait", url, "--timeout", "30s") == (0, "", "")
    process.send_signal(signal.SIGTERM)
    assert ending(process) == (0, "", "")


def test_wait_takes_no_proxy(server, mockgrid, environment):
    process = server("serve", "--port", "0", "--ready", "json")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        environment.setenv(name, "http://127.0.0.1:9")
    assert mockgrid("wait", json.loads(process.stdout.readline())["url"])[0] == 0


def test_wait_for_a_server_that_comes_later(server, mockgrid, free_port):
    later = threading.Timer(0.3, server, ["serve", "--port", str(free_port)])
    later.start()
    assert mockgrid("wait", f"http://127.0.0.1:{free_port}/v1") == (0, "", "")
    later.join()


def test_wait_in_vain_says_what_was_found(mockgrid, free_port):
    started = time.monotonic()
    code, out, err = mockgrid("wait", f"127.0.0.1:{free_port}", "--timeout", "300ms")
    assert (code, out) == (1, "")
    url = f"http://127.0.0.1:{free_port}"
    assert err == f"mockgrid: no server was ready at {url} within 0.3 s: connection refused.\n"
    assert time.monotonic() - started < 20


def test_a_number_alone_is_a_port_of_this_machine(server, mockgrid, free_port):
    server("serve", "--port", str(free_port))
    assert mockgrid("wait", str(free_port)) == (0, "", "")


def test_wait_for_something_that_is_no_mockgrid(server, mockgrid):
    process = server("serve", "--port", "0", "--ready", "json")
    port = json.loads(process.stdout.readline())["port"]
    # The last answer counts, and may come too late where the machine stalls: then again.
    for _ in range(6):
        code, _, err = mockgrid("wait", f"127.0.0.1:{port}/behind/__mockgrid__", "--timeout", "0.1s")
        assert code == 1
        if "timed out" not in err:
            break
    assert "it answers 404 at /behind/__mockgrid__/health" in err


def test_wait_for_something_that_answers_200_to_everything(mockgrid):
    with ThreadingHTTPServer(("127.0.0.1", 0), Agreeing) as other:
        threading.Thread(target=other.serve_forever, args=(0.01,)).start()
        code, _, err = mockgrid("wait", str(other.server_port), "--timeout", "0.5s")
        other.shutdown()
    assert code == 1
    assert err.endswith("it answers 200 at /__mockgrid__/health, and is no MockGrid.\n")


class Agreeing(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'["ready"]')

    def log_message(self, *arguments):
        pass


def test_wait_for_several(server, mockgrid, free_port, environment):
    ports = [json.loads(server("serve", "--port", "0", "--ready", "json").stdout.readline())["port"]]
    ports += [json.loads(server("serve", "--port", "0", "--ready", "json").stdout.readline())["port"]]
    assert mockgrid("wait", *map(str, ports)) == (0, "", "")
    environment.setenv("MOCKGRID_URL", " ".join(map(str, ports)))
    assert mockgrid("wait") == (0, "", "")
    code, _, err = mockgrid("wait", str(ports[0]), str(free_port), str(ports[1]), "--timeout", "0.2s")
    assert code == 1
    assert f"no server was ready at http://127.0.0.1:{free_port} within 0.2 s: connection refused" in err


def test_wait_for_a_server_that_accepts_and_is_silent(mockgrid):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        code, _, err = mockgrid("wait", f"127.0.0.1:{silent.getsockname()[1]}", "--timeout", "0.2s")
    assert code == 1
    assert "timed out" in err


def test_port_in_use_is_one_line(server):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, out, err = ending(server("serve", "--port", str(port)))
    assert (code, out) == (2, "")
    assert err.startswith(f"mockgrid: Port {port} on 127.0.0.1 is already in use. Choose another with --port")
    assert err.count("\n") == 1


def test_unusable_document_is_one_line(server):
    code, out, err = ending(server("serve", "api.yaml"))
    assert (code, out, err) == (2, "", "mockgrid: api.yaml:1:1: The key 'paths' is missing.\n")


def test_reader_that_leaves_early_is_no_error():
    for closed in ("head -c 1 >/dev/null", "true"):
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {sys.executable} -m mockgrid explain MG113 | {closed}"],
            cwd=ROOT,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.stderr == b""
        assert done.returncode in {0, 1}


def test_mistakes_and_help_load_no_server():
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            """
import sys; from mockgrid.cli import main; main(['serve', '--help'])
print([m for m in ('uvicorn', 'asyncio', 'yaml', 'jsonschema', 'orjson') if m in sys.modules])
""",
        ],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert loaded.stdout.splitlines()[-1] == b"[]"
