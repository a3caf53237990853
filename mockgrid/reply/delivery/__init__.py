"""How replies reach the client: scripts of writes and waits, paced, shaped and broken."""
