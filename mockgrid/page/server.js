// Asking the server: where it is, the token that it wants, what it answers, and how it refuses.

// The page may stand below any prefix; the control interface is one level above this file.
const CONTROL = new URL("../", import.meta.url);
const TOKEN = "mockgrid:token";

// What a call comes to that does not succeed. `status` is 0 where there is no answer; `findings` says what is
// wrong with a script, where it is one that was refused.
export class CallError extends Error {
  constructor(status, text, findings = []) {
    super(text);
    this.name = "CallError";
    this.status = status;
    this.findings = findings;
  }
}

// The address of a path of the control interface; segments in `parts` may hold any text.
export function address(path, ...parts) {
  return new URL([path, ...parts.map(segment)].join("/"), CONTROL);
}

// One segment of a path, whatever it holds.
export function segment(text) {
  return encodeURIComponent(String(text).toWellFormed());
}

// What people know a session by: the name of its test, else its key as it may be shown, with what tells it from
// those of other keys that look alike.
export function nameOf({session, label, key}) {
  return label || (key ? `${key} ${session.replace(/^s-(\w{6})\w*/, "$1")}` : session);
}

// The address of a path of the API, such as /v1/models: it stands beside the control interface.
export function apiAddress(path) {
  return new URL(`..${path}`, CONTROL);
}

// The control token lives as long as the tab, and leaves as a header alone.
export const token = {
  get: () => sessionStorage.getItem(TOKEN) ?? "",
  set: (text) => (text ? sessionStorage.setItem(TOKEN, text) : sessionStorage.removeItem(TOKEN)),
};

// Calls the control interface and returns the JSON of its answer, null for none. `path` is relative, such as
// "sessions", or an `address`. Throws CallError, and what an aborted signal throws.
export async function call(path, {method = "GET", body, signal} = {}) {
  const answer = await reach(path, {method, body, signal});
  return answer.status === 204 ? null : answer.json();
}

// The same for an answer that is no JSON: returns the Response.
export async function reach(path, {method = "GET", body, signal} = {}) {
  const headers = {accept: "application/json"};
  const request = {method, headers, signal, credentials: "omit", redirect: "error"};
  if (token.get()) headers.authorization = bytes(`Bearer ${token.get()}`);
  if (body !== undefined) {
    headers["content-type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(new URL(path, CONTROL), request);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new CallError(0, "The server does not answer.");
  }
  if (answer.ok) return answer;
  const error = await refusal(answer);
  if (answer.status === 403) document.dispatchEvent(new CustomEvent("refused", {detail: error.message}));
  throw error;
}

// A text as a header takes it: its UTF-8, byte by byte.
function bytes(text) {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

async function refusal(answer) {
  let told = {};
  try {
    told = await answer.json();
  } catch {
    // Not the server's own words, but a proxy's.
  }
  return new CallError(
    answer.status, told.errors?.detail ?? `The server answers ${answer.status}.`, told.findings ?? []);
}

// Yields the events of a feed, as [name, data]; ends where the server ends it.
export async function* events(path, {signal} = {}) {
  const answer = await reach(path, {signal});
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (;;) {
      const {value, done} = await reader.read();
      if (done) return;
      text += value;
      const blocks = text.split("\n\n");
      text = blocks.pop();
      for (const block of blocks) {
        const lines = block.split("\n");
        const data = lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice(6));
        const name = lines.find((line) => line.startsWith("event: "))?.slice(7) ?? "message";
        if (data.length) yield [name, data.join("\n")];
      }
    }
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new CallError(0, "The server has ended the feed.");
  } finally {
    reader.cancel().catch(() => {});
  }
}
