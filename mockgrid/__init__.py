"""A fake of The Grid's Consumption API for contract testing."""
