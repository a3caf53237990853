"""Formats and patterns that pydantic and zod write into schemas, read back by what they are for."""

from __future__ import annotations

import base64
import json
import re
import uuid

import pytest

from mockgrid.schema.generate import CompiledSchema
from mockgrid.schema.regex import compile_pattern


def made(seed="seed", **schema):
    return CompiledSchema(schema).value(seed)


@pytest.mark.parametrize("version", [1, 3, 4, 5, 6, 7, 8])
def test_uuids_have_the_version_that_is_asked_for(version):
    assert uuid.UUID(made(type="string", format=f"uuid{version}")).version == version


def test_a_jwt_has_three_parts_that_decode():
    header, payload, signature = made(type="string", format="jwt").split(".")
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {"alg": "HS256", "typ": "JWT"}
    assert json.loads(base64.urlsafe_b64decode(payload + "=="))["sub"]
    assert signature


def test_a_uri_of_several_hosts():
    assert re.fullmatch(r"postgresql://[a-z]+@[a-z.]+:\d+/.+", made(type="string", format="multi-host-uri"))


def test_zods_emoji():
    pattern = r"^(\p{Extended_Pictographic}|\p{Emoji_Component})+$"
    text = made(type="string", pattern=pattern)
    assert compile_pattern(pattern).search(text)
    assert compile_pattern(pattern).search("😀")
    assert not compile_pattern(pattern).search("a")
    assert not compile_pattern(r"^\P{Extended_Pictographic}$").search("😀")
