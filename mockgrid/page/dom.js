// Making DOM. Whatever comes from a request stays text: nothing here, or anywhere in the page, reads markup.

// Attributes that somebody sees, or is read.
const SHOWN = ["title", "label", "aria-label", "placeholder"];

// element("button", {type: "button", onclick: go}, "Go"): attributes by name; a function is a listener, true an
// attribute without a value, and false, null and undefined none at all. Children are elements or texts.
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.replace(/^on/, ""), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, SHOWN.includes(name) ? visible(String(value)) : value);
  }
  made.append(...children.flat().filter((child) => child != null).map((child) =>
    (typeof child === "string" && tag !== "textarea" ? visible(child) : child))); // what is edited stays as it is
  return made;
}

// A text as it is shown: characters that would turn what stands beside them, or cannot be seen, are escapes.
export function visible(text) {
  return text.replaceAll(/[\p{Bidi_Control}\p{Cs}\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b\u2060\ufeff]/gu, (mark) =>
    `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

// Has an element show a text, and nothing else.
export function setText(place, text) {
  place.textContent = visible(text);
}

// A field with its label: labelled("Status", element("input", …)).
export function labelled(name, field) {
  return element("label", {class: "field"}, element("span", {}, name), field);
}

// A message that screen readers tell; `kind` is "error", "warning" or "note".
export function message(kind, text) {
  return element("p", {class: `message ${kind}`, role: kind === "error" ? "alert" : "status"}, text);
}

// table(["Name", "Times"], rows, {caption}): rows are lists of cells, each a text or an element.
export function table(columns, rows, {caption = null, label = caption} = {}) {
  return element("div", {class: "table", tabindex: "0", role: "region", "aria-label": label},
    element("table", {},
      caption && element("caption", {}, caption),
      element("thead", {}, element("tr", {}, columns.map((name) => element("th", {scope: "col"}, name)))),
      element("tbody", {}, rows.map((cells) => element("tr", {},
        cells.map((cell, index) => element("td", {"data-head": columns[index]}, cell)))))));
}

// A button that copies a text, and says so; or why there is none, where the server says that.
export function copier(name, textOf) {
  return element("button", {type: "button", onclick: async () => {
    try {
      await copy(await textOf());
      said("Copied.");
    } catch (error) {
      if (error.name !== "CallError") throw error;
      said(error.message);
    }
  }}, name);
}

// A browser gives its clipboard to pages of this machine and of https alone; the old way works on all.
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = element("textarea", {class: "skip", readonly: true, "aria-hidden": "true"});
  const before = document.activeElement;
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
  before?.focus();
}

// Tells something in passing, on screen and to screen readers.
export function said(text) {
  const place = document.getElementById("said");
  setText(place, text);
  clearTimeout(said.timer);
  said.timer = setTimeout(() => { place.textContent = ""; }, 4000);
}
