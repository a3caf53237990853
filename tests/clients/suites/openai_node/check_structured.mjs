// Structured output, read by the zod helpers.
import assert from "node:assert/strict";

import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";

import { check } from "./session.mjs";
import { ASK, MODEL, connect } from "./shared.mjs";

const Journey = z.object({
  id: z.uuid(),
  title: z.string().min(3).max(12),
  code: z.string().regex(/^[A-Z]{3}$/),
  day: z.iso.date(),
  at: z.iso.datetime(),
  mail: z.email(),
  mood: z.enum(["calm", "wild"]),
  minutes: z.number().int().min(5).max(600).multipleOf(5),
  places: z.array(z.object({ name: z.string() })).min(2).max(3),
  price: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("cost"), amount: z.number().positive().lt(1000) }),
    z.object({ kind: z.literal("free") }),
  ]),
  guide: z.string().nullable(),
});
const Branch = z.object({
  name: z.string(),
  get branches() {
    return z.array(Branch);
  },
});

for (const [name, schema] of Object.entries({ Journey, Branch })) {
  check(`parse returns a ${name}`, async (grid) => {
    const { chat } = connect(grid);
    const asked = { model: MODEL, messages: ASK, response_format: zodResponseFormat(schema, name) };
    const [{ message, finish_reason }] = (await chat.parse(asked)).choices;
    assert.equal(finish_reason, "stop");
    assert.equal(message.refusal, null);
    assert.deepEqual(schema.parse(JSON.parse(message.content)), message.parsed);
  });
}

check("a parsed stream says what the plain answer says", async (grid) => {
  const { chat } = connect(grid);
  const asked = { model: MODEL, messages: ASK, response_format: zodResponseFormat(Journey, "journey") };
  const plain = await chat.parse(asked);
  const final = await chat.stream(asked).finalChatCompletion();
  assert.equal(final.choices[0].message.content, plain.choices[0].message.content);
  assert.deepEqual(final.choices[0].message.parsed, plain.choices[0].message.parsed);
  assert.ok(Journey.safeParse(final.choices[0].message.parsed).success);
});

check("parse takes a cut answer for an error", async (grid) => {
  const { chat } = connect(grid);
  const asked = { model: MODEL, messages: ASK, response_format: zodResponseFormat(Journey, "journey") };
  const error = await chat.parse({ ...asked, max_completion_tokens: 2 }).then(assert.fail, (error) => error);
  assert.equal(error.constructor.name, "LengthFinishReasonError");
  assert.deepEqual(grid.statuses(), [200]);
});

check("a json object is a json object", async (grid) => {
  const { chat } = connect(grid);
  const completion = await chat.create({ model: MODEL, messages: ASK, response_format: { type: "json_object" } });
  const parsed = JSON.parse(completion.choices[0].message.content);
  assert.ok(parsed && typeof parsed === "object" && !Array.isArray(parsed));
});
