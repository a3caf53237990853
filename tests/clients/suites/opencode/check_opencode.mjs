// opencode: the program itself, as `opencode run`, with the fake for its provider and no network but this machine's.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { check, documented } from "./session.mjs";

// What opencode-ai installs on Linux with an x64 processor, whichever that is; elsewhere there is nothing to run.
const PROGRAM = join(process.cwd(), "node_modules", "opencode-linux-x64-baseline", "bin", "opencode");
const NOWHERE = "http://127.0.0.1:9";

/** What it prints, asked once in a folder with a file. */
async function opencode(grid, prompt) {
  const home = mkdtempSync(join(process.cwd(), "home-"));
  writeFileSync(join(home, "weather.txt"), "It is 3 degrees in Oslo.\n");
  const config = { ...JSON.parse(documented("opencode", grid)), autoupdate: false, share: "disabled" };
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    HTTP_PROXY: NOWHERE,
    HTTPS_PROXY: NOWHERE,
    NO_PROXY: "127.0.0.1",
    OPENCODE_CONFIG_CONTENT: JSON.stringify(config),
    OPENCODE_DISABLE_AUTOUPDATE: "1",
    OPENCODE_DISABLE_DEFAULT_PLUGINS: "1",
    OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
    OPENCODE_DISABLE_MODELS_FETCH: "1",
  };
  const running = promisify(execFile)(PROGRAM, ["run", prompt], { cwd: home, env });
  running.child.stdin.end();
  return (await running).stdout.trim();
}

/** The requests of its agent; another asks for a title, without tools. */
async function turns(grid) {
  return (await grid.exchanges()).filter(({ request }) => request.body.tools);
}

check("opencode: an agent that may answer in words does", async (grid) => {
  assert.match(await opencode(grid, "What is the weather?"), /You said: .*What is the weather\?/);
  assert.deepEqual((await turns(grid)).map(({ status }) => status), [200]);
});

check("opencode: scripted calls and then the answer", async (grid) => {
  await grid.play(
    {
      when: { tools: "read" },
      replies: [
        { call: { bash: { command: "printf weather.txt", description: "Names the file" } } },
        { think: "One file.", call: { read: { filePath: "${tool_result}" } } },
        { say: "It is 3 °C in Oslo." },
      ],
    },
    { when: { not: { tools: "read" } }, reply: { say: "Weather" } },
  );
  assert.equal(await opencode(grid, "What is the weather?"), "It is 3 °C in Oslo.");
  const asked = await turns(grid);
  assert.deepEqual(asked.map(({ status }) => status), [200, 200, 200]);
  const { content } = asked.at(-1).request.body.messages.at(-1);
  assert.match(content, /It is 3 degrees in Oslo/);
});

check("opencode: a conversation that is too long is made shorter", async (grid) => {
  const error = { message: "This model's maximum context length is 8192 tokens.", type: "invalid_request_error", code: "context_length_exceeded", param: null };
  await grid.play(
    {
      when: { tools: "read" },
      replies: [{ status: 400, body: { error }, contract: "off" }, { say: "It is 3 °C in Oslo." }],
    },
    { when: { not: { tools: "read" } }, reply: { say: "They asked for the weather." }, then: "repeat" },
  );
  // It goes on after a summary, yet opencode 1.18.33 exits with 1.
  const { code, stdout } = await opencode(grid, "What is the weather?").then(assert.fail, (error) => error);
  assert.equal(code, 1);
  assert.match(stdout, /It is 3 °C in Oslo\.$/m);
  const asked = await turns(grid);
  assert.deepEqual(asked.map(({ status }) => status), [400, 200]);
  assert.match(JSON.stringify(asked[1].request.body.messages), /They asked for the weather\./);
});
