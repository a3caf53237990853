// The rows of the journal: bounded, in order, and those of them that the filters let through.

import {nameOf} from "./server.js";

export const MOST = 10_000;
// So many more may wait to be let go together: taking the first from a long list costs as much as taking many.
const SLACK = 500;
// So many milliseconds may lie between two messages' ideas of when the server's clock began: what is more is a machine
// that slept, and is taken; what is less is how long a message took, and would put rows out of order.
const ALIKE = 1000;

export class Rows {
  #all = [];
  #known = new Map();
  #matching = null;
  #filters = {};
  #began = NaN;

  dropped = 0;

  // A session that begins anew counts from 1 again.
  static key(row) {
    return `${row.session}/${row.number}/${row.arrived}`;
  }

  // Takes a row as the server tells it: a new one, or more of one that is known. `now` is the time at which it
  // was told, for rows say how long ago their request came.
  add(told, now) {
    const row = this.#known.get(Rows.key(told)) ?? {};
    const isNew = row.session === undefined;
    Object.assign(row, told, {time: row.time ?? this.#timeOf(told, now)});
    row.text = [told.method, told.path, told.operation, told.step, told.session, nameOf(told), told.failure]
      .join("\n").toLowerCase();
    row.verdicts ??= [];
    if (isNew) this.#append(row);
    else this.#matching = null;
    return row;
  }

  #timeOf({ago, arrived}, now) {
    const began = now - (ago + arrived) * 1000;
    if (!(Math.abs(began - this.#began) < ALIKE)) this.#began = began;
    return this.#began + arrived * 1000;
  }

  #append(row) {
    this.#all.push(row);
    this.#known.set(Rows.key(row), row);
    if (this.#matching && this.#matches(row)) this.#matching.push(row);
    if (this.#all.length > MOST + SLACK) this.#letGo(this.#all.length - MOST);
  }

  // Notes which sessions have forgotten what came until then, as {session: time of the server's clock}: the server
  // knows nothing of it any more.
  forget(gone) {
    for (const row of this.#all) if (isGone(row, gone)) row.gone = true;
  }

  // Whether there is something of a session that the server knows.
  holds(session) {
    return this.#all.some((row) => row.session === session && !row.gone);
  }

  #letGo(count) {
    for (const row of this.#all.splice(0, count)) this.#known.delete(Rows.key(row));
    this.dropped += count;
    this.#matching = null;
  }

  clear() {
    this.#all = [];
    this.#known.clear();
    this.#matching = null;
    this.dropped = 0;
  }

  // Notes what a session's verdicts say of its rows; returns whether anything is new.
  judge(session, verdicts) {
    const codes = new Map();
    for (const {code, exchanges} of verdicts) {
      for (const number of exchanges) codes.set(number, [...(codes.get(number) ?? []), code]);
    }
    let news = false;
    for (const row of this.#all) {
      if (row.session !== session || row.gone) continue;
      const now = [...new Set(codes.get(row.number) ?? [])];
      news ||= now.join() !== row.verdicts.join();
      row.verdicts = now;
    }
    if (news) this.#matching = null;
    return news;
  }

  // What is let through: {session, status, code, text}, each a text, empty or missing for any, and the keys of
  // those that are let through `only`.
  set filters(filters) {
    this.#filters = filters;
    this.#matching = null;
  }

  get #all_match() {
    return !Object.values(this.#filters).some(Boolean);
  }

  #matches(row) {
    const {session, status, code, text, only} = this.#filters;
    return (!only || only.has(Rows.key(row)))
      && (!session || nameOf(row).includes(session) || row.session.includes(session))
      && (!status || String(row.status).startsWith(status.replace(/x+$/i, "")))
      && (!code || row.violations.includes(code) || row.verdicts.includes(code) || row.failure === code)
      && (!text || row.text.includes(text.toLowerCase()));
  }

  get count() {
    return this.#all.length;
  }

  // Those that match, the oldest first; not to be changed.
  get matching() {
    if (this.#all_match) return this.#all;
    this.#matching ??= this.#all.filter((row) => this.#matches(row));
    return this.#matching;
  }

  // Sessions by name with what they are known by, and codes, of all that is held: what filters can choose from.
  choices() {
    const sessions = new Map();
    const codes = new Set();
    for (const row of this.#all) {
      sessions.set(row.session, nameOf(row));
      for (const code of [...row.violations, ...row.verdicts]) codes.add(code);
      if (row.failure) codes.add(row.failure);
    }
    return {sessions, codes: [...codes].sort()};
  }
}

// Whether a session is among those that have forgotten what came until then, and a row is of that.
export function isGone({session, arrived}, gone) {
  return Object.hasOwn(gone, session) && arrived <= gone[session];
}
