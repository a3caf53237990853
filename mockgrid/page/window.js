// A long list of which only what is in sight is made: a window onto it.
//
// Lines are all of one height, which the variable --line-height of the list's style says; the newest stands
// first. Who has scrolled down, or has the focus on a line, keeps what is in sight when new ones come.

import {element} from "./dom.js";

// Lines beyond the edges, so that scrolling shows no gap.
const MARGIN = 8;

export class Window {
  #lines = new Map();
  #list = [];
  #dirty = false;
  #shift = 0;

  // `lineOf(item)` makes a line; it is made anew when `versionOf(item)` is another.
  constructor(lineOf, keyOf, versionOf, {label, columns, signal}) {
    this.lineOf = lineOf;
    this.keyOf = keyOf;
    this.versionOf = versionOf;
    this.body = element("div", {role: "rowgroup", class: "lines"});
    this.element = element("div", {class: "window", tabindex: "0", role: "region", "aria-label": label},
      this.grid = element("div", {role: "table", "aria-label": label, "aria-colcount": columns.length},
        element("div", {role: "rowgroup", class: "columns"},
          element("div", {role: "row", class: "line"},
            columns.map(([name, kind]) => element("span", {role: "columnheader", class: kind}, name)))),
        this.body));
    this.element.addEventListener("scroll", () => this.#later(), {passive: true});
    this.body.addEventListener("keydown", (event) => this.#move(event));
    addEventListener("resize", () => this.#later(), {signal});
  }

  // Shows a list, the oldest first; `added` says how many items are new at its end.
  show(list, added = 0) {
    if (added && (this.element.scrollTop > 0 || this.body.contains(document.activeElement))) {
      this.#shift += added;
    }
    this.#list = list;
    this.#later();
  }

  // The key of the first line in sight; null for who has not scrolled.
  get top() {
    const place = Math.floor(this.element.scrollTop / this.#height);
    return place > 0 ? this.keyOf(this.#list.at(-1 - place)) : null;
  }

  // Scrolls to the line of a key; returns whether there is one.
  reveal(key) {
    const place = this.#list.findLastIndex((item) => this.keyOf(item) === key);
    if (place < 0) return false;
    this.body.style.height = `${this.#list.length * this.#height}px`;
    this.element.scrollTop = (this.#list.length - 1 - place) * this.#height;
    return true;
  }

  get #height() {
    return parseFloat(getComputedStyle(this.element).getPropertyValue("--line-height"));
  }

  // Arrows go from line to line.
  #move(event) {
    const step = {ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling"}[event.key];
    const link = step && document.activeElement.closest(".line")?.[step]?.querySelector("a");
    if (!link) return;
    event.preventDefault();
    link.focus();
  }

  #later() {
    if (this.#dirty) return;
    this.#dirty = true;
    requestAnimationFrame(() => {
      this.#dirty = false;
      this.#draw();
    });
  }

  #draw() {
    const height = this.#height;
    const count = this.#list.length;
    this.body.style.height = `${count * height}px`;
    this.grid.setAttribute("aria-rowcount", count + 1);
    if (this.#shift) this.element.scrollTop += this.#shift * height;
    this.#shift = 0;
    const top = Math.max(this.element.scrollTop - this.body.offsetTop, 0);
    const first = Math.max(Math.floor(top / height) - MARGIN, 0);
    const last = Math.min(Math.ceil((top + this.element.clientHeight) / height) + MARGIN, count);
    const before = this.#lines;
    const sight = this.#list.slice(count - last, count - first).reverse();
    this.#lines = new Map();
    const keys = new Set(sight.map(this.keyOf));
    for (const [key, {element: gone}] of before) if (!keys.has(key)) gone.remove();
    // Lines stand in the document as they are seen, for keys and screen readers; none that stays is moved.
    let next = this.body.firstChild;
    for (const [index, item] of sight.entries()) {
      const place = first + index;
      const key = this.keyOf(item);
      const version = this.versionOf(item);
      let line = before.get(key);
      if (line && line.version !== version) {
        const fresh = this.lineOf(item);
        line.element.replaceChildren(...fresh.childNodes);
        line.element.className = fresh.className;
        line.version = version;
      }
      line ??= {element: this.lineOf(item), version};
      if (line.element === next) next = next.nextSibling;
      else this.body.insertBefore(line.element, next);
      line.element.style.transform = `translateY(${place * height}px)`;
      line.element.setAttribute("aria-rowindex", place + 2);
      this.#lines.set(key, line);
    }
  }
}
