// Faults: what had arrived before each, and what the client raises, as faults.json says.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

import OpenAI from "openai";

import { breach } from "./session.mjs";

const TABLES = JSON.parse(readFileSync(new URL("./faults.json", import.meta.url)));
const TOO_LONG = "wrong_length, too long";
const TIMEOUT = 10_000; // far from anything that is not about timeouts
const PATIENCE = 800; // then the check itself gives up, where a case waits: twice the timeout of those

const WAYS = {
  async plain(chat, asked, seen) {
    const { choices } = await chat.create(asked);
    seen.text = choices[0].message.content;
    seen.finish = choices[0].finish_reason;
  },

  async iterate(chat, asked, seen, patience) {
    const stream = await chat.create({ ...asked, stream: true });
    await unless(seen, patience, () => stream.controller.abort(), async () => {
      for await (const { choices } of stream) {
        seen.text += choices[0].delta.content ?? "";
        seen.finish = choices[0].finish_reason;
      }
    });
  },

  async stream(chat, asked, seen, patience) {
    const stream = chat.stream(asked);
    stream.on("content", (delta) => (seen.text += delta));
    await unless(seen, patience, () => stream.abort(), async () => {
      const { choices } = await stream.finalChatCompletion();
      assert.equal(choices[0].message.content, seen.text);
      seen.finish = choices[0].finish_reason;
    });
  },
};

/** Runs `read`, unless it takes too long: then `stop` ends it, and what it then raises is no outcome. */
async function unless(seen, patience, stop, read) {
  const timer = setTimeout(() => {
    seen.waits = true;
    stop();
  }, patience);
  try {
    await read();
  } catch (error) {
    if (!seen.waits) throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** What `.stream()` gives where nothing else is said: the same, with every error made an `OpenAIError`. */
function helped({ finish, ...expected }) {
  if (!expected.error) return finish ? { ...expected, finish } : expected;
  const [name, ...message] = expected.error.split(": ");
  if (OpenAI[name]?.prototype instanceof OpenAI.OpenAIError) return expected;
  return { ...expected, error: ["OpenAIError", ...message].join(": "), cause: name };
}

async function outcome(way, chat, asked, expected) {
  const seen = { text: "" };
  try {
    await WAYS[way](chat, asked, seen, expected.waits ? PATIENCE : TIMEOUT);
  } catch (error) {
    const { name } = error.constructor;
    seen.error = expected.error?.includes(": ") ? `${name}: ${error.message}` : name;
    if (expected.cause) seen.cause = error.cause?.constructor.name;
  }
  if (seen.finish === null) delete seen.finish;
  return seen;
}

/** Passes requests on, and declares more of each reply than there is. */
async function lying(url) {
  const server = createServer(async (request, response) => {
    const { host, connection, "content-length": length, ...headers } = request.headers;
    const body = Buffer.concat(await request.toArray());
    const reply = await fetch(new URL(request.url, url), { method: "POST", headers, body });
    const whole = Buffer.from(await reply.arrayBuffer());
    const type = reply.headers.get("content-type");
    response.writeHead(200, { "content-type": type, "content-length": whole.length + 100 });
    response.write(whole, () => response.socket.end());
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const address = new URL(url);
  address.port = server.address().port;
  return { url: address.href, close: () => server.close(), extra: 1 };
}

for (const [heading, rows] of Object.entries(TABLES)) {
  for (const [name, told] of Object.values(rows).flatMap(Object.entries)) {
    const { plain, iterate, stream } = told[process.env.MOCKGRID_CLIENT] ?? told;
    const expected = { plain, iterate, stream: stream ?? helped(iterate) };
    for (const way of Object.keys(WAYS).filter((way) => expected[way])) {
      breach(`${heading}: ${name}, ${way}`, async (grid) => {
        const server = name === TOO_LONG ? await lying(grid.url) : { url: grid.url, close() {}, extra: 0 };
        const client = new OpenAI({
          baseURL: server.url,
          apiKey: grid.key.replace(/^mg-/, "mg.faults."),
          maxRetries: 0,
          timeout: told.timeout ?? TIMEOUT,
        });
        const asked = { model: "agent-prime", messages: [{ role: "user", content: `${heading}: ${name}` }] };
        const start = performance.now();
        try {
          const seen = await outcome(way, client.chat.completions, asked, expected[way]);
          assert.deepEqual(seen, { text: "", ...expected[way] });
        } finally {
          server.close();
        }
        // Where a timeout is the matter, the reply must have been open for longer.
        if (told.timeout) assert.ok(performance.now() - start > told.timeout - 10);
        assert.equal(grid.attempts(), 1 + server.extra);
      });
    }
  }
}
