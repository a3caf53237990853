import copy
import json

import jsonpath as reference
import pytest

from mockgrid.document import yaml
from mockgrid.document.document import Document
from mockgrid.document.overlay import apply, select
from mockgrid.errors import DocumentError

HEAD = "overlay: 1.0.0\ninfo: {title: T, version: 1.0.0}\n"


def overlaid(document, actions):
    overlay = yaml.load(HEAD + "actions:\n" + actions, name="o.yaml")
    return apply(yaml.load(document, name="d.yaml"), overlay)


def result(document, actions):
    return overlaid(document, actions).document.data


PETS = """\
info: {title: Pets}
paths:
  /:
    get: {summary: Old, parameters: [{name: filter, in: query}, {name: dummy, in: query}]}
  /pets:
    get: {parameters: [{name: dummy, in: header}]}
    post: {summary: Make}
tags: [{name: a}]
"""


# The examples of the specification, each with what it is said to do.


def test_structured():
    data = result(
        PETS,
        """\
  - target: '$'
    update:
      info: {x-overlay-applied: structured-overlay}
      paths:
        '/':
          summary: The root resource
          get: {summary: Retrieve the root resource, x-rate-limit: 100}
        '/pets':
          get: {summary: Retrieve a list of pets}
      components:
      tags:
""",
    )
    assert data["info"] == {"title": "Pets", "x-overlay-applied": "structured-overlay"}
    assert data["paths"]["/"]["summary"] == "The root resource"
    assert data["paths"]["/"]["get"]["summary"] == "Retrieve the root resource"
    assert len(data["paths"]["/"]["get"]["parameters"]) == 2
    assert data["paths"]["/pets"]["post"] == {"summary": "Make"}
    assert data["tags"] == [{"name": "a"}]


def test_targeted():
    data = result(
        PETS,
        """\
  - target: $.paths['/'].get
    update: {description: This is the new description}
  - target: $.paths['/pets']
    update:
      post: {description: This is an updated description of a child object, x-safe: false}
""",
    )
    assert data["paths"]["/"]["get"]["description"] == "This is the new description"
    assert data["paths"]["/pets"]["post"] == {
        "summary": "Make",
        "description": "This is an updated description of a child object",
        "x-safe": False,
    }


def test_wildcards_and_filters():
    data = result(
        PETS,
        """\
  - target: $.paths.*.get
    update: {x-safe: true}
  - target: $.paths.*.get.parameters[?@.name=='filter' && @.in=='query']
    update:
      schema: {$ref: '#/components/schemas/filterSchema'}
""",
    )
    assert [item["get"]["x-safe"] for item in data["paths"].values()] == [True, True]
    assert data["paths"]["/"]["get"]["parameters"][0]["schema"] == {
        "$ref": "#/components/schemas/filterSchema"
    }
    assert "schema" not in data["paths"]["/"]["get"]["parameters"][1]


def test_adding_and_removing_items():
    data = result(
        PETS,
        """\
  - target: $.paths.*.get.parameters
    update: {name: newParam, in: query}
  - target: $.paths.*.get.parameters[?@.name == 'dummy']
    remove: true
""",
    )
    assert [p["name"] for p in data["paths"]["/"]["get"]["parameters"]] == ["filter", "newParam"]
    assert [p["name"] for p in data["paths"]["/pets"]["get"]["parameters"]] == ["newParam"]


def test_traits():
    data = result(
        "paths: {/items: {get: {x-oai-traits: [paged], parameters: [{name: id}]}}, /other: {get: {}}}",
        """\
  - target: $.paths[?(@.get['x-oai-traits'][?(@ == 'paged')])].get
    update:
      parameters: [{name: top, in: query}, {name: skip, in: query}]
""",
    )
    assert [p["name"] for p in data["paths"]["/items"]["get"]["parameters"]] == ["id", "top", "skip"]
    assert data["paths"]["/other"] == {"get": {}}


def test_responses_removed_throughout():
    data = result(
        "paths: {/a: {get: {responses: {200: {}, 500: {}}}, post: {responses: {default: {}, 500: {}}}}}",
        "  - target: $.paths..responses['500']\n    remove: true\n  - {target: $..default, remove: true}\n",
    )
    assert data == {"paths": {"/a": {"get": {"responses": {"200": {}}}, "post": {"responses": {}}}}}


# What the specification says in words.


def test_actions_apply_to_the_result_of_the_previous_one():
    actions = """\
  - {target: $.a, remove: true}
  - {target: $, update: {a: {new: 1}}}
  - {target: $.a, update: {b: 2}}
"""
    assert result("{a: {old: 1}, z: 0}", actions) == {"z": 0, "a": {"new": 1, "b": 2}}


def test_removal_wins_over_update_and_false_removes_nothing():
    assert result("{a: {x: 1}, b: 2}", "  - {target: $.a, update: {y: 1}, remove: true}\n") == {"b": 2}
    assert result("{a: {x: 1}}", "  - {target: $.a, update: {y: 1}, remove: false}\n") == {
        "a": {"x": 1, "y": 1}
    }


def test_items_keep_their_places_while_others_are_removed():
    actions = "  - {target: '$.a[?@ > 1]', remove: true}\n  - {target: '$.b[*]', remove: true}\n"
    assert result("{a: [0, 2, 1, 3, 5], b: [[1], [2]]}", actions) == {"a": [0, 1], "b": []}
    assert result("{a: [{a: [1, 2]}, {a: [3]}]}", "  - {target: $..a, remove: true}\n") == {}


def test_primitives_are_replaced_and_null_is_one_of_them():
    assert result(
        "{a: {x: 1, y: z, w: null}}", "  - {target: $.a, update: {x: null, y: 2, w: {k: 1}}}\n"
    ) == {"a": {"x": None, "y": 2, "w": {"k": 1}}}


def test_neither_input_changes():
    document = yaml.load(PETS, name="d.yaml")
    overlay = yaml.load(
        HEAD + "actions:\n  - {target: $, update: {n: {m: [1]}}}\n  - {target: $.n, update: {m: [2]}}\n"
        "  - {target: $.paths.*, update: {get: {tags: [x]}}}\n",
        name="o.yaml",
    )
    before = copy.deepcopy((document.data, overlay.data))
    data = apply(document, overlay).document.data
    assert data["n"] == {"m": [1, 2]}
    data["paths"]["/"]["get"]["tags"].append("y")
    assert data["paths"]["/pets"]["get"]["tags"] == ["x"]
    assert (document.data, overlay.data) == before


def test_aliases_of_the_document_part_when_one_is_updated():
    assert result("a: &x {k: 1}\nb: *x\n", "  - {target: $.a, update: {k: 2}}\n") == {
        "a": {"k": 2},
        "b": {"k": 1},
    }


def test_a_target_that_selects_nothing_is_remarked():
    found = overlaid(
        PETS, "  - {target: $.info, update: {x: 1}}\n  - target: $.paths['/nope']\n    remove: true\n"
    )
    assert [(remark.where, remark.message) for remark in found.warnings] == [
        ("o.yaml:5:13", "The target \"$.paths['/nope']\" selects nothing, so this action has no effect.")
    ]


def test_a_list_appended_to_a_list_is_one_entry_and_remarked():
    found = overlaid(PETS, "  - target: $.tags\n    update: [{name: b}]\n")
    assert found.document.data["tags"] == [{"name": "a"}, [{"name": "b"}]]
    assert [remark.where for remark in found.warnings] == ["o.yaml:5:13"]


def test_places_lead_to_where_each_part_was_written():
    found = overlaid(
        "info:\n  title: Pets\npaths:\n  /: {get: {tags: [a, b, c]}}\n  /x: {}\n",
        """\
  - target: $.info
    update:
      version: '1'
      title: Cats
  - {target: "$.paths['/'].get.tags[0]", remove: true}
  - target: $.paths['/'].get
    update:
      tags: [d]
  - {target: $.paths.*, update: {put: {k: v}}}
  - {target: "$.paths['/x']", remove: true}
""",
    ).document
    assert found.data["paths"] == {"/": {"get": {"tags": ["b", "c", "d"]}, "put": {"k": "v"}}}
    assert found.where("/info") == "d.yaml:2:3"
    assert found.where_key("/info/version") == "o.yaml:6:7"
    assert found.where("/info/title") == "o.yaml:7:14"
    assert found.where("/paths/~1/get/tags/0") == "d.yaml:4:23"
    assert found.where("/paths/~1/get/tags/2") == "o.yaml:11:14"
    assert found.where("/paths/~1/put/k") == "o.yaml:12:43"
    assert found.where("/paths/~1x") == found.where("/paths") == "d.yaml:4:3"


def test_an_overlay_onto_data_without_places():
    found = apply(
        Document({"a": {}}, "made"), yaml.load(HEAD + "actions: [{target: $.a, update: {b: 1}}]", name="o")
    )
    assert found.document.data == {"a": {"b": 1}}
    assert found.document.where("/a/b") == "made:1:1"


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        ("[]", "An overlay is a mapping", "1:1"),
        ("openapi: 3.0.3\n", "This is not an overlay", "1:1"),
        ("overlay: 1.0\n", "The overlay version is 1.0; 1.0.0 was expected", "1:10"),
        ("overlay: 2.0.0\n", "The overlay version is '2.0.0'", "1:10"),
        ("overlay: 1.0.0\nactions: []\n", "An overlay needs an info with title and version", "1:1"),
        ("overlay: 1.0.0\ninfo: {title: T, version: 1}\n", "title and version, both text", "2:7"),
        (HEAD, "An overlay needs actions", "1:1"),
        (HEAD + "actions: []\n", "a list of at least one", "3:10"),
        (HEAD + "actions: [{target: $, update: {}}]\nextends: 1\n", "extends must be", "4:10"),
        (HEAD + "action: 1\n", "There is no field 'action' here", "3:1"),
        (HEAD + "actions: [{update: {}}]\n", "An action needs a target", "3:11"),
        (HEAD + "actions: [{target: 1}]\n", "An action needs a target", "3:11"),
        (HEAD + "actions: [$.a]\n", "An action needs a target", "3:11"),
        (HEAD + "actions: [{target: $.a}]\n", "An action needs an update, or remove: true", "3:11"),
        (HEAD + "actions: [{target: $.a, updates: {}}]\n", "There is no field 'updates' here", "3:25"),
        (HEAD + "actions: [{target: $.a, remove: 'yes'}]\n", "remove must be true or false", "3:33"),
        (
            HEAD + "actions: [{target: $.a, update: 1, description: 1}]\n",
            "The description must be text",
            "3:49",
        ),
        (HEAD + "actions: [{target: a.b, remove: true}]\n", "a JSONPath starts with", "3:20"),
        (HEAD + "actions: [{target: '$.a[?', remove: true}]\n", "is not JSONPath", "3:20"),
        (HEAD + "actions: [{target: $, remove: true}]\n", "The whole document cannot be removed", "3:20"),
        (HEAD + "actions: [{target: $.text, update: x}]\n", "The target selects a plain value", "3:20"),
        (
            HEAD + "actions: [{target: $.a, update: [1]}]\n",
            "selects an object, and the update is a list",
            "3:33",
        ),
        (
            HEAD + "actions: [{target: $, update: {a: 1}}]\n",
            "has an object at 'a', and the update a plain",
            "3:35",
        ),
        (
            HEAD + "actions: [{target: $, update: {l: {}}}]\n",
            "a list at 'l', and the update an object",
            "3:35",
        ),
    ],
)
def test_overlays_that_cannot_be_applied(text, message, where):
    document = yaml.load("{a: {b: 1}, l: [1], text: x}", name="d.yaml")
    with pytest.raises(DocumentError) as caught:
        apply(document, yaml.load(text, name="o.yaml"))
    assert message in caught.value.message
    assert caught.value.where == f"o.yaml:{where}"


def test_extensions_and_patch_versions_are_welcome():
    text = "overlay: 1.0.7\nx-a: 1\ninfo: {title: T, version: v, x-b: 1}\nextends: d.yaml\n"
    overlay = yaml.load(text + "actions: [{target: $, update: {b: 2}, x-c: 1, description: d}]", name="o")
    assert apply(yaml.load("a: 1", name="d"), overlay).document.data == {"a": 1, "b": 2}


DATA = json.loads(
    '{"paths": {"/a": {"get": {"x": [1, {"y": 2}], "responses": {"200": {}}}, "parameters": [{"name": "p"}]},'
    ' "/b c": {"get": {"x": []}}}, "x-m": {"é": null}, "tags": [[0], [1]]}'
)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "$",
            "$.paths",
            "$.paths['/a'].get",
            '$["paths"]["/b c"]',
            "$.paths.*",
            "$.paths.*.get",
            "$.paths.*.*.x",
        ),
        *(
            "$.tags[0]",
            "$.tags[-1][0]",
            "$.tags[2]",
            "$.tags[-3]",
            "$.tags.*",
            "$.tags[*][*]",
            "$.x-m.é",
            "$['x-m'].*",
        ),
        *(
            "$.paths.*.*.responses.*",
            "$.tags['0']",
            "$.paths[0]",
            "$.nothing.at.all",
            "$.x-m.é.z",
            "$.paths['/a'].get.x.y",
        ),
        *("$..x", "$..[?@.name]", "$.paths['/a','/b c']", "$.tags[0:1]", "$ .paths", "$..get.x[0]"),
    ],
)
def test_paths_select_what_the_jsonpath_package_selects(path):
    expected = [match.parts for match in reference.finditer(path, DATA)]
    assert select(path, DATA) == list(dict.fromkeys(expected))
