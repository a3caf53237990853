// A request as it is written: an operation of the contract, where it goes, its headers and its body.

import {chatForm} from "./chat_form.js";
import {completing} from "./completion.js";
import {element, labelled, setText} from "./dom.js";
import {placeAt} from "./json_place.js";
import {operation, suggestions} from "./operations.js";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
export const CHAT = "chat-completions";
const GREETING = (model) => ({...(model && {model}), messages: [{role: "user", content: "Hello"}]});

// The form of a request. `known` is what the server tells of its operations, `key` names the session that it is
// for. The form has `fields` to be shown, `request()`, `fill(request)` and `choose(id)`.
export function requestForm(known, key, {signal, changed}) {
  const chosen = element("select", {id: "operation", onchange: () => choose(chosen.value)},
    known.operations.map(({id, summary}) => element("option", {value: id, title: summary}, id)));
  const method = element("select", {onchange: edited}, METHODS.map((name) => element("option", {}, name)));
  const path = element("input", {class: "mono long", spellcheck: "false", autocomplete: "off", oninput: edited});
  const query = element("input", {class: "mono", spellcheck: "false", autocomplete: "off", oninput: edited});
  const headers = element("textarea", {rows: "3", spellcheck: "false", oninput: edited});
  const media = element("input", {class: "mono", list: "media", autocomplete: "off", oninput: edited});
  const medias = element("datalist", {id: "media"});
  const body = element("textarea", {rows: "11", spellcheck: "false", oninput: () => bodyEdited(), "aria-label": "Body"});
  const fault = element("p", {class: "quiet", role: "status"});
  const parameters = element("div", {});
  const chat = chatForm(known.models, (edit) => {
    const value = parsed(body.value);
    if (!isObject(value)) return;
    edit(value);
    body.value = JSON.stringify(value, null, 2);
    bodyEdited();
  });
  let turn = 0;
  const written = completing(body, (text, caret) => suggestions(chosen.value, placeAt(text, caret), text), signal);

  function edited() {
    changed();
  }
  function current() {
    return known.operations.find(({id}) => id === chosen.value);
  }
  function bodyEdited() {
    const isJson = /json/i.test(media.value);
    const value = isJson ? parsed(body.value) : undefined;
    setText(fault, isJson && body.value.trim() && value === undefined ? faultOf(body.value) : "");
    body.setAttribute("aria-invalid", String(Boolean(fault.textContent)));
    chat.fields.hidden = current()?.behaviour !== CHAT;
    chat.show(isObject(value) ? value : null);
    edited();
  }
  async function choose(id) {
    const mine = turn += 1;
    const told = await operation(id);
    if (mine !== turn) return; // another was chosen meanwhile
    chosen.value = id;
    method.value = told.method;
    const required = told.parameters.filter((parameter) => parameter.required);
    path.value = required.filter((parameter) => parameter.in === "path").reduce((text, {name, sample}) =>
      text.replaceAll(`{${name}}`, encodeURIComponent(plain(sample))), told.path);
    const pairs = required.filter((parameter) => parameter.in === "query").map(({name, sample}) => [name, plain(sample)]);
    const keys = told.credentials.map(({kind, name}) => credential(kind, name, key));
    query.value = String(new URLSearchParams([...told.query, ...pairs, ...keys.flatMap(({query: pair}) => pair ?? [])]));
    const lines = required.filter((parameter) => parameter.in === "header").map(({name, sample}) => `${name}: ${plain(sample)}`);
    headers.value = [...keys.flatMap(({header}) => header ?? []), ...lines].join("\n");
    medias.replaceChildren(...told.media.map(({type}) => element("option", {value: type})));
    const first = told.media.find(({json}) => json) ?? told.media[0];
    media.value = first?.type ?? "";
    const sample = told.behaviour === CHAT ? JSON.stringify(GREETING(known.models[0])) : first?.sample ?? "";
    body.value = first?.json ? JSON.stringify(parsed(sample), null, 2) : sample;
    list(told.parameters);
    bodyEdited();
  }
  function list(all) {
    parameters.replaceChildren(...all.map((parameter) => element("p", {class: "parameter"},
      element("code", {}, parameter.name), ` ${parameter.in}${parameter.required ? ", required" : ""} `,
      parameter.in === "cookie" || parameter.in === "path" ? null : element("button", {type: "button",
        "aria-label": `Add ${parameter.name}`, onclick: () => add(parameter)}, "Add"),
      element("span", {class: "quiet text"}, ` ${[parameter.values.map(plain).join(" | "), parameter.description]
        .filter(Boolean).join(". ")}`))));
  }
  function add({name, in: where, sample}) {
    if (where === "header") headers.value = [headers.value, `${name}: ${plain(sample)}`].filter(Boolean).join("\n");
    else query.value = [query.value, String(new URLSearchParams([[name, plain(sample)]]))].filter(Boolean).join("&");
    edited();
  }
  const request = () => ({
    operation: chosen.value, method: method.value, path: path.value, query: query.value.replace(/^\?/, ""),
    headers: headers.value, media: media.value, body: body.value,
  });
  // Shows a request; what it lacks is as the operation has it. One that was recorded gets a key, for its own was hidden.
  async function fill(given, {recorded = false} = {}) {
    await choose(known.operations.some(({id}) => id === given.operation) ? given.operation : known.operations[0].id);
    for (const [name, field] of Object.entries({method, path, query, headers, media, body})) {
      if (given[name] === undefined) continue;
      if (field === method && !METHODS.includes(given.method)) method.append(element("option", {}, given.method));
      field.value = field === headers && recorded ? [headers.value, given.headers].filter(Boolean).join("\n") : given[name];
    }
    bodyEdited();
  }
  // Edits the JSON of the body, where it is an object.
  function edit(change) {
    const value = parsed(body.value);
    if (!isObject(value)) return;
    body.value = JSON.stringify(change(value), null, 2);
    bodyEdited();
  }
  const fields = element("div", {},
    element("div", {class: "bar"}, labelled("Operation", chosen)),
    chat.fields,
    element("details", {class: "where"}, element("summary", {}, "Path, headers and parameters"),
      element("div", {class: "bar"}, labelled("Method", method), labelled("Path", path), labelled("Query", query)),
      labelled("Headers, one a line", headers), labelled("Type of the body", media), medias, parameters),
    element("h4", {}, "Body"), written, fault);
  return {fields, request, fill, choose, edit};
}

// How a key is sent: as a line of the headers, or as a pair of the query.
function credential(kind, name, key) {
  if (kind === "query") return {query: [[name, key]]};
  if (kind === "header") return {header: [`${name}: ${key}`]};
  if (kind === "cookie") return {}; // which a page cannot send
  return {header: [`${name}: ${kind === "basic" ? `Basic ${btoa(`${key}:`)}` : `${kind[0].toUpperCase()}${kind.slice(1)} ${key}`}`]};
}

// The JSON value of a text; undefined for none.
export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function faultOf(text) {
  try {
    JSON.parse(text);
    return "";
  } catch (error) {
    return `This is no JSON, and is sent as it is: ${error.message}`;
  }
}

function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function plain(value) {
  return typeof value === "string" ? value : JSON.stringify(value) ?? "";
}
