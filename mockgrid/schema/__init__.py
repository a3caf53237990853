"""The one room that knows JSON Schema: translating, validating, explaining, walking and generating."""
