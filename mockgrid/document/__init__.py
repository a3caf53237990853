"""Text with positions: YAML, JSON and bundles of both as plain data that knows where each part stands."""

ENDINGS = (".yaml", ".yml", ".json")
"""Of the names of files that hold documents, such as contracts and scenarios."""
