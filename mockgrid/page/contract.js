// The contract: what of each operation was exercised and what never, and what the client did wrong. It is the
// contract report, as it stands now; its rows lead to the exchanges that are still there.

import {element, message, table} from "./dom.js";
import {fill, follow} from "./live.js";
import {segment} from "./server.js";
import {exchangeLinks} from "./sessions.js";

const STATES = {
  covered: ["good", "exercised"],
  never_exercised: ["open", "never"],
  undeclared: ["bad", "not in the contract"],
};
const MOST = 300;

export async function show(place, {signal}) {
  const trouble = element("div", {});
  const parts = ["numbers", "wrong", "operations", "further"].map((name) => element("div", {class: name}));
  const [numbers, wrong, operations, further] = parts;
  place.append(trouble, ...parts);
  await follow("report", (report) => {
    fill(numbers, [report.contract, report.summary], figures);
    fill(wrong, [report.violations, report.verdicts], mistakes);
    fill(operations, [report.rows, report.branches, report.replies], operationParts);
    fill(further, [report.steps, report.faults, report.warnings, report.journal], furtherParts);
  }, {signal, trouble});
}

function figures([contract, summary]) {
  const shares = [
    ["rows", "covered", "rows exercised"], ["branches", "sent", "branches of requests sent"],
    ["replies", "shown", "branches of replies shown"], ["faults", "shown", "faults shown"],
  ];
  const counts = [
    ["violations", summary.violations, "bad"], ["verdicts", summary.verdicts, "bad"],
    ["warnings", summary.warnings, "open"], ["steps never reached", summary.steps.unreached, "open"],
  ];
  return [
    element("p", {class: "text"}, `${contract.title} ${contract.version}`),
    element("ul", {class: "figures"},
      counts.map(([words, count, kind]) => element("li", {class: count ? kind : ""},
        element("b", {}, String(count)), words)),
      shares.map(([name, part, words]) => {
        const {percent, declared, [part]: done} = summary[name];
        return element("li", {}, element("b", {}, `${percent} %`), `${done} of ${declared} ${words}`,
          element("meter", {min: 0, max: 100, value: percent, "aria-label": words}));
      })),
  ];
}

function mistakes([violations, verdicts]) {
  const lists = [];
  if (violations.length) {
    lists.push(table(["Code", "Operation", "Where", "What is wrong", "Times", "Exchanges"],
      violations.slice(0, MOST).map(({code, operation, location, pointer, message: text, count, places = []}) => [
        element("span", {class: "mark bad"}, code),
        operation ?? "no operation",
        element("code", {}, `${location} ${pointer || "/"}`),
        text,
        times("violations", {code, operation, location, pointer}, count, `${code} at ${pointer || "/"}`),
        seenIn(places),
      ]), {caption: "Violations: how requests broke the contract", label: "Violations"}));
  }
  if (verdicts.length) {
    lists.push(table(["Code", "What happened", "Session", "Exchanges"],
      verdicts.slice(0, MOST).map(({code, verdict, message: text, session, exchanges, places}) => [
        element("span", {class: "mark bad"}, `${code} ${verdict}`),
        text,
        element("a", {href: `#/sessions/${segment(session)}`}, places[0]?.label || session),
        exchangeLinks(session, exchanges),
      ]), {caption: "Verdicts: what the journal proves of clients", label: "Verdicts"}));
  }
  return lists.length ? lists : [message("note", "No client has broken the contract, or its manners.")];
}

function seenIn(places) {
  const bySession = Map.groupBy(places, ({session}) => session);
  return element("ul", {class: "plain"}, [...bySession].map(([session, own]) => element("li", {},
    element("a", {href: `#/sessions/${segment(session)}`}, own[0].label || session), ": ",
    exchangeLinks(session, own.map(({exchange}) => exchange)))));
}

function operationParts([rows, branches, replies]) {
  const byOperation = Map.groupBy(rows, ({operation}) => operation ?? "no operation");
  return [element("h3", {}, "Operations"), ...[...byOperation].map(([operation, own]) => {
    const declared = own.filter(({state}) => state !== "undeclared");
    const done = declared.filter(({state}) => state === "covered").length;
    const sent = branches.filter((branch) => branch.operation === operation);
    const shown = replies.filter((reply) => reply.operation === operation);
    return element("details", {"data-key": operation, open: own.some(({count}) => count) || byOperation.size < 6},
      element("summary", {}, element("b", {class: "text"}, operation), " ",
        element("span", {class: `mark ${done === declared.length ? "good" : "open"}`},
          `${done} of ${declared.length} rows exercised`)),
      table(["Status", "Request", "Response", "Times", "State"], own.map((row) => [
        element("code", {}, row.status), row.request || "–", row.response || "–", timesOf(row),
        element("span", {class: `mark ${STATES[row.state][0]}`}, STATES[row.state][1]),
      ]), {label: `Rows of ${operation}`}),
      branchList(operation, "Sent", sent.filter((branch) => branch.sent), ({label, request, pointer}) =>
        leading("branches", {operation, request, pointer}, label)),
      branchList(operation, "Never sent", sent.filter((branch) => !branch.sent), neverDone),
      ...shown.flatMap(({status, response, branches: all}) => [
        branchList(operation, `Shown of ${status} ${response}`, all.filter((branch) => branch.shown), ({label, pointer}) =>
          leading("replies", {operation, status, response, pointer}, label)),
        branchList(operation, `Never shown of ${status} ${response}`, all.filter((branch) => !branch.shown), neverDone),
      ]));
  })];
}

function timesOf({operation, request, status, response, count}) {
  return times("rows", {operation, request, status, response}, count, [status, response || "no body"].join(" "));
}

// How often something was done, and a link to those exchanges that the journal still has.
function times(kind, entry, count, words) {
  return count ? leading(kind, entry, String(count), `${count} exchanges with ${words}`) : number(0);
}

// A link to the exchanges that an entry of the report counts; `entry` is what tells it from others of its list.
function leading(kind, entry, text, words = null) {
  const own = Object.entries(entry).filter(([, value]) => value);
  const did = new URLSearchParams([["kind", kind], ...own]);
  return element("a", {href: `#/journal?did=${segment(did)}`, "aria-label": words}, text);
}

function neverDone({label}) {
  return element("code", {}, label);
}

function branchList(operation, words, branches, made) {
  if (!branches.length) return null;
  const labels = branches.map(made).flatMap((code, index) => [index ? ", " : null, code]);
  return element("details", {"data-key": `${operation} ${words}`}, element("summary", {}, `${words}: ${branches.length}`),
    element("p", {class: "text"}, labels));
}

function furtherParts([steps, faults, warnings, journal]) {
  const met = faults.filter(({count}) => count);
  const unmet = faults.filter(({count}) => !count).map(({fault}) => fault);
  const lists = [];
  if (warnings.length) {
    lists.push(table(["Code", "Operation", "Field", "What is odd", "Times"],
      warnings.slice(0, MOST).map(({code, operation, pointer, path, message: text, count}) => [
        element("span", {class: "mark open"}, code), operation, element("code", {}, path), text,
        times("warnings", {code, operation, pointer}, count, `${code} at ${path}`),
      ]), {caption: "Warnings: what is odd in valid requests", label: "Warnings"}));
  }
  if (steps.length) {
    lists.push(table(["Scenario", "Step", "Times"], steps.slice(0, MOST).map(({scenario, step, where, count}) => [
      scenario, step, count ? times("steps", {scenario, step, where}, count, step) : element("span", {class: "mark open"}, "never reached"),
    ]), {caption: "Steps of the scenarios that were played", label: "Steps"}));
  }
  if (met.length) {
    lists.push(table(["Fault", "Times"], met.map(({fault, count}) => [
      element("code", {}, fault), times("faults", {fault}, count, fault),
    ]), {caption: "Faults that clients have met", label: "Faults"}));
  }
  if (unmet.length) lists.push(element("p", {class: "text"}, `Faults that no client has met: ${unmet.join(", ")}.`));
  if (journal.exchanges) {
    lists.push(element("p", {class: "quiet"},
      `The journal had no room for ${journal.exchanges} exchanges; rows count them, and lead to the others.`));
  }
  return lists;
}

function number(count) {
  return element("span", {class: "number"}, String(count));
}
