// The page's frame: which panel stands in it, signing in, the theme.

import {element, message, setText} from "./dom.js";
import {panels} from "./panels.js";
import {call, token} from "./server.js";

const THEME = "mockgrid:theme";
const main = document.getElementById("main");
const signOut = document.getElementById("sign_out");
let under_way = new AbortController();

// What a fragment such as #/exchange/s-1/7?x=y asks for.
function route() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const [name, ...parts] = path.split("/").map(decoded);
  return {name, parts, query: new URLSearchParams(query)};
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function showPanel({focus = true} = {}) {
  if (!panels.some(({name}) => name === route().name)) history.replaceState(null, "", `#/${panels[0].name}`);
  const asked = route();
  const panel = panels.find(({name}) => name === asked.name);
  under_way.abort();
  const {signal} = under_way = new AbortController();
  const place = element("div", {class: `panel ${panel.name}`});
  const heading = element("h2", {tabindex: "-1"}, panel.title);
  main.replaceChildren(heading, place);
  markCurrent(panel.name);
  document.title = `${panel.title} · MockGrid`;
  if (focus) heading.focus();
  try {
    const {show} = await import(`./${panel.name}.js`);
    if (!signal.aborted) await show(place, {...asked, signal});
  } catch (error) {
    if (signal.aborted) return;
    place.append(message("error", error.message));
    if (error.name !== "CallError") throw error;
  }
}

function markCurrent(name) {
  for (const link of document.querySelectorAll("#panels a")) {
    if (link.hash === `#/${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

// The server has refused: the token that it wants, or another, is asked for, whatever panel was open.
function askForToken(reason) {
  if (document.getElementById("sign_in")) return;
  under_way.abort();
  const field = element("input", {
    id: "token", type: "password", name: "token", autocomplete: "current-password", required: true,
    "aria-describedby": "sign_in_reason",
  });
  const form = element("form", {id: "sign_in", onsubmit: (event) => signIn(event, field)},
    element("h2", {tabindex: "-1"}, "Sign in"),
    element("p", {id: "sign_in_reason", role: "alert"}, reason),
    element("label", {for: "token"}, "Control token"), field,
    element("button", {type: "submit"}, "Sign in"),
    element("p", {class: "quiet"}, "It is kept for this tab, and sent to this server alone."));
  document.title = "Sign in · MockGrid";
  main.replaceChildren(form);
  field.focus();
}

async function signIn(event, field) {
  event.preventDefault();
  const reason = document.getElementById("sign_in_reason");
  token.set(field.value);
  try {
    await call("version");
  } catch (error) {
    token.set("");
    setText(reason, error.message);
    field.select();
    return;
  }
  signOut.hidden = false;
  showPanel();
}

function setTheme(name) {
  document.documentElement.dataset.theme = name;
  sessionStorage.setItem(THEME, name);
}

function begin() {
  document.getElementById("panels").append(element("ul", {},
    panels.filter(({hidden}) => !hidden).map(({name, title}) =>
      element("li", {}, element("a", {href: `#/${name}`}, title)))));
  document.body.append(element("p", {id: "said", role: "status"}));
  const theme = document.getElementById("theme");
  theme.value = sessionStorage.getItem(THEME) ?? "";
  setTheme(theme.value);
  theme.addEventListener("change", () => setTheme(theme.value));
  signOut.hidden = !token.get();
  signOut.addEventListener("click", () => {
    token.set("");
    location.reload();
  });
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault(); // the fragment says which panel is open
    main.focus();
  });
  document.addEventListener("refused", ({detail}) => askForToken(detail));
  addEventListener("hashchange", () => showPanel());
  showPanel({focus: false});
}

begin();
