// What scenarios say, as the AI SDK understands it.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

import { check, documented } from "./session.mjs";

const model = (grid) =>
  createOpenAICompatible({ name: "grid", baseURL: grid.url, apiKey: grid.key, includeUsage: true })("agent-prime");
const PROMPT = "What is the weather?";

function weather(called) {
  const execute = ({ city }) => called.push(city) && "3 °C";
  return { weather: tool({ inputSchema: z.object({ city: z.string() }), execute }) };
}

for (const way of ["plain", "streamed"]) {
  check(`reasoning, a call, reasoning, and the answer, ${way}`, async (grid) => {
    await grid.play(
      { think: "Oslo is meant.", call: { weather: { city: "Oslo" } }, served: "openai/gpt-oss-120b" },
      { think: "Cold.", say: "It is 3 °C in Oslo.", served: "qwen/qwen3-235b" },
    );
    const called = [];
    const asked = { model: model(grid), prompt: PROMPT, tools: weather(called), stopWhen: stepCountIs(4) };
    let steps;
    if (way === "plain") ({ steps } = await generateText(asked));
    else {
      const streamed = streamText(asked);
      const order = [];
      for await (const { type } of streamed.fullStream) order.push(type);
      // In the stream of each step, all of the reasoning comes before the call or the text.
      const [first, second] = order.join(" ").split("start-step").slice(1);
      assert.match(first, /reasoning-start .*reasoning-end tool-input-start .*tool-call tool-result/);
      assert.match(second, /reasoning-start .*reasoning-end text-start .*text-end/);
      steps = await streamed.steps;
    }
    assert.deepEqual(called, ["Oslo"]);
    assert.deepEqual(steps.map((step) => step.reasoningText), ["Oslo is meant.", "Cold."]);
    assert.deepEqual(steps.map((step) => step.text), ["", "It is 3 °C in Oslo."]);
    assert.deepEqual(steps.map((step) => step.finishReason), ["tool-calls", "stop"]);
    assert.deepEqual(steps.map((step) => step.response.modelId), ["openai/gpt-oss-120b", "qwen/qwen3-235b"]);
    assert.deepEqual(grid.statuses(), [200, 200]);
  });
}

for (const [form, least] of [[{ seconds: "1s" }, 1], [{ ms: "700ms" }, 0.7], [{ date: "2s" }, 1]]) {
  check(`it waits for as long as Retry-After says in ${Object.keys(form)}`, async (grid) => {
    await grid.play({ error: { status: 429, detail: "Slow down." }, retry_after: form }, { say: "Hello." });
    const began = performance.now();
    const { text } = await generateText({ model: model(grid), prompt: PROMPT, maxRetries: 1 });
    const waited = (performance.now() - began) / 1000;
    // Told nothing, it waits for 2 s.
    assert.ok(waited >= least - 0.01 && (waited < 1.95 || form.date), `It waited ${waited} s.`);
    assert.equal(text, "Hello.");
    assert.deepEqual(grid.statuses(), [429, 200]);
  });
}

check("the application's own attempts come around the SDK's", async (grid) => {
  const error = { error: 503 };
  await grid.play(...Array(4).fill({ ...error, retry_after: { ms: "1ms" } }), { say: "Hello." });
  let text;
  for (let attempt = 0; attempt < 3 && !text; attempt += 1) {
    text = await generateText({ model: model(grid), prompt: PROMPT, maxRetries: 1 }).then(({ text }) => text, () => "");
  }
  assert.equal(text, "Hello.");
  assert.deepEqual(grid.statuses(), [503, 503, 503, 503, 200]);
});

check("a gateway's page is told as its status, and tried again", async (grid) => {
  await grid.play({ error: { status: 520, by: "gateway" }, retry_after: { ms: "1ms" } }, { say: "Hello." });
  assert.equal((await generateText({ model: model(grid), prompt: PROMPT, maxRetries: 1 })).text, "Hello.");
  assert.deepEqual(grid.statuses(), [520, 200]);
});

check("two calls under one index are two", async (grid) => {
  const call = (name, city) => ({
    index: 0,
    id: `call_${name}`,
    type: "function",
    function: { name, arguments: JSON.stringify({ city }) },
  });
  const events = [
    { delta: { role: "assistant", tool_calls: [call("weather", "Oslo")] } },
    { comment: "OPENROUTER PROCESSING" },
    { delta: { tool_calls: [call("weather", "Rome")] }, finish: "tool_calls" },
    { usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } },
  ];
  await grid.play({ say: "Hello.", events, stream: { pace: { per_token: "20ms" } } });
  const called = [];
  const streamed = streamText({ model: model(grid), prompt: PROMPT, tools: weather(called) });
  await streamed.consumeStream();
  assert.deepEqual(called, ["Oslo", "Rome"]);
  assert.equal((await streamed.usage).totalTokens, 15);
});

check("silence after the end keeps it waiting, with all of the text", async (grid) => {
  await grid.play({ say: "Hello.", stream: { linger: "2s" } });
  const began = performance.now();
  const { textStream } = streamText({ model: model(grid), prompt: PROMPT });
  let text = "";
  for await (const piece of textStream) {
    text += piece;
    assert.ok(performance.now() - began < 1900);
  }
  assert.equal(text, "Hello.");
  assert.ok(performance.now() - began >= 1990);
});

check("a stream that is aborted is told as what came", async (grid) => {
  const say = "one two three four five six seven eight";
  await grid.play({ say, stream: { chunks: "word", pace: { per_token: "100ms" } } });
  const abort = new AbortController();
  const { textStream } = streamText({ model: model(grid), prompt: PROMPT, abortSignal: abort.signal });
  for await (const piece of textStream) if (piece.includes("three")) abort.abort();
  let told;
  do [told] = await grid.exchanges();
  while (!told?.ended_by);
  assert.deepEqual([told.ended_by, told.whole], ["client", false]);
  const sent = told.reply.chunks.map(({ data }) => data).join("");
  assert.match(sent, /three/);
  assert.doesNotMatch(sent, /eight/);
});

check("the guide", async (grid) => {
  writeFileSync("guide.mjs", `${documented("AI SDK", grid)}\nexport { text };\n`);
  assert.match((await import("./guide.mjs")).text, /Hello\?/);
});
