// Where a caret stands in JSON that need not be whole or right.

const WORD = /[^\s"{}[\],:]+/y;

// placeAt('{"messages": [{"ro', 18) is {kind: "key", pointer: "/messages/0", prefix: "ro", start: 15, end: 18}:
// the member or value that is written there, as a JSON pointer, and which part of the text it is. null where the
// caret stands behind something whole.
export function placeAt(text, caret) {
  const inside = [];
  let expected = "value";
  let at = 0;
  while (at < caret) {
    const {end, open} = span(text, at);
    if (end > caret || (end === caret && open)) {
      // What stands behind a text that is not closed need not be part of it.
      const written = open ? caret + /^[\w.$-]*/.exec(text.slice(caret))[0].length : end;
      return expected && place(inside, expected, text, at, written, caret);
    }
    const mark = text[at];
    const nearest = inside.at(-1);
    if (mark === "{" || mark === "[") {
      inside.push({list: mark === "[", key: "", index: 0});
      expected = mark === "[" ? "value" : "key";
    } else if (mark === "}" || mark === "]") {
      inside.pop();
      expected = null;
    } else if (mark === ",") {
      if (nearest?.list) nearest.index += 1;
      expected = nearest && !nearest.list ? "key" : "value";
    } else if (mark === ":") {
      expected = "value";
    } else if (!/\s/.test(mark)) {
      if (expected === "key" && nearest) nearest.key = unquoted(text.slice(at, end));
      expected = null;
    }
    at = end;
  }
  return expected && place(inside, expected, text, caret, caret, caret);
}

function place(inside, kind, text, start, end, caret) {
  const path = inside.map(({list, key, index}) => (list ? String(index) : key));
  if (kind === "key") path.pop();
  const pointer = path.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
  return {kind, pointer, prefix: text.slice(start, caret).replace(/^"/, ""), start, end};
}

// Where ends what begins at a place, a text, a word or a single mark, and whether more of it could be written there.
// A text ends with its line at the latest.
function span(text, at) {
  if (text[at] !== '"') {
    WORD.lastIndex = at;
    const word = WORD.exec(text);
    return {end: at + (word?.[0].length ?? 1), open: Boolean(word)};
  }
  let end = at + 1;
  for (; end < text.length && text[end] !== "\n"; end += 1) {
    if (text[end] === "\\") end += 1;
    else if (text[end] === '"') return {end: end + 1, open: false};
  }
  return {end: Math.min(end, text.length), open: true};
}

function unquoted(text) {
  try {
    return String(JSON.parse(text));
  } catch {
    return text.replace(/^"|"$/g, "");
  }
}
