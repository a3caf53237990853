"""What can go wrong, as one tree.

    MockgridError
    ├── DocumentError          a contract, overlay or scenario file that cannot be used
    │   └── YamlError          not (strict) YAML or JSON
    ├── ExtraError             an optional dependency that is not installed
    ├── StartError             the server cannot start: a port in use, a bad setting
    └── SynthesisError         no value can be made for a schema
        ├── InvalidSchemaError     the schema itself is not a JSON Schema
        └── UnsatisfiableError     nothing (within limits) satisfies the schema

Beside it stands ``MockgridWarning``: what is odd in what a test plays, and does no harm.

Each says in one sentence what was found, where, what was expected, and what to do.
"""

from __future__ import annotations


class MockgridError(Exception):
    """Root of everything that MockGrid raises on purpose.

    Args:
        message: what was found and what was expected, one sentence.
        where: ``file:line:column`` or a JSON pointer, or what prints as one; empty where neither applies.
        hint: what to do about it, one sentence; may be empty.
    """

    def __init__(self, message: str, *, where: object = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self._where = where

    @property
    def where(self) -> str:
        """The place, as text."""
        return str(self._where)

    @property
    def identity(self) -> tuple[object, ...]:
        """What is equal for the same mistake at the same place; no place is looked up for it."""
        return self.message, self.hint, self._where

    def __str__(self) -> str:
        located = f"{self.where}: {self.message}" if self.where else self.message
        return f"{located} {self.hint}" if self.hint else located


class MockgridWarning(UserWarning):
    """What is odd in what a test plays, and yet can be played."""


class DocumentError(MockgridError):
    """A contract, overlay or scenario file that cannot be used."""


class YamlError(DocumentError):
    """A file that is not JSON or strict YAML."""


class ExtraError(MockgridError, ImportError):
    """Something needs an optional dependency that is not installed.

    Args:
        message: what needs which, one sentence.
        extra: of MockGrid, which has it.
    """

    def __init__(self, message: str, extra: str) -> None:
        hint = (
            f"Install MockGrid with its extra `{extra}`, as in pip install 'mockgrid[{extra}]', "
            f"or pip install '.[{extra}]' in a clone."
        )
        super().__init__(message, hint=hint)


class StartError(MockgridError):
    """The server cannot start."""


class SynthesisError(MockgridError):
    """No value can be made for a schema; ``where`` is a JSON pointer into the schema."""


class InvalidSchemaError(SynthesisError):
    """The schema is not a valid JSON Schema."""


class UnsatisfiableError(SynthesisError):
    """No value within the limits satisfies the schema."""
