// A stream as it left: each of its chunks with the time when it was due and when it was sent, and how it ended.

import {element, table} from "./dom.js";
import {dataOf, pieces} from "./event_stream.js";
import {longText} from "./json_view.js";

// Chunks that are shown at first, of the beginning and of the end, and how many more at a click.
const FIRST = 250;
const LAST = 50;
const MORE = 2000;
// Where faults strike that are none of the body.
const HEAD = {
  reset: "before the head", empty: "before the head", hang: "before the head", garbage: "in place of the head",
  slow_headers: "in the head", wrong_length: "in the head",
};
// An event or a comment, with the empty line that ends it; sticky, since what is cut would be looked through from
// each of its characters.
const BLOCK = /[^]*?(?:\r\n|\n|\r(?!\n)){2}/gy;
const DATA = /^data:/m;

// Returns the timeline of a recorded exchange, and the text that its chunks come to.
export function timeline(exchange) {
  const chunks = exchange.reply.chunks;
  const struck = strike(exchange);
  const end = chunks.reduce((latest, {at, due}) => Math.max(latest, at, due ?? 0), 1e-9);
  const lines = (from, to) => {
    const made = chunks.slice(from, to).map((chunk, index) => line(chunk, from + index, chunks[from + index - 1], end));
    const isLast = to >= chunks.length;
    if (struck && struck.before >= from && (struck.before < to || isLast)) made.splice(struck.before - from, 0, faultLine(struck));
    return made;
  };
  const place = element("div", {});
  const show = (count) => {
    const left = chunks.length - LAST - count;
    const more = element("button", {type: "button", onclick: () => show(count + MORE)}, `${left} more chunks`);
    const all = left > 0
      ? [...lines(0, count), ["", "", "", "", more], ...lines(chunks.length - LAST, chunks.length)]
      : lines(0, chunks.length);
    place.replaceChildren(table(["Chunk", "Due", "Sent", "When", "What"], all, {label: "Chunks of the stream"}));
  };
  show(FIRST);
  return element("div", {class: "stream"},
    element("div", {}, element("h4", {}, "Timeline"), place, element("p", {}, ending(exchange))),
    element("div", {}, element("h4", {}, "Assembled"), assembled(chunks.map(({data}) => data).join(""))));
}

function line({at, due, data}, index, before, end) {
  const bar = element("span", {class: "track", "aria-hidden": "true"}, element("i", {}));
  bar.firstChild.style.left = `${(at / end) * 100}%`;
  if (due !== undefined) {
    const wanted = element("i", {class: "due"});
    wanted.style.left = `${(due / end) * 100}%`;
    bar.append(wanted);
  }
  const late = due === undefined ? "" : ` (${signed(at - due)})`;
  return [
    String(index + 1),
    due === undefined ? "at once" : seconds(due),
    element("span", {}, seconds(at), element("span", {class: "quiet"},
      late || (before ? ` (+${seconds(at - before.at)})` : ""))),
    bar,
    element("details", {"data-key": `chunk ${index}`}, element("summary", {}, element("code", {}, brief(data))),
      element("pre", {}, longText(data))),
  ];
}

function faultLine({kind, where}) {
  const mark = element("strong", {class: "mark bad"}, `Fault: ${kind}`);
  return [where, "", "", "", mark];
}

function ending({ended_by: endedBy, whole, fault, virtual_seconds: spared, degraded, seconds: took}) {
  if (took === null) return "It is under way.";
  const who = {server: "the server", client: "the client, which left", shutdown: "the server's stop"}[endedBy];
  const parts = [`Ended by ${who} after ${seconds(took)}, ${whole ? "whole" : "not whole"}.`];
  if (fault) parts.push(`Its fault was ${fault}.`);
  if (spared) parts.push(`A virtual clock has spared ${seconds(spared)} of waiting.`);
  if (degraded) parts.push(`Degraded: ${degraded}.`);
  return parts.join(" ");
}

// Where a fault struck: before which chunk, and in words where that is before all of them. null where there was none;
// one that the server tells no place of is of the head, or ended the reply.
function strike({fault = "", struck, reply: {chunks}}) {
  const [whose, kind] = fault.split("=");
  if (!kind) return null;
  if (struck === undefined) {
    const where = whose === "fault" && HEAD[kind] || (chunks.length ? "" : "after the head");
    return {kind, where, before: where ? 0 : chunks.length};
  }
  const start = startOf(struck, chunks.map(({data}) => data).join(""));
  let end = 0;
  const place = chunks.findIndex(({data}) => (end += data.length) > start);
  return {kind, where: "", before: place < 0 ? chunks.length : place};
}

// Where in a stream stands what follows so many events; comments are none.
function startOf(count, text) {
  if (!count) return text.startsWith(":") ? text.search(DATA) : 0;
  for (const block of text.matchAll(BLOCK)) {
    if (DATA.test(block[0]) && !--count) return block.index + block[0].length;
  }
  return text.length;
}

// What a chunk says in a few words: the texts that it adds to, else its data.
function brief(chunk) {
  const words = dataOf(chunk).map((data) =>
    pieces(data).map(([name, text]) => `${name} ${JSON.stringify(text)}`).join(", ") || data);
  const text = words.join(" · ") || JSON.stringify(chunk);
  return text.length > 120 ? `${text.slice(0, 120).toWellFormed()}…` : text;
}

// The texts that a stream comes to, by name; where none is known, its data.
function assembled(stream) {
  const sums = new Map();
  for (const [name, text] of dataOf(stream).flatMap(pieces)) sums.set(name, (sums.get(name) ?? "") + text);
  if (!sums.size) return element("pre", {}, longText(dataOf(stream).join("\n") || stream));
  return element("dl", {}, [...sums].flatMap(([name, text]) =>
    [element("dt", {}, name), element("dd", {}, element("pre", {}, longText(text)))]));
}

function seconds(time) {
  return time < 1 ? `${(time * 1000).toFixed(time < 0.01 ? 2 : 0)} ms` : `${time.toFixed(3)} s`;
}

function signed(time) {
  return time < 0.0005 ? "on time" : `${seconds(time)} late`;
}
