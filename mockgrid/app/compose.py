"""Choosing who answers a valid request: a behaviour, the contract's examples, or what the client prefers."""

from __future__ import annotations

import hashlib
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mockgrid.contract.extension import known_models
from mockgrid.reply.behaviour import Kit
from mockgrid.reply.behaviours import BEHAVIOURS, readings
from mockgrid.reply.negotiation import is_contrary, response_of
from mockgrid.reply.preferences import Preferences, PreferError, misspelt_preferences, prefers_of, read_prefer
from mockgrid.reply.request import UNMET_PREFERENCE, RefusedError, UnanswerableError
from mockgrid.reply.tokens import best_tokenizer
from mockgrid.schema.hints import SchemaHints
from mockgrid.schema.values import ValueMemory
from mockgrid.session.session import ANONYMOUS

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockgrid.contract.contract import Contract, Operation
    from mockgrid.reply.behaviour import Behaviour
    from mockgrid.reply.errors import Errors
    from mockgrid.reply.generic import GenericReplies
    from mockgrid.reply.playing import ScenarioReplies
    from mockgrid.reply.reply import Reply
    from mockgrid.reply.request import Request
    from mockgrid.reply.scripted import ScriptedReplies
    from mockgrid.schema.values import Recent
    from mockgrid.session.session import Session
    from mockgrid.settings import Settings

_RETRY_AFTER = "1"


class Composer:
    """Composes the replies of one server.

    Args:
        contract: what replies are made from.
        settings: style, models, clock and seed.
        errors: composes error replies.
        remember: told of each valid request that a session sends again.
        forwards: whether a provider answers where no step does.

    Attributes:
        memory: of the schemas that requests carry, and the values made for them.
    """

    def __init__(
        self,
        contract: Contract,
        settings: Settings,
        errors: Errors,
        remember: Callable[[Request], None],
        *,
        forwards: bool = False,
    ) -> None:
        self._forwards = forwards
        self._errors = errors
        self._remember = remember
        self._policy = contract.policy
        models = contract.policy.models
        if settings.models:
            models = known_models(settings.models, models)
        elif forwards:
            models = None  # the provider has its own
        self.memory = ValueMemory()
        self._tokenizer = best_tokenizer()
        kit = Kit(
            contract=contract,
            tokenizer=self._tokenizer,
            memory=self.memory,
            models=models,
            style=settings.style,
            prose_tokens=settings.prose_tokens,
            real_clock=settings.clock == "real",
            strict=settings.strict,
        )
        self._contract = contract
        self._static = settings.style == "static"
        self._default_model = models.default if models is not None else "default"
        self._behaviours: dict[str | None, Behaviour] = {
            name: behaviour(kit) for name, behaviour in BEHAVIOURS.items()
        }
        self._readings = readings(contract.operations)
        # What a body without ``stream`` says of it, by the operation: looked up in its schema once.
        self._stream_defaults: dict[str, Any] = {}
        # All that varies is drawn from the contract and the seed, and then from the request.
        self._digest = hashlib.blake2b(f"{contract.sha256}:{settings.seed}:".encode())

    @property
    def remembered(self) -> dict[str, Recent[Any] | int]:
        """Schemas, values and replies that were made, and how many errors and texts."""
        errors = len(self._scripted.errors_made) if "_scripted" in vars(self) else 0
        replies = self._generic.made if "_generic" in vars(self) else 0
        return {
            **self.memory.remembered,
            "errors": errors,
            "replies": replies,
            "texts": self._tokenizer.remembered,
        }

    @cached_property
    def _generic(self) -> GenericReplies:
        """What answers by the contract's examples and schemas; loaded when it is first asked to."""
        from mockgrid.reply.generic import GenericReplies  # noqa: PLC0415 - 20 ms, and chat needs none

        return GenericReplies(self._contract, static=self._static)

    @cached_property
    def _scripted(self) -> ScriptedReplies:
        from mockgrid.reply.scripted import ScriptedReplies  # noqa: PLC0415 - 40 ms, for scenarios alone

        return ScriptedReplies(self._errors, self._generic, self._behaviours)

    @cached_property
    def _playing(self) -> ScenarioReplies:
        """What answers sessions that play a scenario; loaded when the first one does."""
        from mockgrid.reply.playing import ScenarioReplies  # noqa: PLC0415 - the same

        style = self._policy.limit_headers
        return ScenarioReplies(
            self._scripted, self._default_model, self._readings, style, forwards=self._forwards
        )

    def standing(self, session: Session, operation: Operation | None) -> dict[str, str]:
        """Return the headers that tell how a session's limits stand, where they count such requests."""
        play = session.play
        if play is None or operation is None or not self._readings[operation.id].usual:
            return {}
        return play.standing(self._default_model, self._policy.limit_headers)

    def plays(self, request: Request, session: Session) -> bool:
        """Tell whether what a session plays is for a request, whatever else its steps ask of it."""
        play = session.play
        usual = self._readings[request.operation.id].usual
        return play is not None and (usual or self._playing.concern(request, play))

    def check(self, request: Request) -> None:
        """Refuse what a behaviour does not admit; see ``Behaviour.check``."""
        behaviour = self._behaviours.get(request.operation.behaviour)
        if behaviour is not None:
            behaviour.check(request)

    def compose(self, request: Request, session: Session) -> tuple[Reply, bytes]:
        """Return the reply to a valid request, and the request's id."""
        play, operation = session.play, request.operation
        reading = self._readings[operation.id]
        if play is not None:
            request.models = play.models  # whether or not the scenario is for the request
            request.funded = play.funded if session.name != ANONYMOUS else None
            play = play if reading.usual or self._playing.concern(request, play) else None
        behaviour = self._behaviours.get(operation.behaviour)
        if behaviour is not None:
            behaviour.check(request)
        digest, attempt_id, sending = request.drawn(self._digest, reading.sending)
        own, seed = attempt_id, attempt_id[:32]
        attempt = session.attempt(f"{seed}{sending.decode()}" if sending else seed)
        if attempt > 1:
            self._remember(request)
            digest.update(b"%d" % attempt)
            attempt_id = own = digest.hexdigest()
        if sending:
            digest.update(sending)
            own = digest.hexdigest()
        request_id = b"req_" + own[-32:].encode()
        prefer = request.headers.get(b"prefer")
        prefers = prefers_of(prefer, request.query) if prefer is not None or request.query else None
        try:
            if prefers:
                reply = self._preferred(request, read_prefer(prefers), behaviour, seed, attempt_id)
                reply.warnings = misspelt_preferences(prefers)
            elif play is not None:
                reply = self._playing.reply(request, play, attempt, seed, attempt_id, session.name)
            elif behaviour is not None:
                reply = behaviour.reply(request, seed, attempt_id)
            else:
                reply = self._preferred(request, Preferences(), behaviour, seed, attempt_id)
        except (PreferError, UnanswerableError) as error:
            raise _refusal(error, attempt) from None
        except RefusedError as refused:
            refused.attempt = attempt
            raise
        reply.attempt = attempt
        reply.streaming = None  # the journal keeps the reply, and not all that it was made from
        return reply, request_id

    def compose_broken(self, request: Request, session: Session) -> tuple[Reply, bytes] | None:
        """Return the reply to a request that breaks the contract, and its id; None where no step answers.

        Raises:
            RefusedError: a limit is reached, or the balance is used up.
        """
        play = session.play
        if play is None or not self.plays(request, session):
            return None
        digest, _, sending = request.drawn(self._digest, self._readings[request.operation.id].sending)
        digest.update(sending)
        seed = digest.hexdigest()[:32]
        attempt = session.attempt(seed)
        digest.update(b"%d" % attempt)
        own = digest.hexdigest()
        reply = self._playing.reply_to_broken(request, play, attempt, seed, own, session.name)
        if reply is None:
            return None
        reply.attempt, reply.streaming = attempt, None
        return reply, b"req_" + own[-32:].encode()

    def _preferred(
        self,
        request: Request,
        preferences: Preferences,
        behaviour: Behaviour | None,
        seed: str,
        attempt_id: str,
    ) -> Reply:
        code, operation = preferences.code, request.operation
        status = None if code is None else response_of(operation, code)[0]
        if preferences.seed is not None:
            digest = self._digest.copy()
            digest.update(preferences.seed.encode("utf-8", "replace"))
            seed = digest.hexdigest()[:32]
            attempt_id = seed * 4
        plain = preferences.example is None and not preferences.dynamic
        if plain and behaviour is not None and status in (None, HTTPStatus.OK):
            return behaviour.reply(request, seed, attempt_id)
        if plain and status is not None and status >= HTTPStatus.BAD_REQUEST and self._policy.declared:
            headers = {"Retry-After": _RETRY_AFTER} if status in (429, 503) else {}
            if status == HTTPStatus.METHOD_NOT_ALLOWED:
                headers = {"Allow": operation.method}
            return self._errors.by_status(status, operation=operation, headers=headers)
        accept = request.headers.get(b"accept")
        return self._generic.compose(
            operation,
            status=code,
            example=preferences.example,
            dynamic=preferences.dynamic,
            accept=accept.decode("latin-1") if accept is not None else None,
            streams=self._streams(request),
            seed=attempt_id if preferences.dynamic and preferences.seed is None else seed,
        )

    def _streams(self, request: Request) -> bool | None:
        """Tell whether a body asks for a stream, by itself or by its default; None where it says nothing."""
        operation, body = request.operation, request.value
        conversation = self._readings[operation.id].conversation
        if conversation is not None and conversation.stream(body):
            return True
        if operation.json_body is None or not isinstance(body, dict):
            return None
        says = body.get("stream")
        if says is None:
            if operation.id not in self._stream_defaults:
                schema = operation.json_body.source.get("schema", {})
                outline = SchemaHints(schema, self._contract.document.data).property("stream")
                self._stream_defaults[operation.id] = outline.anywhere("default")
            says = self._stream_defaults[operation.id]
            accept = request.headers.get(b"accept")
            if isinstance(says, bool) and accept is not None:
                return None if is_contrary(accept.decode("latin-1"), streams=says) else says
        return says if isinstance(says, bool) else None


def _refusal(error: PreferError | UnanswerableError, attempt: int) -> RefusedError:
    if isinstance(error, PreferError):
        return RefusedError(
            error.failure, error.message, code=UNMET_PREFERENCE, attempt=attempt, location="header"
        )
    return RefusedError("internal", error.message, attempt=attempt)
