"""What the contract has for who writes a request: its operations, and what may stand in each place of one."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from mockgrid.control import ControlError
from mockgrid.document.nearest import did_you_mean
from mockgrid.document.pointer import split
from mockgrid.reply.negotiation import BOUNDARY
from mockgrid.reply.proposal import proposed_body, proposed_value
from mockgrid.schema.hints import SchemaHints

if TYPE_CHECKING:
    from mockgrid.contract.contract import Contract, MediaType, Operation, Parameter

__all__ = ["Operations"]

# Of what a place may hold.
_MOST: Final = 500
_LONGEST_POINTER: Final = 2_000
_LONGEST_TEXT: Final = 1_000


class Operations:
    """Tells of the operations of one contract.

    Args:
        contract: it.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        # By the pointer to a media type: bounded by the document.
        self._samples: dict[str, str] = {}

    def listed(self) -> dict[str, Any]:
        """Return all operations in the order of the document, with the models and the keys that they take."""
        policy = self._contract.policy
        models = policy.models
        names = dict.fromkeys((models.default, *models.names)) if models is not None else ()
        plain = (known.prefix for known in policy.keys.prefixes or () if not known.scenario)
        return {
            "operations": [self._head(operation) for operation in self._contract.operations],
            "models": [name for name in names if name][:_MOST],
            "key_prefix": next(plain, ""),
        }

    def operation(self, name: str, at: str = "") -> dict[str, Any]:
        """Return what a request of an operation may have, with a sample of it.

        Args:
            name: its id.
            at: pointer to the place in a JSON body whose members and values are told of.

        Raises:
            ControlError: there is no such operation.
        """
        operation = self._contract.operation(name)
        if operation is None:
            known = [operation.id for operation in self._contract.operations]
            raise ControlError(404, f"There is no operation {name[:60]!r}.{did_you_mean(name, known)}")
        if len(at) > _LONGEST_POINTER or (at and not at.startswith("/")):
            raise ControlError(400, "at is a JSON pointer such as /messages/0.")
        media = [*operation.body.values()]
        typed = next((each for each in media if each.is_json), None)
        return {
            **self._head(operation),
            "credentials": [
                {"kind": scheme.kind, "name": scheme.parameter} for scheme in operation.security.first
            ],
            "parameters": [self._parameter(parameter) for parameter in operation.parameters],
            "body_required": operation.body_required,
            "media": [self._media(each) for each in media],
            "place": self._place(typed, at),
        }

    def _head(self, operation: Operation) -> dict[str, Any]:
        return {
            "id": operation.id,
            "method": operation.method,
            "path": f"{self._contract.base_path}{operation.path}",
            "query": [list(pair) for pair in sorted(operation.query)],
            "summary": operation.summary,
            "deprecated": operation.deprecated,
            "behaviour": operation.behaviour,
        }

    def _parameter(self, parameter: Parameter) -> dict[str, Any]:
        hints = self._hints(parameter.source.get("schema", {}))
        return {
            "name": parameter.name,
            "in": parameter.location,
            "required": parameter.required,
            "sample": proposed_value(parameter, self._contract),
            **_described(hints, str(parameter.source.get("description") or "")),
        }

    def _media(self, media: MediaType) -> dict[str, Any]:
        if media.at not in self._samples:
            self._samples[media.at] = ""
            with suppress(UnicodeDecodeError):  # a file is chosen, not written
                self._samples[media.at] = proposed_body(media, self._contract).decode()
        name = media.name
        if name.startswith("multipart/") and "boundary" not in name:
            name = f"{name}; boundary={BOUNDARY}"
        return {"type": name, "json": media.is_json, "sample": self._samples[media.at]}

    def _place(self, media: MediaType | None, at: str) -> dict[str, Any] | None:
        """Return what may stand at a place of a JSON body; None where no JSON is taken."""
        if media is None:
            return None
        hints = self._hints(media.source.get("schema", {})).below(split(at))
        members = [
            {
                "name": name,
                "required": name in hints.required,
                **_described(hints.property(name), ""),
            }
            for name in hints.properties[:_MOST]
        ]
        return {"at": at, **_described(hints, ""), "members": members}

    def _hints(self, schema: Any) -> SchemaHints:
        return SchemaHints(schema, self._contract.document.data)


def _described(hints: SchemaHints, description: str) -> dict[str, Any]:
    """Return what a value may be."""
    text = description or str(hints.anywhere("description") or "")
    return {
        "types": sorted(hints.kinds or ()),
        "values": list(hints.choices[:_MOST]),
        "default": hints.anywhere("default"),
        "description": text[:_LONGEST_TEXT],
    }
