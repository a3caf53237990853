"""Recorded exchanges, wherever they come from, and the scenarios that are written of them."""
