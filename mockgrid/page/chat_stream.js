// What the events of a stream of chat completions say.

// The texts that an event adds to, each with its name, however deep: [["content", "Hel"]]; null for what is no such
// event.
export function pieces(event) {
  if (!Array.isArray(event?.choices)) return null;
  return event.choices.flatMap((choice, place) => {
    const {index = place, delta, finish_reason: finish} = Object(choice);
    const said = typeof finish === "string" ? [...texts(delta), ["finish", finish]] : texts(delta);
    return said.map(([name, text]) => [index ? `choice ${index}, ${name}` : name, text]);
  });
}

// What somebody reads of it: the words of the first choice.
export const WORDS = "content";

// Items of a list say themselves which of all they are a part of, as calls of tools do.
function texts(value, name = "") {
  if (typeof value === "string") return value ? [[name || "delta", value]] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => texts(part,
    Array.isArray(value) ? `${name}${part?.index ?? key}` : name ? `${name}.${key}` : key));
}
