"""Choosing who answers a valid request: a behaviour, the contract's examples, or what the client prefers."""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from typing import TYPE_CHECKING

from mockgrid.contract.policy import Models
from mockgrid.reply.chat.replies import ChatReplies
from mockgrid.reply.generic import GenericReplies, UnanswerableError
from mockgrid.reply.models import ModelReplies
from mockgrid.reply.prefer import Preferences, PreferError, read_prefer
from mockgrid.reply.refused import RefusedError
from mockgrid.reply.tokens import best_tokenizer

if TYPE_CHECKING:
    from mockgrid.contract.contract import Contract
    from mockgrid.reply.behaviour import Behaviour
    from mockgrid.reply.errors import Errors
    from mockgrid.reply.reply import Reply
    from mockgrid.reply.request import Request
    from mockgrid.server.settings import Settings
    from mockgrid.session.session import Session

_RETRY_AFTER = "1"


class Composer:
    """Composes the replies of one server.

    Args:
        contract: what replies are made from.
        settings: style, models, clock and seed.
        errors: composes error replies.
    """

    def __init__(self, contract: Contract, settings: Settings, errors: Errors) -> None:
        self._errors = errors
        self._policy = contract.policy
        models = contract.policy.models
        if settings.models:
            known: dict[str, dict[str, int]] = {name: {} for name in settings.models}
            models = Models(next(iter(known)), known, ignore_case=models.ignore_case if models else False)
        self._generic = GenericReplies(contract)
        self._behaviours: dict[str | None, Behaviour] = {
            "chat-completions": ChatReplies(
                contract,
                best_tokenizer(),
                models=models,
                style=settings.style,
                prose_tokens=settings.prose_tokens,
                real_clock=settings.clock == "real",
                strict=settings.strict,
            ),
            "models": ModelReplies(models or Models(), contract.title),
        }
        # All that varies is drawn from the contract and the seed, and then from the request.
        self._drawn = hashlib.blake2b(f"{contract.sha256}:{settings.seed}:".encode())

    def check(self, request: Request) -> None:
        """Refuse what the schema admits but the operation's behaviour does not."""
        behaviour = self._behaviours.get(request.operation.behaviour)
        if behaviour is not None:
            behaviour.check(request)

    def compose(self, request: Request, session: Session) -> tuple[Reply, bytes]:
        """Return the reply to a valid request, and the request's id."""
        asked, sending = request.asked()
        drawn = self._drawn.copy()
        drawn.update(asked)
        digest = drawn.digest()
        seed = digest.hex()[:32]
        drawn.update(b"%d" % session.attempt(digest + sending))
        identity = own = drawn.hexdigest()
        if sending:
            drawn.update(sending)
            own = drawn.hexdigest()
        request_id = b"req_" + own[-32:].encode()
        prefer = request.headers.get(b"prefer")
        behaviour = self._behaviours.get(request.operation.behaviour)
        if prefer is None and behaviour is not None:
            return behaviour.reply(request, seed, identity), request_id
        try:
            preferences = read_prefer([prefer.decode("latin-1")] if prefer is not None else [])
            return self._preferred(request, preferences, behaviour, seed, identity), request_id
        except PreferError as error:
            raise RefusedError("malformed_body", error.message) from None
        except UnanswerableError as error:
            raise RefusedError("internal", error.message) from None

    def _preferred(
        self,
        request: Request,
        preferences: Preferences,
        behaviour: Behaviour | None,
        seed: str,
        identity: str,
    ) -> Reply:
        code, operation = preferences.code, request.operation
        if code is not None and not operation.declares(code) and "default" not in operation.responses:
            declared = ", ".join(sorted(operation.responses))
            raise PreferError(
                f"Prefer asks for the status {code}, which {operation.id} does not declare ({declared})."
            )
        plain = preferences.example is None and not preferences.dynamic
        if plain and behaviour is not None and code in (None, HTTPStatus.OK):
            return behaviour.reply(request, seed, identity)
        failure = self._policy.failure_for(code) if code is not None and self._policy.declared else None
        if plain and failure is not None:
            headers = {"Retry-After": _RETRY_AFTER} if code in (429, 503) else {}
            message = f"The request header Prefer asked for the status {code}."
            return self._errors.reply(failure.name, message, operation=operation, headers=headers)
        accept = request.headers.get(b"accept")
        return self._generic.compose(
            operation,
            status=code,
            example=preferences.example,
            dynamic=preferences.dynamic,
            accept=accept.decode("latin-1") if accept is not None else None,
            seed=identity if preferences.dynamic else seed,
        )
