// The AI SDK, through the provider for any OpenAI-compatible API and through OpenAI's own in its chat mode.
import assert from "node:assert/strict";

import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { injectJsonInstructionIntoMessages } from "@ai-sdk/provider-utils";
import {
  APICallError,
  NoObjectGeneratedError,
  Output,
  RetryError,
  generateObject,
  generateText,
  stepCountIs,
  streamObject,
  streamText,
  tool,
  wrapLanguageModel,
} from "ai";
import { z } from "zod";

import { breach, check } from "./session.mjs";

const MODEL = "agent-prime";
const GREETING = "Good morning, Oslo 🌤 æøå.";

const PROVIDERS = {
  compatible: (grid, { id = MODEL, ...settings } = {}) =>
    createOpenAICompatible({
      name: "grid",
      baseURL: grid.url,
      apiKey: grid.key,
      includeUsage: true,
      supportsStructuredOutputs: true,
      ...settings,
    })(id),
  openai: (grid, { id = MODEL, ...settings } = {}) =>
    createOpenAI({ baseURL: grid.url, apiKey: grid.key, ...settings }).chat(id),
};
// How each provider is told that several calls may come at once.
const PARALLEL = { compatible: { grid: { parallel_tool_calls: true } }, openai: { openai: { parallelToolCalls: true } } };

const Forecast = z.object({
  day: z.iso.date(),
  sky: z.enum(["clear", "cloudy"]),
  degrees: z.number().min(-60).max(60),
  places: z.array(z.object({ name: z.string().min(2), kind: z.literal("city") })).min(2).max(3),
  note: z.string().nullable(),
});
const Weather = z.object({ city: z.string().min(1), days: z.number().int().min(1).max(14) });
const Travel = z.object({ to: z.enum(["city", "mountain"]) });

async function collect(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

for (const [provider, model] of Object.entries(PROVIDERS)) {
  check(`${provider}: a question is answered with its own words`, async (grid) => {
    const answer = await generateText({ model: model(grid), system: "Be brief.", prompt: GREETING });
    assert.ok(answer.text.includes(GREETING), answer.text);
    assert.equal(answer.finishReason, "stop");
    assert.deepEqual(answer.warnings ?? [], []);
    assert.match(answer.response.id, /^chatcmpl-/);
    assert.equal(answer.response.modelId, MODEL);
    const { inputTokens, outputTokens, totalTokens } = answer.usage;
    assert.ok(inputTokens > 0 && outputTokens > 0);
    assert.equal(totalTokens, inputTokens + outputTokens);
  });

  check(`${provider}: a stream says what the plain answer says`, async (grid) => {
    const plain = await generateText({ model: model(grid), prompt: GREETING });
    const streamed = streamText({ model: model(grid), prompt: GREETING });
    const pieces = await collect(streamed.textStream);
    assert.ok(pieces.length > 1);
    assert.equal(pieces.join(""), plain.text);
    assert.equal(await streamed.finishReason, "stop");
    assert.deepEqual((await streamed.usage).raw, plain.usage.raw);
    assert.equal((await streamed.usage).outputTokens, plain.usage.outputTokens);
  });

  check(`${provider}: an image is looked at without harm`, async (grid) => {
    const content = [
      { type: "text", text: GREETING },
      { type: "image", image: Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]) },
    ];
    const answer = await generateText({ model: model(grid), messages: [{ role: "user", content }] });
    assert.ok(answer.text.includes(GREETING));
  });

  check(`${provider}: the tool that is named is called`, async (grid) => {
    const tools = { weather: tool({ inputSchema: Weather }), travel: tool({ inputSchema: Travel }) };
    const toolChoice = { type: "tool", toolName: "travel" };
    const answer = await generateText({ model: model(grid), prompt: "Go.", tools, toolChoice });
    assert.equal(answer.finishReason, "tool-calls");
    assert.equal(answer.toolCalls.length, 1);
    assert.equal(answer.toolCalls[0].toolName, "travel");
    assert.ok(!answer.toolCalls[0].invalid);
    assert.ok(Travel.safeParse(answer.toolCalls[0].input).success);
  });

  check(`${provider}: without being told to it answers in words`, async (grid) => {
    const tools = { weather: tool({ inputSchema: Weather, execute: assert.fail }) };
    const answer = await generateText({ model: model(grid), prompt: GREETING, tools });
    assert.ok(answer.text.includes(GREETING));
    assert.deepEqual(answer.toolCalls, []);
  });

  for (const way of ["plain", "streamed"]) {
    check(`${provider}: from the call to the final text, ${way}`, async (grid) => {
      const called = [];
      const tools = {
        weather: tool({ inputSchema: Weather, execute: (input) => called.push(input) && { degrees: 3 } }),
      };
      const asked = {
        model: model(grid),
        prompt: GREETING,
        tools,
        stopWhen: stepCountIs(5),
        prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? "required" : "auto" }),
      };
      let text, steps;
      if (way === "plain") ({ text, steps } = await generateText(asked));
      else {
        const streamed = streamText(asked);
        text = (await collect(streamed.textStream)).join("");
        steps = await streamed.steps;
      }
      assert.equal(called.length, 1);
      assert.ok(Weather.safeParse(called[0]).success);
      assert.ok(text.includes(GREETING));
      assert.deepEqual(steps.map((step) => step.finishReason), ["tool-calls", "stop"]);
      assert.deepEqual(grid.statuses(), [200, 200]);
    });
  }

  check(`${provider}: parallel calls call every tool once`, async (grid) => {
    const tools = { weather: tool({ inputSchema: Weather }), travel: tool({ inputSchema: Travel }) };
    const asked = {
      model: model(grid),
      prompt: "Go.",
      tools,
      toolChoice: "required",
      providerOptions: PARALLEL[provider],
    };
    const plain = (await generateText(asked)).toolCalls;
    assert.deepEqual(plain.map((call) => call.toolName), ["weather", "travel"]);
    assert.ok(plain.every((call) => !call.invalid));
    assert.equal(new Set(plain.map((call) => call.toolCallId)).size, 2);
    const streamed = await streamText(asked).toolCalls;
    const told = (calls) => calls.map(({ toolName, input }) => ({ toolName, input }));
    assert.deepEqual(told(streamed), told(plain));
  });

  check(`${provider}: an object of a schema`, async (grid) => {
    const { object, finishReason } = await generateObject({ model: model(grid), schema: Forecast, prompt: "Forecast." });
    assert.equal(finishReason, "stop");
    assert.deepEqual(Forecast.parse(object), object);
    const streamed = streamObject({ model: model(grid), schema: Forecast, prompt: "Forecast." });
    const partial = await collect(streamed.partialObjectStream);
    assert.deepEqual(await streamed.object, object);
    assert.deepEqual(partial.at(-1), object);
  });

  check(`${provider}: an output of a schema`, async (grid) => {
    const output = Output.object({ schema: Forecast });
    const answer = await generateText({ model: model(grid), output, prompt: "Forecast." });
    assert.deepEqual(Forecast.parse(answer.output), answer.output);
    const streamed = streamText({ model: model(grid), output, prompt: "Forecast." });
    assert.equal((await collect(streamed.textStream)).join(""), answer.text);
    assert.deepEqual(await streamed.output, answer.output);
  });

  check(`${provider}: an output that is an array or a choice`, async (grid) => {
    const array = await generateText({ model: model(grid), output: Output.array({ element: Weather }), prompt: "x" });
    assert.ok(array.output.every((element) => Weather.safeParse(element).success));
    const choice = await generateText({ model: model(grid), output: Output.choice({ options: ["a", "b"] }), prompt: "x" });
    assert.ok(["a", "b"].includes(choice.output));
  });

  check(`${provider}: tools first and then an output of a schema`, async (grid) => {
    const tools = { weather: tool({ inputSchema: Weather, execute: () => ({ degrees: 3 }) }) };
    const answer = await generateText({
      model: model(grid),
      prompt: GREETING,
      tools,
      output: Output.object({ schema: Forecast }),
      stopWhen: stepCountIs(4),
      prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? "required" : "auto" }),
    });
    assert.deepEqual(Forecast.parse(answer.output), answer.output);
    assert.deepEqual(grid.statuses(), [200, 200]);
  });

  check(`${provider}: an object that is cut is told`, async (grid) => {
    const asked = { model: model(grid), schema: Forecast, prompt: "Forecast.", maxOutputTokens: 2 };
    const error = await generateObject(asked).then(assert.fail, (error) => error);
    assert.ok(NoObjectGeneratedError.isInstance(error), String(error));
    assert.equal(error.finishReason, "length");
    assert.equal(error.usage.outputTokens, 2);
    assert.deepEqual(grid.statuses(), [200]);
  });

  check(`${provider}: a stop sequence ends the answer before it`, async (grid) => {
    const answer = await generateText({ model: model(grid), prompt: "alpha beta gamma", stopSequences: ["beta"] });
    assert.equal(answer.finishReason, "stop");
    assert.match(answer.text, /alpha/);
    assert.doesNotMatch(answer.text, /beta|gamma/);
  });

  check(`${provider}: a token limit cuts the answer`, async (grid) => {
    const plain = await generateText({ model: model(grid), prompt: GREETING, maxOutputTokens: 3 });
    assert.equal(plain.finishReason, "length");
    assert.equal(plain.usage.outputTokens, 3);
    const streamed = streamText({ model: model(grid), prompt: GREETING, maxOutputTokens: 3 });
    assert.equal((await collect(streamed.textStream)).join(""), plain.text);
    assert.equal(await streamed.finishReason, "length");
  });

  async function failing(asked) {
    const error = await generateText({ prompt: GREETING, ...asked }).then(assert.fail, (error) => error);
    assert.ok(APICallError.isInstance(error), String(error));
    return error;
  }

  check(`${provider}: an unknown key`, async (grid) => {
    const error = await failing({ model: model(grid, { apiKey: "sk-wrong" }) });
    assert.equal(error.statusCode, 401);
    assert.equal(error.isRetryable, false);
    assert.match(error.responseBody, /mg-/);
  });

  check(`${provider}: an unknown model`, async (grid) => {
    const error = await failing({ model: model(grid, { id: "gpt-5.2" }) });
    assert.equal(error.statusCode, 404);
    assert.match(error.responseBody, /Model not found: gpt-5\.2/);
    assert.deepEqual(grid.statuses(), [404]);
  });

  breach(`${provider}: a value out of range`, async (grid) => {
    const error = await failing({ model: model(grid, { id: "text-prime" }), temperature: 3 });
    assert.equal(error.statusCode, 422);
    assert.match(error.responseBody, /temperature/);
    assert.deepEqual(grid.statuses(), [422]);
  });

  check(`${provider}: a doubled version in the path`, async (grid) => {
    const error = await failing({ model: model(grid, { baseURL: `${grid.url}/v1` }) });
    assert.equal(error.statusCode, 404);
    assert.match(error.responseBody, /\/v1\/chat\/completions/);
  });

  for (const status of [400, 401, 404, 422, 429, 500, 503]) {
    check(`${provider}: ${status} is told as it is`, async (grid) => {
      const error = await failing({ model: model(grid), headers: { prefer: `code=${status}` }, maxRetries: 0 });
      assert.equal(error.statusCode, status);
      assert.equal(error.isRetryable, status === 429 || status >= 500);
      assert.ok(error.responseHeaders["x-request-id"]);
      assert.deepEqual(grid.statuses(), [status]);
    });
  }

  check(`${provider}: a stream that fails at once is an error and no stream`, async (grid) => {
    const errors = [];
    const streamed = streamText({
      model: model(grid),
      prompt: GREETING,
      headers: { prefer: "code=429" },
      maxRetries: 0,
      onError: ({ error }) => errors.push(error),
    });
    await streamed.consumeStream();
    assert.deepEqual(errors.map((error) => error.statusCode), [429]);
  });

  check(`${provider}: what may pass is tried again`, async (grid) => {
    const asked = { model: model(grid), prompt: GREETING, headers: { prefer: "code=503" }, maxRetries: 1 };
    const error = await generateText(asked).then(assert.fail, (error) => error);
    assert.ok(RetryError.isInstance(error), String(error));
    assert.deepEqual(error.errors.map((one) => one.statusCode), [503, 503]);
    assert.deepEqual(grid.statuses(), [503, 503]);
  });
}

check("openai: logprobs spell the answer", async (grid) => {
  const providerOptions = { openai: { logprobs: 2 } };
  const answer = await generateText({ model: PROVIDERS.openai(grid), prompt: "Good morning.", providerOptions });
  const tokens = answer.providerMetadata.openai.logprobs;
  assert.equal(tokens.map(({ token }) => token).join(""), answer.text);
  assert.ok(tokens.every((token) => token.top_logprobs.length === 2));
});

check("compatible: without structured outputs a schema that is told in a message is obeyed", async (grid) => {
  const model = wrapLanguageModel({
    model: PROVIDERS.compatible(grid, { supportsStructuredOutputs: false }),
    middleware: {
      transformParams: async ({ params }) => ({
        ...params,
        prompt: injectJsonInstructionIntoMessages({ messages: params.prompt, schema: params.responseFormat.schema }),
      }),
    },
  });
  const { object } = await generateObject({ model, schema: Forecast, prompt: "Forecast, please." });
  assert.equal(Forecast.safeParse(object).success, true);
});

check("compatible: without structured outputs it asks for JSON, and gets an object", async (grid) => {
  const model = PROVIDERS.compatible(grid, { supportsStructuredOutputs: false });
  const { object } = await generateObject({ model, output: "no-schema", prompt: "Answer in JSON." });
  assert.ok(object && typeof object === "object" && !Array.isArray(object));
});
