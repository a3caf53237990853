"""From an OpenAPI document and its overlays to what answering a request needs."""
