// Showing what changes meanwhile, without taking away what somebody is reading.

import {message} from "./dom.js";
import {call} from "./server.js";

// Of the time, at most so small a part goes into asking: telling of many exchanges keeps a server busy.
const SHARE = 30;
const EVERY = 1000;

// Asks for something again and again, and shows each answer; ends with what `call` throws, but where the server
// does not answer, which the element `trouble` says meanwhile.
export async function follow(path, show, {signal, trouble}) {
  for (;;) {
    const since = performance.now();
    try {
      show(await call(path, {signal}));
      trouble.replaceChildren();
    } catch (error) {
      if (error.status !== 0) throw error;
      trouble.replaceChildren(message("warning", "The server does not answer; it is asked again and again."));
    }
    await passed(Math.max(EVERY, SHARE * (performance.now() - since)), signal);
  }
}

// Has a place show a value, as `made` makes it of that: anew where the value is another. The keyboard stays where
// it was, at a link, a summary or a table, and what has a `data-key` stays folded or unfolded.
export function fill(place, value, made) {
  const text = JSON.stringify(value);
  if (place.filled === text) return;
  place.filled = text;
  const focused = selector(place.contains(document.activeElement) ? document.activeElement : null);
  const open = new Map(keyed(place).map((details) => [details.dataset.key, details.open]));
  place.replaceChildren(...[made(value)].flat());
  for (const details of keyed(place)) details.open = open.get(details.dataset.key) ?? details.open;
  if (focused) place.querySelector(focused)?.focus();
}

function keyed(place) {
  return [...place.querySelectorAll("details[data-key]")];
}

function selector(focused) {
  if (focused?.matches("a")) return `a[href="${CSS.escape(focused.getAttribute("href"))}"]`;
  if (focused?.matches("[aria-label]")) return `[aria-label="${CSS.escape(focused.ariaLabel)}"]`;
  const key = focused?.closest("summary")?.parentElement.dataset.key;
  return key && `details[data-key="${CSS.escape(key)}"] > summary`;
}

// Waits; throws the signal's reason where that is aborted meanwhile. Nothing of it is left on the signal.
export function passed(time, signal) {
  return new Promise((resolve, reject) => {
    const over = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", over);
      resolve();
    }, time);
    if (signal.aborted) over();
    else signal.addEventListener("abort", over, {once: true});
  });
}
