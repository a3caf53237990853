"""Throwing replies at a client of any language: a command, run again and again, or a service that runs on."""

import mockgrid.strategies  # noqa: F401 - says in one line what is missing, before anything is started
