"""A fake of The Grid's Consumption API for contract testing.

The types of its names are in ``__init__.pyi``: an import here, even one for type checkers alone,
would be an import for every module that asks for the version.
"""

__all__ = [
    "Exchange",
    "GridSession",
    "HeldSession",
    "MockGrid",
    "MockgridError",
    "MockgridWarning",
    "RemoteGrid",
    "__version__",
    "any_reply",
    "create_app",
]

__version__ = "0.1.0"

_HOMES = {
    "Exchange": "mockgrid.testing.exchange",
    "GridSession": "mockgrid.testing.session",
    "HeldSession": "mockgrid.testing.expectation",
    "MockGrid": "mockgrid.testing.mock_grid",
    "MockgridError": "mockgrid.errors",
    "MockgridWarning": "mockgrid.errors",
    "RemoteGrid": "mockgrid.testing.remote_grid",
    "any_reply": "mockgrid.testing.any_reply",
    "create_app": "mockgrid.app.application",
}


def __getattr__(name):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - the stub has the types
    """Import a public name when it is first used: pytest imports this package in every run of every user."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only those who use a name need it

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
