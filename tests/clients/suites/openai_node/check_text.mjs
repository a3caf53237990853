// Plain text: one answer, several, cut short, streamed.
import assert from "node:assert/strict";

import { check } from "./session.mjs";
import { ASK, GREETING, MODEL, collect, connect } from "./shared.mjs";

check("a question is answered with its own words", async (grid) => {
  const { chat } = connect(grid);
  const completion = await chat.create({ model: MODEL, messages: ASK });
  assert.match(completion.id, /^chatcmpl-/);
  assert.equal(completion.object, "chat.completion");
  assert.equal(completion.model, MODEL);
  assert.equal(completion.choices.length, 1);
  const [choice] = completion.choices;
  assert.equal(choice.finish_reason, "stop");
  assert.equal(choice.message.role, "assistant");
  assert.ok(choice.message.content.includes(GREETING), choice.message.content);
  assert.equal(choice.message.refusal, null);
  assert.equal(choice.logprobs, null);
  const { prompt_tokens, completion_tokens, total_tokens } = completion.usage;
  assert.ok(prompt_tokens > 0 && completion_tokens > 0);
  assert.equal(total_tokens, prompt_tokens + completion_tokens);
});

check("every answer names its request", async (grid) => {
  const { chat } = connect(grid);
  const { data, response, request_id } = await chat.create({ model: MODEL, messages: ASK }).withResponse();
  assert.equal(data._request_id, request_id);
  assert.ok(request_id);
  assert.match(response.headers.get("content-type"), /^application\/json/);
});

check("a stream says what the plain answer says", async (grid) => {
  const { chat } = connect(grid);
  const plain = await chat.create({ model: MODEL, messages: ASK });
  const asked = { model: MODEL, messages: ASK, stream: true, stream_options: { include_usage: true } };
  const chunks = await collect(await chat.create(asked));
  const last = chunks.pop();
  assert.deepEqual(last.choices, []);
  assert.deepEqual(last.usage, plain.usage);
  assert.ok(chunks.every((chunk) => chunk.usage === null));
  assert.ok(chunks.every((chunk) => chunk.object === "chat.completion.chunk"));
  const deltas = chunks.map((chunk) => chunk.choices[0].delta);
  assert.deepEqual(deltas.filter((delta) => delta.role), [deltas[0]]);
  assert.ok(deltas.filter((delta) => delta.content).length > 1);
  assert.equal(deltas.map((delta) => delta.content ?? "").join(""), plain.choices[0].message.content);
  assert.deepEqual(chunks.map((chunk) => chunk.choices[0].finish_reason).filter(Boolean), ["stop"]);
});

check("a stream carries usage only when asked", async (grid) => {
  const { chat } = connect(grid);
  const chunks = await collect(await chat.create({ model: MODEL, messages: ASK, stream: true }));
  assert.ok(chunks.every((chunk) => chunk.choices.length === 1 && !("usage" in chunk)));
});

check("the stream helper adds up to the plain answer", async (grid) => {
  const { chat } = connect(grid);
  const plain = await chat.create({ model: MODEL, messages: ASK });
  const stream = chat.stream({ model: MODEL, messages: ASK, stream_options: { include_usage: true } });
  const told = [];
  stream.on("content", (delta) => told.push(delta));
  const final = await stream.finalChatCompletion();
  assert.equal(told.join(""), plain.choices[0].message.content);
  assert.equal(final.choices[0].message.content, plain.choices[0].message.content);
  assert.equal(final.choices[0].finish_reason, "stop");
  assert.deepEqual(final.usage, plain.usage);
});

check("several answers to one question differ and stream alike", async (grid) => {
  const { chat } = connect(grid);
  const plain = await chat.create({ model: MODEL, messages: ASK, n: 3 });
  const contents = plain.choices.map((choice) => choice.message.content);
  assert.deepEqual(plain.choices.map((choice) => choice.index), [0, 1, 2]);
  assert.equal(new Set(contents).size, 3);
  const final = await chat.stream({ model: MODEL, messages: ASK, n: 3 }).finalChatCompletion();
  assert.deepEqual(final.choices.map((choice) => choice.message.content), contents);
});

check("a stop sequence ends the answer before it", async (grid) => {
  const { chat } = connect(grid);
  const messages = [{ role: "user", content: "alpha beta gamma" }];
  const [choice] = (await chat.create({ model: MODEL, messages, stop: "beta" })).choices;
  assert.equal(choice.finish_reason, "stop");
  assert.match(choice.message.content, /alpha/);
  assert.doesNotMatch(choice.message.content, /beta|gamma/);
});

check("a token limit cuts the answer", async (grid) => {
  const { chat } = connect(grid);
  const asked = { model: MODEL, messages: ASK, max_completion_tokens: 3 };
  const completion = await chat.create(asked);
  assert.equal(completion.choices[0].finish_reason, "length");
  assert.equal(completion.usage.completion_tokens, 3);
  const final = await chat.stream(asked).finalChatCompletion();
  assert.equal(final.choices[0].finish_reason, "length");
  assert.equal(final.choices[0].message.content, completion.choices[0].message.content);
});

check("logprobs spell the answer", async (grid) => {
  const { chat } = connect(grid);
  const asked = { model: MODEL, messages: ASK, logprobs: true, top_logprobs: 2 };
  const [choice] = (await chat.create(asked)).choices;
  const bytes = choice.logprobs.content.flatMap((token) => token.bytes);
  assert.equal(Buffer.from(bytes).toString("utf8"), choice.message.content);
  assert.ok(choice.logprobs.content.every((token) => token.top_logprobs.length === 2));
  const final = await chat.stream(asked).finalChatCompletion();
  assert.deepEqual(final.choices[0].logprobs.content, choice.logprobs.content);
});

check("the answer is a sound with its transcript", async (grid) => {
  const { chat } = connect(grid);
  const spoken = { modalities: ["text", "audio"], audio: { voice: "alloy", format: "wav" } };
  const { message } = (await chat.create({ model: MODEL, messages: ASK, ...spoken })).choices[0];
  assert.ok(message.audio.transcript.includes(GREETING));
  assert.equal(Buffer.from(message.audio.data, "base64").subarray(0, 4).toString(), "RIFF");
});

check("the models are listed", async (grid) => {
  const { client } = connect(grid);
  const ids = (await collect(client.models.list())).map((model) => model.id);
  for (const id of ["text-standard", "text-prime", "agent-max"]) assert.ok(ids.includes(id), id);
});
