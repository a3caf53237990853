// What the contract has for who writes a request, asked of the server once for each place.

import {address, call} from "./server.js";

const places = new Map();

// An operation with the place in its body that a pointer leads to.
export function operation(id, at = "") {
  const asked = address("operations", id);
  // What holds for one item of a list holds for all.
  asked.searchParams.set("at", at.replace(/\/\d+(?=\/|$)/g, "/0"));
  if (!places.has(asked.href)) {
    const answer = call(asked);
    places.set(asked.href, answer);
    answer.catch(() => places.delete(asked.href));
  }
  return places.get(asked.href);
}

// What could be written where a caret stands in the body of an operation's request; see `completing`.
export async function suggestions(id, here, text) {
  if (!here) return null;
  const {place} = await operation(id, here.pointer);
  if (!place) return null;
  const choices = here.kind === "key" ? members(place, here, text) : values(place);
  const wanted = here.prefix.toLowerCase();
  const likely = (choice) => choice.name.toLowerCase().startsWith(wanted);
  const near = choices.filter((choice) => choice.name.toLowerCase().includes(wanted));
  const whole = here.prefix && near.length === 1 && near[0].name === here.prefix && here.kind === "value";
  return {...here, choices: whole ? [] : [...near.filter(likely), ...near.filter((choice) => !likely(choice))]};
}

function members(place, here, text) {
  const isNamed = /^\s*:/.test(text.slice(here.end));
  return place.members.map((member) => {
    const {name, required, types, values: listed, description} = member;
    const detail = [types.join(" or "), required ? "required" : "", description.split("\n")[0]];
    const begun = isNamed ? "" : `: ${start(types, listed, member.default)}`;
    const whole = JSON.stringify(name) + begun;
    const inside = /(""|\[\]|\{\})$/.test(begun);
    return {name, label: name, detail: detail.filter(Boolean).join(", "), text: whole,
      caret: inside ? whole.length - 1 : whole.length};
  });
}

// The beginning of a value.
function start(types, listed, usual) {
  if (usual !== null && typeof usual !== "object") return JSON.stringify(usual);
  const empty = {string: '""', array: "[]", object: "{}", boolean: "false", integer: "0", number: "0"};
  const kind = types.includes("string") ? "string" : types[0];
  return listed.length && typeof listed[0] !== "string" ? JSON.stringify(listed[0]) : empty[kind] ?? "";
}

function values(place) {
  const listed = place.values.length ? place.values : place.types.includes("boolean") ? [true, false] : [];
  return listed.map((value) => {
    const text = JSON.stringify(value);
    const usual = JSON.stringify(place.default) === text ? "usual" : "";
    return {name: typeof value === "string" ? value : text, label: text, detail: usual, text};
  });
}
