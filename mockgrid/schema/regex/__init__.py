r"""Regular expressions that cannot blow up: matched in linear time, and run backwards to make examples.

>>> pattern = compile_pattern(r"^[A-Z]{2}-\d+$")
>>> pattern.search("NO-42")
True
"""

from mockgrid.schema.regex.error import RegexError
from mockgrid.schema.regex.pattern import Pattern, common_example, compile_pattern

__all__ = ["Pattern", "RegexError", "common_example", "compile_pattern"]
