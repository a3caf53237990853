"""Scenarios that are given at run time, checked like files."""

from __future__ import annotations

import json
import marshal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from mockgrid.contract.extension import known_models
from mockgrid.control import ControlError
from mockgrid.document.nearest import did_you_mean
from mockgrid.findings import place_of
from mockgrid.scenario.diagnostics import ScenarioError
from mockgrid.schema.values import Recent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mockgrid.contract.contract import Contract
    from mockgrid.findings import Finding
    from mockgrid.reply.checking import Checking
    from mockgrid.scenario.library import Library
    from mockgrid.scenario.scenario import Scenario
    from mockgrid.settings import Settings

_FORMS = ("scenario", "source", "steps")
_DESCRIBED = frozenset(("name", "where", "strict"))
_KEYS = _DESCRIBED.union(_FORMS)
_KEYS_BY_FORM = {
    "scenario": frozenset(("scenario", "strict")),
    "source": _DESCRIBED | {"source"},
    "steps": _DESCRIBED | {"steps"},
}
_ERRORS = (400, 599)
_SHOWN = 40
_NO_STEPS = "MG214"
_TEXTS = ("name", "source", "where")

SCRIPTS_KEPT: Final = 4 * 1024 * 1024
"""Bytes that scenarios may take which were given at run time, and may be given again."""

# What each takes for a byte of what was given, more or less, and how many bytes that may have.
_FOR_EACH: Final = 64
_LONGEST: Final = 16 * 1024
# All on which it depends, and the form of `marshal` in which the same is written alike.
_GIVEN: Final = ("steps", "source", "where", "name")
_WITHOUT_REFERENCES: Final = 2


class Scripts:
    """Reads what an operator wants to have played.

    Args:
        contract: what replies must obey.
        library: gives the scenarios that may be named.
        settings: of the server.

    Attributes:
        models: those that the server knows; None where the contract does not say.
        known: scenarios that were given, and what was odd in them; tests play the same again and again.
    """

    def __init__(self, contract: Contract, library: Callable[[], Library], settings: Settings) -> None:
        self._contract = contract
        self._settings = settings
        self._library = library
        self._operations = [operation.id for operation in contract.operations]
        models = contract.policy.models
        self.models = known_models(settings.models, models) if settings.models else models
        self.known: Recent[tuple[Scenario, list[Finding]]] = Recent(SCRIPTS_KEPT)

    @property
    def remembered(self) -> dict[str, Recent[Any]]:
        """What was given, and may be given again."""
        return {"scripts": self.known}

    def read(self, script: Any) -> tuple[Scenario | None, tuple[Finding, ...]]:
        """Return the scenario that is asked for, None where none is, and what is odd in it.

        Args:
            script: a mapping with one of ``scenario`` (a name), ``source`` (the text of a file) and ``steps``
                (a list of steps, a list of replies, or a whole scenario as a mapping); with ``name`` and
                ``where``, what findings call it; with ``strict``, which overrides the scenario's own.

        Raises:
            ControlError: it cannot be used; carries the findings.
        """
        _check_keys(script)
        given = [form for form in _FORMS if form in script]
        if not given and script:
            raise ControlError(422, f"One of {', '.join(_FORMS)} is expected beside `{min(script)}`.")
        if not given:
            return None, ()
        if len(given) > 1:
            raise ControlError(422, f"One of {', '.join(_FORMS)} is expected, not {' and '.join(given)}.")
        extra = script.keys() - _KEYS_BY_FORM[given[0]]
        if extra:
            raise ControlError(422, f"`{min(extra)}` cannot stand beside `{given[0]}`.")
        if given == ["scenario"]:
            scenario = self.named(script["scenario"])
            file = scenario.origin.document.name
            findings = [each for each in self._library().findings if place_of(each.where).file == file]
        else:
            scenario, findings = self._known(script)
        strict = script.get("strict")
        # Strictly, a script without steps is meant: no request is expected.
        odd = tuple(finding for finding in findings if not (strict and finding.code == _NO_STEPS))
        return scenario.asked(strict=strict), odd

    def named(self, name: Any) -> Scenario:
        """Return a scenario of the library.

        Raises:
            ControlError: there is none of this name.
        """
        if not isinstance(name, str):
            raise ControlError(422, "`scenario` is the name of a scenario; steps are given as `steps`.")
        library = self._library()
        scenario = library.find(name)
        if scenario is None:
            raise ControlError(404, f"There is no scenario {name[:60]!r}. {library.hint(name)}")
        return scenario

    def _known(self, script: dict[str, Any]) -> tuple[Scenario, list[Finding]]:
        try:  # which writes plain data alone, and no two alike; functions it refuses
            key = marshal.dumps([script.get(part) for part in _GIVEN], _WITHOUT_REFERENCES)
        except ValueError:
            return self._checked(script)
        known = self.known.get(key)
        if known is None:
            known = self._checked(script)
            if len(key) <= _LONGEST:
                self.known.keep(key, known, _FOR_EACH * len(key))
        return known

    def _checked(self, script: dict[str, Any]) -> tuple[Scenario, list[Finding]]:
        steps = script.get("steps", {})
        if not isinstance(steps, (dict, list)) and not callable(steps):
            raise ControlError(422, "`steps` is a list of steps or of replies, or a whole scenario.")
        if isinstance(steps, list):
            _check_items(steps)
        from mockgrid.scenario.loading import build, load_text  # noqa: PLC0415 - 70 ms, for scripts alone

        name = script.get("name") or "played"
        where = script.get("where") or name
        try:
            if "source" in script:
                scenario = load_text(script["source"], name=where, operations=self._operations)
            else:
                scenario = build(
                    script["steps"],
                    where=where,
                    name=name,
                    operations=self._operations,
                    judge=self.checking.findings,
                )
        except ScenarioError as error:
            raise _unusable(error.findings) from None
        from mockgrid.reply.checking import unsatisfiable_steps  # noqa: PLC0415 - as below

        findings = [*scenario.warnings, *self.checking.findings(scenario)]
        if any(finding.severity == "error" for finding in findings):
            raise _unusable(findings)
        return scenario, findings + unsatisfiable_steps(scenario, self._contract, self.models)

    def draft(self, text: str, where: str) -> Iterator[Sequence[Finding]]:
        """Yield what ``mockgrid check`` would find in a text, part by part; nothing of it is kept.

        Args:
            text: of a scenario's file.
            where: what findings call that.
        """
        from mockgrid.reply.checking import unsatisfiable_by_step  # noqa: PLC0415 - as below
        from mockgrid.scenario.loading import load_text  # noqa: PLC0415 - as above

        try:
            scenario = load_text(text, name=where, operations=self._operations)
        except ScenarioError as error:
            yield error.findings
            return
        yield scenario.warnings
        yield from self.checking.by_reply(scenario)
        yield from unsatisfiable_by_step(scenario, self._contract, self.models)

    @cached_property
    def checking(self) -> Checking:
        """What holds replies to the contract."""
        from mockgrid.reply.checking import Checking  # noqa: PLC0415 - 25 ms, for scripts alone

        return Checking(self._contract, self._settings.error_shape)


def _check_keys(script: Any) -> None:
    if not isinstance(script, dict):
        raise ControlError(422, 'A JSON object is expected, such as {"steps": [{"say": "Hello"}]}.')
    for key in script:
        if key not in _KEYS:
            hint = did_you_mean(key, _KEYS) or f" Known: {', '.join(sorted(_KEYS))}."
            raise ControlError(422, f"The key {key[:60]!r} is not known.{hint}")
    for key in _TEXTS:
        if not isinstance(script.get(key, ""), str):
            raise ControlError(422, f"`{key}` is a text.")
    if not isinstance(script.get("strict", False), bool):
        raise ControlError(422, "`strict` is true or false.")


def _check_items(steps: list[Any]) -> None:
    """Say which of some steps or replies is none."""
    for index, step in enumerate(steps):
        if not isinstance(step, dict) and not callable(step):
            text = json.dumps(step, ensure_ascii=False)
            text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
            raise ControlError(
                422, f"`steps[{index}]` is {text}; a reply or a step is an object, such as {_meant(step)}."
            )


def _meant(step: Any) -> str:
    """Return the reply that somebody probably means who writes only what matters of it."""
    if isinstance(step, int) and not isinstance(step, bool) and _ERRORS[0] <= step <= _ERRORS[1]:
        return json.dumps({"error": step})
    short = isinstance(step, str) and len(step) <= _SHOWN
    return json.dumps({"say": step if short else "Hello"}, ensure_ascii=False)


def _unusable(findings: Any) -> ControlError:
    errors = [finding for finding in findings if finding.severity == "error"]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return ControlError(409, f"{errors[0]}{more}", tuple(findings))
