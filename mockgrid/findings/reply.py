"""MG201 and up: scenarios, documents and replies."""

from __future__ import annotations

from mockgrid.findings.code import Code

CODES = (
    Code(
        "MG201",
        "reply_breaks_contract",
        "a scripted reply that the contract does not allow",
        "A scenario's reply, or a chunk of its stream, breaks the schema that the contract has for "
        "it. A client that passes with such a reply proves nothing about the real service, so the "
        "file is refused.",
        "reply: {json: {choices: []}}   (id, object, created and model are required)",
        "Complete the reply, or write `contract: off` beside it if breaking the contract is the point"
        " of the test.",
    ),
    Code(
        "MG202",
        "unusable_document",
        "a document that cannot be served",
        "The file is not JSON or strict YAML, not OpenAPI 3.0 or 3.1, or refers to something that is "
        "not there. Nothing is served, since a contract that is half read would accept what it should"
        " refuse.",
        "openapi.yaml:14:9: the key 'responses' appears twice",
        "Correct the place that the message names.",
    ),
    Code(
        "MG203",
        "overlay_without_match",
        "an overlay action that changes nothing",
        "An action's target selects nothing in the document, so the change that its author wanted is "
        "missing. Usually the document has moved on since.",
        "target: $.paths['/chat/completion'].post   (the path is /chat/completions)",
        "Correct the target, or remove the action if the document has made it needless.",
    ),
    Code(
        "MG204",
        "repeated_operation_id",
        "an operationId that two operations share",
        "OpenAPI wants each operationId once. Scenarios and reports name operations by it, so the second "
        "operation is called by its method and path instead.",
        "openapi.yaml:31:20: the operationId getPet is already that of GET /pets/{id}",
        "Rename one; until then name the second as in `when: {operation: GET /cats/{id}}`.",
    ),
)
