"""Mistakes in scenario files: the text, with § where the finding must stand, its code, and a part of it."""

from typing import NamedTuple


class Planted(NamedTuple):
    text: str
    code: str
    fragment: str

    @property
    def source(self):
        return self.text.replace("§", "")

    @property
    def place(self):
        before = self.text.partition("§")[0]
        return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def step(text):
    """A mistake inside the only step's reply."""
    return f"steps:\n  - reply: {text}\n"


def when(text):
    """A mistake inside the only step's when."""
    return f"steps:\n  - when: {text}\n    reply: {{say: Hi}}\n"


ERRORS = [
    # not strict YAML
    Planted("§", "MG210", "The file is empty. Write"),
    Planted("steps:\n§\t- reply: {say: Hi}\n", "MG210", "tab"),
    Planted("seed: 1\n§seed: 2\n", "MG210", "given twice"),
    Planted("seed: 1\n§---\nseed: 2\n", "MG210", "second document"),
    Planted('description: §"half\n', "MG210", "never closed"),
    Planted("seed: §!!python/object 1\n", "MG210", "tag"),
    Planted("seed: §*nothing\n", "MG210", "alias"),
    Planted("steps: §[{reply: {say: Hi}}\n", "MG210", "not closed"),
    Planted("steps: §[\n", "MG210", "The '[' that opens here is not closed."),
    Planted(step("{say: Note§: this}"), "MG210", "Quote text that contains ': '"),
    Planted(step("{say: 'It'§s'}"), "MG210", "Double a quote inside the text"),
    # keys
    Planted("§stesp: []\n", "MG211", "Did you mean steps?"),
    Planted("steps:\n  - §repyl: {say: Hi}\n", "MG211", "Did you mean reply?"),
    Planted("steps:\n  - §say: Hi\n    reply: {say: Hi}\n", "MG211", "It belongs inside `reply`."),
    Planted(step("{say: Hi, §times: 3}"), "MG211", "It belongs to the step."),
    Planted(step("{say: Hi, §chunks: word}"), "MG211", "It belongs inside `stream`."),
    Planted(step("{say: Hi, stream: {§kind: stall}}"), "MG211", "It belongs inside `fault`."),
    Planted(step("{say: Hi, §prompt_tokens: 3}"), "MG211", "It belongs inside `usage`."),
    Planted(step("{error: {status: 429, §message: Slow}}"), "MG211", "Did you mean detail?"),
    Planted(step("{say: “a, §b”}"), "MG211", "typographic quotes"),
    Planted(step("{say: Hello, §5}"), "MG211", "`5` is not a key that is known here. If it is the rest"),
    Planted(step("{say: Hello, §world}"), "MG211", "the rest of the text under `say`"),
    Planted(step("{§sya: Hi}"), "MG211", "Did you mean say?"),
    Planted(step("{say: Hi, §model: x}"), "MG211", "Did you mean served?"),
    Planted(step("{error: {status: 502, by: §gatway}}"), "MG213", "Did you mean gateway?"),
    Planted(step("{error: {status: 502, by: gateway, §code: x}}"), "MG220", "cannot stand beside `by`"),
    Planted(step("{events: [{§detla: Hi}]}"), "MG211", "Did you mean delta?"),
    Planted(step("{events: [{delta: Hi, §model: x}]}"), "MG211", "inside `chunk`"),
    Planted(step("{events: [{§content: Hi}]}"), "MG211", "It belongs inside `delta`."),
    Planted(step("{events: [{§tool_calls: []}]}"), "MG211", "It belongs inside `delta`."),
    Planted(step("{events: §[]}"), "MG215", "A list of events"),
    Planted(step("{events: [§5]}"), "MG212", "An event is its data as text"),
    Planted(step("{events: [{delta: Hi, §data: x}]}"), "MG220", "`data` is all that an event holds"),
    Planted(step("{events: [{event: x, §comment: x}]}"), "MG220", "A comment is no event"),
    Planted(step("{events: [{id: §7}]}"), "MG212", "quote it"),
    Planted(step("{events: [{retry: §3}]}"), "MG216", "3ms"),
    Planted(step("{events: [{delta: §'${x}'}]}"), "MG218", "that can be inserted"),
    Planted(step("{events: [x], stream: {§chunks: word}}"), "MG221", "no effect beside `events`"),
    Planted(step("{events: [x], stream: {§interleave: true}}"), "MG221", "no effect beside `events`"),
    Planted(step("{body: 'data: x', §stream: {split: 1}}"), "MG221", "as `events` in place of `body`"),
    Planted(step("{error: 503, §events: [x]}"), "MG221", "no effect beside `error`"),
    Planted(step("{choices: [{say: Hi}, {§sya: Hi}]}"), "MG211", "Did you mean say?"),
    Planted(step("{choices: [{say: Hi}, §{finish: stop}]}"), "MG214", "A choice says something"),
    Planted(step("{choices: [{say: Hi, §json: 1}]}"), "MG220", "`say` and `call` may stand together"),
    Planted(step("{say: Hi, §choices: [{say: Hi}]}"), "MG220", "one form"),
    Planted(step("{choices: [{say: Hi}], §think: Hm}"), "MG221", "no effect beside `choices`"),
    Planted(step("{choices: [{call: {f: §'[1]'}}]}"), "MG222", "not an object"),
    Planted(step("{choices: [{say: Hi, finish: §lenght}]}"), "MG213", "Did you mean length?"),
    Planted(step("{say: Hi, §retry-after: 1s}"), "MG211", "Did you mean retry_after?"),
    Planted(step("{say: Hi, stream: {§chunk: word}}"), "MG211", "Did you mean chunks?"),
    Planted(step("{say: Hi, stream: {fault: {kind: stall, §form: 2s}}}"), "MG211", "Did you mean for?"),
    Planted(step("{error: {status: 429, §details: Slow}}"), "MG211", "Did you mean detail?"),
    Planted(step("{error: {status: 429, code: §[x]}}"), "MG212", "Text or a whole number."),
    Planted(step("{say: Hi, delay: {§unifrom: {from: 1s, to: 2s}}}"), "MG211", "Did you mean uniform?"),
    Planted(when("{§modle: text-prime}"), "MG211", "Did you mean model?"),
    Planted(when("{last_user: {§contain: x}}"), "MG211", "Did you mean contains?"),
    Planted(when("{turn: {§greater: 1}}"), "MG211", "Known here: above"),
    Planted(when("{not: {§strem: true}}"), "MG211", "Did you mean stream?"),
    Planted(when("{any: [{turn: 1}, {§tern: 2}]}"), "MG211", "Did you mean turn?"),
    Planted("pace: {§first_tokn: 1s}\n", "MG211", "Did you mean first_token?"),
    Planted("limits: [{requests: 1, per: 1s, §scpoe: key}]\n", "MG211", "Did you mean scope?"),
    Planted("balance: {tokens: 5, §topup: {}}\n", "MG211", "Did you mean top_up?"),
    # kinds
    Planted("§- 5\n", "MG212", "mapping with `steps`, got a list. Write `steps:` above"),
    Planted("§just text\n", "MG212", "got the text 'just text'. For example: `steps: [{"),
    Planted("strict: §on\n", "MG212", "text in YAML 1.2"),
    Planted("seed: §1.5\n", "MG212", "must be an integer"),
    Planted(
        "models: §text-prime\n", "MG212", "must be a list, got the text 'text-prime'. For example: `models: ["
    ),
    Planted(
        "steps: §{reply: {say: Hi}}\n", "MG212", "must be a list, got a mapping. For example: `steps: [{"
    ),
    Planted(step("§Hello"), "MG212", "A reply is a mapping such as {say: Hello}"),
    Planted(step("{say: §5}"), "MG212", "Quote it"),
    Planted(step('{error: §"503"}'), "MG212", "Write 503 without quotes."),
    Planted(step('{error: §"1.5"}'), "MG212", "A status such as 503"),
    Planted(step("{error: §Slow}"), "MG212", "A status such as 503"),
    Planted(step("{error: {status: 400, code: §1.5}}"), "MG212", "must be text or an integer"),
    Planted("seed: §'1.5'\n", "MG212", "got the text '1.5'. For example: `seed: 7`"),
    Planted("steps:\n  - {reply: {say: Hi}, then: §1}\n", "MG212", "For example: `then: cycle`"),
    Planted(step("{say: Hi, stream: {newline: §true}}"), "MG212", "For example: `newline: crlf`"),
    Planted(step("{say: Hi, go_to: §3}"), "MG212", "`go_to` must be text, got 3. Quote it."),
    Planted("steps: [§5]\n", "MG212", "`steps[0]` must be a mapping, got 5. For example: `{when:"),
    Planted("pace: §fast\n", "MG212", "For example: `pace: {first_token: 300ms"),
    Planted("steps:§\n", "MG212", "must be a list, got nothing"),
    # blanks that are missing
    Planted("steps:\n  §-reply: {say: Hi}\n", "MG212", "write `- reply`"),
    Planted("§-reply: {say: Hi}\n", "MG211", "write `- reply`"),
    Planted("steps:\n  - reply:\n      §say:Hi\n", "MG212", "write `say: Hi`"),
    Planted(when("{§model:text-prime}"), "MG211", "write `model: text-prime`"),
    Planted("steps:\n  - {reply: {say: Hi}, §name:one}\n", "MG211", "write `name: one`"),
    Planted(step("{call: §get_weather}"), "MG212", "{get_weather: {city: Oslo}}"),
    Planted(step("{call: {get_weather: §[Oslo]}}"), "MG212", "Arguments are a mapping"),
    Planted(step("{say: Hi, contract: §false}"), "MG212", "Write `contract: off`"),
    Planted(step("{say: Hi, headers: {x-a: §{b: c}}}"), "MG212", "Text, a number, true or false"),
    Planted(when("§[turn, 1]"), "MG212", "mapping of predicates"),
    Planted(when("{turn: §one}"), "MG212", "{above: 1}"),
    Planted(when("{stream: §yes}"), "MG212", "must be true or false, got the text 'yes'. Write true: `on`"),
    Planted(when("{stream: §'false'}"), "MG212", "Write false without quotes."),
    Planted(when("{tools: [§1]}"), "MG212", "`tools[0]` must be text, got 1. Quote it."),
    Planted(when("{body: {n: {above: §high}}}"), "MG212", "`above` is not a number"),
    Planted(when("{body: {n: {exists: §maybe}}}"), "MG212", "true or false"),
    Planted(when("{body: {n: {one_of: §3}}}"), "MG212", "a list"),
    Planted(when("{body: {n: {glob: §3}}}"), "MG212", "a text"),
    Planted(when("{body: {n: {schema: §3}}}"), "MG212", "a JSON Schema"),
    # words
    Planted("steps:\n  - reply: {say: Hi}\n    then: §repaet\n", "MG213", "Did you mean repeat?"),
    Planted(step("{auto: §false}"), "MG213", "must be true"),
    Planted(step("{say: Hi, finish: §stopp}"), "MG213", "Did you mean stop?"),
    Planted(step("{say: Hi, usage: §none}"), "MG213", 'must be "off"'),
    Planted(step("{say: Hi, finish: §stopp}"), "MG213", '`finish` must be one of "stop", "length", '),
    Planted(
        step("{say: Hi, fault: §stall}"), "MG213", "`stall` belongs inside `stream`: stream: {fault: stall}."
    ),
    Planted(step("{say: Hi, fault: {kind: §stall, for: 1s}}"), "MG213", "`stall` belongs inside `stream`"),
    Planted(step("{say: Hi, stream: {fault: §hang}}"), "MG213", "`hang` belongs beside `stream`"),
    Planted(step("{say: Hi, fault: §rest}"), "MG213", "Did you mean reset?"),
    Planted(step("{say: Hi, fault: {kind: §disconnect}}"), "MG213", "`kind` must be one of"),
    Planted(step("{say: Hi, stream: {fault: §stal}}"), "MG213", "Did you mean stall?"),
    Planted(
        step("{say: Hi, stream: {fault: {kind: error_event, shape: §vendr}}}"),
        "MG213",
        "Did you mean vendor?",
    ),
    Planted(step("{say: Hi, stream: {chunks: §words}}"), "MG213", "Did you mean word?"),
    Planted(step("{say: Hi, stream: {newline: §crfl}}"), "MG213", "Did you mean crlf?"),
    Planted("limits: [{requests: 1, per: 1s, scope: §kee}]\n", "MG213", "Did you mean key?"),
    # what is missing
    Planted("steps:\n  - §when: {turn: 1}\n", "MG214", "neither `reply` nor `replies`"),
    Planted("limits:\n  - §{per: 1s}\n", "MG214", "neither `requests` nor `tokens`"),
    Planted(
        "limits:\n  - §{requests: 1}\n", "MG214", "`per` is missing in `limits[0]`. For example: `per: 1m`."
    ),
    Planted("balance: §{top_up: {tokens: 1, after: 1s}}\n", "MG214", "`tokens` is missing"),
    Planted("balance: {tokens: 1, top_up: §{tokens: 1}}\n", "MG214", "`after` is missing in `top_up`"),
    Planted(step("{error: §{detail: Slow down}}"), "MG214", "`status` is missing"),
    Planted(step("{say: Hi, fault: §{for: 1s}}"), "MG214", "`kind` is missing"),
    Planted(step("{say: Hi, delay: {uniform: §{from: 1s}}}"), "MG214", "`to` is missing"),
    # bounds and forms
    Planted("scenario: §a.b\n", "MG215", "a dot ends it"),
    Planted("seed: §-1\n", "MG215", "at least 0"),
    Planted("models: §[]\n", "MG215", "at least 1 item"),
    Planted(step("§{}"), "MG215", "at least 1 key, got 0"),
    Planted("steps:\n  - replies: §[]\n", "MG215", "at least 1 item"),
    Planted("steps:\n  - reply: {say: Hi}\n    times: §0\n", "MG215", "at least 1"),
    Planted(step("{error: §200}"), "MG215", "from 400 to 599"),
    Planted(step("{error: {status: §600}}"), "MG215", "at most 599"),
    Planted(step("{say: Hi, status: §99}"), "MG215", "at least 200"),
    Planted(step("{say: Hi, delay: {uniform: {from: §2s, to: 1s}}}"), "MG215", "longer than `to`"),
    Planted(
        step("{say: Hi, delay: §{fixed: 1s, normal: {mean: 1s, deviation: 1s}}}"), "MG215", "one distribution"
    ),
    Planted(step('{say: Hi, stream: {comments: §"a\\nb"}}'), "MG215", "one line"),
    Planted(step("{say: Hi, stream: {chunks: {chars: §0}}}"), "MG215", "at least 1"),
    Planted(step("{say: Hi, stream: {comments: {idle: §0.5ms}}}"), "MG215", "1ms or more"),
    Planted("limits: [{requests: 2, per: §0s}]\n", "MG215", "1ms or more"),
    Planted("balance: {tokens: 1, top_up: {tokens: 1, after: §0ms}}\n", "MG215", "1ms or more"),
    Planted(step("{say: Hi, fault: {kind: wrong_length, length: §0}}"), "MG215", "no fault"),
    Planted(step('{say: Hi, stream: {fault: {kind: error_event, event: §"a\\nb"}}}'), "MG215", "one line"),
    Planted(step("{say: Hi, stream: {fault: {kind: stall, after: §-1}}}"), "MG215", "at least 0"),
    Planted(step("{say: Hi, delay: {lognormal: {median: 1s, sigma: §4}}}"), "MG215", "at most 3"),
    Planted("pace: {tokens_per_second: §0}\n", "MG215", "above 0"),
    Planted(when("{last_user: §{}}"), "MG215", "at least 1 key"),
    # durations and shares
    Planted(step("{say: Hi, delay: §5}"), "MG216", "Write 5s or 5ms."),
    Planted(step('{say: Hi, delay: §"5"}'), "MG216", "without a unit"),
    Planted(step("{say: Hi, delay: §5sec}"), "MG216", "Write 5s."),
    Planted(step("{say: Hi, delay: §20 ms}"), "MG216", "Write 20ms."),
    Planted(step('{say: Hi, delay: §"1,5s"}'), "MG216", "Write 1.5s."),
    Planted(step("{say: Hi, delay: §-1s}"), "MG216", "cannot be negative"),
    Planted(step("{say: Hi, delay: §3 fortnights}"), "MG216", "unknown unit 'fortnights'"),
    Planted(step("{say: Hi, retry_after: §1m30s}"), "MG216", "one number and one unit"),
    Planted(step("{say: Hi, retry_after: §60}"), "MG216", "Write 60s or 60ms."),
    Planted(step("{say: Hi, stream: {pace: {per_token: §25}}}"), "MG216", "`per_token` is 25"),
    Planted("pace: {first_token: {uniform: {from: §1, to: 2s}}}\n", "MG216", "`from` is 1"),
    Planted("pace: {jitter: §0.2}\n", "MG216", "Write 20%."),
    Planted("pace: {jitter: §150%}\n", "MG216", "from 0 to 100"),
    Planted("limits: [{requests: 1, per: §minute}]\n", "MG216", "`per` is 'minute'"),
    # patterns, templates, schemas
    Planted(when("{last_user: {matches: §'(a'}}"), "MG217", 'The pattern "(a" cannot be used: '),
    Planted(when("{last_user: {matches: §'(a+)\\1'}}"), "MG217", "pattern"),
    Planted(when("{body: {x: {matches: §'['}}}"), "MG217", "pattern"),
    Planted(when("{not: {last_user: {not: {matches: §'('}}}}"), "MG217", "pattern"),
    Planted(step("{say: §'Hi ${last_usr}'}"), "MG218", "Did you mean last_user?"),
    Planted(step("{say: §'${last_user:x}'}"), "MG218", "take a colon."),
    Planted(step("{say: §'${7*7}'}"), "MG218", "not something that can be inserted"),
    Planted(step("{say: §'Hi ${model'}"), "MG218", "not closed"),
    Planted(step("{say: §'${body:model}'}"), "MG218", "begins with a slash"),
    Planted(step("{say: §'${header:}'}"), "MG218", "is not named"),
    Planted(step("{json: {a: [§'${x}']}}"), "MG218", "'${x}'"),
    Planted(step("{call: {f: {a: §'${x}'}}}"), "MG218", "'${x}'"),
    Planted(step("{say: Hi, think: §'${x}'}"), "MG218", "'${x}'"),
    Planted(step("{say: Hi, headers: {x-a: §'${x}'}}"), "MG218", "'${x}'"),
    Planted(step("{error: {status: 429, detail: §'${x}'}}"), "MG218", "'${x}'"),
    Planted(step("{body: §'${x}'}"), "MG218", "'${x}'"),
    Planted(step("{refuse: §'${x}'}"), "MG218", "'${x}'"),
    Planted(step("{say: §'${header:Authorization}'}"), "MG219", "credential"),
    Planted(step("{say: §'${header:cookie}'}"), "MG219", "credential"),
    Planted(step("{say: §'${header:X-Goog-Api-Key}'}"), "MG219", "credential"),
    Planted(when("{body: {x: {schema: §{type: strin}}}}"), "MG224", "schema cannot be used"),
    Planted(when("{last_user: {schema: §{$ref: '#/nowhere'}}}"), "MG224", "schema cannot be used"),
    # conflicts
    Planted("steps:\n  - reply: {say: Hi}\n    §replies: [{say: Hi}]\n", "MG220", "beside `reply`"),
    Planted(step("{say: Hi, §error: 503}"), "MG220", "one form"),
    Planted(step("{json: {}, §auto: true}"), "MG220", "`auto` cannot stand beside `json`"),
    Planted("pace: {per_token: 1ms, §tokens_per_second: 5}\n", "MG220", "beside `per_token`"),
    Planted("limits: [{requests: 1, §tokens: 1, per: 1s}]\n", "MG220", "beside `requests`"),
    Planted(step("{say: Hi, stream: {split: 3, §coalesce: 2}}"), "MG220", "beside `split`"),
    Planted(when("{response_format: {type: text, §contains: x}}"), "MG220", "`contains` is a matcher"),
    Planted(
        step("{say: Hi, stream: {fault: {kind: error_event, shape: text, §data: 1}}}"),
        "MG220",
        "beside `shape`",
    ),
    Planted(
        step("{say: Hi, stream: {fault: {kind: error_event, error: {message: x}, §data: 1}}}"),
        "MG220",
        "beside `error`",
    ),
    # options without effect
    Planted(step("{error: 503, §stream: {chunks: word}}"), "MG221", "no effect beside `error`"),
    Planted(step("{error: 503, §status: 200}"), "MG221", "no effect beside `error`"),
    Planted(step("{redirect: same, §usage: {prompt_tokens: 1}}"), "MG221", "beside `redirect`"),
    Planted(step("{body: x, §think: y}"), "MG221", "belongs to `say`, `json`, `refuse`, `call` and `auto`."),
    Planted(step("{example: x, §finish: stop}"), "MG221", "beside `example`"),
    Planted(step("{say: Hi, fault: {kind: reset, §for: 1s}}"), "MG221", "It takes no options."),
    Planted(step("{say: Hi, fault: {kind: hang, §after: 1}}"), "MG221", "It takes for."),
    Planted(step("{say: Hi, stream: {fault: {kind: disconnect, §for: 1s}}}"), "MG221", "It takes after."),
    Planted(step("{say: Hi, fault: {kind: cut_body, §length: 1}}"), "MG221", "It takes after."),
    Planted(step("{say: Hi, stream: {fault: {kind: garbage, §shape: text}}}"), "MG221", "It takes after."),
    Planted(
        step("{say: Hi, stream: {fault: {kind: stall, §event: error}}}"), "MG221", "It takes after, for."
    ),
    Planted(step("{auto: true, stream: {§chunks: [a, b]}}"), "MG221", "Add `say`."),
    Planted("steps: [{§include: a.yaml}]\n", "MG228", "Only a file that is read from disk"),
    Planted(step("{§include: a.yaml#down}"), "MG228", "Only a file that is read from disk"),
    # the rest
    Planted(step("{call: {f: §'{\"a\": '}}"), "MG222", "not JSON"),
    Planted(
        step("{call: §{name: get_weather, arguments: {city: Oslo}}}"),
        "MG222",
        "Write `call: {get_weather: {city: Oslo}}`.",
    ),
    Planted(
        step("{call: [{f: {}}, §{id: a, type: function, function: {name: g, arguments: '{\"a\": 1}'}}]}"),
        "MG222",
        "Write `call: {g: {a: 1}}`.",
    ),
    Planted(step("{call: §{name: get_time}}"), "MG222", "Write `call: {get_time: {}}`."),
    Planted(step("{call: [{f: {}}, {g: §'[1]'}]}"), "MG222", "not an object"),
    Planted(when("{operation: §createChatCompletoin}"), "MG223", "Did you mean createChatCompletion?"),
    Planted(
        when("{operation: {one_of: [createChatCompletion, §x]}}"), "MG223", "Known: createChatCompletion"
    ),
    Planted(step("{say: Hi, headers: {§x a: b}}"), "MG225", "not a header's name. Write a name of letters"),
    Planted(step("{say: Hi, headers: {§Content-Length: 5}}"), "MG225", "sets `content-length` itself"),
    Planted(step('{say: Hi, headers: {x-a: §"b\\r\\nc"}}'), "MG225", "one line"),
    Planted(step("{redirect: §elsewhere}"), "MG225", "cannot be sent to"),
    Planted(step("{redirect: {to: §smae}}"), "MG225", "Did you mean same?"),
    Planted(step("{redirect: §//evil.example}"), "MG225", "cannot be sent to"),
    Planted(step("{say: Hi, headers: {x-a: b, §X-A: c}}"), "MG226", "given twice"),
    Planted(
        "steps:\n  - {name: one, when: {turn: 1}, reply: {say: Hi}}\n  - {name: §one, reply: {say: Hi}}\n",
        "MG226",
        "Step 1 is called 'one' as well.",
    ),
    Planted(step("{say: Hello, stream: {chunks: §[Hel, l, oo]}}"), "MG227", "add up to 'Helloo'"),
]

WARNINGS = [
    Planted(step("{say: §'You said {{last_user}}'}"), "MG237", "Write ${last_user} to insert"),
    Planted(step("{say: §'You said {last_user}.'}"), "MG237", "'{last_user}' is sent as it stands"),
    Planted(step("{say: §'{{ prompt }}'}"), "MG237", "Write ${last_user} to insert"),
    Planted(step("{say: §'{{request.body.model}}'}"), "MG237", "Write ${body:/model} to insert"),
    Planted(
        step("{say: §'{{messages[0].content}}'}"), "MG237", "Write ${body:/messages/0/content} to insert"
    ),
    Planted(step("{json: {a: [§'{{ body:/user }}']}}"), "MG237", "Write ${body:/user} to insert"),
    Planted(step("{call: {f: {a: §'{tool_result:g#/x}'}}}"), "MG237", "Write ${tool_result:g#/x} to insert"),
    Planted("steps:\n  - reply: {say: a}\n  - §when: {turn: 1}\n    reply: {say: b}\n", "MG230", "step 1"),
    Planted("steps:\n  - {then: fail, reply: {say: a}}\n  - §{reply: {say: b}}\n", "MG230", "never passes"),
    Planted(
        "steps:\n  - {then: fail, times: 2, reply: {say: a}}\n  - §{reply: {say: b}}\n",
        "MG230",
        "never passes",
    ),
    Planted("steps:\n  - {then: cycle, reply: {say: a}}\n  - §{reply: {say: b}}\n", "MG230", "never passes"),
    Planted(
        "steps:\n  - {name: a, when: {turn: 1}, reply: {say: a}}\n"
        "  - §{when: {turn: 1, stream: true}, reply: {say: b}}\n",
        "MG231",
        "answered by a",
    ),
    Planted(
        "steps:\n  - {when: {model: {glob: 'text-*'}}, reply: {say: a}}\n"
        "  - §{when: {model: text-prime}, reply: {say: b}}\n",
        "MG231",
        "answered by step 1",
    ),
    Planted(
        "steps:\n  - {when: {turn: {above: 2}}, reply: {say: a}}\n"
        "  - §{when: {turn: {one_of: [3, 4]}}, reply: {say: b}}\n",
        "MG231",
        "answered by step 1",
    ),
    Planted(
        "steps:\n  - {when: {last_user: {contains: weather}}, reply: {say: a}}\n"
        "  - §{when: {last_user: {contains: the weather in}}, reply: {say: b}}\n",
        "MG231",
        "answered by step 1",
    ),
    Planted(
        "steps:\n  - {when: {turn: 1}, reply: {say: a, go_to: paid}}\n"
        "  - {when: {state: §payed}, reply: {say: b}}\n",
        "MG232",
        "Did you mean paid?",
    ),
    Planted("steps:\n  - {replies: [{error: 503}, {say: Hi}], times: §1}\n", "MG233", "2 replies"),
    Planted(when("{body: {temperature: {§abov: 1}}}"), "MG234", "Did you mean above?"),
    Planted(when("{body: {x: {above: 1, §belo: 2}}}"), "MG234", "Did you mean below?"),
]

WAITING = [
    Planted(when("{method: §PSOT}"), "MG235", "Did you mean POST?"),
    Planted(when("{path: §/v1/chat/completion}"), "MG235", "Did you mean /v1/chat/completions?"),
    Planted(when("{path: §/chat/completions}"), "MG235", "Did you mean /v1/chat/completions?"),
    Planted(when('{path: §"/v1/chat/completions?x=1"}'), "MG235", "the contract has no path"),
    Planted(when("{operation: §{glob: lits*}}"), "MG235", "It has createChatCompletion, listModels"),
    Planted(when("§{method: GET, path: /v1/chat/completions}"), "MG235", "this method and path"),
    Planted(when("{method: POST, any: [§{path: /v1/models}, {turn: 1}]}"), "MG235", "this method and path"),
    Planted(when("{path: §/nowhere, any: [{turn: 1}, {stream: true}]}"), "MG235", "the contract has no path"),
    Planted(when("{any: [{path: §/nowhere}, {turn: 1}]}"), "MG235", "the contract has no path"),
    Planted(when("{turn: §0}"), "MG235", "`turn` counts from 1"),
    Planted(when("{turn: §{above: 2, below: 3}}"), "MG235", "`turn` counts from 1"),
    Planted(when("{attempt: §{below: 1}}"), "MG235", "`attempt` counts from 1"),
    Planted(when("{any: [{turn: 1}, {attempt: §0}]}"), "MG235", "`attempt` counts from 1"),
    Planted(when("{model: §text-prmie}"), "MG235", "Did you mean text-prime?"),
    Planted(when("{model: §{one_of: [gpt-4o, gpt-5]}}"), "MG235", "is not known, which is a 404"),
    Planted(when("{model: §{glob: 'llama-*'}}"), "MG235", "Give the scenario `models`"),
    Planted("models: ['agent-*']\n" + when("{model: §text-prime}"), "MG235", "is not known"),
    Planted(when("{body: {temperature: §5}}"), "MG235", "temperature must be at most 2, got 5."),
    Planted(when("{body: {n: §{one_of: [0, -1]}}}"), "MG235", "refuses each of these"),
    Planted(when("{body: {n: §1.5}}"), "MG235", "without fraction or exponent"),
    Planted(when("{body: {messages: [{role: §usr}]}}"), "MG235", 'did you mean "user"?'),
    Planted(when("{body: {stream_options: {include_usage: §'true'}}}"), "MG235", "must be a boolean"),
    Planted(when("{response_format: §json_shema}"), "MG235", 'did you mean "json_schema"?'),
    Planted(when("{response_format: {type: §json}}"), "MG235", "response_format.type"),
    Planted(when("{body: {§temprature: 1}}"), "MG236", "Did you mean temperature?"),
    Planted(when("{body: {§metdata: {a: {exists: true}}}}"), "MG236", "Did you mean metadata?"),
    Planted(when("{body: {messages: [{§contnet: x}]}}"), "MG236", "Did you mean content?"),
    Planted(when("{body: {stream_options: {§include_usge: true}}}"), "MG236", "stream_options.include_usge"),
]
"""What no request of the bundled contract can satisfy."""

POSSIBLE = [
    "{method: post}",
    "{method: {not: PUT}}",
    "{path: /v1/models}",
    "{path: /v1/models/text-prime}",
    "{path: {glob: '/v1/models/*'}}",
    "{path: {glob: '/v1/models/gpt-*'}}",
    "{path: {matches: '^/v1/models/gpt'}}",
    "{not: {operation: createChatCompletion}}",
    "{any: [{operation: listModels}, {stream: true}]}",
    "{turn: {above: 99}}",
    "{attempt: {one_of: [0, 2]}}",
    "{attempt: 2.0}",
    "{turn: 20000}",
    "{attempt: {above: 50000}}",
    "{attempt: {above: 49999.5, below: 50000.5}}",
    "{attempt: {not: {one_of: [1, 2, 3]}}}",
    "{attempt: {schema: {multipleOf: 150, minimum: 1000}}}",
    "{path: /r/v1/chat/completions}",
    "{path: {glob: '/r/v1/*'}, model: text-prime}",
    "{path: /v1/models/meta/llama}",
    "{operation: retrieveModel, any: [{model: gpt-4o}, {body: {temperature: 5}}]}",
    "{model: {matches: ^Claude-opus}}",
    "{model: {contains: PRime}}",
    "{model: Text-Prime}",
    "{model: {glob: 'Text-*'}}",
    "{model: {one_of: [gpt-4o, text-prime]}}",
    "{model: {contains: opus}}",
    "{method: GET, model: gpt-4o}",
    "{body: {temperature: 2, stop: [x, y], metadata: {a: b}, unknown: 1}}",
    "{body: {temperature: null}}",
    "{body: {prompt_cache_breakpoint: 1, messages: [{cache_control: {type: ephemeral}}]}}",
    "{body: {temperature: {exists: true}, user: x, max_tokens: 3}}",
    "{body: {temperature: {one_of: [1, 5]}}}",
    "{body: {messages: [{content: x}, {role: assistant}]}}",
    "{body: {tools: [{function: {name: x}}]}}",
    "{body: {tools: [{type: function}]}}",
    "{body: {audio: {voice: alloy}}}",
    "{response_format: text}",
    "{response_format: {json_schema: {name: x}}}",
]
"""What some request can."""
