"""Text with positions: YAML, JSON and bundles of both as plain data that knows where each part stands."""
