// The live journal: exchanges as they end, newest first.

import {element, table} from "./dom.js";
import {events} from "./server.js";

export async function show(place, {signal}) {
  const shown = table(["Session", "Operation", "Step", "Attempt", "Status"], [], {label: "Exchanges"});
  place.append(shown);
  const body = shown.querySelector("tbody");
  for await (const [name, data] of events("events", {signal})) {
    if (name !== "exchange") continue;
    const exchange = JSON.parse(data);
    const cells = [exchange.session, exchange.operation, exchange.step, exchange.attempt, exchange.status];
    body.prepend(element("tr", {}, cells.map((cell) => element("td", {}, cell === null ? "" : String(cell)))));
    if (body.rows.length > 1000) body.lastElementChild.remove();
  }
}
