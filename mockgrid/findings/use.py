"""MG301 to MG319: what tests never exercised, and how the client behaved."""

from __future__ import annotations

from mockgrid.findings.finding import Code

CODES = (
    Code(
        "MG301",
        "never_exercised",
        "a declared answer that no test has met",
        "The contract declares this status, in this media type, for this operation, and no exchange of the "
        "run had it. How the client copes with it is not known.",
        "createChatCompletion: 503 application/json was never exercised",
        "Let a scenario answer with it, as in `error: 503`, or send the header `Prefer: code=503`.",
    ),
    Code(
        "MG302",
        "undeclared_row",
        "an exchange that is not in the contract",
        "The operation, the media types and the status of this exchange do not stand together in the "
        "contract. It counts neither for nor against what was exercised.",
        "createChatCompletion: 418 application/json is not in the contract",
        "Correct the request or the scenario, or add what the API really does to the contract by an overlay.",
    ),
    Code(
        "MG303",
        "branch_never_sent",
        "a part of the request's schema that no request has had",
        "The contract lets a request have this optional property, listed value or form, and no valid request "
        "of the run had it. A null does not count: it says that the property is not used.",
        "messages[].role=tool was never sent",
        "Where the client can send it, add a test in which it does; else there is nothing to do.",
    ),
    Code(
        "MG304",
        "unused_step",
        "a step of a scenario that no request reached",
        "The scenario was played, and no request met this step: the client gave up before, went another way, "
        "or the step matches other requests than was meant.",
        "tool-loop: the step `gives the answer` was never reached",
        "`mockgrid explain SCENARIO REQUEST` tells which step a request meets, and why not the others.",
    ),
    Code(
        "MG305",
        "unmatched_request",
        "a request that no step of a strict scenario answers",
        "The scenario is strict, and none of its steps was meant for this request, so that it got 424. The "
        "header x-mockgrid-near-miss names the steps that came nearest, and what kept each from matching.",
        'step 2: last_user was "Hello", expected to contain "weather"',
        "Correct the client, or widen the step; without `strict`, such requests get the default reply.",
    ),
    Code(
        "MG310",
        "retry_after_ignored",
        "a retry that came before Retry-After allowed it",
        "The reply said how long to wait, and the client sent the same request again earlier. An API that is "
        "short of capacity stays so when its clients do not wait.",
        "503 with Retry-After: 2, and the same request again after 0.4 s",
        "Wait at least as long as Retry-After says, in seconds or until the date that it names.",
    ),
    Code(
        "MG311",
        "retried_non_retryable",
        "a retry that cannot succeed",
        "The reply was an error of the request itself, and the client sent the same request again unchanged. "
        "Each such retry costs time and quota, and gets the same answer.",
        "422, and the same request again",
        "Retry only what can change: 408, 429, 5xx, and what the API's documentation names.",
    ),
    Code(
        "MG312",
        "retry_storm",
        "far more attempts than any policy allows",
        "The client sent the same failing request again and again in a short time. Many clients that do so "
        "keep a service down that would otherwise recover.",
        "503, and the same request 14 times within 2 s",
        "Limit the number of attempts, and look for layers that each retry on their own.",
    ),
    Code(
        "MG313",
        "no_backoff",
        "retries that do not wait longer each time",
        "The client tried several times with pauses that do not grow, where the API asks for a delay that "
        "does. Clients in step hit a recovering service all at once.",
        "503 four times, tried again after 0.1 s, 0.1 s and 0.1 s",
        "Double the pause with each attempt, up to a bound, and add a random part.",
    ),
    Code(
        "MG314",
        "gave_up",
        "a failure that would have passed",
        "The reply may be retried by the API's documentation, and the client never sent the request again. "
        "Its user sees an error that one more attempt would have spared.",
        "503 with Retry-After: 1, and no further attempt",
        "Retry what the API says may be retried; where a client must not wait, say so in its test.",
    ),
    Code(
        "MG315",
        "truncated_stream_accepted",
        "a stream that ended early and was taken as whole",
        "The stream broke off before its end, and the client went on as if it had the whole answer: half a "
        "sentence, or half of a tool's arguments.",
        "no finish_reason and no [DONE], and the partial text in the next request",
        "Hold a stream to be whole only after a finish_reason and the final [DONE].",
    ),
    Code(
        "MG316",
        "malformed_chunk_ignored",
        "a broken event of a stream that was passed over",
        "An event of the stream was not JSON, or not what the contract says, and the client went on without "
        "it. Its text lacks what the event would have carried.",
        'data: {"choices": [{"delta": {"conte   (and the request after it goes on)',
        "Fail on an event that cannot be read, or ask again; do not skip it.",
    ),
    Code(
        "MG317",
        "redirect_dropped_credentials",
        "a redirect that was followed without the credentials",
        "The API sends requests on to a supplier's endpoint with 307. The client followed without the "
        "Authorization header, or with another method or body, and the request was refused there.",
        "307 to /r/v1/chat/completions, where the request came without Authorization",
        "Repeat the same method, body and Authorization at the address in Location; many HTTP clients drop "
        "the header when the host changes, unless told otherwise.",
    ),
)
