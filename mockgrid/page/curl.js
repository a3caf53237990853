// A recorded request as a command for curl.

import {apiAddress, segment} from "./server.js";

// What stands for a key, which the journal does not tell.
const HIDDEN = "[redacted]";
const KEY = '"$API_KEY"';
// What curl itself decides.
const OWN = /^(host|content-length|connection|accept-encoding|transfer-encoding|expect|user-agent|content-encoding)$/;

// Returns the command; keys are the variable API_KEY. It is right in every POSIX shell, whatever the request holds.
export function curl(request) {
  const {method, path, headers, base64} = request;
  const body = bodyText(request);
  const dotted = path.split("/").some((part) => part === "." || part === ".."); // which curl would take away
  const parts = [`curl --globoff${dotted ? " --path-as-is" : ""}`, quoted(url(request))];
  if (method !== (body === null ? "GET" : "POST")) {
    parts.push(method === "HEAD" ? "--head" : `--request ${quoted(method)}`);
  }
  for (const [name, value] of Object.entries(headers)) {
    if (!OWN.test(name)) parts.push(`--header ${quoted(header(name, value))}`);
  }
  if (body !== null && !("content-type" in headers)) parts.push("--header 'content-type:'"); // else curl sends its own
  if (base64 !== undefined) return `printf %s ${quoted(base64)} | base64 -d | ${join([...parts, "--data-binary @-"])}`;
  if (body !== null) parts.push(`--data-raw ${quoted(body)}`);
  return join(parts);
}

// The body of a recorded request or reply as it was sent, null for none: what is told is a JSON value, or else text.
export function bodyText({body, bytes, base64}) {
  if (!bytes) return null;
  if (base64 !== undefined) return base64;
  const json = JSON.stringify(body);
  return typeof body === "string" && new TextEncoder().encode(json).length !== bytes ? body : json;
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
