"""MG101 to MG109 and MG126 to MG129: requests that do not get as far as the schema, or not because of it."""

from __future__ import annotations

from mockgrid.findings.finding import Code

CODES = (
    Code(
        "MG101",
        "unknown_path",
        "no such path",
        "The contract has no operation at this path. The answer is 404, and its detail names the "
        "nearest path.",
        "POST /v1/v1/chat/completions   (the client adds /v1 to a base URL that has it)",
        "Compare the client's base URL with the one that `mockgrid serve` prints: it holds the base "
        "path already.",
    ),
    Code(
        "MG102",
        "method_not_allowed",
        "no such method on this path",
        "The path exists, the method does not. The answer is 405, with the methods that do in `Allow`.",
        "GET /v1/chat/completions   (405, Allow: POST)",
        "Use a method from the reply's `Allow` header.",
    ),
    Code(
        "MG103",
        "missing_credential",
        "no credential",
        "The operation needs a credential and the request has none, or an empty one. The answer is 401.",
        "Authorization: Bearer        (nothing after the scheme: often an environment variable that "
        "is not set)",
        "Send `Authorization: Bearer KEY`; on the bundled contract any key that begins with `mg-` is valid.",
    ),
    Code(
        "MG104",
        "unknown_credential",
        "a credential that is not valid here",
        "There is a credential, and it is none that this server accepts: `mg-<anything>`, "
        "`mg.<scenario>.<anything>` and whatever was given with --api-key. Keys of the real service "
        "are refused on purpose, so that a test that uses one is noticed. The answer is 401.",
        "Authorization: Bearer sk-live-…",
        "Use a key such as `mg-my-test` in tests, name the key with --api-key, or lift the rule with "
        "--accept-any-key.",
    ),
    Code(
        "MG105",
        "unknown_scenario",
        "a scenario that does not exist",
        "The key or the X-MockGrid-Scenario header names a scenario that this server has not loaded. "
        "The answer is 401, and its detail names the nearest one.",
        "Authorization: Bearer mg.rate-limitd.test-1   (Did you mean rate-limited?)",
        "Correct the name, or start the server with the directory that holds the scenario.",
    ),
    Code(
        "MG106",
        "body_too_large",
        "a body over the limit",
        "The request's body is larger than the server accepts. The answer is 413, given without "
        "reading the rest.",
        "Content-Length: 31457280   (the limit is 20 MiB)",
        "Send less, or raise the limit with --max-body.",
    ),
    Code(
        "MG107",
        "unsupported_media_type",
        "a media type that the operation does not take",
        "The Content-Type is missing, or is none that the contract declares for this operation. The "
        "answer is 415.",
        "Content-Type: text/plain   (the operation takes application/json)",
        "Send a body in a declared media type, and say so in `Content-Type`.",
    ),
    Code(
        "MG108",
        "malformed_body",
        "a body that cannot be read",
        "The body is empty, cut short, not UTF-8, not JSON, or nested too deeply. NaN and Infinity "
        "are not JSON, although some libraries write them. The answer is 400.",
        '{"temperature": NaN}',
        "Encode the body with a JSON library that writes standard JSON; --max-depth bounds the nesting.",
    ),
    Code(
        "MG109",
        "request_timeout",
        "a request that did not arrive in time",
        "The head or the body of the request stopped arriving. The answer is 408 and the connection "
        "is closed.",
        "Content-Length: 500, and 499 bytes sent   (the server waits for the last one)",
        "Check that the client sends as many bytes as it announces; --header-timeout and "
        "--body-timeout set the times.",
    ),
    Code(
        "MG126",
        "unknown_model",
        "a model that is not known",
        "The contract's list of models, or the one given with --models, does not have this one. The "
        "answer is 404, as from the real service.",
        '{"model": "gpt-5.2"}   (the Consumption API sells text-prime and its like)',
        "Use a model that the service sells, or name the models to know with --models.",
    ),
    Code(
        "MG127",
        "headers_too_large",
        "a request line and headers over the limit",
        "The request line and all headers together are larger than the server accepts. The answer is "
        "431 and the connection is closed.",
        "GET /v1/models?filter=…70,000 characters…",
        "Move long values from the query or the headers to the body, or raise the limit with --max-headers.",
    ),
    Code(
        "MG128",
        "malformed_http",
        "bytes that are not an HTTP request",
        "What arrived is not HTTP/1.1, so there is no request that a contract could say anything "
        "about. The answer is 400 and the connection is closed.",
        "https://127.0.0.1:8080   (a TLS handshake; the server speaks plain HTTP)",
        "Use http:// in the base URL, and look for a proxy or a hand-written client in between.",
    ),
    Code(
        "MG129",
        "bad_prefer",
        "a Prefer header that cannot be obeyed",
        "The Prefer header asks for a status or an example that the contract does not have for this "
        "operation, or cannot be read.",
        "Prefer: code=418   (the operation declares 200, 400, 401, 404, 422, 429, 500 and 503)",
        "Ask for a declared status (`code=429`), a named example (`example=NAME`) or `dynamic=true`.",
    ),
)
