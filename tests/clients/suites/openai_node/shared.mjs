import OpenAI from "openai";

export const MODEL = "agent-prime";
export const GREETING = "Good morning, Oslo 🌤 æøå.";
export const ASK = [{ role: "user", content: GREETING }];

/** A client of the check's own session. */
export function connect(grid, settings = {}) {
  const client = new OpenAI({ baseURL: grid.url, apiKey: grid.key, ...settings });
  return { client, chat: client.chat.completions };
}

export async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}
