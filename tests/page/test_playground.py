"""The playground as a user works with it: a request, a scenario, and the answer to the one by the other."""

import json
import re

import httpx
import openai
import pytest
from page.browser import LOOKS
from playwright.sync_api import expect

from mockgrid import MockGrid

BROKEN = "ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_CONTENT_LENGTH"
REFUSED = "status of (4|5)"
HOSTILE = (
    "<img src=x onerror=alert(1)> javascript:alert(1) \u202egnp.exe </textarea><script>alert(1)</script>"
)


def opened(tab, fragment="#/playground"):
    page = tab.go(fragment)
    expect(page.locator("#verdict[data-playable='true']")).to_be_visible()
    return page


def script(page, text):
    page.get_by_label("Scenario, as YAML").fill(text)
    return page.get_by_role("list", name="Findings").get_by_role("listitem")


def send(page):
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".answer_end")).to_be_visible()
    return page.locator(".answer_state")


def exchanges(tab, key):
    told = httpx.get(f"{tab.origin}/__mockgrid__/sessions/{key}", trust_env=False).json()
    return told["exchanges"]["count"]


def body_of(page):
    return json.loads(page.get_by_label("Body", exact=True).input_value())


def test_a_scenario_is_found_wrong_at_its_lines_and_answers_when_it_is_right(looked_at):
    page = opened(looked_at)
    findings = script(page, "steps:\n  - reply:\n      sya: Hi\n  - when: {tunr: 1}\n    reply: {say: x}\n")
    expect(findings).to_have_count(2)
    expect(findings.first).to_contain_text("Line 3 error MG211 `sya` is not a key that is known here.")
    expect(page.locator(".gutter b.error")).to_have_text(["3", "4"])
    looked_at.check()
    findings.first.get_by_role("button").press("Enter")
    field = page.get_by_label("Scenario, as YAML")
    expect(field).to_be_focused()
    assert field.evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)") == "sya: Hi"
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("`sya` is not a key")
    looked_at.expected.append(REFUSED)

    right = "steps:\n  - name: greets\n    reply: {say: Good day}\n"
    expect(script(page, right)).to_have_count(0)
    expect(send(page)).to_contain_text("200 OK")
    script(page, right.replace("say", "sya"))
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("`sya` is not a key")
    expect(page.locator(".answer_state")).to_have_count(0)
    expect(script(page, right)).to_have_count(0)
    page.get_by_role("checkbox", name="stream").check()
    expect(send(page)).to_contain_text(
        re.compile(r"200 OK, by the step greets.*Ended after \d+ ms; first piece")
    )
    expect(page.locator(".said")).to_have_text("Good day")
    expect(page.get_by_label("Body of the answer")).to_contain_text("data: [DONE]")
    looked_at.check()


def test_form_and_json_keep_in_step(tab):
    page = opened(tab)
    page.get_by_label("temperature").fill("0.5")
    page.get_by_role("button", name="Add a message").click()
    page.get_by_label("Role of message 2").select_option("system")
    page.get_by_label("Message 2", exact=True).fill("Be brief")
    page.get_by_role("button", name="Add a tool").click()
    page.get_by_label("response_format").select_option("json_object")
    body = body_of(page)
    assert body["messages"][1] == {"role": "system", "content": "Be brief"}
    assert (body["temperature"], body["response_format"]) == (0.5, {"type": "json_object"})
    assert body["tools"][0]["function"]["name"] == "get_weather"
    field = page.get_by_label("Body", exact=True)
    del body["temperature"], body["tools"], body["messages"][0]
    field.fill(json.dumps({**body, "stream": True, "max_tokens": 7}))
    expect(page.get_by_role("checkbox", name="stream")).to_be_checked()
    expect(page.get_by_label("max_tokens")).to_have_value("7")
    expect(page.get_by_label("temperature")).to_have_value("")
    expect(page.get_by_label("tools")).to_have_value("")
    expect(page.get_by_label("Message 1", exact=True)).to_have_value("Be brief")
    field.fill('{"model": ')
    expect(page.get_by_text("This is no JSON, and is sent as it is")).to_be_visible()
    expect(page.get_by_role("checkbox", name="stream")).to_be_disabled()
    tab.expected.append(REFUSED)
    script(page, "")
    expect(send(page)).to_contain_text("400 Bad Request")


def test_json_is_completed_from_the_contract(tab):
    page = opened(tab)
    field = page.get_by_label("Body", exact=True)
    field.fill("")
    field.press_sequentially('{"messa')
    choices = page.locator(".choices [role=option]")
    expect(choices).to_have_text(["messages array, required"])
    tab.check()
    field.press("Enter")
    expect(field).to_have_value('{"messages": []')
    field.press_sequentially('{"ro')
    expect(choices.first).to_contain_text("role")
    field.press("Tab")
    expect(choices.filter(has_text="assistant")).to_be_visible()
    field.press("ArrowDown")
    field.press("Escape")
    expect(choices).to_have_count(0)
    field.press_sequentially("us")
    expect(choices).to_have_text(['"user" '])
    field.press("Enter")
    expect(field).to_have_value('{"messages": [{"role": "user"]')
    field.press_sequentially(', "content": "Hi"}')
    field.press("End")
    field.press_sequentially(', "reasoning_effort": ')
    field.press("Control+Space")
    expect(choices.filter(has_text='"low"')).to_be_visible()


PLACES = [
    ("", "value", "", ""),
    ("{", "key", "", ""),
    ('{"mo', "key", "", "mo"),
    ('{"a": 1, "mo', "key", "", "mo"),
    ('{"a"', None, None, None),
    ('{"a": ', "value", "/a", ""),
    ('{"a": tr', "value", "/a", "tr"),
    ('{"a": "x\\"', "value", "/a", 'x\\"'),
    ('{"a": "x"', None, None, None),
    ('{"a": [1, {"b/~": ', "value", "/a/1/b~1~0", ""),
    ('{"a": [1, 2], "', "key", "", ""),
    ("[[], ", "value", "/1", ""),
    ('{"a": "unclosed\n, "', "key", "", ""),
    ("}}", None, None, None),
    (',,:{"', "key", "", ""),
]


def test_a_place_in_json_is_found_wherever_a_caret_stands(tab):
    page = tab.go("#/playground")
    look = (
        "async ([text, behind]) => (await import('./page/json_place.js')).placeAt(text + behind, text.length)"
    )
    for text, kind, pointer, prefix in PLACES:
        told = page.evaluate(look, [text, ""])
        assert (kind is None) == (told is None), text
        if told:
            assert (told["kind"], told["pointer"], told["prefix"]) == (kind, pointer, prefix), text
            whole = page.evaluate(look, [text, '", "z": [}'])
            assert (whole["kind"], whole["pointer"], whole["start"]) == (kind, pointer, told["start"]), text


FAULTS = [
    ("{say: One two three, stream: {chunks: word, fault: {kind: disconnect, after: 2}}}", "Broken off"),
    ("{say: One two three, stream: {chunks: word, fault: {kind: reset, after: 2}}}", "Broken off"),
    ("{say: One, fault: {kind: reset}}", "No answer"),
    ("{say: One, fault: {kind: empty}}", "No answer"),
    ("{say: One, fault: {kind: cut_body}}", "Broken off"),
]


def test_faults_are_seen(tab):
    tab.expected.append(BROKEN)
    page = opened(tab)
    page.get_by_role("checkbox", name="stream").check()
    for reply, how in FAULTS:
        expect(script(page, f"steps: [{{reply: {reply}}}]")).to_have_count(0)
        expect(send(page)).to_contain_text(how)
        expect(page.get_by_role("link", name=re.compile("in the journal"))).to_be_visible()
        if "chunks" in reply:
            expect(page.locator(".said")).to_have_text(re.compile("One( two)?"))
            expect(page.get_by_label("Body of the answer")).not_to_contain_text("DONE")


def test_keys_write_and_send(tab):
    page = opened(tab)
    field = page.get_by_label("Scenario, as YAML")
    field.fill("steps:")
    field.press("End")
    field.press("Enter")
    field.press_sequentially("  - name: first")
    field.press("Enter")
    field.press_sequentially("  reply: {say: Hi}")
    expect(field).to_have_value("steps:\n  - name: first\n    reply: {say: Hi}")
    field.press("Control+Enter")
    expect(page.locator(".answer_state")).to_contain_text("by the step first")


def test_silence_is_told_of_and_can_be_ended(tab):
    page = opened(tab)
    page.get_by_role("checkbox", name="stream").check()
    script(
        page,
        "steps: [{reply: {say: One two, stream: {chunks: word, fault: {kind: stall, after: 2, for: 1m}}}}]",
    )
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text(re.compile(r"silent for \d+\.\d s"))).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".answer_end")).to_contain_text("Cancelled by you")


def test_it_plays_under_a_session_of_its_own_or_of_another(tab):
    page = opened(tab)
    script(page, "steps: [{reply: {say: For you}}]")
    page.get_by_label("For the session").fill("mg-tests")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.get_by_text("mg-tests plays it from now on.")).to_be_visible()
    play = page.get_by_label("For the session").locator("xpath=ancestor::form").get_by_role("button")
    tops = [place.bounding_box()["y"] for place in (page.get_by_role("button", name="Save as a file"), play)]
    assert tops[0] == tops[1]
    page.get_by_label("For the session").fill("")
    play.click()
    expect(page.get_by_role("alert")).to_contain_text("Which session?")
    expect(page.get_by_text("plays it from now on")).to_have_count(0)
    page.get_by_label("For the session").fill("mg.toolloop.a")
    play.click()
    expect(page.locator(".message.warning")).to_contain_text(
        "names the scenario 'toolloop', which is not known"
    )
    expect(page.locator(".message.warning")).to_contain_text("Did you mean")
    send(page)
    assert exchanges(tab, "mg-tests") == 0
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a file").click()
    assert download.value.suggested_filename == "scenario.yaml"
    assert download.value.path().read_text("utf-8") == "steps: [{reply: {say: For you}}]"
    assert page.url.endswith("#/playground")
    page.reload()
    expect(page.get_by_label("Scenario, as YAML")).to_have_value("steps: [{reply: {say: For you}}]")


@pytest.mark.parametrize("look", LOOKS[::3], ids=str)
def test_shipped_scenarios_are_played_with_a_click(open_tab, look):
    tab = open_tab(*look)
    tab.expected += [BROKEN, REFUSED]
    page = tab.go("#/scenarios")
    expect(page.get_by_role("link", name=re.compile("^Play "))).to_have_count(17)
    expect(page.get_by_text("Finds a client that takes a cut stream for a whole one")).to_be_visible()
    tab.check()
    met = {
        "tool-loop": "200 OK, by the step two calls at once",
        "stream-cut": "cut after four chunks after",
        "structured-output": "200 OK, by the step refused, cut short, answered",
        "out-of-credit": "402 Payment Required, by the step no credit",
    }
    for name, answer in met.items():
        tab.go("#/scenarios").get_by_role("link", name=f"Play {name}").click()
        expect(page.locator(".answer_state")).to_contain_text(answer)
        expect(page.get_by_text("Finds a client")).to_be_visible()
    tab.check()


def test_hostile_texts_stay_text(looked_at):
    looked_at.expected.append(REFUSED)
    page = opened(looked_at)
    page.get_by_label("Message 1", exact=True).fill(HOSTILE)
    assert body_of(page)["messages"][0]["content"] == HOSTILE
    findings = script(page, f"steps: [{{reply: {{{json.dumps(HOSTILE)}: 1}}}}]")
    expect(findings.first).to_contain_text("<img src=x")
    expect(script(page, 'steps: [{name: "<b>x</b>", reply: {say: "${last_user}"}}]')).to_have_count(0)
    expect(send(page)).to_contain_text("by the step <b>x</b>")
    expect(page.get_by_label("Body of the answer")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(page.get_by_label("Body of the answer")).to_contain_text("\\u202egnp.exe")
    page.get_by_label("Message 1", exact=True).fill("x" * 1_000_000)
    expect(send(page)).to_contain_text("Ended")
    looked_at.check()


DOCUMENT = """\
openapi: 3.1.0
info: {title: Pets, version: '1'}
security: [{key: []}]
components:
  securitySchemes: {key: {type: apiKey, in: header, name: x-key}}
  schemas: {Pet: {type: object, required: [name], properties: {name: {type: string, minLength: 3}}}}
paths:
  /pets/{pet}:
    put:
      operationId: putPet
      parameters:
        - {name: pet, in: path, required: true, schema: {type: string, example: a b}}
        - {name: kind, in: query, required: true, schema: {enum: [cat, dog]}}
        - {name: x-trace, in: header, schema: {type: string, example: t1}}
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}
      responses: {'200': {description: It, content: {application/json: {schema: {const: {ok: true}}}}}}
    get:
      parameters: [{name: pet, in: path, required: true, schema: {type: string}}]
      responses: {'204': {description: Nothing}}
"""


def test_any_contract_is_asked_in_its_own_way(open_tab, tmp_path):
    file = tmp_path / "pets.yaml"
    file.write_text(DOCUMENT, "utf-8")
    with MockGrid(document=str(file)) as grid:
        tab = open_tab(origin=grid.base_url.rstrip("/"))
        page = opened(tab)
        page.get_by_role("combobox", name="Operation").select_option("putPet")
        page.get_by_text("Path, headers and parameters").click()
        expect(page.get_by_label("Path", exact=True)).to_have_value("/pets/a%20b")
        expect(page.get_by_label("Query")).to_have_value("kind=cat")
        page.get_by_role("button", name="Add x-trace").click()
        assert re.fullmatch(
            r"x-key: playground-\w+\nx-trace: t1", page.get_by_label("Headers, one a line").input_value()
        )
        assert len(body_of(page)["name"]) >= 3
        tab.check()
        script(page, "")
        expect(send(page)).to_contain_text("200 OK")
        expect(page.get_by_label("Body of the answer")).to_have_text('{"ok":true}')
        page.get_by_role("combobox", name="Operation").select_option("GET /pets/{pet}")
        expect(page.get_by_role("combobox", name="Method")).to_have_value("GET")
        page.get_by_label("Headers, one a line").fill("x-key: abc\ncookie: a=b")
        expect(send(page)).to_contain_text("204 No Content")
        expect(page.get_by_text("A browser does not send the header cookie.")).to_be_visible()


KEPT = "limits: [{requests: 9, per: 1s}]"


def test_what_was_written_for_another_server_is_not_for_this(open_tab, tmp_path):
    file = tmp_path / "pets.yaml"
    file.write_text(DOCUMENT, "utf-8")
    with MockGrid(document=str(file)) as grid:
        tab = open_tab(origin=grid.base_url.rstrip("/"))
        page = opened(tab)
        page.get_by_role("combobox", name="Operation").select_option("putPet")
        script(page, KEPT)
        tab.go("#/journal")
        kept = page.evaluate("sessionStorage.getItem('mockgrid:playground')")
        assert json.loads(kept)["request"]["operation"] == "putPet"
        page.goto("about:blank")  # whose server goes
    with MockGrid() as grid:
        tab = open_tab(origin=grid.base_url.removesuffix("/v1"))
        tab.go("#/journal").evaluate("kept => sessionStorage.setItem('mockgrid:playground', kept)", kept)
        page = opened(tab)
        expect(page.get_by_label("Scenario, as YAML")).to_have_value(KEPT)
        script(page, "")
        expect(send(page)).to_contain_text("200 OK")


def test_a_recorded_exchange_is_opened(tab, grid):
    client = openai.OpenAI(base_url=grid.base_url, api_key="mg-test")
    client.chat.completions.create(model="text-prime", messages=[{"role": "user", "content": "From a test"}])
    page = tab.go("#/playground?exchange=mg-test/1")
    expect(page.get_by_label("Message 1", exact=True)).to_have_value("From a test")
    expect(page.get_by_label("Scenario, as YAML")).to_have_value(re.compile("You said: From a test"))
    expect(send(page)).to_contain_text("200 OK, by the step")
    script(page, "steps: [{reply: {say: Of my own}}]")
    tab.go("#/playground?exchange=mg-test/1")
    expect(page.get_by_label("Scenario, as YAML")).to_have_value(re.compile("Of my own"))
    expect(page.get_by_text("what you had written")).to_be_visible()
    tab.check()
    page.get_by_role("button", name="Take a step that answers so again").click()
    expect(page.get_by_label("Scenario, as YAML")).to_have_value(re.compile("You said: From a test"))
    expect(page.get_by_text("what you had written")).to_have_count(0)
    assert exchanges(tab, "mg-test") == 1


def given(folder, name, text):
    """A file that the server does not have."""
    (folder / "given").mkdir()
    file = folder / "given" / f"{name}.yaml"
    file.write_text(text, "utf-8")
    return file


def test_what_no_step_answered_is_opened_with_its_scenario_or_a_step_that_would(open_tab, ask, tmp_path):
    text = "# Finds it.\nstrict: true\nsteps: [{when: {last_user: Weather}, reply: {say: Sunny}}]\n"
    (tmp_path / "forecast.yaml").write_text(text, "utf-8")
    with MockGrid(scenarios=str(tmp_path)) as grid:
        inline = grid.session("test_it")
        rain = "strict: true\nsteps: [{when: {last_user: Rain}, reply: {say: Wet}}]\n"
        inline.play(given(tmp_path, "forecast", rain))  # of which the server knows another
        for key in ("mg.forecast.a", inline.api_key):
            assert ask(key, grid).status_code == 424
        tab = open_tab(origin=grid.base_url.removesuffix("/v1"))
        page = opened(tab, f"#/playground?exchange={inline.api_key}/1")
        field = page.get_by_label("Scenario, as YAML")
        expect(field).to_have_value(re.compile("say: 'You said: Hello'"))
        expect(page.get_by_role("button", name=re.compile("^Take"))).to_have_count(0)
        expect(send(page)).to_contain_text("200 OK, by the step")

        page.goto("about:blank")
        page = opened(tab, "#/playground?exchange=mg.forecast.a/1")
        expect(field).to_have_value(re.compile("You said: Hello"))
        page.get_by_role("button", name="Take the scenario forecast").click()
        expect(field).to_have_value(text)
        field.fill("")
        page.goto("about:blank")
        page = opened(tab, "#/playground?exchange=mg.forecast.a/1")
        expect(field).to_have_value(text)
        expect(page.get_by_text("No step of the scenario forecast answered")).to_be_visible()
        expect(page.get_by_label("Message 1", exact=True)).to_have_value("Hello")
        tab.expected.append(REFUSED)
        expect(send(page)).to_contain_text("424")
        page.get_by_role("button", name="Take a step that answers it").click()
        expect(field).to_have_value(re.compile("say: 'You said: Hello'"))
        expect(send(page)).to_contain_text("200 OK, by the step")


@pytest.mark.parametrize("name", ["org%2Fa%20name%3Fof%23it", "a%20name%3Fof%23it", "100%25"])
def test_a_recorded_path_stays_what_it_was(tab, grid, name):
    asked = httpx.get(f"{grid.base_url}/models/{name}", headers={"authorization": "Bearer mg-test"})
    tab.expected.append("status of 40[49]")
    page = tab.go("#/playground?exchange=mg-test/1")
    expect(send(page)).to_contain_text("404")
    expect(page.get_by_label("Body of the answer")).to_have_text(asked.text)
