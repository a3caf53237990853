// Why each step of a scenario did or did not answer an exchange, predicate by predicate; and the step that would
// answer it so again.

import {copier, element, message, table} from "./dom.js";
import {address, call} from "./server.js";

const VERDICTS = {
  answers: ["good", "answered"],
  fails: ["bad", "matches, and had given all its replies"],
  passes: ["open", "matches, and had given all its replies"],
  later: ["open", "matches too, but stands after the one that decided"],
  "no match": ["", "does not match"],
};

// The section that says why.
export async function why({session, number}, signal) {
  const told = await call(address("sessions", session, "exchanges", number, "steps"), {signal});
  const {outcome, message: sentence, scenario, state, attempt, further} = told;
  return element("section", {"aria-labelledby": "why"},
    element("h3", {id: "why"}, "Steps"),
    outcome === "unknown" ? message("warning", sentence) : element("p", {class: "text"}, sentence),
    scenario === null ? null
      : element("p", {class: "quiet text"}, `Scenario ${scenario}, in state ${state}, attempt ${attempt}.`),
    element("ol", {class: "steps"}, told.steps.map(item)),
    further ? element("p", {class: "quiet"}, `And ${further} more, which were further from the request.`) : null);
}

// The button that copies a step.
export function copyStep({session, number}, signal) {
  return copier("Copy as step",
    async () => (await call(address("sessions", session, "exchanges", number, "step"), {signal})).step);
}

function item({index, step, verdict, reply, predicates, where}) {
  const [kind, words] = VERDICTS[verdict];
  const given = reply === null ? "" : `, reply ${reply + 1}`;
  const missed = predicates.find(({held}) => !held);
  return element("li", {value: index + 1},
    element("details", {open: verdict === "answers" || verdict === "fails"},
      element("summary", {},
        element("b", {class: "text"}, step), " ",
        element("span", {class: `mark ${kind}`}, words + given), " ",
        missed && element("span", {class: "quiet text"},
          `${missed.predicate} is ${missed.got}, wanted ${missed.expected}`)),
      predicates.length
        ? table(["Predicate", "Wanted", "The request had", "Holds"], predicates.map(cells), {label: step})
        : element("p", {class: "quiet"}, "It matches every request."),
      element("p", {class: "quiet mono text"}, where)));
}

function cells({predicate, expected, got, held}) {
  return [
    element("code", {}, predicate), element("code", {}, expected), element("code", {}, got),
    element("span", {class: `mark ${held ? "good" : "bad"}`}, held ? "yes" : "no"),
  ];
}
