"""The language of scenarios: reading, matching, selecting; what a reply becomes is decided elsewhere."""
