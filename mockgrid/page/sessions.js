// The sessions: what each plays and how far it has come; to reset, to end, to give another scenario, to move
// its clock.

import {element, labelled, message, said, setText, table} from "./dom.js";
import {fill, follow} from "./live.js";
import {address, call, nameOf, segment} from "./server.js";

const MOST = 300;
const PAUSE = 250; // milliseconds without a key, before the server is asked whose session is meant

export async function show(place, {parts, signal}) {
  const trouble = element("div", {});
  if (parts[0]) {
    await showOne(place, parts[0], trouble, signal);
    return;
  }
  const words = element("input", {type: "search", placeholder: "name, key, scenario"});
  const list = element("div", {});
  let sessions = [];
  let meant = null; // the session whose key is written there
  let timer = 0;
  const tell = () => fill(list, matching(sessions, words.value, meant), listed);
  const look = async () => {
    const key = words.value.trim();
    if (!key) return;
    const url = address("sessions");
    url.searchParams.set("session", key);
    const told = await call(url, {signal});
    if (key !== words.value.trim()) return;
    meant = told.sessions[0]?.session;
    tell();
  };
  words.addEventListener("input", () => {
    meant = null;
    tell();
    clearTimeout(timer);
    timer = setTimeout(() => look().catch(() => {}), PAUSE); // that the server is away is told already
  });
  signal.addEventListener("abort", () => clearTimeout(timer));
  place.append(element("div", {class: "bar", role: "search"}, labelled("Filter", words)), trouble, list);
  await follow("sessions", (told) => {
    sessions = told.sessions.reverse(); // the one that was used last comes first
    tell();
  }, {signal, trouble});
}

// A session is known by what it shows, and by its key as it is sent, of which only the server can tell.
function matching(sessions, words, meant) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const all = sessions.filter((each) => {
    const text = `${each.session} ${nameOf(each)} ${each.scenario ?? ""}`.toLowerCase();
    return each.session === meant || wanted.every((word) => text.includes(word));
  });
  return {count: all.length, of: sessions.length, sessions: all.slice(0, MOST)};
}

function listed({count, of, sessions}) {
  if (!of) return element("p", {}, "No session is open: the first request of a key opens one.");
  const more = count > MOST ? `; the ${MOST} used last are shown` : "";
  return table(["Session", "Scenario", "Exchanges", "Violations"], sessions.map((session) => [
    link(session),
    session.scenario ?? element("span", {class: "quiet"}, "none"),
    element("a", {href: `#/journal?session=${segment(session.session)}`}, String(session.exchanges)),
    session.violations ? mark("bad", session.violations) : "0",
  ]), {caption: `${count} of ${of} ${of === 1 ? "session" : "sessions"}${more}.`, label: "Sessions"});
}

function link(session) {
  return element("a", {class: "text", href: `#/sessions/${segment(session.session)}`}, nameOf(session));
}

async function showOne(place, name, trouble, signal) {
  const title = element("h3", {class: "text"}, name);
  const notes = element("div", {});
  const clock = element("p", {});
  const played = element("div", {});
  const proved = element("div", {});
  const scenario = element("select", {required: true, onchange: () => { chosen = true; }},
    element("option", {value: ""}, "Choose one…"), await scenarioNames(signal));
  let chosen = false; // until then it stands at what plays
  const time = element("input", {value: "2s", size: 6, "aria-describedby": "clock_kind"});
  const advance = element("button", {type: "submit"}, "Advance");
  // Whatever was done, what came of it is shown at once.
  const act = async (done, work) => {
    notes.replaceChildren();
    try {
      const told = await work();
      notes.append(...(told?.findings ?? []).map(finding));
      said(done);
      if (told !== null) update(await call(address("sessions", name), {signal}));
    } catch (error) {
      if (error.name !== "CallError") throw error;
      notes.append(message("error", error.message), ...error.findings.map(finding));
    }
  };
  const button = (words, done, work) =>
    element("button", {type: "button", onclick: () => act(done, work)}, words);
  const form = (work, ...fields) => element("form", {class: "bar", onsubmit: (event) => {
    event.preventDefault();
    work();
  }}, ...fields);
  const update = (session) => {
    setText(title, nameOf(session));
    if (!chosen) {
      scenario.value = session.scenario?.name ?? "";
      if (scenario.selectedIndex < 0) scenario.value = ""; // what plays has no file
    }
    advance.disabled = !session.clock.virtual;
    fill(clock, session.clock, clockWords);
    fill(played, session.scenario, playedParts);
    fill(proved, proofs(session), provedParts);
  };
  place.append(
    element("p", {}, element("a", {href: "#/sessions"}, "All sessions"), " · ",
      element("a", {href: `#/journal?session=${segment(name)}`}, "Its exchanges")),
    title,
    element("div", {class: "bar"},
      button("Reset", "The session has begun anew.",
        () => call(address("sessions", name, "reset"), {method: "POST", signal})),
      button("End", "The session is ended.", async () => {
        await call(address("sessions", name), {method: "DELETE", signal});
        location.hash = "#/sessions";
        return null;
      })),
    form(() => act(`It plays ${scenario.value} from now on.`, async () => {
      const played = await call(address("sessions", name, "steps"), {method: "PUT", body: {scenario: scenario.value}, signal});
      chosen = false;
      return played;
    }),
    labelled("Scenario", scenario), element("button", {type: "submit"}, "Play from now on")),
    form(() => act("The clock is moved.", () => call(address("sessions", name, "clock"),
      {method: "POST", body: {advance: time.value.trim()}, signal})),
    labelled("Move its clock by", time), advance, element("span", {id: "clock_kind"}, clock)),
    notes, trouble, played, proved);
  await follow(address("sessions", name), update, {signal, trouble});
}

async function scenarioNames(signal) {
  const {scenarios} = await call("scenarios", {signal});
  return scenarios.map(({name, description}) => element("option", {value: name, title: description}, name));
}

function finding({severity, code, message: text, hint, where}) {
  return message(severity, `${code} ${text} ${hint} (${where})`);
}

function clockWords({virtual, now, spared}) {
  return virtual
    ? `It stands at ${seconds(now)}, and has spared waits of ${seconds(spared)}.`
    : "It is the machine's, which nobody moves; a server with --clock virtual has others.";
}

function playedParts(scenario) {
  if (scenario === null) return element("p", {}, "It plays no scenario: all replies are the default ones.");
  const {name, strict, state, steps, limits, balance, where} = scenario;
  return [
    element("h4", {class: "text"}, name),
    element("p", {class: "text"}, `State ${state}${strict ? ", strict" : ""}. `,
      element("span", {class: "quiet mono"}, where)),
    limitParts(limits, balance),
    steps.length
      ? table(["Step", "Given", "Next reply", "Where"], mostUsed(steps).map((step) => [
        step.name,
        String(step.given),
        step.next === null ? mark("open", "none: all are given") : `${step.next + 1} of ${step.replies}`,
        element("span", {class: "mono"}, step.where),
      ]), {caption: stepsWords(steps), label: "Steps"})
      : element("p", {}, "It has no steps."),
  ].flat();
}

// Of many steps, those that have given replies come before all others.
function mostUsed(steps) {
  if (steps.length <= MOST) return steps;
  const chosen = [...steps].sort((one, other) => Boolean(other.given) - Boolean(one.given)).slice(0, MOST);
  return chosen.sort((one, other) => one.index - other.index);
}

function stepsWords({length}) {
  const words = "Its steps, and how far each has come";
  return length > MOST ? `${words}: ${MOST} of ${length}, those that have given replies included.` : words;
}

function limitParts(limits, balance) {
  const rows = limits.map(({counts, amount, per, left, reset, model}) => [
    `${counts}${model === null ? "" : ` of ${model}`}`,
    level(left, amount, counts),
    per ? `${amount} in ${seconds(per)}` : `${amount} at once`,
    reset ? `in ${seconds(reset)}` : "now",
  ]);
  if (balance) {
    const due = balance.due === null ? "none is ordered" : `in ${seconds(balance.due)}`;
    rows.push(["balance, in tokens", mark(balance.left > 0 ? "good" : "bad", balance.left),
      balance.top_up === null ? "no top-up" : `top-up of ${balance.top_up}`, balance.top_up === null ? "" : due]);
  }
  const columns = ["What", "Left", "Of", "Whole again"];
  return rows.length ? [table(columns, rows, {caption: "Its limits, as they stand", label: "Limits"})] : [];
}

function level(left, amount, counts) {
  return element("span", {},
    mark(left ? "good" : "bad", left), " ",
    element("meter", {min: 0, max: amount, value: Math.min(left, amount), "aria-label": `${counts} left`}));
}

// What is to be said against the client, each with the exchanges that show it.
function proofs({session, violations, unmatched, unused_steps: unused, verdicts}) {
  return [
    ["Verdicts", verdicts.map(({code, name, message: text, exchanges}) =>
      [`${code} ${name}`, text, exchanges])],
    ["Violations", violations.map(({code, path, message: text, exchange}) => [code, `${path} ${text}`, [exchange]])],
    ["Requests without a step", unmatched.map(({message: text, exchange}) => ["", text, [exchange]])],
    ["Steps that are left", unused.map(({scenario, step, given = 0, of = 1}) =>
      ["", `${scenario}: ${step} has given ${given} of ${of}`, []])],
  ].map(([name, lines]) => ({name, session, count: lines.length, lines: lines.slice(0, MOST)}));
}

function provedParts(lists) {
  const parts = lists.filter(({count}) => count).map(({name, session, count, lines}) =>
    table(["Code", "What", "Exchanges"], lines.map(([code, text, exchanges]) => [
      code && mark("bad", code), text, exchangeLinks(session, exchanges),
    ]), {caption: `${name}: ${count}`, label: name}));
  return parts.length ? parts : [element("p", {}, "There is nothing to be said against its client.")];
}

// Links to exchanges of a session, by their numbers.
export function exchangeLinks(session, exchanges) {
  return element("span", {}, exchanges.flatMap((number, index) => [
    index ? ", " : null,
    element("a", {href: `#/exchange/${segment(session)}/${number}`}, String(number)),
  ]));
}

function mark(kind, text) {
  return element("span", {class: `mark ${kind}`}, String(text));
}

function seconds(number) {
  return `${Number(number.toFixed(3))} s`;
}
