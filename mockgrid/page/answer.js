// Sending a request, and showing the answer as it comes: each piece with its time, silence, and where it broke off.

import {element, setText, visible} from "./dom.js";
import {dataOf, words} from "./event_stream.js";
import {apiAddress} from "./server.js";

const SILENT = 1000; // milliseconds without a piece that are told of
const MOST_PIECES = 500;
const MOST_TEXT = 500_000;

// Sends a request of the form under a session, and fills `place` with its answer. Returns how that ended ("whole",
// "broken", "cancelled" or "unsent"), and `recall`, which shows what the server has recorded of it.
export async function send(request, session, place, signal) {
  const cancel = new AbortController();
  const view = answerView(() => cancel.abort("user"));
  place.replaceChildren(...view.parts);
  place.scrollIntoView({block: "nearest"});
  signal.addEventListener("abort", () => cancel.abort("left"), {signal: cancel.signal});
  let asked;
  try {
    asked = asRequest(request, session, cancel.signal);
  } catch (error) {
    view.end("unsent", `It cannot be sent: ${error.message}`);
    return {ended: "unsent"};
  }
  view.unsent(unsendable(request, asked));
  view.begin();
  try {
    const response = await fetch(asked);
    view.head(response);
    const reader = response.body?.getReader();
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader.read()) view.piece(piece.value);
    view.end("whole", "Ended");
    return {ended: "whole", recall: view.recall};
  } catch (error) {
    if (cancel.signal.reason === "user") view.end("cancelled", "Cancelled by you");
    else view.end("broken", view.begun() ? "Broken off: the connection was cut or reset" :
      "No answer: the connection was closed or reset, or the answer leads to another host");
    return {ended: cancel.signal.aborted ? "cancelled" : "broken", recall: view.recall};
  }
}

function asRequest({method, path, query, headers, media, body}, session, signal) {
  const all = new Headers({"x-mockgrid-session": session});
  for (const line of headers.split("\n").filter((text) => text.trim())) {
    const [, name, value] = /^\s*([^:\s]+)\s*:(.*)$/s.exec(line) ?? [];
    if (!name) throw new Error(`the header ${JSON.stringify(line)} has no name before a colon.`);
    all.append(name, value.trim());
  }
  const hasBody = body !== "" && method !== "GET" && method !== "HEAD";
  if (hasBody && media && !all.has("content-type")) all.set("content-type", media);
  return new Request(apiAddress(query ? `${path}?${query}` : path), {
    method, headers: all, signal, cache: "no-store", credentials: "omit", body: hasBody ? body : undefined,
  });
}

// What a browser leaves out of a request, however it is asked.
function unsendable({method, headers, body}, asked) {
  const names = headers.split("\n").map((line) => line.split(":")[0].trim()).filter(Boolean);
  const left = names.filter((name) => !asked.headers.has(name)).map((name) => `the header ${name}`);
  return body !== "" && /^(GET|HEAD)$/.test(method) ? [...left, `the body of a ${method}`] : left;
}

function answerView(stop) {
  const state = element("p", {role: "status", class: "answer_state"});
  const ticking = element("span", {class: "number quiet", "aria-hidden": "true"});
  const cancel = element("button", {type: "button", onclick: stop}, "Cancel");
  const notes = element("p", {class: "quiet"});
  const headers = element("details", {hidden: true});
  const said = element("p", {class: "said text", hidden: true, "aria-label": "Its words"});
  const raw = element("pre", {class: "raw", tabindex: "0", role: "region", "aria-label": "Body of the answer"});
  const list = element("ol", {class: "pieces"});
  const listed = element("summary", {}, "Pieces as they came");
  const pieces = element("details", {hidden: true}, listed, list);
  const decoder = new TextDecoder();
  const read = wordsOf();
  const begun = performance.now();
  let [bytes, count, first, last, left, timer, line] = [0, 0, null, begun, 0, 0, ""];
  let isStream = false;
  const ms = (since = begun) => Math.round(performance.now() - since);
  const tick = () => {
    const silence = performance.now() - last;
    ticking.textContent = ` ${(ms() / 1000).toFixed(1)} s` +
      (silence > SILENT ? `, silent for ${(silence / 1000).toFixed(1)} s` : "");
  };
  const show = (text) => {
    const shown = text.slice(0, Math.max(0, MOST_TEXT - raw.textLength));
    raw.textLength += shown.length;
    left += text.length - shown.length;
    if (shown) raw.append(visible(shown));
    if (isStream && !left) said.append(visible(read(text)));
    said.hidden = !said.textContent;
  };
  const add = (at, text) => list.append(element("li", {}, element("span", {class: "number quiet"}, `${at} ms `),
    element("code", {class: "text"}, text.length > 300 ? `${text.slice(0, 300)}…` : text)));
  raw.textLength = 0;
  return {
    parts: [element("div", {class: "bar"}, state, ticking, cancel), notes, said, raw, pieces, headers],
    begun: () => line !== "",
    unsent(names) {
      if (names.length) setText(notes, `A browser does not send ${names.join(", ")}.`);
    },
    begin() {
      state.textContent = "Waiting for the answer…";
      timer = setInterval(tick, 100);
    },
    head(response) {
      line = `${response.status} ${response.statusText}`.trim();
      const step = response.headers.get("x-mockgrid-step");
      isStream = /event-stream/.test(response.headers.get("content-type") ?? "");
      state.replaceChildren(element("span", {class: `mark ${response.ok ? "good" : "bad"}`}, line),
        step === null ? "" : ", by the step ", step === null ? "" : element("q", {class: "text"}, step), ` after ${ms()} ms`);
      headers.replaceChildren(element("summary", {}, "Headers of the answer"),
        element("pre", {}, [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n")));
      headers.hidden = false;
    },
    piece(value) {
      last = performance.now();
      first ??= ms();
      bytes += value.length;
      count += 1;
      const text = decoder.decode(value, {stream: true});
      show(text);
      if (count <= MOST_PIECES) add(ms(), text);
      pieces.hidden = count < 2;
    },
    // A browser may lose what came right before a connection broke; the server knows what it has sent.
    recall({reply}) {
      if (count || !(reply.chunks.length || typeof reply.body === "string")) return;
      listed.textContent = "Pieces as the server sent them; the browser lost them when the connection broke";
      const sent = reply.chunks.length ? reply.chunks : [{at: 0, data: reply.body}];
      for (const {at, data} of sent) {
        show(data);
        if ((count += 1) <= MOST_PIECES) add(Math.round(at * 1000), data);
      }
      pieces.hidden = false;
    },
    end(kind, how) {
      clearInterval(timer);
      ticking.textContent = "";
      cancel.hidden = true;
      if (kind === "whole") show(decoder.decode());
      if (left) notes.append(` ${left} characters more are not shown.`);
      const times = [`${how}${line || kind === "cancelled" ? ` after ${ms()} ms` : ""}`,
        first === null ? "" : `first piece after ${first} ms`, count ? `${bytes} bytes in ${counted(count, "piece")}` : ""];
      state.append(element("span", {class: `answer_end ${kind}`}, ` ${times.filter(Boolean).join("; ")}.`));
    },
  };
}

function counted(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

// What the events of a stream say, put together: called with text as it comes.
function wordsOf() {
  let kept = "";
  return (text) => {
    const lines = (kept + text).split(/\r\n|\r|\n/);
    kept = lines.pop();
    return dataOf(lines.join("\n")).map(words).join("");
  };
}
