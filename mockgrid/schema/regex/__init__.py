r"""Regular expressions that cannot blow up: matched by an engine, and run backwards to make examples.

>>> pattern = compile_pattern(r"^[A-Z]{2}-\d+$")
>>> pattern.search("NO-42")
True
"""

from mockgrid.schema.pattern_engine import RegexError
from mockgrid.schema.regex.needles import Needle, NeedleTree, needle
from mockgrid.schema.regex.pattern import (
    QUADRATIC_LIMIT,
    Pattern,
    common_example,
    compile_linear,
    compile_pattern,
)

__all__ = [
    "QUADRATIC_LIMIT",
    "Needle",
    "NeedleTree",
    "Pattern",
    "RegexError",
    "common_example",
    "compile_linear",
    "compile_pattern",
    "needle",
]
