// A recorded request as a command for curl.

import {apiAddress, CallError, segment} from "./server.js";

// What stands for a key, which the journal does not tell.
const HIDDEN = "[redacted]";
const KEY = '"$API_KEY"';
// What curl itself decides.
const OWN = /^(host|content-length|connection|accept-encoding|transfer-encoding|expect|user-agent|content-encoding)$/;

// Bytes of a body that the journal keeps, and those that an argument may have on Linux, of which quotes take some.
const MOST_KEPT = 2 ** 20;
const LONGEST_ARGUMENT = 2 ** 16;

// Returns the command; keys are the variable API_KEY. It is right in every POSIX shell, whatever the request holds.
export function curl(request) {
  const {method, path, headers, bytes} = request;
  if (bytes > MOST_KEPT) throw new CallError(409, `Of this body only the first ${MOST_KEPT} bytes are kept.`);
  const body = bodyText(request);
  const base64 = request.base64 ?? (body?.includes("\0") ? encoded(body) : undefined); // which no argument can hold
  const dotted = path.split("/").some((part) => part === "." || part === ".."); // which curl would take away
  const parts = [`curl --globoff${dotted ? " --path-as-is" : ""}`, quoted(url(request))];
  if (method !== (body === null ? "GET" : "POST")) {
    parts.push(method === "HEAD" ? "--head" : `--request ${quoted(method)}`);
  }
  for (const [name, value] of Object.entries(headers)) {
    if (!OWN.test(name)) parts.push(`--header ${quoted(header(name, value)).replace(/[\x80-\xff]+/g, octal)}`);
  }
  if (body !== null && !("content-type" in headers)) parts.push("--header 'content-type:'"); // else curl sends its own
  if (base64 === undefined && !(bytes > LONGEST_ARGUMENT)) {
    if (body !== null) parts.push(`--data-raw ${quoted(body)}`);
    return join(parts);
  }
  const given = base64 === undefined ? quoted(body) : `${quoted(base64)} | base64 -d`;
  return `printf %s ${given} | ${join([...parts, "--data-binary @-"])}`;
}

// The body of a recorded request as it was sent, or as base64, null for none.
function bodyText({body, bytes, base64, text}) {
  if (!bytes) return null;
  return base64 ?? text ?? (typeof body === "string" ? body : JSON.stringify(body));
}

function encoded(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

// Characters of a header are bytes, which a shell would send as two; quotes end for them.
function octal(characters) {
  const bytes = [...characters].map((character) => `\\${character.charCodeAt(0).toString(8)}`);
  return `'"$(printf '${bytes.join("")}')"'`;
}

function join(parts) {
  return parts.join(" \\\n  ");
}

function url({path, raw_path: rawPath, query}) {
  const safe = rawPath ?? path.split("/").map(segment).join("/");
  return String(apiAddress("/")).replace(/\/$/, "") + safe + (query && `?${query}`);
}

function header(name, value) {
  // A scheme is hidden with its key.
  if (name === "authorization" && value === HIDDEN) return `${name}: Bearer ${HIDDEN}`;
  return value === "" ? `${name};` : `${name}: ${value}`; // so curl writes a header without a value
}

// Single quotes keep all but themselves as it is; where a key was hidden they end, for its variable.
function quoted(text) {
  return text.split(HIDDEN).map((part) => `'${part.replaceAll("'", "'\\''")}'`).join(KEY)
    .replaceAll(/^''(?=")|(?<=")''$/g, "");
}
