// What every check gets: the fake's address, a key of its own, and what went over the wire.
// Loading it also refuses every address but this machine's.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import net from "node:net";
import test from "node:test";

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);
const CLIENT = process.env.MOCKGRID_CLIENT;
const PATIENCE = 150_000;

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  if (options?.host) refuse(options.host);
  return connect.apply(this, args);
};

function refuse(host) {
  if (!LOOPBACK.has(host)) throw new Error(`The checks run without a network, and ${host} was asked for.`);
}

// Every attempt of the running check, below the client and its retries, and every answer that one got.
let attempts = 0;
let answers = [];
const send = globalThis.fetch;
globalThis.fetch = async (...request) => {
  attempts += 1;
  const answer = await send(...request);
  answers.push(answer);
  return answer;
};

/** A check: a test with a session that nobody else uses, in which the client must have kept the contract. */
export function check(name, run) {
  breach(name, async (grid) => {
    await run(grid);
    // Wrong keys, paths and models are what their checks are about.
    const broken = answers.filter((answer) => [400, 422].includes(answer.status));
    const told = broken.map((answer) => answer.headers.get("x-mockgrid-violations"));
    assert.ok(!told.some(Boolean), `${CLIENT} broke the contract in an ordinary call: ${told}`);
  });
}

/** A check that sends on purpose what the contract forbids. */
export function breach(name, run) {
  test(name, { timeout: PATIENCE }, async () => {
    attempts = 0;
    answers = [];
    const key = `mg-${CLIENT}-${name.replace(/[^A-Za-z0-9]+/g, "-")}`;
    const statuses = () => answers.map((answer) => answer.status);
    const url = process.env.MOCKGRID_URL;
    const server = process.env.MOCKGRID_CONTROL.replace(/\/v1$/, "");
    const control = controlling(`${server}/__mockgrid__/sessions/${key}`);
    await run({ url, key, statuses, attempts: () => attempts, ...control });
    if (attempts === 0) {
      // Another process spoke; it has the check's key.
      const exchanges = await control.exchanges();
      assert.notEqual(exchanges.length, 0, "The client never spoke to the fake.");
      assert.deepEqual(exchanges.flatMap(({ violations }) => violations), []);
    }
  });
}

/** How a check scripts its session, and learns what went over the wire in it. */
function controlling(session) {
  const call = async (method, path, body) => {
    const headers = { "content-type": "application/json" };
    const answer = await send(session + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    assert.ok(answer.ok, text);
    return JSON.parse(text);
  };
  return {
    /** These replies in turn, and 424 for a request more. */
    play: (...replies) => call("PUT", "", { steps: replies, strict: true }),
    exchanges: async () => (await call("GET", "/exchanges")).exchanges,
    /** The names of what they prove of the client. */
    verdicts: async () => (await call("GET", "")).verdicts.map(({ name }) => name),
  };
}

/** What docs/clients.md has for a client, for a check's session. */
export function documented(heading, grid) {
  const guide = readFileSync(process.env.MOCKGRID_GUIDE, "utf8");
  const [, section] = guide.match(new RegExp(`^## ${heading}\\n([^]*?)(?=^## )`, "m"));
  const [, text] = section.match(/^```\w+\n([^]*?)^```$/m);
  return text.replaceAll("http://127.0.0.1:8080/v1", grid.url).replaceAll("mg-demo", grid.key);
}
