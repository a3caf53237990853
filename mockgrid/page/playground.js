// The playground: a request on the left, the scenario that answers it on the right, the answer below.

import {send} from "./answer.js";
import {FORMATS, TOOL} from "./chat_form.js";
import {element, labelled, message, said, setText} from "./dom.js";
import {CHAT, requestForm} from "./request_form.js";
import {address, call} from "./server.js";
import {yamlEditor} from "./yaml_editor.js";

const KEPT = "mockgrid:playground";
// The server's finding of a key that it takes from no client.
const REFUSED = "MG104";
const GREETING = "steps:\n  - reply:\n      say: Hello from the playground.\n";
// What a scenario may ask of the request that it answers: tried in order, until one meets a step.
const WAYS = [
  (body) => ({...body, stream: true}),
  (body) => body,
  (body) => ({...body, tools: [TOOL]}),
  (body) => ({...body, response_format: FORMATS.json_schema}),
];

export async function show(place, {query, signal}) {
  const known = await call("operations", {signal});
  const kept = read();
  // What was written for another server, at the same address, is not for this one.
  if (!kept.key?.startsWith(known.key_prefix)) delete kept.key;
  if (!known.operations.some(({id}) => id === kept.request?.operation)) delete kept.request;
  kept.key ??= `${known.key_prefix}playground-${crypto.getRandomValues(new Uint32Array(1))[0].toString(16)}`;
  const keep = () => {
    clearTimeout(timer);
    if (ready) write(Object.assign(kept, {request: form.request(), text: editor.text()}));
  };
  // What is long takes a while to be written down, and keys come faster.
  const changed = () => {
    clearTimeout(timer);
    timer = setTimeout(keep, 300);
  };
  const form = requestForm(known, kept.key, {signal, changed});
  const editor = yamlEditor({signal, changed});
  let ready = false;
  let timer = 0;
  signal.addEventListener("abort", keep);
  addEventListener("pagehide", keep, {signal});

  const state = element("a", {href: `#/sessions/${encodeURIComponent(kept.key)}`, hidden: !kept.played}, "Its state");
  const answer = element("div", {});
  const problem = element("div", {});
  const taken = element("div", {});
  // Nothing is sent before all is there that was asked for.
  const go = element("button", {type: "button", class: "main", title: "Ctrl+Enter", disabled: true,
    onclick: () => play()}, "Send");
  const scenarios = (await call("scenarios", {signal})).scenarios;
  const named = element("select", {onchange: () => named.value && load(named.value).catch(tell)},
    element("option", {value: ""}, "Choose one…"),
    scenarios.map(({name}) => element("option", {value: name}, name)));
  const story = element("p", {class: "quiet text"});
  const other = element("input", {autocomplete: "off", placeholder: "key or name", size: "16"});
  place.append(
    element("p", {class: "quiet"}, "Sent under a session of its own, ", element("code", {}, kept.key),
      "; tests do not notice. ", state),
    element("div", {class: "sides"},
      element("section", {"aria-labelledby": "asked"}, element("h3", {id: "asked"}, "Request"), form.fields,
        element("div", {class: "bar"}, go, element("button", {type: "button", onclick: () => again()}, "Start over"))),
      element("section", {"aria-labelledby": "scripted"}, element("h3", {id: "scripted"}, "Scenario"),
        element("div", {class: "bar"}, labelled("Shipped and own", named),
          element("button", {type: "button", onclick: save}, "Save as a file"),
          element("form", {class: "bar", onsubmit: playElsewhere}, labelled("For the session", other),
            element("button", {}, "Play"))),
        taken, story, editor.fields)),
    problem,
    element("section", {"aria-labelledby": "answered"}, element("h3", {id: "answered"}, "Answer"), answer));

  place.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || go.disabled) return;
    event.preventDefault();
    play();
  });
  const tell = (error) => {
    if (signal.aborted) return;
    problem.replaceChildren(message("error", error.message));
  };
  // What the session has to play: the text, or by its name what is unchanged, since that may include files.
  const script = () => {
    const text = editor.text();
    if (kept.loaded?.text === text) return {scenario: kept.loaded.name};
    return text.trim() ? {source: text, where: "scenario.yaml"} : {};
  };
  async function prepare() {
    const wanted = JSON.stringify(script());
    const session = address("sessions", kept.key);
    if (kept.played === wanted && await call(session, {signal}).then(() => true, () => false)) return;
    await call(session, {method: "PUT", body: JSON.parse(wanted), signal});
    kept.played = wanted;
    state.hidden = false;
    keep();
  }
  async function play() {
    problem.replaceChildren();
    answer.replaceChildren(); // the last one is not what this comes to
    go.disabled = true;
    try {
      await prepare();
      await link(await send(form.request(), kept.key, answer, signal));
    } catch (error) {
      tell(error);
    } finally {
      go.disabled = false;
    }
  }
  // Leads from the answer to the exchange in the journal.
  async function link({ended, recall}) {
    if (ended === "unsent") return;
    const {session, exchanges: {count}} = await call(address("sessions", kept.key), {signal});
    if (!count) return;
    const href = `#/exchange/${encodeURIComponent(session)}/${count}`;
    answer.append(element("p", {}, element("a", {href}, `Exchange ${count} in the journal`)));
    if (ended === "broken") recall(await call(address("sessions", session, "exchanges", count), {signal}));
  }
  async function again() {
    kept.played = undefined;
    problem.replaceChildren();
    await prepare().then(() => said("The scenario begins anew."), tell);
  }
  const load = (name) => take(name).then(() => fit(name));
  async function take(name) {
    const told = await call(address("scenarios", name), {signal});
    kept.loaded = {name, text: told.source};
    named.value = name;
    setText(story, told.story || told.description);
    await editor.fill(told.source);
  }
  // Asks the request for what the scenario's steps are for, where it is a chat.
  async function fit(name) {
    const first = known.operations.find(({behaviour}) => behaviour === CHAT);
    if (!first) return;
    await form.choose(first.id);
    const plain = JSON.parse(form.request().body);
    for (const way of WAYS) {
      const {method, path} = form.request();
      const body = way(plain);
      const {outcome} = await call("explain", {method: "POST", signal, body: {scenario: name, request: {method, path, body}}});
      if (outcome === "step") return void form.edit(() => body);
    }
  }
  function save() {
    const url = URL.createObjectURL(new Blob([editor.text()], {type: "application/yaml"}));
    element("a", {href: url, download: `${kept.loaded?.name ?? "scenario"}.yaml`}).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }
  async function playElsewhere(event) {
    event.preventDefault();
    problem.replaceChildren();
    said("");
    const key = other.value.trim();
    if (!key) {
      tell(new Error("Which session? Write the key of a client, or the name that it sends as X-MockGrid-Session."));
      return other.focus();
    }
    await call(address("sessions", key, "steps"), {method: "PUT", body: script(), signal}).then(({findings}) => {
      if (findings.length) problem.replaceChildren(...findings.map(({severity, message: text, hint}) =>
        message(severity, `${text} ${hint}`.trim())));
      if (!findings.some(({code}) => code === REFUSED)) said(`${key} plays it from now on.`);
    }, tell);
  }
  // The request of an exchange, and what could answer it: where no step did, the scenario to be mended, if the
  // server knows it; else the step that would answer it so again. What somebody has written stays until they say so.
  async function fromExchange(which) {
    const [session, number] = which.split(/\/(?=\d+$)/);
    const path = address("sessions", session, "exchanges", number);
    const {operation, request, scenario, no_step: missed} = await call(path, {signal});
    await form.fill({operation: operation ?? "", ...written(request)}, {recorded: true});
    const takeStep = async () => editor.fill((await call(address("sessions", session, "exchanges", number, "step"), {signal})).source);
    const ways = [[`Take a step that answers ${missed ? "it" : "so again"}`, takeStep]];
    // One that was given for the session may have the name of one that the server knows.
    const {scenario: played} = await call(address("sessions", session), {signal});
    const isKnown = missed && scenarios.some(({name, where}) =>
      name === scenario && (played?.name !== scenario || played.where === where));
    if (isKnown) ways.unshift([`Take the scenario ${scenario}`, () => take(scenario)]);
    const isDraft = !["", GREETING, kept.loaded?.text].includes(editor.text());
    if (!isDraft) await ways.shift()[1]().catch(tell);
    const words = isDraft ? "The scenario below is what you had written; the request is that of the exchange." :
      `No step of the scenario ${scenario} answered this request; here it is, to be mended.`;
    if (ways.length) taken.replaceChildren(message("note", words), element("div", {class: "bar"}, ways.map(([name, work]) =>
      element("button", {type: "button", onclick: () => work().then(() => taken.replaceChildren(), tell)}, name))));
  }

  const chat = known.operations.find(({behaviour}) => behaviour === CHAT);
  await form.fill(kept.request ?? {operation: (chat ?? known.operations[0]).id});
  await editor.fill(kept.text ?? (chat ? GREETING : ""));
  ready = true;
  try {
    if (query.get("exchange")) await fromExchange(query.get("exchange"));
    if (query.get("scenario")) await load(query.get("scenario"));
  } finally {
    go.disabled = false;
  }
  if (signal.aborted) return;
  history.replaceState(null, "", "#/playground"); // once; what is written since is not lost by loading it again
  if (query.has("play")) await play();
}

// A recorded request as the form has one: without its credentials, which were hidden, and what browsers set.
function written({method, path, raw_path: rawPath, query, headers, body, base64}) {
  const own = /^(host|connection|content-length|content-type|accept-encoding|user-agent|origin|referer|sec-.*|x-mockgrid-session)$/;
  const lines = Object.entries(headers).filter(([name, value]) => !own.test(name) && !value.includes("[redacted]"));
  return {
    method, query, path: rawPath ?? encodeURI(path.toWellFormed()).replace(/[?#]/g, encodeURIComponent), media: headers["content-type"] ?? "",
    headers: lines.map(([name, value]) => `${name}: ${value}`).join("\n"),
    body: body === null ? (base64 ? atob(base64) : "") : typeof body === "string" ? body : JSON.stringify(body, null, 2),
  };
}

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}

function write(kept) {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  } catch {
    // There is no room; what is written stays as long as the panel.
  }
}
