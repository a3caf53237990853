"""Values for the schemas of one contract, with the contract's own examples wherever they fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockgrid.errors import SynthesisError
from mockgrid.reply.examples import with_examples, without_write_only
from mockgrid.schema.hints import SchemaHints
from mockgrid.schema.values import compile_for

if TYPE_CHECKING:
    from mockgrid.contract.contract import Contract
    from mockgrid.schema.generate import CompiledSchema
    from mockgrid.schema.validator import SchemaValidator

__all__ = ["Values"]


class Values:
    """Makes values; each schema is compiled when it is first needed, and kept.

    Args:
        contract: whose schemas are asked for.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        # By the pointer to a schema: bounded by the document.
        self._validators: dict[str, SchemaValidator] = {}
        self._schemas: dict[str, CompiledSchema] = {}

    def outline(self, schema: Any) -> SchemaHints:
        """Return the outline of a schema as it was written, with the examples that validators do not see."""
        return SchemaHints(schema, self._contract.document.data)

    def validator(self, at: str) -> SchemaValidator:
        """Return the validator of the schema under a pointer.

        Raises:
            KeyError: there is no schema.
        """
        if at not in self._validators:
            self._validators[at] = self._contract.validator(at)
        return self._validators[at]

    def value(self, validator: SchemaValidator, schema: Any, seed: str, *, exemplary: bool) -> Any:
        """Return a value that a validator accepts, the same for the same seed.

        Args:
            validator: of one of the contract's schemas.
            schema: the same schema as it was written.
            seed: what chooses among the values that the schema allows.
            exemplary: whether parts whose schemas give an example are that example, where the whole stays
                valid.

        Raises:
            SynthesisError: nothing satisfies the schema; ``where`` is a pointer into the document.
        """
        try:
            value = self._compiled(validator).value(seed)
        except SynthesisError as error:
            raise type(error)(error.message, where=validator.place(error.where)) from None
        outline = self.outline(schema)
        bare = without_write_only(value, outline)
        candidates = [bare, value]
        if exemplary:
            candidates.insert(0, with_examples(bare, outline))
        for candidate in candidates:
            if validator.accepts(candidate):
                return candidate
        raise SynthesisError("what was synthesised for the schema does not obey it", where=validator.at)

    def _compiled(self, validator: SchemaValidator) -> CompiledSchema:
        if validator.at not in self._schemas:
            self._schemas[validator.at] = compile_for(validator)
        return self._schemas[validator.at]
