"""Which credentials an operation asks for, and what is said of one that is missing."""

from __future__ import annotations

import pytest
from asgi import Caller

from mockgrid.contract.contract import Contract
from mockgrid.document import yaml
from mockgrid.document.mistakes import Mistakes

DOCUMENT = """\
openapi: 3.1.0
components:
  securitySchemes:
    bearer: {type: http, scheme: Bearer}
    basic: {type: http, scheme: basic}
    digest: {type: http, scheme: Digest}
    oauth: {type: oauth2, flows: {}}
    oidc: {type: openIdConnect, openIdConnectUrl: https://a.example}
    header: {type: apiKey, in: header, name: X-Key}
    query: {type: apiKey, in: query, name: key}
    cookie: {type: apiKey, in: cookie, name: sid}
paths:
"""
HEADER, QUERY = 'ApiKey in="header", name="X-Key"', 'ApiKey in="query", name="key"'


def caller(security):
    text = f"{DOCUMENT}  /a: {{get: {{security: {security}, responses: {{'200': {{}}}}}}}}\n"
    document = yaml.load(text, name="a.yaml", mistakes=Mistakes(strict=False))
    return Caller.serving(Contract(document))


@pytest.mark.parametrize(
    ("security", "query", "headers", "challenge"),
    [
        ("[{bearer: []}]", "", {}, "Bearer"),
        ("[{bearer: []}]", "", {"authorization": "Bearer My API Key"}, None),
        ("[{bearer: []}]", "", {"authorization": "bearer a:b/c+d=="}, None),
        ("[{bearer: []}]", "", {"authorization": "Bearer "}, "Bearer"),
        ("[{bearer: []}]", "", {"authorization": "Bearer a\x01b"}, "Bearer"),
        ("[{basic: []}]", "", {"authorization": "Basic YTpi"}, None),
        ("[{basic: []}]", "", {"authorization": "Basic !"}, "Basic"),
        ("[{digest: []}]", "", {"authorization": 'Digest username="a", uri="/a"'}, None),
        ("[{digest: []}]", "", {"authorization": "Bearer a"}, "Digest"),
        ("[{oauth: [read]}]", "", {"authorization": "Bearer a"}, None),
        ("[{oidc: []}]", "", {}, "Bearer"),
        ("[{header: []}]", "", {"x-key": "My Key"}, None),
        ("[{header: []}]", "", {"authorization": "Bearer a"}, HEADER),
        ("[{query: []}]", "?key=My+Key", {}, None),
        ("[{query: []}]", "?key=", {}, QUERY),
        ("[{cookie: []}]", "", {"cookie": "a=1; sid=2"}, None),
        ("[{cookie: []}]", "", {"cookie": "a=1"}, 'ApiKey in="cookie", name="sid"'),
        # one of several
        ("[{bearer: []}, {header: []}]", "", {"x-key": "k"}, None),
        ("[{bearer: []}, {header: []}]", "", {}, f"Bearer, {HEADER}"),
        # several together
        ("[{bearer: [], header: []}]", "", {"authorization": "Bearer a", "x-key": "k"}, None),
        ("[{bearer: [], header: []}]", "", {"authorization": "Bearer a"}, HEADER),
        ("[{bearer: [], header: []}]", "", {"x-key": "k"}, "Bearer"),
        ("[{bearer: [], header: []}]", "", {}, f"Bearer, {HEADER}"),
        ("[{bearer: [], header: []}, {query: [], cookie: []}]", "?key=k", {"cookie": "sid=1"}, None),
        ("[{bearer: [], header: []}, {query: []}]", "", {"x-key": "k"}, "Bearer"),
        # none is needed
        ("[{bearer: []}, {}]", "", {}, None),
        ("[]", "", {}, None),
        ("[{unknown: []}]", "", {}, None),
    ],
)
def test_what_is_asked_for(security, query, headers, challenge):
    answer = caller(security).call("GET", f"/a{query}", None, headers, key=None)
    assert (answer.status, answer.header("www-authenticate")) == (
        (401, challenge) if challenge else (200, None)
    )


def test_a_key_that_was_seen_before_does_not_stand_for_the_other():
    called = caller("[{bearer: [], header: []}]")
    both = {"authorization": "Bearer a", "x-key": "k"}
    assert called.call("GET", "/a", None, both, key=None).status == 200
    assert called.call("GET", "/a", None, {"authorization": "Bearer a"}, key=None).status == 401


def test_a_scheme_that_is_not_declared_is_told():
    ((where, sentence),) = caller("[{unknown: []}]").app.contract.warnings
    assert where.startswith("a.yaml:13:")
    assert sentence.startswith('the security scheme "unknown" is not declared.')


def test_the_name_of_a_key_injects_nothing():
    text = DOCUMENT.replace("name: key}", r'name: "k\"\\\r\nx-injected: 1\u0000é"}')
    text += "  /a: {get: {security: [{query: []}], responses: {'200': {}}}}\n"
    answer = Caller.serving(Contract(yaml.load(text, name="a.yaml"))).call("GET", "/a", key=None)
    assert answer.header("www-authenticate") == r'ApiKey in="query", name="k\"\\ x-injected: 1"'
    assert answer.header("x-injected") is None
