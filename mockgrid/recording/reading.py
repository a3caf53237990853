"""From what was recorded of a request to what scenarios see of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from mockgrid.contract.bodies import UNREAD, media_type_for, read_body
from mockgrid.contract.parameters import read_parameters
from mockgrid.document.json_body import read_json, reread_integers
from mockgrid.errors import MockgridError
from mockgrid.recording.content import decoded
from mockgrid.recording.exchange import header
from mockgrid.reply.behaviours import readings
from mockgrid.reply.playing import answerable
from mockgrid.reply.request import Request

if TYPE_CHECKING:
    from mockgrid.contract.contract import Contract, MediaType, Operation
    from mockgrid.recording.exchange import RecordedRequest
    from mockgrid.reply.behaviours import Reading
    from mockgrid.scenario.view import RequestView

__all__ = ["ReadRequest", "RequestReader"]

_DEEPEST: Final = 250


@dataclass(frozen=True, slots=True, eq=False)
class ReadRequest:
    """A request of an operation.

    Attributes:
        recorded: what was sent.
        request: the same as replies see it.
        view: the same as steps see it.
        reading: how requests of its operation are read.
        broken: why the contract refuses it, in sentences; empty where it does not.
    """

    recorded: RecordedRequest
    request: Request
    view: RequestView
    reading: Reading
    broken: tuple[str, ...] = ()

    @property
    def operation(self) -> Operation:
        """What was called."""
        return self.request.operation


class RequestReader:
    """Reads requests as the server of a contract does.

    Args:
        contract: it.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._readings = readings(contract.operations)
        models = contract.policy.models
        self._default_model = models.default if models is not None else "default"

    def read(self, recorded: RecordedRequest, sent: RecordedRequest | None = None) -> ReadRequest | None:
        """Return a request; None where the contract has no such operation.

        Args:
            recorded: it, as it may be told.
            sent: the same before its secrets were taken out, for the lack of which nobody refuses it.
        """
        request = self._read(recorded)
        if request is not None and request.broken and sent is not None and sent != recorded:
            whole = self._read(sent)
            if whole is not None and not whole.broken:
                request.view.broken = False
                return replace(request, broken=())
        return request

    def _read(self, recorded: RecordedRequest) -> ReadRequest | None:
        if not recorded.target:
            return self._of_body(recorded)
        query = recorded.query.encode("latin-1", "replace")
        for path in self._paths(recorded.path):
            match = self._contract.router.find(unquote(path), path, recorded.method)
            operation = match[0].operation(recorded.method, query) if match is not None else None
            if match is None or operation is None:
                continue
            # Of those that share method and path, it is the one that takes it.
            alike = [each for each in match[0].variants[recorded.method] if each.query == operation.query]
            alike.sort(key=operation.__ne__)
            requests = (self._of(recorded, each, unquote(path), match[1]) for each in alike)
            first = next(requests)
            return first if not first.broken else next((each for each in requests if not each.broken), first)
        return None

    def _of_body(self, recorded: RecordedRequest) -> ReadRequest | None:
        """Return a request that is known by its body alone: of the operation that holds such a conversation.

        Where none does, it is of the only one that takes such a body.
        """
        taking = [operation for operation in self._contract.operations if operation.json_body is not None]
        requests = [
            self._of(replace(recorded, target=self._contract.base_path + operation.path), operation, "", {})
            for operation in taking
            if "{" not in operation.path
        ]
        speaking = [request for request in requests if request.view.messages]
        fitting = speaking or [request for request in requests if not request.broken]
        if len(fitting) != 1:
            return None
        (fit,) = fitting
        return self._of(fit.recorded, fit.operation, fit.recorded.target, {})

    def _paths(self, path: str) -> list[str]:
        """Return a path as it may stand in the contract: providers have it below prefixes of their own."""
        base = self._contract.base_path
        paths = [path]
        segments = path.strip("/").split("/")
        for start in range(len(segments)):
            beyond = "/" + "/".join(segments[start:])
            if start and base and beyond.startswith(f"{base}/"):
                paths.append(beyond)
            if len(segments) - start > 1:  # a single word says too little
                paths.append(base + beyond)
        return paths

    def _of(
        self, recorded: RecordedRequest, operation: Operation, path: str, parameters: dict[str, str]
    ) -> ReadRequest:
        headers = dict(recorded.headers)
        query = recorded.query.encode("latin-1", "replace")
        read, violations = read_parameters(operation, parameters, query, headers)
        broken = [violation.sentence for violation in violations]
        value, body = None, recorded.body
        content_type = header(recorded.headers, b"content-type") or "application/json"
        media = media_type_for(operation, content_type) or operation.json_body
        try:
            body = decoded(recorded.headers, recorded.body)
            value = self._value(media, content_type, body) if body else None
            if body and value is not UNREAD and media is not None and media.schema is not None:
                violations = media.schema.explain(value)
                if violations and media.is_json:
                    value = reread_integers(body)
                    violations = media.schema.explain(value)
                broken += [violation.sentence for violation in violations]
        except MockgridError as error:
            broken.append(error.message)
        if not body and operation.body_required and not broken:
            broken.append("The body is missing.")
        if value is UNREAD:
            value = None
        request = Request(operation, path, query, headers, read, value, body)
        reading = self._readings[operation.id]
        view = reading.view(request, default_model=self._default_model)
        if broken:
            view.broken = True
            request = answerable(request, view)
        return ReadRequest(recorded, request, view, reading, tuple(broken))

    def _value(self, media: MediaType | None, content_type: str, body: bytes) -> Any:
        if media is None or media.is_json:
            return read_json(body, _DEEPEST)
        return read_body(media, content_type, body, _DEEPEST)
