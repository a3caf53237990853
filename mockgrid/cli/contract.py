"""The contract that a command holds something to, and the flags that name it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mockgrid.cli.values import Setting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mockgrid.contract.contract import Contract


def contract_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--contract`` and ``--overlay`` to a command."""
    overlay = click.option(
        "--overlay",
        "overlays",
        cls=Setting,
        multiple=True,
        type=click.Path(),
        help="OpenAPI overlay to apply to the contract. Repeatable.",
    )
    contract = click.option(
        "--contract",
        "document",
        metavar="DOCUMENT",
        envvar="MOCKGRID_DOCUMENT",
        show_envvar=True,
        help="OpenAPI document of the contract; by default the bundled Consumption API.",
    )
    return contract(overlay(command))


def load(document: str | None, overlays: Sequence[str]) -> Contract:
    """Return the contract that ``mockgrid serve`` would serve.

    Raises:
        DocumentError: it cannot be used.
    """
    from mockgrid.app.build import load_contract  # noqa: PLC0415 (slow, and mistakes are to be told soon)
    from mockgrid.app.settings import Settings  # noqa: PLC0415 (the same)

    return load_contract(Settings(document=document, overlays=tuple(overlays)))
