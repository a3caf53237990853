"""The pages for teams that come from other servers: what they show is what the commands print."""

import re

import pytest
from docs.reader import ROOT

pytestmark = pytest.mark.once

PAGES = {"from-prism.md": ("pets.yaml", 4010), "from-steady.md": ("jobs.yaml", 3000)}


def parts(page):
    """The document, the commands before the server's, that, and pairs of commands and what they print."""
    blocks = re.findall(
        r"^```(\w+)\n(.*?)^```$", (ROOT / "docs" / page).read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    (_, document), (_, first), *others = blocks
    *before, serve = first.splitlines()
    return (
        document,
        before,
        serve,
        [(sh, text) for (_, sh), (_, text) in zip(others[::2], others[1::2], strict=True)],
    )


@pytest.mark.parametrize("page", PAGES)
def test_commands_print_what_is_shown(reader, page):
    name, port = PAGES[page]
    document, before, serve, shown = parts(page)
    (reader.home / name).write_text(document, "utf-8")
    for command in before:
        reader.shell(command)
    with reader.running(serve.replace(f"--port {port}", f"--port {reader.port}")):
        for commands, printed in shown:
            lines = [
                reader.shell(line.replace(f":{port}", f":{reader.port}")) for line in commands.splitlines()
            ]
            assert "\n".join(line.strip() for line in lines).strip() == printed.strip()


@pytest.mark.parametrize("page", PAGES)
def test_flags_and_commands_in_the_tables_exist(reader, page):
    text = (ROOT / "docs" / page).read_text("utf-8")
    helps = {
        command: reader.shell(f"mockgrid {command} --help")
        for command in ("serve", "check", "report", "explain")
    }
    right = [row.split("|")[2] for row in re.findall(r"^\| .*$", text, re.MULTILINE)]
    flags = {flag for cell in right for flag in re.findall(r"`(--[a-z-]+)", cell)}
    flags |= {flag for cell in right for flag in re.findall(r"`mockgrid [^`]*?(--[a-z-]+)", cell)}
    assert flags
    for flag in flags:
        assert any(f"{flag} " in shown or f"{flag}\n" in shown for shown in helps.values()), flag
    for code in set(re.findall(r"MG[0-9]{3}", " ".join(right))):
        assert reader.shell(f"mockgrid explain {code}").startswith(code)
