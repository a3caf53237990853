"""A fake of The Grid's Consumption API for contract testing."""

__version__ = "0.1.0"
