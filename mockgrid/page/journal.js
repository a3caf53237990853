// The live journal: exchanges as they happen, newest first.

import {element, labelled, message} from "./dom.js";
import {follow, passed} from "./live.js";
import {isGone, MOST, Rows} from "./rows.js";
import {address, call, events, nameOf, segment} from "./server.js";
import {Window} from "./window.js";

const COLUMNS = [
  ["Time", "time"], ["Session", "session"], ["Operation", "operation"], ["Step", "step"],
  ["Attempt", "attempt"], ["Status", "status"], ["ms", "ms"], ["Violations", "violations"],
  ["Verdicts", "verdicts"],
];
const FILTERS = ["session", "status", "code", "text"];
const STATUSES = ["2xx", "3xx", "4xx", "5xx"];
// Verdicts are asked for at most every second, and so seldom that a server is busy with it for a fiftieth of
// its time.
const BETWEEN_VERDICTS = 1000;
const VERDICTS_SHARE = 50;
// The link of a line whose exchange the server has forgotten: it leads nowhere.
const GONE = {
  role: "link", tabindex: "0", "aria-disabled": "true", title: "The session has ended or begun anew: the server has forgotten this one.",
};
const AGAIN = [250, 500, 1000, 2000, 4000];

// The line at which somebody was who went to look at an exchange, and comes back.
let left = null;

export async function show(place, {query, signal}) {
  const journal = new Journal(place, query, signal);
  signal.addEventListener("abort", () => { left = journal.window.top; });
  await Promise.all([journal.follow(), journal.narrow()]);
}

class Journal {
  rows = new Rows();
  missed = 0;
  #waiting = [];
  #frame = 0;
  #judging = new Set();
  #choices = 0;

  constructor(place, query, signal) {
    this.signal = signal;
    this.did = query.get("did"); // an entry of the contract report, as /report/exchanges is asked for it
    this.only = this.did ? new Set() : null;
    this.state = element("p", {class: "quiet count"}); // not a status: it would be read out all the time
    this.trouble = element("div", {});
    this.window = new Window(lineOf, Rows.key, versionOf, {label: "Exchanges", columns: COLUMNS, signal});
    this.pause = element("button", {type: "button", "aria-pressed": "false", onclick: () => this.#pause()}, "Pause");
    place.append(this.#bar(query), this.trouble, this.window.element, this.state);
    this.#filter();
  }

  #bar(query) {
    this.fields = {
      session: element("input", {type: "search", list: "sessions", placeholder: "any"}),
      status: element("input", {type: "search", list: "statuses", placeholder: "any", size: 5}),
      code: element("input", {type: "search", list: "codes", placeholder: "any", size: 8}),
      text: element("input", {type: "search", placeholder: "path, operation, step, …"}),
    };
    for (const name of FILTERS) {
      this.fields[name].value = query.get(name) ?? "";
      this.fields[name].addEventListener("input", () => this.#filter());
    }
    return element("div", {class: "bar", role: "search"},
      labelled("Session", this.fields.session), labelled("Status", this.fields.status),
      labelled("Code", this.fields.code), labelled("Text", this.fields.text),
      this.did && element("button", {type: "button", onclick: (event) => this.#widen(event.target)},
        `Only ${[...new URLSearchParams(this.did).values()].join(" ")}: show all`),
      this.pause,
      element("button", {type: "button", onclick: () => this.#clear()}, "Clear this list"),
      element("span", {class: "quiet"}, "The server keeps its journal, and each of several behind a proxy its own."),
      element("datalist", {id: "sessions"}), element("datalist", {id: "codes"}),
      element("datalist", {id: "statuses"}, STATUSES.map((value) => element("option", {value}))));
  }

  #filter() {
    const chosen = FILTERS.map((name) => [name, this.fields[name].value.trim()]).filter(([, value]) => value);
    this.rows.filters = {...Object.fromEntries(chosen), only: this.only};
    const query = new URLSearchParams(this.did ? [["did", this.did], ...chosen] : chosen).toString();
    history.replaceState(null, "", `#/journal${query && `?${query}`}`);
    this.#show();
  }

  // Lets through what an entry of the contract report counts alone, and asks again and again what that is.
  async narrow() {
    if (!this.did) return;
    const narrowing = this.narrowing = new AbortController();
    try {
      await follow(`report/exchanges?${this.did}`, ({exchanges}) => {
        this.only = new Set(exchanges.map(Rows.key));
        this.#filter();
      }, {signal: AbortSignal.any([this.signal, narrowing.signal]), trouble: element("div", {})}); // the feed tells of trouble
    } catch (error) {
      if (!narrowing.signal.aborted) throw error;
    }
  }

  #widen(button) {
    this.narrowing.abort();
    this.did = this.only = null;
    button.remove();
    this.fields.text.focus();
    this.#filter();
  }

  get paused() {
    return this.pause.getAttribute("aria-pressed") === "true";
  }

  #pause() {
    this.pause.setAttribute("aria-pressed", String(!this.paused));
    if (!this.paused) this.#take();
    this.#tell();
  }

  #clear() {
    this.rows.clear();
    this.#waiting = [];
    this.missed = 0;
    this.#show();
  }

  // Reads the feed, again and again: a server may be started anew.
  async follow() {
    for (let tries = 0; !this.signal.aborted; tries++) {
      let reason = "The server does not answer";
      try {
        for await (const [name, data] of events("events?rows=true", {signal: this.signal})) {
          if (tries) this.#reached();
          tries = 0;
          if (name === "dropped") this.missed += Number(data);
          else if (name === "gone") this.#forget(JSON.parse(data));
          else this.#receive(JSON.parse(data));
        }
      } catch (error) {
        if (this.signal.aborted || (error.status >= 400 && error.status < 500)) throw error;
        if (error.status) reason = error.message.replace(/\.$/, "");
      }
      if (!tries) this.trouble.replaceChildren(message("warning", `${reason}; it is asked again and again.`));
      await passed(AGAIN[Math.min(tries, AGAIN.length - 1)], this.signal);
    }
  }

  #reached() {
    this.#clear();
    this.trouble.replaceChildren(message("note",
      `The server was away until ${clock(Date.now())}; the list is what it remembers.`));
  }

  // Rows wait until a frame is drawn, or while the list is paused; of these too, the oldest go.
  #receive(told) {
    const now = Date.now();
    for (const row of told) this.#waiting.push([row, now]);
    if (this.#waiting.length > MOST) this.missed += this.#waiting.splice(0, this.#waiting.length - MOST).length;
    if (this.#frame) return;
    this.#frame = setTimeout(() => {
      this.#frame = 0;
      if (this.paused) this.#tell();
      else this.#take();
    });
  }

  #forget(gone) {
    for (const [told] of this.#waiting) if (isGone(told, gone)) told.gone = true;
    this.rows.forget(gone);
    this.#show();
  }

  #take() {
    const before = this.rows.matching.length + this.rows.dropped;
    for (const [told, now] of this.#waiting) {
      this.rows.add(told, now);
      if (told.seconds !== null) this.#judging.add(told.session);
    }
    this.#waiting = [];
    this.#show(Math.max(this.rows.matching.length + this.rows.dropped - before, 0));
    this.#judge();
  }

  #show(added = 0) {
    this.window.show(this.rows.matching, added);
    if (left && this.window.reveal(left)) left = null;
    this.#tell();
  }

  #tell() {
    const waiting = this.paused && this.#waiting.length ? `, ${this.#waiting.length} new` : "";
    this.pause.textContent = this.paused ? `Resume${waiting}` : "Pause";
    const {count, dropped, matching} = this.rows;
    const parts = [`${matching.length} of ${count} exchanges`];
    if (dropped) parts.push(`this list keeps ${MOST}; the oldest ${dropped} are gone from it`);
    if (this.missed) parts.push(`${this.missed} came too fast to be told`);
    this.state.textContent = count || this.missed
      ? `${parts.join("; ")}.` : "No request has come yet: call the API, and it stands here.";
    this.#offer();
  }

  // What the filters' fields propose; looked up at most once a second.
  #offer() {
    if (this.#choices) return;
    this.#choices = setTimeout(() => {
      this.#choices = 0;
      const {sessions, codes} = this.rows.choices();
      document.getElementById("sessions")?.replaceChildren(
        ...[...sessions].slice(-500).map(([value, label]) => element("option", {value, label})));
      document.getElementById("codes")?.replaceChildren(...codes.map((value) => element("option", {value})));
    }, 1000);
  }

  // Asks for the verdicts of sessions of which there are news, in turn.
  async #judge() {
    if (this.judging) return;
    this.judging = true;
    try {
      while (this.#judging.size && !this.signal.aborted) {
        await passed(BETWEEN_VERDICTS, this.signal);
        const [session] = this.#judging;
        this.#judging.delete(session);
        if (!this.rows.holds(session)) continue;
        const since = performance.now();
        try {
          const {verdicts} = await call(address("sessions", session, "verdicts"), {signal: this.signal});
          if (this.rows.judge(session, verdicts)) this.#show();
        } catch (error) {
          if (error.name !== "CallError") throw error; // the session is gone, or the server: the feed tells
        }
        await passed((performance.now() - since) * VERDICTS_SHARE, this.signal);
      }
    } catch (error) {
      if (!this.signal.aborted) throw error;
    } finally {
      this.judging = false;
    }
  }
}

function lineOf(row) {
  const kind = row.seconds === null ? "open" : row.status >= 400 || !row.whole ? "bad" : "good";
  const cells = {
    time: element("a", row.gone ? GONE : {href: `#/exchange/${segment(row.session)}/${row.number}`}, clock(row.time)),
    session: nameOf(row),
    operation: row.operation ?? `${row.method} ${row.path}`,
    step: row.step ?? "",
    attempt: String(row.attempt),
    status: element("span", {class: `mark ${kind}`}, String(row.status)),
    ms: row.seconds === null ? "under way" : milliseconds(row),
    violations: row.violations.join(" "),
    verdicts: row.verdicts.join(" "),
  };
  return element("div", {role: "row", class: "line"},
    COLUMNS.map(([, name]) => element("span", {
      role: "cell", class: `${name} text`, title: typeof cells[name] === "string" && cells[name],
    }, cells[name])));
}

function versionOf(row) {
  return `${row.seconds} ${row.verdicts} ${row.status} ${row.gone}`;
}

function milliseconds(row) {
  const time = row.seconds < 0.01 ? (row.seconds * 1000).toFixed(1) : String(Math.round(row.seconds * 1000));
  return row.ended_by === "server" ? time : `${time}, ${row.ended_by} left`;
}

function clock(time) {
  const date = new Date(time);
  const digits = (number, length) => String(number).padStart(length, "0");
  return `${digits(date.getHours(), 2)}:${digits(date.getMinutes(), 2)}:${digits(date.getSeconds(), 2)}`
    + `.${digits(date.getMilliseconds(), 3)}`;
}
