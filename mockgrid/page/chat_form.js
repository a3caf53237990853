// The usual fields of a chat completion as a form, kept in step with its JSON.

import {element, labelled} from "./dom.js";

const ROLES = ["user", "system", "developer", "assistant", "tool"];
const NUMBERS = {temperature: {step: "any"}, max_tokens: {step: "1", min: "1"}};
export const TOOL = {type: "function", function: {name: "get_weather", parameters: {
  type: "object", properties: {city: {type: "string"}}, required: ["city"]}}};
export const FORMATS = {
  text: {type: "text"},
  json_object: {type: "json_object"},
  json_schema: {type: "json_schema", json_schema: {name: "city", strict: true, schema: {
    type: "object", properties: {city: {type: "string"}}, required: ["city"], additionalProperties: false}}},
};

// The form. `changed(edit)` is called with what edits a body; `show(body)` fills the form from one.
export function chatForm(models, changed) {
  const set = (name, value) => changed((body) => put(body, name, value));
  const list = element("datalist", {id: "models"}, models.map((name) => element("option", {value: name})));
  const model = element("input", {list: "models", autocomplete: "off", size: "14",
    oninput: () => set("model", model.value || undefined)});
  const stream = element("input", {type: "checkbox", onchange: () => set("stream", stream.checked || undefined)});
  const numbers = Object.entries(NUMBERS).map(([name, kind]) => {
    const field = element("input", {type: "number", class: "short", ...kind,
      oninput: () => set(name, Number.isNaN(field.valueAsNumber) ? undefined : field.valueAsNumber)});
    return [name, field];
  });
  const format = element("select", {onchange: () => set("response_format", structuredClone(FORMATS[format.value]))},
    element("option", {value: ""}, "—"), Object.keys(FORMATS).map((name) => element("option", {value: name}, name)));
  const tools = element("input", {readonly: true, size: "14"});
  const offer = element("button", {type: "button", onclick: () => changed((body) =>
    put(body, "tools", [...listed(body.tools), named(TOOL, body.tools)]))}, "Add a tool");
  const withhold = element("button", {type: "button", onclick: () => set("tools", undefined)}, "No tools");
  const messages = element("ol", {class: "messages", "aria-label": "Messages"});
  const say = element("button", {type: "button", onclick: () => {
    changed((body) => put(body, "messages", [...listed(body.messages), {role: "user", content: ""}]));
    messages.lastElementChild?.querySelector("textarea")?.focus();
  }}, "Add a message");
  const fields = element("fieldset", {class: "plain"}, element("legend", {class: "unseen"}, "Usual fields"), list,
    element("div", {class: "bar"}, labelled("model", model), labelled("stream", stream),
      numbers.map(([name, field]) => labelled(name, field)), labelled("response_format", format)),
    element("div", {class: "bar"}, labelled("tools", tools), offer, withhold),
    messages, say);

  const edit = (index, part) => changed((body) => {
    const all = [...listed(body.messages)];
    all[index] = {...all[index], ...part};
    put(body, "messages", all);
  });
  const row = (index) => {
    const role = element("select", {"aria-label": `Role of message ${index + 1}`,
      onchange: () => edit(index, {role: role.value})}, ROLES.map((name) => element("option", {}, name)));
    const content = element("textarea", {rows: "2", "aria-label": `Message ${index + 1}`,
      oninput: () => edit(index, {content: content.value})});
    const remove = element("button", {type: "button", "aria-label": `Remove message ${index + 1}`, onclick: () => {
      changed((body) => put(body, "messages", listed(body.messages).filter((_, place) => place !== index)));
      say.focus();
    }}, "Remove");
    return element("li", {}, role, content, remove);
  };
  const fill = (item, message) => {
    const [role, content] = [item.querySelector("select"), item.querySelector("textarea")];
    const isText = typeof message?.content === "string";
    update(role, ROLES.includes(message?.role) ? message.role : "");
    update(content, isText ? message.content : JSON.stringify(message?.content ?? message) ?? "");
    content.readOnly = !isText; // parts, calls and the like are written as JSON
  };
  const show = (body) => {
    fields.disabled = body === null;
    if (body === null) return;
    update(model, typeof body.model === "string" ? body.model : "");
    stream.checked = body.stream === true;
    for (const [name, field] of numbers) update(field, typeof body[name] === "number" ? String(body[name]) : "");
    update(format, body.response_format?.type in FORMATS ? body.response_format.type : "");
    tools.value = listed(body.tools).map((tool) => tool?.function?.name ?? tool?.type ?? "?").join(", ");
    const said = listed(body.messages);
    while (messages.children.length > said.length) messages.lastElementChild.remove();
    while (messages.children.length < said.length) messages.append(row(messages.children.length));
    said.forEach((message, index) => fill(messages.children[index], message));
  };
  return {fields, show};
}

// Sets a field's value where it is another: the caret of the one that is written in stays.
function update(field, value) {
  const same = field.type === "number" ? field.valueAsNumber === Number(value) && value !== "" : field.value === value;
  if (!same && document.activeElement !== field) field.value = value;
}

function put(body, name, value) {
  if (value === undefined) delete body[name];
  else body[name] = value;
}

function listed(value) {
  return Array.isArray(value) ? value : [];
}

// A tool by a name that no other has.
function named(tool, others) {
  const names = listed(others).map((other) => other?.function?.name);
  let name = tool.function.name;
  for (let number = 2; names.includes(name); number += 1) name = `${tool.function.name}_${number}`;
  return {...tool, function: {...tool.function, name}};
}
