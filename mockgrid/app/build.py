"""From settings to an application: the work that is done once, before the first request."""

from __future__ import annotations

import shlex
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from mockgrid.app.app import App
from mockgrid.app.sources import Sources
from mockgrid.app.watch import WatchedLibrary
from mockgrid.contract.extension import known_models
from mockgrid.data import bundled
from mockgrid.errors import DocumentError, StartError
from mockgrid.findings import place_of
from mockgrid.log import warn
from mockgrid.scenario.diagnostics import ScenarioError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockgrid.contract.contract import Contract
    from mockgrid.findings import Finding
    from mockgrid.scenario.library import Library
    from mockgrid.settings import Settings


def build_app(settings: Settings, *, records: bool = False) -> App:
    """Load the contract that the settings name, and return the application that serves it.

    Args:
        settings: of the server.
        records: whether the provider that they name answers everything.

    Raises:
        DocumentError: a document cannot be read or used.
        ExtraError: a provider is named, and what asks it is not installed.
        StartError: the provider cannot be asked as the settings say.
    """
    contract = load_contract(settings)
    make: Callable[[Contract, Settings, Callable[[], Library]], App] = App
    if settings.upstream is not None:
        from mockgrid.app.forward import ForwardingApp, RecordingApp  # noqa: PLC0415 - 100 ms, and an extra

        if settings.cors and settings.upstream_key_env is not None:
            message = (
                "With --cors and --upstream-key-env, pages of any origin could ask the provider by that key."
            )
            raise StartError(
                message, hint="Leave one of the two out, or have clients send keys of their own."
            )
        make = RecordingApp if records else ForwardingApp
    elif settings.upstream_key_env is not None or settings.upstream_ca is not None:
        flag = "--upstream-key-env" if settings.upstream_key_env is not None else "--upstream-ca"
        raise StartError(f"{flag} is about a provider, and none is named.", hint="Name it with --upstream.")
    if settings.watch and not settings.scenarios:
        warn("--watch has nothing to watch; name the folder of your scenarios with --scenarios")
    if not settings.scenarios and settings.scenario is None:
        # Those that ship are read when the first is asked for.
        return make(contract, settings, cache(lambda: load_scenarios(settings, contract)))
    library = load_scenarios(settings, contract)
    if not settings.watch:
        return make(contract, settings, lambda: library)
    watched = WatchedLibrary(settings.scenarios, lambda: read_scenarios(settings, contract), library, warn)
    app = make(contract, settings, watched)
    watched.changed, app.on_close = app.credentials.forget, watched.stop
    watched.start()
    return app


def load_scenarios(settings: Settings, contract: Contract) -> Library:
    """Load the scenarios of the settings' directories, and those that ship with MockGrid.

    Raises:
        DocumentError: a scenario cannot be used, or the default one is not known.
    """
    library, findings = read_scenarios(settings, contract)
    if any(finding.severity == "error" for finding in findings):
        raise ScenarioError(findings, check=_check_command(settings))
    if settings.scenario is not None and library.find(settings.scenario) is None:
        hint = library.hint(settings.scenario)
        raise DocumentError(f"there is no scenario {settings.scenario!r}.", hint=hint)
    return library


def read_scenarios(settings: Settings, contract: Contract) -> tuple[Library, list[Finding]]:
    """Read the scenarios of the settings and those that ship: what can be used, and what is wrong."""
    from mockgrid.reply.checking import Checking, unsatisfiable_steps  # noqa: PLC0415 - 25 ms, for them alone
    from mockgrid.scenario.library import load_library  # noqa: PLC0415 - 80 ms, for the same

    operations = [operation.id for operation in contract.operations]
    own = load_library(settings.scenarios, operations=operations)
    findings = list(own.findings)
    usable, unusable = {}, dict(own.unusable)
    models = contract.policy.models
    if settings.models:
        models = known_models(settings.models, models)
    checking = Checking(contract, settings.error_shape)
    for name, scenario in own.scenarios.items():
        mistakes = checking.findings(scenario)
        findings += mistakes
        if any(finding.severity == "error" for finding in mistakes):
            unusable[name] = scenario.origin.document.name
        else:
            usable[name] = scenario
            findings += unsatisfiable_steps(scenario, contract, models)
    findings.sort(key=lambda finding: place_of(finding.where))
    # An operator's scenario takes the place of a shipped one; those of another contract are left out.
    shipped = load_library([bundled("scenarios")], operations=operations)
    scenarios = dict(sorted({**shipped.scenarios, **usable}.items()))
    library = replace(
        own,
        scenarios=MappingProxyType(scenarios),
        findings=tuple(findings),
        unusable=MappingProxyType(unusable),
    )
    return library, findings


def _check_command(settings: Settings) -> str:
    """Return the command that tells all that is wrong with the settings' scenarios."""
    words = ["mockgrid", "check"]
    if settings.document is not None:
        words += ["--contract", str(settings.document)]
    for overlay in settings.overlays:
        words += ["--overlay", str(overlay)]
    return shlex.join([*words, *map(str, settings.scenarios)])


def load_contract(settings: Settings) -> Contract:
    """Load and compile a contract: the bundled one with its overlay, or the operator's document.

    Raises:
        DocumentError: a document cannot be read or used.
    """
    return Sources(settings).contract()
