import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockgrid.reply.preferences import choose_media

JSON, XML, CSV, PNG = "application/json", "application/xml", "text/csv", "image/png"


@pytest.mark.parametrize(
    ("accept", "offered", "chosen"),
    [
        (None, [JSON, XML], JSON),
        ("", [JSON, XML], JSON),
        ("  ", [XML, JSON], XML),
        ("*/*", [XML, JSON], XML),
        ("application/xml", [JSON, XML], XML),
        ("APPLICATION/Xml", [JSON, XML], XML),
        ("application/xml;q=0.5, application/json;q=0.4", [JSON, XML], XML),
        ("application/json;q=0.5, */*;q=0.6", [JSON, XML], XML),
        ("text/*, application/json;q=0.9", [JSON, CSV], CSV),
        ("application/*;q=0.2, application/xml;q=0.1, text/csv;q=0.15", [XML, CSV], CSV),
        ("application/json;q=0, */*", [JSON, XML], XML),
        ("application/json;q=0", [JSON], None),
        ("text/html", [JSON, XML], None),
        ("image/*", [JSON, PNG], PNG),
        ("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", [JSON, XML], XML),
        # Among equals: the more specific range, the first in the header, the first that is offered.
        ("application/xml, */*", [JSON, XML], XML),
        ("text/csv, application/json", [JSON, CSV], CSV),
        ("application/*", [XML, JSON], XML),
        # Parameters narrow a range; a charset does not count.
        ("application/json; charset=utf-8", [XML, JSON], JSON),
        (
            "application/json;version=2, */*;q=0.1",
            ["application/json;version=1", "application/json;version=2"],
            "application/json;version=2",
        ),
        ("application/json;version=3", ["application/json;version=1"], None),
        ('application/json;v="a,b;q=1", text/csv;q=0.3', [JSON, CSV], CSV),
        ("application/json;q=0.5;ext=1", [JSON], None),
        # Whole ranges may be offered.
        ("image/png", [JSON, "image/*"], "image/*"),
        ("image/png", [JSON, "*/*"], "*/*"),
        # What cannot be read accepts everything.
        ("json", [JSON, XML], JSON),
        ("application/xml, json", [JSON, XML], JSON),
        ("application/xml;q=2", [JSON, XML], JSON),
        ("application/xml;q=0.1234", [JSON, XML], JSON),
        ("application/xml;q=-1", [JSON, XML], JSON),
        ("*/xml", [JSON, XML], JSON),
        ('application/xml;a="', [JSON, XML], JSON),
        (",,", [JSON, XML], JSON),
        (", application/xml ,", [JSON, XML], XML),
        ("*/*", [], None),
        (None, [], None),
    ],
)
def test_the_choice(accept, offered, chosen):
    assert choose_media(accept, offered) == chosen


@given(
    st.text(st.sampled_from('a*/,;=q." 01\\é'), max_size=30),
    st.lists(st.sampled_from([JSON, XML, "*/*", "a/a"])),
)
def test_any_header_chooses_something_that_is_offered_or_nothing(accept, offered):
    assert choose_media(accept, offered) in [*offered, None]
