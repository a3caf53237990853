"""What the server remembers of each client."""
