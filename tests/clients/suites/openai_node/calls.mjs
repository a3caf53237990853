// The calls of docs/fuzz.md's table.
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";

const MODEL = "text-prime";
const MESSAGES = [{ role: "user", content: "What is the weather in Oslo?" }];
const City = z.object({ city: z.string() });
const WEATHER = { name: "get_weather", parse: JSON.parse, function: ({ city }) => `3 °C in ${city}`, parameters: z.toJSONSchema(City) };

const chat = (baseURL, apiKey) => new OpenAI({ baseURL, apiKey, maxRetries: 0 }).chat.completions;
const tools = (...session) =>
  chat(...session).runTools({ model: MODEL, messages: MESSAGES, tools: [{ type: "function", function: WEATHER }] });

export const CALLS = {
  create: (...session) => chat(...session).create({ model: MODEL, messages: MESSAGES }),
  "create, streamed": async (...session) => {
    for await (const _ of await chat(...session).create({ model: MODEL, messages: MESSAGES, stream: true }));
  },
  stream: (...session) => chat(...session).stream({ model: MODEL, messages: MESSAGES }).finalChatCompletion(),
  parse: (...session) =>
    chat(...session).parse({ model: MODEL, messages: MESSAGES, response_format: zodResponseFormat(City, "city") }),
  runTools: (...session) => tools(...session).finalContent(),
};

/** Whether it is what the client says that it throws. */
export const own = (error) => error instanceof OpenAI.OpenAIError;
