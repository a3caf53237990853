"""What a contract's ``x-mockgrid`` extension says: error shapes, failures, models and keys.

An API's habits are data that belongs to its document. A document without the extension gets habits that any
OpenAPI document can live with.
"""

from __future__ import annotations

import re
from dataclasses import field, replace
from fnmatch import translate as translate_glob
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mockgrid.contract.http_terms import GATEWAY, header_fault
from mockgrid.contract.limit_headers import read_limit_headers
from mockgrid.contract.object_reader import ObjectReader
from mockgrid.document.pointer import join
from mockgrid.fixed import fixed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mockgrid.contract.limit_headers import LimitHeaders
    from mockgrid.document.document import Document

EXTENSION = "x-mockgrid"
ABSENT = "absent"
CATALOGUE = "catalogue"
"""The key of the extension under which stands what a list of models tells of each."""
UNDRAWN = frozenset((ABSENT, CATALOGUE))
"""The keys of the extension that say nothing of what replies are drawn from."""
_STATUS = re.compile(r"[1-5][0-9]{2}")
_GLOB = re.compile(r"[*?]|\[[^\]]*\]")


@fixed
class Failure:
    """How one kind of failure is answered.

    Attributes:
        name: such as ``unknown_model``.
        status: the HTTP status.
        shape: name of the error shape that the body has.
        type: the ``type`` that OpenAI's error object would carry.
        code: the ``code`` that OpenAI's error object would carry.
        headers: further headers, by name.
    """

    name: str
    status: int
    shape: str = "problem"
    type: str = "invalid_request_error"
    code: str | int = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@fixed
class Shape:
    """A JSON template: a text that is just ``${name}`` is replaced by that value.

    Attributes:
        body: the template of the whole body.
        violation: the template of one entry, where the body has ``${violations}``.
    """

    body: Any
    violation: Any = None


@fixed(slots=False)
class Models:
    """The models that an API knows.

    Attributes:
        default: the model that a request without one gets.
        known: by name or glob what is known of it: ``context``, ``input`` and ``output`` tokens, by which
            model it is ``served``, and the ``entry``, what a list of models tells besides.
        ignore_case: whether ``Text-Prime`` is ``text-prime``.
    """

    default: str = "default"
    known: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    ignore_case: bool = False

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The known names, without globs, in the document's order."""
        return tuple(name for name in self.known if not _is_glob(name))

    @cached_property
    def _exact(self) -> frozenset[str]:
        return frozenset(name.casefold() if self.ignore_case else name for name in self.names)

    @cached_property
    def _globs(self) -> tuple[tuple[re.Pattern[str], str], ...]:
        flags = re.IGNORECASE if self.ignore_case else 0
        return tuple((re.compile(translate_glob(name), flags), name) for name in self.known if _is_glob(name))

    def find(self, name: str) -> str | None:
        """Return the known name or glob that ``name`` falls under; None for an unknown model."""
        folded = name.casefold() if self.ignore_case else name
        if folded in self._exact:
            return folded
        for pattern, known in self._globs:
            if pattern.match(name):
                return known
        return None

    def limits(self, name: str) -> Mapping[str, Any]:
        """Return a model's limits, and what else is known of it; empty where nothing is."""
        called = self.find(name)
        if called is None:
            return {}
        for known, limits in self.known.items():
            if known == called or (self.ignore_case and known.casefold() == called):
                return limits
        return {}

    @cached_property
    def serves(self) -> bool:
        """Whether any of them answers under another name."""
        return any("served" in described for described in self.known.values())

    def served(self, name: str) -> str:
        """Return the model that answers for a name: what replies say."""
        return str(self.limits(name).get("served", name))


def known_models(names: Sequence[str], declared: Models | None) -> Models:
    """Return models by names and globs, in place of a document's own.

    ``text-prime=openai/gpt-oss-120b`` names the model that serves, too; without it, the document's own does.
    The default is the document's own where it is among them, else the first that is no glob, else a name that
    the first glob admits. What the document says of a model goes on to hold.
    """
    ignore_case = declared.ignore_case if declared is not None else False
    pairs = [(name, served) for name, _, served in (entry.partition("=") for entry in names)]
    described = {name: dict(declared.limits(name)) if declared is not None else {} for name, _ in pairs}
    for name, served in pairs:
        if served:
            described[name]["served"] = served
    first = pairs[0][0]
    models = Models(first, described, ignore_case=ignore_case)
    if declared is not None and models.find(declared.default) is not None:
        default = declared.default
    elif models.names:
        default = models.names[0]
    else:
        default = _GLOB.sub("", first).strip("-_./") or "default"
        default = default if models.find(default) is not None else first.replace("*", "default")
    return replace(models, default=default)


@fixed
class KeyPrefix:
    """Keys that begin like this are accepted; ``scenario`` tells that their next segment names one."""

    prefix: str
    scenario: bool = False


@fixed
class AcceptedKeys:
    """Which credentials are accepted.

    Attributes:
        prefixes: accepted beginnings; None accepts every well-formed credential.
        advice: one sentence that says what a valid key looks like.
    """

    prefixes: tuple[KeyPrefix, ...] | None = None
    advice: str = ""


@fixed
class Words:
    """What an error says that is asked for by its status alone: the failure it stands for, and a sentence."""

    failure: str
    message: str


@fixed
class Policy:
    """Everything that an API does by habit rather than by schema.

    ``absent`` says by path what to do in place of calling what the API lacks, and its clients often call;
    ``declared`` tells whether the document says how errors look, which goes before its own examples of them;
    ``gateway`` are the statuses that need not be declared, since what stands before the API answers them.
    """

    failures: Mapping[str, Failure]
    shapes: Mapping[str, Shape]
    models: Models | None
    keys: AcceptedKeys
    retry: Mapping[str, Any]
    declared: bool
    words: Mapping[int, Words] = field(default_factory=dict)
    limit_headers: LimitHeaders = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    gateway: frozenset[int] = GATEWAY

    def failure_for(self, status: int, code: str | int = "") -> Failure | None:
        """Return the failure that a status, and a code where one is given, stands for.

        That is the one with both, else as the document says of the status, else the first that has it.
        """
        for failure in self.failures.values():
            if code and (failure.status, failure.code) == (status, code):
                return failure
        words = self.words.get(status)
        if words is not None:
            return self.failures[words.failure]
        return next((failure for failure in self.failures.values() if failure.status == status), None)


_DEFAULT_FAILURES = (
    Failure("unknown_path", 404, code="not_found"),
    Failure("method_not_allowed", 405, code="method_not_allowed"),
    Failure("unauthorized", 401, type="authentication_error", code="invalid_api_key"),
    Failure("body_too_large", 413, code="body_too_large"),
    Failure("unsupported_media_type", 415, code="unsupported_media_type"),
    Failure("not_acceptable", 406, code="not_acceptable"),
    Failure("malformed_body", 400, code="malformed_body"),
    Failure("not_declared", 404, code="not_declared"),
    Failure("request_timeout", 408, type="timeout", code="request_timeout"),
    Failure("headers_too_large", 431, code="headers_too_large"),
    Failure("wrong_type", 400, code="invalid_type"),
    Failure("invalid_request", 422, code="invalid_request"),
    Failure("unknown_model", 404, code="model_not_found"),
    Failure("rate_limited", 429, type="rate_limit_error", code="rate_limit_exceeded"),
    Failure("insufficient_balance", 402, type="insufficient_quota", code="insufficient_balance"),
    Failure("balance_replenishing", 503, type="server_error", code="balance_replenishing"),
    Failure("no_step", 424, code="no_step", headers=MappingProxyType({"x-should-retry": "false"})),
    Failure("internal", 500, type="server_error", code="internal_error"),
    Failure(
        "overloaded",
        503,
        type="server_error",
        code="overloaded",
        headers=MappingProxyType({"Retry-After": "1"}),
    ),
)
_PROBLEM = Shape({"type": "about:blank", "title": "${title}", "status": "${status}", "detail": "${message}"})


def policy_of(document: Document) -> Policy:
    """Read a document's policy."""
    extension = document.data.get(EXTENSION)
    failures = {failure.name: failure for failure in _DEFAULT_FAILURES}
    if extension is None:
        return Policy(
            failures=failures,
            shapes={"problem": _PROBLEM},
            models=None,
            keys=AcceptedKeys(),
            retry={},
            declared=False,
        )
    at = f"/{EXTENSION}"
    objects = ObjectReader(document)
    extension = objects.mapping(extension, at)
    errors = objects.mapping(extension.get("errors"), f"{at}/errors")
    shapes = {"problem": _PROBLEM}
    for name, entry in objects.mapping(errors.get("shapes"), f"{at}/errors/shapes").items():
        shape = objects.mapping(entry, f"{at}/errors/shapes{join((name,))}")
        shapes[name] = Shape(body=shape.get("body"), violation=shape.get("violation"))
    for name, entry in objects.mapping(errors.get("failures"), f"{at}/errors/failures").items():
        with document.mistakes:
            failures[name] = _failure(objects, name, entry, failures, shapes)
    if errors:  # An API that says how it fails means something else by a 404.
        failures["not_declared"] = replace(failures["malformed_body"], name="not_declared")
    return Policy(
        failures=failures,
        shapes=shapes,
        models=_models(objects, extension),
        keys=_keys(objects, extension.get("keys")),
        retry=objects.mapping(extension.get("retry_policy"), f"{at}/retry_policy"),
        declared=any(errors.get(key) for key in ("shapes", "failures", "statuses")),
        gateway=GATEWAY.union(_gateway(objects, errors.get("gateway"))),
        words=_words(objects, errors.get("statuses"), failures),
        limit_headers=read_limit_headers(objects, extension.get("limit_headers"), f"{at}/limit_headers"),
        absent=dict(_absent(objects, extension.get(ABSENT))),
    )


def _gateway(objects: ObjectReader, value: Any) -> Iterator[int]:
    at = f"/{EXTENSION}/errors/gateway"
    for index, status in enumerate(objects.listing(value if value is not None else [], at)):
        if isinstance(status, int) and status // 100 in (4, 5):
            yield status
        else:
            error = objects.unexpected("a status from 400 to 599", status, f"{at}/{index}")
            objects.document.mistakes.tell(error)


def _absent(objects: ObjectReader, value: Any) -> Iterator[tuple[str, str]]:
    at = f"/{EXTENSION}/{ABSENT}"
    for path, advice in objects.mapping(value, at).items():
        with objects.document.mistakes:
            yield path, objects.text(advice, at + join((path,)))


def _failure(
    objects: ObjectReader, name: str, value: Any, known: dict[str, Failure], shapes: dict[str, Shape]
) -> Failure:
    at = f"/{EXTENSION}/errors/failures{join((name,))}"
    entry = objects.mapping(value, at)
    base = known.get(name, Failure(name, 400))
    status = entry.get("status", base.status)
    if not isinstance(status, int) or status // 100 not in (4, 5):
        message = f"status is {status!r}; a number from 400 to 599 was expected."
        raise objects.document.error(message, f"{at}/status")
    shape = entry.get("shape", base.shape)
    if not isinstance(shape, str) or shape not in shapes:
        message = f"shape {shape!r} is not declared; the declared shapes are {', '.join(sorted(shapes))}."
        raise objects.document.error(message, f"{at}/shape")
    headers = objects.mapping(entry.get("headers", dict(base.headers)), f"{at}/headers")
    for key, text in headers.items():
        fault = header_fault(str(key), str(text))
        if fault:
            raise objects.document.error(fault, f"{at}/headers{join((key,))}")
    return Failure(
        name=name,
        status=status,
        shape=shape,
        type=str(entry.get("type", base.type)),
        code=str(entry.get("code", base.code or name)),
        headers={str(key): str(value) for key, value in headers.items()},
    )


def _words(objects: ObjectReader, value: Any, failures: Mapping[str, Failure]) -> dict[int, Words]:
    at = f"/{EXTENSION}/errors/statuses"
    words: dict[int, Words] = {}
    for status, described in objects.mapping(value, at).items():
        entry = objects.mapping(described, f"{at}/{status}")
        name = entry.get("failure")
        if not isinstance(name, str) or name not in failures or not _STATUS.fullmatch(str(status)):
            message = f"the status {status} stands for {name!r}; a failure that is declared was expected."
            objects.document.mistakes.tell(objects.document.error(message, f"{at}/{status}"))
            continue
        words[int(status)] = Words(name, str(entry.get("message", "")))
    return words


def _models(objects: ObjectReader, extension: Mapping[str, Any]) -> Models | None:
    if extension.get("models") is None:
        return None
    at = f"/{EXTENSION}/models"
    entry = objects.mapping(extension["models"], at)
    known: dict[str, Mapping[str, Any]] = {}
    for name, described in objects.mapping(entry.get("known"), f"{at}/known").items():
        place = f"{at}/known{join((name,))}"
        limits = dict(objects.mapping(described, place))
        for limit in ("context", "input", "output"):
            tokens = limits.get(limit, 0)
            if isinstance(tokens, bool) or not isinstance(tokens, int):
                error = objects.unexpected("a number of tokens", tokens, place + join((limit,)))
                objects.document.mistakes.tell(error)
                del limits[limit]
        if "served" in limits:
            with objects.document.mistakes:
                limits["served"] = objects.text(limits.pop("served"), f"{place}/served")
        known[name] = limits
    at = f"/{EXTENSION}/{CATALOGUE}"
    catalogue = objects.mapping(extension.get(CATALOGUE), at)
    every = objects.mapping(catalogue.get("every"), f"{at}/every")
    for name, described in objects.mapping(catalogue.get("models"), f"{at}/models").items():
        own = objects.mapping(described, f"{at}/models{join((name,))}")
        known[name] = {**known.get(name, {}), "entry": {**every, **own}}
    return Models(
        default=str(entry.get("default", next(iter(known), "default"))),
        known=known,
        ignore_case=bool(entry.get("ignore_case", False)),
    )


def _keys(objects: ObjectReader, value: Any) -> AcceptedKeys:
    at = f"/{EXTENSION}/keys"
    entry = objects.mapping(value, at)
    advice = str(entry.get("advice", ""))
    if entry.get("prefixes") is None:
        return AcceptedKeys(advice=advice)
    accepted = []
    for index, item in enumerate(objects.listing(entry["prefixes"], f"{at}/prefixes")):
        place = f"{at}/prefixes/{index}"
        described = objects.mapping(item, place)
        with objects.document.mistakes:
            prefix = objects.text(described.get("prefix"), f"{place}/prefix")
            accepted.append(KeyPrefix(prefix, "scenario" in described))
    # The longest first, so that `mg.` is not taken for a shorter beginning.
    accepted.sort(key=lambda known: (-len(known.prefix), known.prefix))
    return AcceptedKeys(prefixes=tuple(accepted), advice=advice)


def _is_glob(name: str) -> bool:
    return any(character in name for character in "*?[")
