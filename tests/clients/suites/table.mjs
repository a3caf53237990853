// What a client for Node throws in the calls of docs/fuzz.md's table: table.py says how it is asked.
import { readFileSync } from "node:fs";

import { CALLS, own } from "./calls.mjs";

const answers = [];
for (const [name, ...session] of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    await CALLS[name](...session);
    answers.push("");
  } catch (error) {
    // What is thrown need not be an error, nor an object with a prototype.
    answers.push(own(error) ? null : (error?.constructor?.name ?? "null"));
  }
}
console.log(`\n${JSON.stringify(answers)}`);
