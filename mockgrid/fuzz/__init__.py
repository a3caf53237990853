"""Throwing replies at a client of any language: a command, run again and again, or a service that runs on."""
