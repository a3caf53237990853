"""Chat completions: what the fake says, as JSON and as a stream."""
