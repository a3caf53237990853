from mockgrid.app.application import create_app
from mockgrid.errors import MockgridError, MockgridWarning
from mockgrid.testing.any_reply import any_reply
from mockgrid.testing.exchange import Exchange
from mockgrid.testing.expectation import HeldSession
from mockgrid.testing.mock_grid import MockGrid
from mockgrid.testing.remote_grid import RemoteGrid
from mockgrid.testing.session import GridSession

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

__version__: str
