// Errors: each status becomes the client's own class, and only what may pass is tried again.
import assert from "node:assert/strict";

import OpenAI from "openai";

import { breach, check } from "./session.mjs";
import { ASK, MODEL, connect } from "./shared.mjs";

const CLASSES = {
  400: OpenAI.BadRequestError,
  401: OpenAI.AuthenticationError,
  404: OpenAI.NotFoundError,
  422: OpenAI.UnprocessableEntityError,
  429: OpenAI.RateLimitError,
  500: OpenAI.InternalServerError,
  503: OpenAI.InternalServerError,
};
const RETRIED = new Set(["429", "500", "503"]);

async function failing(chat, asked = {}, options = {}) {
  const error = await chat.create({ model: MODEL, messages: ASK, ...asked }, options).then(assert.fail, (error) => error);
  assert.ok(error instanceof OpenAI.APIError, String(error));
  assert.ok(error.requestID);
  return error;
}

check("an unknown key", async (grid) => {
  const { chat } = connect(grid, { apiKey: "sk-wrong" });
  assert.equal((await failing(chat)).constructor, OpenAI.AuthenticationError);
  assert.deepEqual(grid.statuses(), [401]);
});

check("an unknown model", async (grid) => {
  const { chat } = connect(grid);
  assert.equal((await failing(chat, { model: "gpt-5.2" })).constructor, OpenAI.NotFoundError);
  assert.deepEqual(grid.statuses(), [404]);
});

for (const stream of [false, true]) {
  breach(`a value out of range, stream ${stream}`, async (grid) => {
    const { chat } = connect(grid);
    const error = await failing(chat, { temperature: 3, stream });
    assert.equal(error.constructor, OpenAI.UnprocessableEntityError);
    assert.match(error.headers.get("x-mockgrid-violations"), /temperature/);
    assert.deepEqual(grid.statuses(), [422]);
  });
}

check("a doubled version in the path", async (grid) => {
  const { chat } = connect(grid, { baseURL: `${grid.url}/v1` });
  assert.equal((await failing(chat)).constructor, OpenAI.NotFoundError);
  assert.deepEqual(grid.statuses(), [404]);
});

for (const status of Object.keys(CLASSES)) {
  check(`${status} becomes its class`, async (grid) => {
    const { chat } = connect(grid, { maxRetries: 0, defaultHeaders: { prefer: `code=${status}` } });
    const error = await failing(chat);
    assert.equal(error.constructor, CLASSES[status]);
    assert.equal(error.status, Number(status));
    assert.deepEqual(grid.statuses(), [Number(status)]);
  });

  check(`${status} is tried again only if it may pass`, async (grid) => {
    const { chat } = connect(grid, { maxRetries: 1 });
    await failing(chat, {}, { headers: { prefer: `code=${status}` } });
    assert.deepEqual(grid.statuses(), Array(RETRIED.has(status) ? 2 : 1).fill(Number(status)));
  });
}

check("it is tried again twice unless told otherwise", async (grid) => {
  const { chat } = connect(grid);
  await failing(chat, {}, { headers: { prefer: "code=500" } });
  assert.deepEqual(grid.statuses(), [500, 500, 500]);
});

check("the balance error is the one with a code", async (grid) => {
  const { chat } = connect(grid, { maxRetries: 0 });
  const error = await failing(chat, {}, { headers: { prefer: "code=503" } });
  assert.equal(error.code, error.error.code);
  assert.equal(error.type, error.error.type);
  assert.ok(error.error.message && error.message.includes(error.error.message));
});
