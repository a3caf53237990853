"""Documents that cannot be served, and what is said of them."""

from __future__ import annotations

import time

import pytest

from mockgrid.contract.contract import Contract
from mockgrid.document import yaml
from mockgrid.document.document import Document
from mockgrid.errors import DocumentError

HEAD = "openapi: 3.1.0\n"
ITEM = """\
openapi: 3.0.3
paths:
  /pets/{petId}:
    %s
"""


def refusal(text):
    with pytest.raises(DocumentError) as caught:
        Contract(yaml.load(text, name="a.yaml"))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("hello", "a.yaml:1:1: the document is text; a mapping was expected. Is it an OpenAPI document?"),
        (
            "- openapi: 3.0.3",
            "a.yaml:1:1: the document is a list; a mapping was expected. Is it an OpenAPI document?",
        ),
        ("[1]", "a.yaml:1:1: the document is a list; a mapping was expected."),
        ("5", "a.yaml:1:1: the document is a number; a mapping was expected."),
        ("null", "a.yaml:1:1: the document is null; a mapping was expected."),
        ("paths: {}", "a.yaml:1:1: the field openapi is missing. Start it with openapi: 3.1.0"),
        (
            "info: {}\nopenapy: 3.1.0",
            "a.yaml:2:1: the field openapi is missing. Is openapy a misspelling of it?",
        ),
        (
            'info: {}\nswagger: "2.0"',
            "a.yaml:2:1: This is Swagger 2.0; convert it to OpenAPI 3.0 or 3.1 first.",
        ),
        (
            "openapi: 3.2.0",
            'a.yaml:1:10: openapi is "3.2.0"; an OpenAPI 3.0 or 3.1 document was expected. Write 3.1.1',
        ),
        (
            "openapi: 3.1",
            "openapi is 3.1; an OpenAPI 3.0 or 3.1 document was expected. This is a number; write it",
        ),
        ("openapi: 3.10.0", 'openapi is "3.10.0"; an OpenAPI 3.0 or 3.1 document was expected.'),
        ("openapi: 3.0.3", "a.yaml:1:1: the field paths is missing."),
        ("openapi: 3.1.0", "a.yaml:1:1: the field paths is missing."),
        (f"{HEAD}webhooks: {{}}", "a.yaml:1:1: the document has no paths, so there is nothing to serve."),
        (
            f"{HEAD}webhooks: {{a: {{}}}}",
            "nothing to serve. Its webhooks are calls that the API itself makes",
        ),
        (f"{HEAD}paths: {{}}", "a.yaml:2:1: no path has a method, so there is nothing to serve."),
        (f"{HEAD}paths: {{/x: {{}}}}", "a.yaml:2:1: no path has a method, so there is nothing to serve."),
        (f"{HEAD}info: text", 'a.yaml:2:7: a mapping was expected, got "text".'),
        (f"{HEAD}servers: {{}}", "a.yaml:2:10: a list was expected, got {}."),
        (f"{HEAD}servers: [/v1]", "a.yaml:2:11: a mapping was expected"),
        (
            f"{HEAD}paths:\n  pets: {{get: {{}}}}",
            'a.yaml:3:3: the path "pets" must begin with a slash. Write "/pets".',
        ),
        (f"{HEAD}paths:\n  /a/{{b: {{get: {{}}}}", 'a.yaml:3:3: the path "/a/{b" has a bracket without'),
        (f"{HEAD}paths:\n  '/a/{{}}': {{get: {{}}}}", 'a.yaml:3:3: the path "/a/{}" has a bracket without'),
        (f"{HEAD}paths:\n  '/{{a}}/{{a}}': {{get: {{}}}}", 'the path "/{a}/{a}" has the parameter a twice.'),
    ],
)
def test_what_is_no_document_to_serve(text, sentence):
    assert sentence in refusal(text)


@pytest.mark.parametrize(
    ("item", "sentence"),
    [
        (
            "get: {}",
            "a.yaml:4:5: the path /pets/{petId} has the parameter petId, which is not declared. Add it to",
        ),
        ("gett: {}", 'a.yaml:4:5: "gett" is not a method. Did you mean get?'),
        ("GET: {}", 'a.yaml:4:5: "GET" is not a method. Did you mean get?'),
        ("psot: {}", "Did you mean post?"),
        (
            "get: {parameters: [{name: petID, in: path}]}",
            'a.yaml:4:24: the path parameter "petID" is not in the path /pets/{petId}. Did you mean petId?',
        ),
        (
            "parameters: [{name: petId, in: path}, {name: x, in: path}]\n    get: {}",
            'the path parameter "x" is not in the path /pets/{petId}. Write it there in braces',
        ),
        (
            "get: {parameters: [{name: petId, in: pth}]}",
            'a.yaml:4:42: in is "pth"; path, query, header or cookie was expected. Did you mean path?',
        ),
        (
            "get: {parameters: [{name: a, in: body}]}",
            "From OpenAPI 3.0 on, bodies are described by requestBody.",
        ),
        ("get: {parameters: [{name: a, in: [1]}]}", "in is [1]; path, query, header or cookie was expected."),
        ("get: {parameters: [{name: a}]}", "a.yaml:4:24: this parameter has no field in. It is path, query"),
        ("get: {parameters: [{in: path}]}", "this parameter has no field name."),
    ],
)
def test_mistakes_in_a_path(item, sentence):
    assert sentence in refusal(ITEM % item)


def test_other_keys_of_a_path_item_are_fine():
    text = """\
openapi: 3.1.0
info: {}
paths:
  x-note: 1
  /empty:
  /pets/{petId}:
    summary: a
    description: b
    servers: []
    x-gett: 1
    headers: {}
    whatever: 1
    parameters: [{$ref: "#/components/parameters/P"}]
    get: {}
components:
  parameters:
    P: {name: petId, in: path, required: true, schema: {}}
"""
    (operation,) = Contract(yaml.load(text, name="a.yaml")).operations
    assert [parameter.name for parameter in operation.parameters] == ["petId"]


@pytest.mark.parametrize("version", ["3.0.0", "3.0.4", "3.1.1", "3.1", "3.0", "3.1.0-rc1"])
def test_versions_that_are_taken(version):
    data = {"openapi": version, "info": None, "paths": {"/": {"get": {}}}}
    assert Contract(Document(data, "a")).title == "API"


EXAMPLES = """\
openapi: 3.1.0
paths:
  /x:
    get:
      responses:
        200:
          content:
            application/json:
              schema: {type: object, required: [name], properties: {name: {type: string}}}
              example: {name: 5}
        201:
          content:
            application/json:
              schema: {type: object, required: [name]}
              examples:
                good: {value: {name: a}}
                asText: {value: '{"name": "a"}'}
                bad: {value: {}}
        202: {content: {application/json: {schema: {type: string}, example: '{"a": 1}'}}}
        203: {content: {text/plain: {schema: {type: integer}, example: some text}}}
        204: {content: {application/json: {example: anything}}}
"""


def test_examples_that_break_their_schemas_are_remarked_upon():
    assert Contract(yaml.load(EXAMPLES, name="a.yaml")).warnings == (
        (
            "a.yaml:10:24",
            "this example breaks its own schema, so it is not used: name must be a string, got an integer.",
        ),
        ("a.yaml:18:22", "the example bad breaks its own schema: name is required but missing."),
    )


def test_many_examples_are_looked_at_in_little_time():
    reference = "#/components/schemas/S"
    schemas = {
        f"S{n}": {
            "required": ["name"],
            "properties": {
                "name": {"type": "string"},
                "next": {"$ref": f"{reference}{(n + 1) % 400}"},
                "other": {"$ref": f"{reference}{(n + 2) % 400}"},
            },
        }
        for n in range(400)
    }
    paths = {}
    for n in range(400):
        media = {"schema": {"$ref": f"{reference}{n}"}, "example": {"name": "a"} if n % 20 else {}}
        paths[f"/x{n}"] = {"get": {"responses": {"200": {"content": {"application/json": media}}}}}
    data = {"openapi": "3.1.0", "paths": paths, "components": {"schemas": schemas}}
    contract = Contract(Document(data, "a"))
    started = time.thread_time()
    warnings = contract.warnings
    assert time.thread_time() - started < 2
    assert len(warnings) == 20
    assert warnings[1][0] == "a#/paths/~1x20/get/responses/200/content/application~1json/example"


def test_a_heavy_schema_is_not_gone_through_to_explain_an_example():
    reference = "#/components/schemas/S"
    schemas = {f"S{n}": {"oneOf": [{"$ref": f"{reference}{n + 1}"}, {"type": "object"}]} for n in range(400)}
    schemas["S400"] = {"type": "object"}
    media = {"schema": {"$ref": f"{reference}0"}, "example": 5}
    paths = {"/x": {"get": {"responses": {"200": {"content": {"application/json": media}}}}}}
    data = {"openapi": "3.1.0", "paths": paths, "components": {"schemas": schemas}}
    ((_, sentence),) = Contract(Document(data, "a")).warnings
    assert sentence == "this example breaks its own schema, so it is not used."


@pytest.mark.parametrize(
    "within",
    [
        "schemas: {A: {type: object, properties: {/: {$ref: '#/components/schemas/B'}}}, B: {type: string}}",
        "examples: {A: {value: {paths: {/a: {get: {}}}}}}",
        "schemas: {A: {type: object, x-routes: {/a: {get: {}}}}}",
    ],
)
def test_what_is_called_like_a_path_stays_where_paths_need_not_be(within):
    hook = "webhooks: {w: {post: {responses: {'200': {description: Fine}}}}}"
    document = yaml.load(f"{HEAD}info: {{title: t, version: '1'}}\n{hook}\ncomponents:\n  {within}", name="a")
    Contract(document, webhooks=True)
    assert [*document.mistakes] == []
