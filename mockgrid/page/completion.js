// Completion in a field of text: what could stand at the caret, in a list below it.
//
// The field keeps the focus; the arrows move through the list, Enter or Tab takes what is marked, Escape closes
// it, and Ctrl+Space opens it.

import {element} from "./dom.js";

const MOST = 50;
let lists = 0;

// Attaches a list to a textarea. `suggest` is given text and caret, and returns {start, end, choices}, or null;
// a choice has a `label`, a `detail`, the `text` that takes the place from start to end, and where the `caret`
// stands in that.
export function completing(field, suggest, signal) {
  const list = element("ul", {class: "choices", role: "listbox", id: `choices_${lists += 1}`, hidden: true,
    "aria-label": "What could stand here"});
  const state = element("p", {class: "unseen", role: "status"});
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-haspopup", "listbox");
  field.setAttribute("aria-controls", list.id);
  let offered = null;
  let turn = 0;

  const close = () => {
    turn += 1;
    offered = null;
    list.hidden = true;
    list.replaceChildren();
    field.removeAttribute("aria-activedescendant");
  };
  const mark = (index) => {
    offered.marked = (index + offered.choices.length) % offered.choices.length;
    [...list.children].forEach((item, place) => {
      item.setAttribute("aria-selected", String(place === offered.marked));
      if (place === offered.marked) {
        field.setAttribute("aria-activedescendant", item.id);
        item.scrollIntoView({block: "nearest"});
      }
    });
  };
  const take = (index) => {
    const {start, end, choices} = offered;
    const {text, caret = text.length} = choices[index];
    close();
    field.focus();
    field.setSelectionRange(start, end);
    // The old way, which can be undone.
    if (!document.execCommand("insertText", false, text)) {
      field.setRangeText(text, start, end, "end");
      field.dispatchEvent(new Event("input", {bubbles: true}));
    }
    field.setSelectionRange(start + caret, start + caret);
    if (caret < text.length) open();
  };
  const open = async () => {
    const mine = turn += 1;
    const caret = field.selectionStart;
    const answer = caret === field.selectionEnd ? await suggest(field.value, caret).catch(() => null) : null;
    if (mine !== turn || signal.aborted) return;
    if (!answer?.choices.length) return void close();
    offered = {...answer, choices: answer.choices.slice(0, MOST), marked: 0};
    list.replaceChildren(...offered.choices.map(({label, detail}, index) =>
      element("li", {role: "option", id: `${list.id}_${index}`, onmousedown: (event) => {
        event.preventDefault();
        take(index);
      }}, element("span", {class: "mono text"}, label), element("span", {class: "quiet"}, ` ${detail}`))));
    list.hidden = false;
    mark(0);
    state.textContent = `${answer.choices.length} could stand here.`;
  };
  field.addEventListener("input", (event) => {
    if (event.isTrusted) open();
  });
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      open();
    } else if (offered && !event.ctrlKey && !event.metaKey) {
      const moves = {ArrowDown: 1, ArrowUp: -1};
      if (event.key === "Escape") close();
      else if (event.key in moves) mark(offered.marked + moves[event.key]);
      else if (event.key === "Enter" || event.key === "Tab") take(offered.marked);
      else {
        if (/^(Arrow|Home|End|Page)/.test(event.key)) close();
        return;
      }
      event.preventDefault();
    }
  });
  return element("div", {class: "completing"}, field, list, state);
}
