// What every check gets: the fake's address, a key of its own, and what went over the wire.
// Loading it also refuses every address but this machine's.
import assert from "node:assert/strict";
import net from "node:net";
import test from "node:test";

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);
const CLIENT = process.env.MOCKGRID_CLIENT;
const PATIENCE = 30_000;

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
    await run({ url: process.env.MOCKGRID_URL, key, statuses, attempts: () => attempts });
    assert.notEqual(attempts, 0, "The client never spoke to the fake.");
  });
}
