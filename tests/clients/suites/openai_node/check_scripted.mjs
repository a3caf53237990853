// What scenarios say, as the client understands it.
import assert from "node:assert/strict";

import OpenAI from "openai";

import { check } from "./session.mjs";
import { ASK, MODEL, collect, connect } from "./shared.mjs";

const LIMITED = { status: 429, detail: "Slow down." };

for (const [form, least] of [
  [{ seconds: "1s" }, 1],
  [{ ms: "700ms" }, 0.7],
  // A date has no fractions: it is up to a second more.
  [{ date: "2s" }, 1],
]) {
  check(`it waits for as long as Retry-After says in ${Object.keys(form)}`, async (grid) => {
    await grid.play({ error: LIMITED, retry_after: form }, { say: "Hello." });
    const { chat } = connect(grid, { maxRetries: 1 });
    const began = performance.now();
    const answer = await chat.create({ model: MODEL, messages: ASK });
    const waited = (performance.now() - began) / 1000;
    assert.ok(waited >= least - 0.01 && waited < least + 3, `It waited ${waited} s.`);
    assert.equal(answer.choices[0].message.content, "Hello.");
    assert.deepEqual(grid.statuses(), [429, 200]);
  });
}

for (const [status, word, attempts] of [[422, "true", 2], [503, "false", 1]]) {
  check(`it does as x-should-retry: ${word} says`, async (grid) => {
    await grid.play(...Array(attempts).fill({ error: status, headers: { "x-should-retry": word } }));
    const { chat } = connect(grid, { maxRetries: 1 });
    const error = await chat.create({ model: MODEL, messages: ASK }).then(assert.fail, (error) => error);
    assert.equal(error.status, status);
    assert.deepEqual(grid.statuses(), Array(attempts).fill(status));
  });
}

check("a conversation that is too long has its code", async (grid) => {
  const message = "This model's maximum context length is 8192 tokens.";
  const error = { message, type: "invalid_request_error", code: "context_length_exceeded", param: null };
  await grid.play({ status: 400, body: { error }, contract: "off" });
  const { chat } = connect(grid);
  const caught = await chat.create({ model: MODEL, messages: ASK }).then(assert.fail, (caught) => caught);
  assert.equal(caught.constructor, OpenAI.BadRequestError);
  assert.equal(caught.code, "context_length_exceeded");
  assert.deepEqual(grid.statuses(), [400]);
});

check("two turns are served by two models", async (grid) => {
  const served = ["openai/gpt-oss-120b", "qwen/qwen3-235b"];
  await grid.play(...served.map((model) => ({ say: "Hello.", served: model })));
  const { chat } = connect(grid);
  assert.equal((await chat.create({ model: MODEL, messages: ASK })).model, served[0]);
  const chunks = await collect(await chat.create({ model: MODEL, messages: ASK, stream: true }));
  assert.deepEqual([...new Set(chunks.map(({ model }) => model))], [served[1]]);
});

check("each choice of a stream says its own", async (grid) => {
  await grid.play({ choices: [{ say: "Oslo" }, { say: "Bergen" }, { call: { f: { x: 1 } } }] });
  const { chat } = connect(grid);
  const { choices } = await chat.stream({ model: MODEL, messages: ASK, n: 3 }).finalChatCompletion();
  assert.deepEqual(choices.map(({ message }) => message.content), ["Oslo", "Bergen", null]);
  assert.deepEqual(choices[2].message.tool_calls.map((call) => call.function.arguments), ['{"x":1}']);
  assert.deepEqual(choices.map((choice) => choice.finish_reason), ["stop", "stop", "tool_calls"]);
});

for (const status of [502, 503, 504, 520, 529]) {
  check(`a gateway that fails with ${status} once is tried again`, async (grid) => {
    await grid.play({ error: { status, by: "gateway" }, retry_after: { ms: "1ms" } }, { say: "Hello." });
    const { chat } = connect(grid, { maxRetries: 1 });
    const answer = await chat.create({ model: MODEL, messages: ASK });
    assert.equal(answer.choices[0].message.content, "Hello.");
    assert.deepEqual(grid.statuses(), [status, 200]);
  });
}

check("a stream as another provider sends it", async (grid) => {
  const events = [
    { comment: "OPENROUTER PROCESSING" },
    { delta: { role: "assistant", content: "" }, chunk: { provider: "Supplier 7" } },
    { delta: { content: "It is " } },
    { comment: "OPENROUTER PROCESSING" },
    { delta: { content: "cold." }, finish: "stop" },
    { usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } },
  ];
  await grid.play({ say: "It is cold.", events, stream: { split: 7 } });
  const chunks = await collect(await connect(grid).chat.create({ model: MODEL, messages: ASK, stream: true }));
  assert.equal(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join(""), "It is cold.");
  assert.equal(chunks[0].provider, "Supplier 7");
  assert.equal(chunks.at(-1).usage.total_tokens, 15);
});

check("silence after the end keeps the old waiting", async (grid) => {
  await grid.play({ say: "Hello.", stream: { linger: "2s" } });
  const began = performance.now();
  const chunks = await collect(await connect(grid).chat.create({ model: MODEL, messages: ASK, stream: true }));
  assert.ok(chunks.length > 1);
  // Release 6 waits for the end of the body, release 7 for [DONE] alone.
  assert.equal(performance.now() - began >= 1990, process.env.MOCKGRID_CLIENT === "openai-node-6");
});

check("a loop around a client that tries again by itself is told", async (grid) => {
  await grid.play(...Array(6).fill({ error: 503, retry_after: { ms: "1ms" } }), { say: "Hello." });
  const { chat } = connect(grid);
  let answer;
  for (let attempt = 0; attempt < 3 && !answer; attempt += 1) {
    answer = await chat.create({ model: MODEL, messages: ASK }).catch(() => undefined);
  }
  assert.equal(answer.choices[0].message.content, "Hello.");
  assert.deepEqual(grid.statuses(), [503, 503, 503, 503, 503, 503, 200]);
  assert.deepEqual(await grid.verdicts(), ["nested_retry"]);
});

check("what is not served says what to do", async (grid) => {
  const { client } = connect(grid, { maxRetries: 0 });
  const asked = client.responses.create({ model: MODEL, input: "Hello?" });
  const error = await asked.then(assert.fail, (error) => error);
  assert.equal(error.constructor, OpenAI.NotFoundError);
  assert.deepEqual(grid.statuses(), [404]);
});
