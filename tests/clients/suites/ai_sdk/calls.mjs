// The calls of docs/fuzz.md's table.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { AISDKError, generateObject, generateText, stepCountIs, streamObject, streamText, tool } from "ai";
import { z } from "zod";

const City = z.object({ city: z.string() });
const tools = { get_weather: tool({ inputSchema: City, execute: async ({ city }) => `3 °C in ${city}` }) };

const asked = (baseURL, apiKey) => ({
  model: createOpenAICompatible({ name: "grid", baseURL, apiKey, supportsStructuredOutputs: true })("text-prime"),
  prompt: "What is the weather in Oslo?",
  maxRetries: 0,
});

/** Reads a stream to its end. It tells of an error by a part, or by rejecting what it promised. */
async function read(streamed) {
  for await (const part of streamed.fullStream) if (part.type === "error") throw part.error;
}

export const CALLS = {
  generateText: (...session) => generateText(asked(...session)),
  "generateText, with tools": (...session) => generateText({ ...asked(...session), tools, stopWhen: stepCountIs(3) }),
  streamText: (...session) => read(streamText({ ...asked(...session), onError() {} })),
  "streamText, with tools": (...session) =>
    read(streamText({ ...asked(...session), tools, stopWhen: stepCountIs(3), onError() {} })),
  generateObject: (...session) => generateObject({ ...asked(...session), schema: City }),
  streamObject: async (...session) => {
    const streamed = streamObject({ ...asked(...session), schema: City, onError() {} });
    await Promise.all([read(streamed), streamed.object]);
  },
};

/** Whether it is what the client says that it throws. */
export const own = (error) => AISDKError.isInstance(error);
