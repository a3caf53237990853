"""MG110 to MG141: requests that break a schema or OpenAI's rules between fields, and warnings."""

from __future__ import annotations

from mockgrid.findings.finding import Code

CODES = (
    Code(
        "MG110",
        "wrong_type",
        "a value of the wrong JSON type",
        "The schema asks for another JSON type. Booleans are never numbers, and in an OpenAPI 3.0 "
        "document an integer is written without fraction or exponent. Null is accepted where the "
        "document says nullable.",
        '{"max_tokens": "100"}   (a string where an integer is expected)\n'
        '{"n": 1.0}               (a fraction)',
        "Send the type that the message names. If the value comes from the environment or a form, "
        "convert it first.",
    ),
    Code(
        "MG111",
        "missing_field",
        "a required field that is missing",
        "The schema lists the field as required. A field that is present with null is not missing; it"
        " may still be of the wrong type.",
        '{"messages": [{"content": "Hi"}]}   (each message needs a role)',
        "Add the field at the place that the message names.",
    ),
    Code(
        "MG112",
        "not_in_enum",
        "a value that is not one of those allowed",
        "The schema lists the values that it allows, and this is none of them. Values newer than the "
        "document are refused as well, unless the server runs with --lenient.",
        '{"reasoning_effort": "maximum"}',
        "Use one of the values in the message; case and hyphens count.",
    ),
    Code(
        "MG113",
        "out_of_range",
        "a number that is too small or too large",
        "The schema bounds the number by minimum, maximum, their exclusive forms or multipleOf, and "
        "this one lies outside.",
        '{"temperature": 3.5}   (at most 2)',
        "Clamp the value before it is sent; where users choose it, check it against the bound in the "
        "message.",
    ),
    Code(
        "MG114",
        "wrong_length",
        "too short or too long",
        "A string, list or object has fewer or more characters, items or fields than the schema "
        "allows. Characters are Unicode code points, not bytes.",
        '{"stop": ["a", "b", "c", "d", "e"]}   (at most 4 items)',
        "Shorten or complete the value; the message holds the bound and the length found.",
    ),
    Code(
        "MG115",
        "pattern_mismatch",
        "text that does not match its pattern",
        "The schema gives a regular expression for this string. A pattern may match anywhere in it, "
        "unless it is anchored with ^ and $.",
        '{"name": "get weather"}   (the pattern is ^[a-zA-Z0-9_-]+$)',
        "Build the string from the characters that the pattern allows.",
    ),
    Code(
        "MG116",
        "wrong_format",
        "text that is not in its format",
        "The schema names a format, such as date-time, uuid or email, that this string does not have.",
        '{"since": "2024-13-01"}   (the format is date)',
        "Let a library write the value: dates by RFC 3339, UUIDs by RFC 9562.",
    ),
    Code(
        "MG117",
        "not_unique",
        "an item that appears twice",
        "The schema asks for distinct items (uniqueItems). 1 and 1.0 are the same, as are objects "
        "whose fields are in another order.",
        '{"tags": ["a", "b", "a"]}',
        "Remove the duplicates before the list is sent.",
    ),
    Code(
        "MG118",
        "unexpected_field",
        "a field that the schema forbids",
        "The schema closes the object (additionalProperties: false) or restricts the names of its "
        "fields; or it closes a list, and this item is one too many. Where a schema is silent, "
        "unknown fields are accepted and reported as MG140.",
        '{"city": "Oslo", "contry": "NO"}   (city and country are allowed)',
        "Correct the name, or remove the field.",
    ),
    Code(
        "MG119",
        "no_branch_matches",
        "none of the allowed forms",
        "The schema allows several forms (oneOf, anyOf), and the value has none of them. Where a "
        "field tells the forms apart, or one is the likeliest, only that form's faults are reported; "
        "this code means that it could not be told which was meant.",
        '{"when": "soon"}   (a string with the format date; or a string with the format date-time)',
        "Compare the value with the forms that the message lists.",
    ),
    Code(
        "MG120",
        "forbidden_by_not",
        "a value that the schema rules out",
        "The schema says what the value must not be (not), and this is it.",
        '{"voice": "none"}   (not: {const: none})',
        "Send anything else that the rest of the schema allows.",
    ),
    Code(
        "MG121",
        "other_keyword",
        "another rule of the schema",
        "The value breaks a keyword that has no code of its own, such as contains, dependentRequired "
        "or if and then. The message names it.",
        '{"credit_card": "…"}   (dependentRequired: billing_address)',
        "Read the keyword at the place in the contract that the finding points to.",
    ),
    Code(
        "MG122",
        "bad_parameter",
        "a parameter that cannot be read",
        "A value in the path, query, a header or a cookie does not have the form that the contract "
        "declares for it, or a required one is missing.",
        "GET /v1/items?limit=ten   (an integer)",
        "Send the parameter in its declared style; lists are repeated or joined as the contract says.",
    ),
    Code(
        "MG123",
        "unusable_schema",
        "a schema in the request that is itself invalid",
        "A request may bring a JSON Schema, for a tool's arguments or for structured output. This one"
        " is not valid, so no reply could be checked against it. The answer is 422.",
        '{"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": '
        '"strin"}}}}',
        "Check the schema with a JSON Schema validator; generate it from code where that is possible.",
    ),
    Code(
        "MG124",
        "unsatisfiable_schema",
        "a schema in the request that nothing satisfies",
        "The JSON Schema that the request brings is valid, but no value was found that satisfies it, "
        "so there is no honest reply. The answer is 422.",
        '{"type": "integer", "minimum": 10, "maximum": 5}',
        "Remove the contradiction at the pointer in the message.",
    ),
    Code(
        "MG125",
        "unsupported_audio_format",
        "an audio format that cannot be made",
        "The reply was to be speech in a format that the server has no encoder for. The answer is the"
        " contract's 422.",
        '{"modalities": ["text", "audio"], "audio": {"format": "opus", "voice": "alloy"}}',
        "Ask for one of the formats in the message, such as wav; script the reply if the client needs"
        " another.",
    ),
    Code(
        "MG130",
        "top_logprobs_without_logprobs",
        "top_logprobs needs logprobs",
        "Under --strict: the number of alternatives is given, but log probabilities are not asked "
        "for. OpenAI refuses this; the contract does not mention it.",
        '{"top_logprobs": 3}',
        'Add "logprobs": true, or remove top_logprobs.',
    ),
    Code(
        "MG131",
        "stream_options_without_stream",
        "stream_options needs stream",
        "Under --strict: options for a stream are given, and the reply is not to be one. OpenAI "
        "refuses this.",
        '{"stream_options": {"include_usage": true}}',
        'Add "stream": true, or remove stream_options.',
    ),
    Code(
        "MG132",
        "tool_choice_without_tools",
        "tool_choice needs tools",
        "Under --strict: the request says how to choose among tools and offers none. OpenAI refuses this.",
        '{"tool_choice": "required"}',
        "Offer the tools, or remove tool_choice.",
    ),
    Code(
        "MG133",
        "tool_choice_unknown",
        "tool_choice names a tool that is not offered",
        "Under --strict: the function that tool_choice names is not among the request's tools. OpenAI"
        " refuses this.",
        '{"tools": [get_weather], "tool_choice": {"type": "function", "function": {"name": "get_wether"}}}',
        "Name one of the tools that are offered.",
    ),
    Code(
        "MG134",
        "tool_message_without_call",
        "a tool message without its call",
        "Under --strict: a message of the role tool answers a call that no assistant message before "
        "it has made, or a call is left without an answer. Histories that are cut at the front break "
        "so. OpenAI refuses this.",
        '{"messages": [{"role": "tool", "tool_call_id": "call_1", "content": "3 °C"}]}',
        "Keep each assistant message with tool_calls together with the tool messages that answer it.",
    ),
    Code(
        "MG135",
        "json_object_without_json",
        "json_object without the word JSON",
        "Under --strict: the reply is to be a JSON object, and no message says JSON. OpenAI refuses "
        "this, since a model that is not told may write blanks for ever.",
        '{"response_format": {"type": "json_object"}, "messages": [{"role": "user", "content": "Name '
        'a colour."}]}',
        "Say in a message that the answer is JSON, or use json_schema.",
    ),
    Code(
        "MG136",
        "empty_tools",
        "an empty list of tools",
        "Under --strict: tools is present and empty. OpenAI refuses this.",
        '{"tools": []}',
        "Leave the field out when there are no tools.",
    ),
    Code(
        "MG137",
        "over_model_limit",
        "more tokens than the model takes",
        "Under --strict: the messages, or the messages with the tokens asked for, exceed the model's "
        "input, output or context limit. The input limit is enforced on its own.",
        '{"model": "text-prime", "max_completion_tokens": 200000}   (at most 131,072)',
        "Shorten or summarise the history, or ask for fewer tokens.",
    ),
    Code(
        "MG140",
        "unknown_field",
        "a field that the contract does not know (warning)",
        "The contract leaves the object open, so the request is valid, and the service will ignore "
        "the field. More often than not its name is mistyped.",
        '{"max_token": 100}   (Did you mean max_tokens?)',
        "Correct the name, or remove the field.",
    ),
    Code(
        "MG141",
        "deprecated_field",
        "a field that is deprecated (warning)",
        "The contract still accepts the field and says that it will not for ever.",
        '{"max_tokens": 100}   (max_completion_tokens takes its place)',
        "Move to the field that the contract names in its place.",
    ),
)
