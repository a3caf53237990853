"""YAML that is written is read as the same data, and stays short."""

import json

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from mockgrid.document import yaml
from mockgrid.recording.yaml_text import Block, Commented, OneLine, uncommented, yaml_text

pytestmark = pytest.mark.once
ODD = "ab \n\t:#-'\"{}[],?!&*|>%@`\\~.0e1=<\r\x85\u2028\ufeff"
KNOWN = (
    *("a" * 50 + " " + "b" * 60, "x y " * 40 + "z", "- a", "? b", "a: b", "a #b", "http://x/y", "12:30"),
    *("1e3", "0x1", "off", "yes", "~", "", "null", "=", "<<", "a:", "...", "---", "--- a", "%a", "\ufeffa"),
    *("a\n b\n\n", "\n a", "  \n x\n", " a\nb", "a\n\n\n", "$${x}", "a:b,c", "12:3: 4", "it's", '"a"'),
    *("a\ufffe", "a\uffffb", "x" * 1100),
)
TEXTS = st.text(max_size=30) | st.text(alphabet=ODD, max_size=40) | st.sampled_from(KNOWN)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | FLOATS | TEXTS


def nested(values):
    plain = values.filter(lambda value: not isinstance(value, Commented))
    return st.one_of(
        st.lists(values, max_size=5),
        st.dictionaries(TEXTS, values, max_size=5),
        st.dictionaries(TEXTS, plain, max_size=3).map(OneLine),
        st.builds(Commented, plain, TEXTS),
    )


VALUES = st.recursive(SCALARS, nested, max_leaves=20)


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@seed(3)
@settings(max_examples=400, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4).map(Block))
def test_it_is_read_as_what_was_written(data):
    text = yaml_text(data)
    plain = uncommented(data)
    assert json.dumps(yaml.load(text, name="x").data) == json.dumps(plain), text


def test_other_readers_take_no_text_for_a_number_or_a_date():
    """YAML 1.1 has more of these than is read here."""
    texts = ["12:30", "1_000", "2026-11-30", "-1:2", "2026-11-30 12:00:00"]
    assert yaml_text(Block(texts=[*texts, "12ms", "1a"])) == (
        "texts: ['12:30', '1_000', '2026-11-30', '-1:2', '2026-11-30 12:00:00', 12ms, 1a]\n"
    )


def test_it_reads_well():
    reply = Block(say="It is 3 °C in Oslo.\nBring a coat.\n", usage={"prompt_tokens": 10})
    long = "word " * 30 + "end"
    data = Block(
        strict=True,
        steps=[
            Commented(Block(when={"turn": 1}, reply=reply), "The first.\nAgain."),
            Block(replies=[{"error": 503}, Commented(Block(say=long, contract="off"), "Why.")]),
        ],
        pieces=["piece"] * 30,
    )
    assert (
        yaml_text(data)
        == """\
strict: true
steps:
  # The first.
  # Again.
  - when: {turn: 1}
    reply:
      say: |
        It is 3 °C in Oslo.
        Bring a coat.
      usage: {prompt_tokens: 10}
  - replies:
      - {error: 503}
      # Why.
      - say: >-
          word word word word word word word word word word word word word word word word word word word word
          word word word word word word word word word word end
        contract: off
pieces: [
  piece, piece, piece, piece, piece, piece, piece, piece, piece, piece, piece, piece, piece, piece, piece,
  piece, piece, piece, piece, piece, piece, piece, piece, piece, piece, piece, piece, piece, piece, piece,
]
"""
    )
