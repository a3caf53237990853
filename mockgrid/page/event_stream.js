// What the events of a stream hold, and what they say, where that is known: each kind of stream has a module, and a
// line below.

import * as chat from "./chat_stream.js";

const kinds = [chat];

// What the events of a piece of a stream have as their data.
export function dataOf(text) {
  return text.split(/\r\n|\r|\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart());
}

// The value of an event's data; undefined for what is no JSON.
export function valueOf(data) {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

// The texts that an event adds to, as [name, text] pairs.
export function pieces(data) {
  const value = valueOf(data);
  return kinds.map((kind) => kind.pieces(value)).find((told) => told) ?? [];
}

// What an event adds to the words that somebody reads.
export function words(data) {
  const names = kinds.map(({WORDS}) => WORDS);
  return pieces(data).filter(([name]) => names.includes(name)).map(([, text]) => text).join("");
}
