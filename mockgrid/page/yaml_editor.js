// The text of a scenario, with what is wrong with it at its lines, as it is typed.

import {element, labelled} from "./dom.js";
import {call} from "./server.js";

const PAUSE = 250; // milliseconds without a key, before a text is checked
const KINDS = {error: 2, warning: 1};

// The editor: `fields` to be shown, `text()`, `fill(text)`, and `checked()`, which waits for the findings of the
// text as it stands.
export function yamlEditor({signal, changed}) {
  const field = element("textarea", {rows: "20", spellcheck: "false", wrap: "off", autocapitalize: "off",
    "aria-describedby": "verdict"});
  const gutter = element("pre", {class: "gutter", "aria-hidden": "true"});
  const verdict = element("p", {id: "verdict", role: "status", class: "quiet"});
  const list = element("ul", {class: "findings", "aria-label": "Findings"});
  let timer = 0;
  let answer = null;
  let state = {text: null, findings: [], playable: true};

  field.addEventListener("scroll", () => { gutter.scrollTop = field.scrollTop; });
  field.addEventListener("input", () => {
    number();
    changed();
    clearTimeout(timer);
    timer = setTimeout(check, PAUSE);
  });
  // A new line begins where the last one began; undoing takes it back.
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const before = field.value.slice(0, field.selectionStart);
    const indent = /(?:^|\n)( *)[^\n]*$/.exec(before)[1];
    if (indent && document.execCommand("insertText", false, `\n${indent}`)) event.preventDefault();
  });
  signal.addEventListener("abort", () => clearTimeout(timer));

  // One check at a time; what was typed meanwhile is checked when its answer is there.
  function check() {
    clearTimeout(timer);
    answer ??= (async () => {
      while (state.text !== field.value && !signal.aborted) {
        const text = field.value;
        const empty = {findings: [], playable: true, finished: true, more: 0};
        state = text.trim() ? await told(text) : empty;
        state.text = text;
      }
      show();
    })().finally(() => { answer = null; });
    return answer;
  }
  async function told(source) {
    try {
      return await call("check", {method: "POST", body: {source: source.toWellFormed(), where: "scenario.yaml"}, signal});
    } catch (error) {
      if (signal.aborted) throw error;
      const finding = {severity: "error", code: "", message: error.message, hint: "", line: 0, column: 0};
      return {findings: [finding], playable: false, finished: true, more: 0};
    }
  }
  function show() {
    const {findings, playable, finished, more} = state;
    number();
    const counted = findings.length + more;
    verdict.textContent = [
      !state.text.trim() ? "Without a scenario, every reply is the default one." :
        counted ? `${counted} ${counted === 1 ? "finding" : "findings"}${playable ? "" : "; it cannot be played"}.` :
          "Nothing is wrong with it.",
      finished ? "" : "It is too long to be checked to its end while it is typed.",
    ].filter(Boolean).join(" ");
    verdict.dataset.playable = playable;
    list.replaceChildren(...findings.map((finding) => {
      const text = `${finding.message} ${finding.hint}`.trim();
      const mark = element("span", {class: `mark ${finding.severity === "error" ? "bad" : "open"}`},
        `${finding.severity} ${finding.code}`.trim());
      const where = finding.line ? element("button", {type: "button", onclick: () => jump(finding)},
        `Line ${finding.line}`) : "The text";
      return element("li", {}, where, " ", mark, " ", element("span", {class: "text"}, text));
    }));
  }
  function number() {
    const worst = new Map();
    if (state.text === field.value) {
      for (const {line, severity} of state.findings) {
        if ((KINDS[severity] ?? 0) >= (KINDS[worst.get(line)] ?? 0)) worst.set(line, severity);
      }
    }
    const parts = [""];
    const lines = field.value.split("\n").length;
    for (let line = 1; line <= lines; line += 1) {
      if (worst.has(line)) parts.push(element("b", {class: worst.get(line)}, String(line)), "\n");
      else parts[parts.length - 1] += `${line}\n`;
    }
    gutter.replaceChildren(...parts);
    gutter.scrollTop = field.scrollTop;
  }
  function jump({line, column}) {
    const lines = field.value.split("\n");
    const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
    // Columns count characters, a field counts halves of pairs.
    const before = Array.from(lines[line - 1] ?? "").slice(0, Math.max(column - 1, 0)).join("").length;
    field.focus();
    field.setSelectionRange(start + before, start + (lines[line - 1]?.length ?? 0));
    field.scrollTop = (line - 4) * parseFloat(getComputedStyle(field).lineHeight);
  }
  function fill(text) {
    field.value = text;
    number();
    changed();
    return check();
  }
  const fields = element("div", {},
    labelled("Scenario, as YAML", element("div", {class: "numbered"}, gutter, field)), verdict, list);
  return {fields, fill, text: () => field.value, checked: async () => { await check(); return state; }};
}
