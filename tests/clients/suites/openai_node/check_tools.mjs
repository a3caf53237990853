// Tools: one call, several, and the way from a call to the final text.
import assert from "node:assert/strict";

import { zodFunction } from "openai/helpers/zod";
import { z } from "zod";

import { check } from "./session.mjs";
import { ASK, GREETING, MODEL, collect, connect } from "./shared.mjs";

const Weather = z.object({
  city: z.string().min(1),
  unit: z.enum(["celsius", "fahrenheit"]),
  days: z.number().int().min(1).max(14),
});
const Travel = z.object({
  stops: z.array(z.object({ name: z.string(), kind: z.literal("city") })).min(2).max(4),
  note: z.string().nullable(),
});
const SCHEMAS = { weather: Weather, travel: Travel };
const TOOLS = [
  zodFunction({ name: "weather", parameters: Weather }),
  zodFunction({ name: "travel", parameters: Travel }),
];
const named = (name) => ({ type: "function", function: { name } });

for (const name of ["weather", "travel"]) {
  check(`the tool ${name} that is named is called`, async (grid) => {
    const { chat } = connect(grid);
    const asked = { model: MODEL, messages: ASK, tools: TOOLS, tool_choice: named(name) };
    const [choice] = (await chat.parse(asked)).choices;
    assert.equal(choice.finish_reason, "tool_calls");
    assert.equal(choice.message.tool_calls.length, 1);
    const [call] = choice.message.tool_calls;
    assert.match(call.id, /^call_/);
    assert.equal(call.function.name, name);
    assert.deepEqual(SCHEMAS[name].parse(JSON.parse(call.function.arguments)), call.function.parsed_arguments);
  });
}

check("without being told to it answers in words", async (grid) => {
  const { chat } = connect(grid);
  const [choice] = (await chat.create({ model: MODEL, messages: ASK, tools: TOOLS })).choices;
  assert.equal(choice.finish_reason, "stop");
  assert.equal(choice.message.tool_calls, undefined);
  assert.ok(choice.message.content.includes(GREETING));
});

check("from the call to the final text", async (grid) => {
  const { chat } = connect(grid);
  const first = await chat.create({ model: MODEL, messages: ASK, tools: TOOLS, tool_choice: "required" });
  const { message } = first.choices[0];
  const result = { role: "tool", tool_call_id: message.tool_calls[0].id, content: "3 °C" };
  const final = await chat.create({ model: MODEL, messages: [...ASK, message, result], tools: TOOLS });
  assert.equal(final.choices[0].finish_reason, "stop");
  assert.ok(final.choices[0].message.content.includes(GREETING));
  assert.deepEqual(grid.statuses(), [200, 200]);
});

check("the tool runner calls the function and comes to an end", async (grid) => {
  const { chat } = connect(grid);
  const called = [];
  const run = (name) => (parameters) => {
    called.push([name, SCHEMAS[name].safeParse(parameters).success]);
    return "done";
  };
  const tools = Object.keys(SCHEMAS).map((name) =>
    zodFunction({ name, parameters: SCHEMAS[name], function: run(name) }),
  );
  const runner = chat.runTools({ model: MODEL, messages: ASK, tools, tool_choice: named("travel") });
  await runner.done();
  assert.deepEqual(called, [["travel", true]]);
});

check("a streamed call adds up to the plain one", async (grid) => {
  const { chat } = connect(grid);
  const asked = { model: MODEL, messages: ASK, tools: TOOLS, tool_choice: named("travel") };
  const plain = await chat.create(asked);
  const chunks = await collect(await chat.create({ ...asked, stream: true }));
  const fragments = chunks.flatMap((chunk) => chunk.choices[0].delta.tool_calls ?? []);
  assert.deepEqual([...new Set(fragments.map((fragment) => fragment.index))], [0]);
  assert.deepEqual(fragments.filter((fragment) => fragment.id || fragment.type), [fragments[0]]);
  const spelled = fragments.map((fragment) => fragment.function.arguments).join("");
  assert.equal(spelled, plain.choices[0].message.tool_calls[0].function.arguments);
  assert.equal(chunks.at(-1).choices[0].finish_reason, "tool_calls");
});

check("parallel calls call every tool once and stream one after the other", async (grid) => {
  const { chat } = connect(grid);
  const asked = { model: MODEL, messages: ASK, tools: TOOLS, tool_choice: "required", parallel_tool_calls: true };
  const calls = (await chat.parse(asked)).choices[0].message.tool_calls;
  assert.deepEqual(calls.map((call) => call.function.name), ["weather", "travel"]);
  assert.equal(new Set(calls.map((call) => call.id)).size, 2);
  for (const { function: { name, parsed_arguments } } of calls) SCHEMAS[name].parse(parsed_arguments);
  const stream = chat.stream(asked);
  const done = [];
  stream.on("tool_calls.function.arguments.done", ({ index, name, parsed_arguments }) =>
    done.push({ index, name, parsed_arguments }),
  );
  const final = await stream.finalChatCompletion();
  assert.deepEqual(
    done,
    calls.map((call, index) => ({
      index,
      name: call.function.name,
      parsed_arguments: call.function.parsed_arguments,
    })),
  );
  assert.equal(final.choices[0].finish_reason, "tool_calls");
});
