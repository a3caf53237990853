"""MG201 to MG239: scenarios, documents and replies that cannot be used, or do not mean what they seem to."""

from __future__ import annotations

from mockgrid.findings.finding import Code

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
    Code(
        "MG210",
        "unreadable_scenario",
        "a scenario file that is not strict YAML",
        "The file is missing, is not UTF-8, or is not YAML 1.2 as its core schema reads it: tabs, duplicate "
        "keys and a second document are refused, since each hides a mistake.",
        "flaky.yaml:7:3: The key 'reply' is given twice, first on line 5.",
        "Correct the place that the message names.",
    ),
    Code(
        "MG211",
        "unknown_key",
        "a key that the language does not have",
        "Keys that are not known are refused everywhere, since a mistyped one would silently change what "
        "the scenario says.",
        "repyl: {say: Hello}   (Did you mean reply?)",
        "Correct the key; `mockgrid schema` prints all of them, and editors complete them from it.",
    ),
    Code(
        "MG212",
        "wrong_kind",
        "a value of the wrong kind",
        "A text stands where a number belongs, a list where a mapping does, and the like. Scalars are read "
        "by YAML 1.2: `on`, `off`, `yes`, `no` and `1:30` are text.",
        'error: "503"   (a number)',
        "Write the kind of value that the message names; quote text that looks like a number.",
    ),
    Code(
        "MG213",
        "unknown_word",
        "a word that is not one of those known here",
        "The key takes one of a few words, and this is none of them.",
        "then: repaet   (Did you mean repeat?)",
        "Use one of the words in the message.",
    ),
    Code(
        "MG214",
        "missing_key",
        "a key that is missing",
        "Something cannot be understood without the key that the message names.",
        "- when: {turn: 1}   (a step has a reply)",
        "Add the key.",
    ),
    Code(
        "MG215",
        "value_out_of_range",
        "a number or length that is not allowed",
        "The value has the right kind, and is too small, too large, too short or too long, or does not have "
        "the form it should.",
        "error: 200   (400 to 599)",
        "Choose a value within the bounds in the message.",
    ),
    Code(
        "MG216",
        "bad_duration",
        "a duration or a share without its unit",
        "Durations carry a unit, ms, s, m or h, and shares a percent sign, so that nobody has to know what a "
        "bare number would mean.",
        "delay: 5   (5s or 5ms?)",
        "Write one number and one unit, without a space: 20ms, 1.5s, 2m, 1h, 20%.",
    ),
    Code(
        "MG217",
        "bad_pattern",
        "a regular expression that cannot be used",
        "The pattern is malformed, or cannot be matched in linear time: back-references can take for ever on "
        "some texts, and a fake that hangs proves nothing.",
        r"matches: (a+)\1",
        "Correct the pattern at the position that the message names, or use contains, glob or one_of.",
    ),
    Code(
        "MG218",
        "bad_template",
        "a template that is not known",
        "Texts take ${last_user}, ${model}, ${attempt}, ${body:/json/pointer} and ${header:name}, and "
        "nothing else; nothing is ever evaluated.",
        "say: You said ${last_usr}   (Did you mean last_user?)",
        "Correct the name, or write $${ where a plain ${ is meant.",
    ),
    Code(
        "MG219",
        "secret_in_template",
        "a template that would show a credential",
        "The header carries a credential, and replies end up in logs, journals and reports.",
        "say: ${header:authorization}",
        "Match on the header with `when` instead; its value is never shown there.",
    ),
    Code(
        "MG220",
        "conflicting_keys",
        "keys that cannot stand together",
        "Each of the keys says the same thing in another way, so that one of them would be ignored.",
        "{say: Hello, error: 503}   (a reply has one form)",
        "Keep one of them.",
    ),
    Code(
        "MG221",
        "misplaced_option",
        "an option without effect",
        "The option belongs to another form of reply, or to another kind of fault, or the contract's error "
        "has no place for it, and it would be ignored.",
        "{error: 503, stream: {chunks: word}}   (errors do not stream)",
        "Remove the option, or use the form that takes it.",
    ),
    Code(
        "MG222",
        "bad_arguments",
        "tool arguments that are not a JSON object",
        "Arguments given as text are sent as they are, and these are not a JSON object. Models do write such "
        "arguments, but only on purpose should a test do so.",
        "call: {get_weather: '{\"city\": '}",
        "Write the arguments as a mapping, or add `contract: off` if broken arguments are the point.",
    ),
    Code(
        "MG223",
        "unknown_operation",
        "an operation that the contract does not have",
        "No operation has this id, so the step can never match.",
        "when: {operation: createChatCompletoin}   (Did you mean createChatCompletion?)",
        "Correct the id; the contract's operations are listed by the control interface.",
    ),
    Code(
        "MG224",
        "bad_schema_matcher",
        "a JSON Schema that cannot be used",
        "The schema given to a matcher is not a valid JSON Schema, so nothing could be matched against it.",
        "body: {metadata: {schema: {type: strin}}}",
        "Correct the schema; it is read as draft 2020-12.",
    ),
    Code(
        "MG225",
        "bad_header",
        "a header that cannot be sent, or a Location that leads nowhere",
        "A name has characters that no header has, a value would break the line, the server sets the header "
        "itself, or a redirect names no place.",
        "headers: {content-length: 5}   (`fault: wrong_length` sends a wrong one)",
        "Correct the name or the value.",
    ),
    Code(
        "MG226",
        "duplicate_name",
        "a name that is given twice",
        "Two steps of a scenario, or two scenarios of a library, have the same name, and reports, keys and "
        "headers could not tell which is meant.",
        "- name: first failure   (also the name of step 1)",
        "Rename one of the two.",
    ),
    Code(
        "MG227",
        "chunks_differ",
        "chunks that are not the text",
        "The pieces in `stream.chunks` do not add up to what is said. Streaming and JSON would say "
        "different things, which the real service never does.",
        "{say: Hello, stream: {chunks: [Hel, l, oo]}}",
        "Make the pieces the whole text, blanks included, and nothing else.",
    ),
    Code(
        "MG230",
        "unreachable_step",
        "a step that no request reaches (warning)",
        "A step before it matches every request and never passes.",
        "- reply: {say: Hello}\n- when: {turn: 2}\n  reply: {say: Bye}   (never)",
        "Move the step up, or let the earlier one pass with `times` or `then: pass`.",
    ),
    Code(
        "MG231",
        "shadowed_step",
        "a step that an earlier one hides (warning)",
        "Every request that this step matches is matched by an earlier one that never passes.",
        "- when: {last_user: {contains: weather}} …\n- when: {last_user: What is the weather?} …   (never)",
        "Put the more particular step first, or let the earlier one pass.",
    ),
    Code(
        "MG232",
        "state_never_set",
        "a state that nothing leads to (warning)",
        "A step waits for a state that no `go_to` sets, and that sessions do not begin in.",
        "when: {state: payed}   (go_to: paid)",
        "Correct the name, or add the `go_to`. Sessions begin in the state `start`.",
    ),
    Code(
        "MG233",
        "reply_never_given",
        "a reply that is never given (warning)",
        "`times` is smaller than the number of replies, so the last ones are not reached.",
        "{replies: [{error: 503}, {error: 503}, {say: Hello}], times: 2}",
        "Raise `times`, or remove the replies.",
    ),
    Code(
        "MG234",
        "field_like_matcher",
        "a field that looks like a matcher (warning)",
        "In a partial body, a mapping is a matcher only when all of its keys are; otherwise its keys are "
        "fields of the request. This one looks as if a matcher was meant.",
        "body: {temperature: {abov: 1}}   (Did you mean above?)",
        "Correct the matcher; where the field is meant, write {equals: …}.",
    ),
    Code(
        "MG235",
        "waits_for_ever",
        "a predicate that no request can satisfy (warning)",
        "The contract has no such method or path, does not know the model, or refuses such a body, so that a "
        "request like this is answered with an error before a scenario is asked.",
        "when: {model: gpt-4o}   (the contract knows text-prime and others)",
        "Ask for what the contract allows; a scenario's `models` say which models it knows.",
    ),
    Code(
        "MG236",
        "unknown_body_field",
        "a field of the body that the contract does not know (warning)",
        "Clients may send fields that the contract does not know, so that the predicate may hold; but one "
        "that it knows is written much like this one, and was probably meant.",
        "body: {temprature: 1}   (Did you mean temperature?)",
        "Correct the field's name.",
    ),
)
