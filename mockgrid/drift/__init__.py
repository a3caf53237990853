"""Where provider, contract and scenarios have drifted apart: what is sent to see it, how it is judged."""
