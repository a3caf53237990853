// A JSON value as text that folds, with what is to be said of its parts at their places.

import {element, setText} from "./dom.js";

// Characters of a text, and items of a list or object, that are shown before somebody asks for more.
const MOST_TEXT = 2000;
const MOST_ITEMS = 100;
// What is deeper, or has more items, is folded at first.
const DEEP = 4;
const LONG = 30;

// Reads JSON as it was written: a number that JavaScript would change stays as its digits.
export function read(text) {
  if (!JSON.rawJSON) return JSON.parse(text);
  return JSON.parse(text, (_key, value, {source}) =>
    (typeof value === "number" && String(value) !== source ? JSON.rawJSON(source) : value));
}

// Shows a value. `marks` are [pointer, text] pairs; the nearest part that there is of each pointer is marked, and
// found again by `marked(view, pointer)`. `whose` tells what folds here from what does elsewhere.
export function jsonView(value, marks = [], whose = "") {
  const at = Object.assign(new Map(), {whose});
  for (const [pointer, text] of marks) {
    const place = nearest(value, pointer);
    at.set(place, [...(at.get(place) ?? []), [pointer, text]]);
  }
  return element("div", {class: "json mono"}, node(value, null, "", 0, at));
}

// Unfolds what lies around a marked part, and returns it.
export function marked(view, pointer) {
  const found = [...view.querySelectorAll("[data-pointers]")]
    .find((part) => JSON.parse(part.dataset.pointers).includes(pointer));
  for (let around = found?.parentElement; around && around !== view; around = around.parentElement) {
    if (around.tagName === "DETAILS") around.open = true;
  }
  return found;
}

// A text that is cut until somebody asks for all of it.
export function longText(text, show = (shown) => shown) {
  if (text.length <= MOST_TEXT) return element("span", {class: "text"}, show(text));
  const place = element("span", {class: "text"}, show(`${text.slice(0, MOST_TEXT).toWellFormed()}…`));
  const more = element("button", {type: "button", onclick: () => {
    setText(place, show(text));
    more.remove();
  }}, `Show all ${text.length} characters`);
  return element("span", {}, place, " ", more);
}

function nearest(value, pointer) {
  let place = "";
  let here = value;
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (!isOpen(here) || !Object.hasOwn(here, key)) break;
    here = here[key];
    place += `/${part}`;
  }
  return place;
}

function isOpen(value) {
  return typeof value === "object" && value !== null && !JSON.isRawJSON?.(value);
}

function node(value, key, pointer, depth, at) {
  const notes = at.get(pointer) ?? [];
  const attributes = notes.length
    ? {class: "marked", "data-pointers": JSON.stringify(notes.map(([of]) => of)), tabindex: "-1"} : {};
  const name = key === null ? [] : [element("span", {class: "key"}, JSON.stringify(key)), ": "];
  const said = notes.map(([, text]) => element("strong", {class: "mark bad"}, text));
  if (!isOpen(value)) return element("div", attributes, name, leaf(value), said);
  const entries = Object.entries(value);
  const [opens, closes] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  if (!entries.length) return element("div", attributes, name, opens + closes, said);
  const within = below(pointer, at);
  const open = within.size > 0 || (depth < DEEP && entries.length <= LONG);
  const children = element("div", {class: "items"});
  const folded = element("details", {open, "data-key": `${at.whose} ${pointer}`},
    element("summary", {}, name, opens, element("span", {class: "quiet"}, counted(entries.length, closes)), said),
    children);
  const fill = () => {
    if (children.childElementCount) return;
    children.append(...items(entries, ([index, child]) => node(child, Array.isArray(value) ? null : index,
      `${pointer}/${escaped(index)}`, depth + 1, at), ([index]) => within.has(escaped(index))));
  };
  folded.addEventListener("toggle", fill);
  if (open) fill();
  return element("div", attributes, folded);
}

function escaped(key) {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

// Which members of a value are marked, or hold what is: the next part of each pointer.
function below(pointer, at) {
  const places = [...at.keys()].filter((place) => place.startsWith(`${pointer}/`));
  return new Set(places.map((place) => place.slice(pointer.length + 1).split("/", 1)[0]));
}

// So many items at a time, and at once those that are wanted, however far down: a button stands for those between.
function items(entries, made, isWanted = () => false) {
  const parts = [];
  let left = [];
  const close = () => {
    if (left.length) parts.push(further(left, made));
    left = [];
  };
  for (const [place, entry] of entries.entries()) {
    if (place >= MOST_ITEMS && !isWanted(entry)) {
      left.push(entry);
      continue;
    }
    close();
    parts.push(made(entry));
  }
  close();
  return parts;
}

function further(entries, made) {
  const button = element("button", {type: "button", onclick: () => button.replaceWith(...items(entries, made))},
    `${entries.length} more`);
  return button;
}

function counted(count, closes) {
  return ` ${count} ${count === 1 ? "item" : "items"} ${closes}`;
}

function leaf(value) {
  if (typeof value === "string") return element("span", {class: "string"}, longText(value, JSON.stringify));
  if (JSON.isRawJSON?.(value)) return element("span", {class: "literal"}, value.rawJSON);
  return element("span", {class: "literal"}, String(value));
}
