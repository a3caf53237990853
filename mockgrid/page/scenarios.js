// The scenarios that the server knows, each with its story, to be played with a click.

import {element} from "./dom.js";
import {call} from "./server.js";

export async function show(place, {signal}) {
  const {scenarios, findings} = await call("scenarios", {signal});
  place.append(
    element("p", {class: "quiet"}, scenarios.length ?
      "Each makes a client's life hard in one way. Play one to see what it answers; a client under test plays it " +
      "by its key or by the header X-MockGrid-Scenario." : "This server has no scenarios for its contract."),
    ...findings.map(({message, where}) => element("p", {class: "message warning text"}, `${where}: ${message}`)),
    element("ul", {class: "cards"}, scenarios.map((scenario) => element("li", {class: "card"},
      element("h3", {}, element("span", {class: "text"}, scenario.name)),
      element("p", {class: "text"}, scenario.description),
      ...scenario.story.split("\n\n").filter(Boolean).map((text) => element("p", {class: "quiet text"}, text)),
      scenario.steps.length ? element("ol", {}, scenario.steps.map((step) => element("li", {class: "text"}, step))) : null,
      element("p", {class: "bar"},
        element("a", {class: "button", href: `#/playground?${new URLSearchParams({scenario: scenario.name})}&play`,
          "aria-label": `Play ${scenario.name}`}, "Play"),
        element("a", {href: `#/playground?${new URLSearchParams({scenario: scenario.name})}`,
          "aria-label": `Open ${scenario.name}`}, "Open"),
        scenario.strict ? element("span", {class: "mark open"}, "strict") : null)))));
}
