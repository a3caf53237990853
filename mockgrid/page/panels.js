// The panels of the page, in the order of the navigation.
//
// To add one: a file `NAME.js` beside this one that exports
//
//     export async function show(place, route) { … }
//
// and a line below. `place` is the empty element that the panel fills; it is taken away when the user goes
// elsewhere. `route` says how the panel was asked for: `route.parts` is what stands behind its name, decoded
// (`#/exchange/s-1/7` has ["s-1", "7"]), `route.query` a URLSearchParams (`#/playground?exchange=…`), and
// `route.signal` an AbortSignal that ends whatever the panel has under way; pass it to `call` and `events` of
// server.js, and to addEventListener. What `show` throws is told to the user. `title` is the panel's heading,
// which the page writes, and its name in the navigation; `hidden` leaves it out there.
//
// DOM is made by `element` of dom.js, which knows texts and no markup; colours are the variables of style.css.

export const panels = [
  {name: "journal", title: "Journal"},
  {name: "exchange", title: "Exchange", hidden: true},
  {name: "sessions", title: "Sessions"},
  {name: "playground", title: "Playground"},
  {name: "scenarios", title: "Scenarios"},
  {name: "contract", title: "Contract and report"},
];
