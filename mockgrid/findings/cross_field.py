"""MG130 to MG141: OpenAI's rules between fields (under --strict), and warnings."""

from __future__ import annotations

from mockgrid.findings.code import Code

CODES = (
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
