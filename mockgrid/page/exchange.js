// One exchange: request and reply side by side, what is wrong with them, and the reply's way over time.

import {curl} from "./curl.js";
import {copier, element, message, table} from "./dom.js";
import {jsonView, longText, marked, read} from "./json_view.js";
import {fill, passed} from "./live.js";
import {exchangeLinks} from "./sessions.js";
import {address, call, nameOf, reach, segment} from "./server.js";
import {copyStep, why} from "./steps.js";
import {timeline} from "./timeline.js";

// What stands below request and reply, and the buttons above them. To add one, put a function here: it is given the
// exchange as the control interface tells it, and the panel's signal, and returns an element, null for nothing, or
// a promise of these.
const sections = [verdicts, why, stream];
const actions = [neighbours, copyCurl, copyStep, openInPlayground];
// Milliseconds after which an exchange that is under way is looked at again.
const AGAIN = 500;

export async function show(place, {parts: [session, number], signal}) {
  for (;;) {
    const answer = await reach(address("sessions", session, "exchanges", number), {signal});
    const text = await answer.text();
    const exchange = told(text);
    const parts = await view(exchange, signal);
    fill(place, text, () => parts);
    if (exchange.seconds !== null) return;
    await passed(AGAIN, signal);
  }
}

// An exchange of which the bodies' numbers are as they were written.
function told(text) {
  const [exchange, exact] = [JSON.parse(text), read(text)];
  exchange.request.body = exact.request.body;
  exchange.reply.body = exact.reply.body;
  return exchange;
}

async function view(exchange, signal) {
  const made = await Promise.all([...actions, ...sections].map((make) => make(exchange, signal)));
  const sides = {request: requestSide(exchange), reply: replySide(exchange)};
  return [
    summary(exchange),
    element("div", {class: "bar"}, made.slice(0, actions.length).flat().filter(Boolean)),
    complaints(exchange, sides),
    element("div", {class: "sides"}, sides.request.element, sides.reply.element),
    ...made.slice(actions.length).filter(Boolean),
  ];
}

function summary(exchange) {
  const {request: {method, path}, status, seconds, operation, step, scenario, attempt, session} = exchange;
  const kind = seconds === null ? "open" : status >= 400 || !exchange.whole ? "bad" : "good";
  const facts = [
    ["Session", element("a", {href: `#/journal?session=${segment(session)}`}, nameOf(exchange))],
    ["Operation", operation ?? "none of the contract"],
    ["Scenario", scenario], ["Step", step], ["Attempt", String(attempt)],
    ["Failure", exchange.failure], ["Fault", exchange.fault],
    ["Time", seconds === null ? "under way" : `${(seconds * 1000).toFixed(1)} ms`],
    ["Since the last attempt", exchange.since_last_attempt && `${exchange.since_last_attempt.toFixed(3)} s`],
    ["Ended by", exchange.ended_by && `${exchange.ended_by}${exchange.whole ? "" : ", not whole"}`],
    ["Degraded", exchange.degraded],
  ];
  return element("section", {"aria-label": "Summary"},
    element("p", {class: "call"}, element("code", {}, `${method} ${path}`), " ",
      element("span", {class: `mark ${kind}`}, String(status))),
    element("dl", {class: "facts"}, facts.filter(([, value]) => value).map(([name, value]) =>
      element("div", {}, element("dt", {}, name), element("dd", {}, value)))));
}

async function neighbours({session, number}, signal) {
  const {exchanges: {count}} = await call(address("sessions", session), {signal});
  const link = (to, name) => element("a", {href: `#/exchange/${segment(session)}/${to}`}, name);
  return [number > 1 && link(number - 1, "← the one before"), number < count && link(number + 1, "the one after →")];
}

function copyCurl({request}) {
  return copier("Copy as curl", () => curl(request));
}

function openInPlayground({session, number}) {
  return element("a", {href: `#/playground?exchange=${segment(`${session}/${number}`)}`}, "Open in the playground");
}

// What is wrong with the request, and with a provider's reply, each with a way to the place where it stands.
function complaints({violations, warnings, provider_violations: given = [], no_step: missed}, {request, reply}) {
  const all = [
    ...violations.map((each) => [each, "bad", request.json]),
    ...warnings.map((each) => [{location: "body", ...each}, "open", request.json]),
    ...given.map((each) => [{...each, message: `${each.message} (in the provider's reply)`}, "bad", reply.json]),
  ];
  const rows = all.map(([{code, location, pointer, path, message: text}, kind, json]) => [
    element("span", {class: `mark ${kind}`}, code),
    json && location === "body"
      ? element("button", {type: "button", class: "link", onclick: () => {
        const part = marked(json, pointer);
        part?.scrollIntoView({block: "center"});
        part?.focus();
      }}, path)
      : element("code", {}, path),
    text,
  ]);
  return element("section", {"aria-label": "What is wrong"},
    missed && message("warning", missed.message),
    rows.length ? table(["Code", "Where", "What"], rows, {label: "Violations and warnings"}) : null);
}

// What is to be said of places in a body: [pointer, text] pairs.
function marksOf(all) {
  return all.filter(({location = "body"}) => location === "body")
    .map(({pointer, code, message: text}) => [pointer, `${code} ${text}`]);
}

function requestSide({request, violations, warnings}) {
  const wrong = new Map(violations.filter(({location}) => location === "header")
    .map(({pointer, code, message: text}) => [pointer.slice(1).toLowerCase(), `${code} ${text}`]));
  const query = violations.filter(({location}) => location === "query" || location === "path")
    .map(({code, path, message: text}) => element("p", {}, element("strong", {class: "mark bad"}, `${code} ${path} ${text}`)));
  const {element: body, json} = content("request", request, marksOf([...violations, ...warnings]));
  return {json, element: element("section", {"aria-labelledby": "request"},
    element("h3", {id: "request"}, "Request"),
    element("p", {}, element("code", {}, request.path + (request.query && `?${request.query}`))), query,
    headers("request", request.headers, wrong), body)};
}

function replySide({reply, provider_violations: given = []}) {
  const {element: body, json} = reply.chunks.length && reply.body === null
    ? {element: element("p", {class: "quiet"}, `${reply.bytes} bytes in ${reply.chunks.length} chunks; below.`)}
    : content("reply", reply, marksOf(given));
  return {json, element: element("section", {"aria-labelledby": "reply"},
    element("h3", {id: "reply"}, "Reply"), headers("reply", reply.headers, new Map()), body)};
}

function headers(whose, all, wrong) {
  const rows = Object.entries(all).map(([name, value]) => [
    element("code", {}, name),
    element("span", {}, element("code", {}, longText(value)),
      wrong.has(name) ? element("strong", {class: "mark bad"}, wrong.get(name)) : null),
  ]);
  return element("details", {open: wrong.size > 0, "data-key": `headers of ${whose}`},
    element("summary", {}, `${rows.length} headers`), table(["Name", "Value"], rows, {label: "Headers"}));
}

// A body as JSON that folds, as text, or as base64.
function content(whose, {body, bytes, base64, headers: {"content-type": type = ""}}, marks) {
  if (!bytes) return {element: element("p", {class: "quiet"}, "No body.")};
  const size = element("p", {class: "quiet"}, `${bytes} bytes${type && `, ${type}`}${base64 === undefined ? "" : ", as base64"}`);
  const text = base64 ?? (typeof body === "string" ? body : null);
  if (text === null) {
    const json = jsonView(body, marks, whose);
    return {json, element: element("div", {}, size, json)};
  }
  const said = marks.map(([, what]) => element("p", {}, element("strong", {class: "mark bad"}, what)));
  return {element: element("div", {}, size, said, element("pre", {}, longText(text)))};
}

// What this and other exchanges prove of the client.
async function verdicts({session, number}, signal) {
  const {verdicts: all} = await call(address("sessions", session, "verdicts"), {signal});
  const rows = all.filter(({exchanges}) => exchanges.includes(number)).map(({code, name, message: text, exchanges}) => [
    element("span", {class: "mark bad"}, code), name, text,
    exchangeLinks(session, exchanges),
  ]);
  return rows.length ? element("section", {"aria-labelledby": "verdicts"},
    element("h3", {id: "verdicts"}, "Verdicts"),
    table(["Code", "Name", "What", "Exchanges"], rows, {label: "Verdicts"})) : null;
}

function stream(exchange) {
  if (!exchange.reply.chunks.length && !exchange.fault) return null;
  return element("section", {"aria-labelledby": "stream"},
    element("h3", {id: "stream"}, "Stream"), timeline(exchange));
}
