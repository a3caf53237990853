"""Values for JSON Schemas: any schema a client sends gets a value that validates, or a plain refusal.

>>> CompiledSchema({"type": "integer", "minimum": 3, "maximum": 3}).value("any seed")
3
"""

from mockgrid.schema.generate.chooser import edge_chooser
from mockgrid.schema.generate.compiled import CompiledSchema, Made, PublishedMaker, PublishedSchema
from mockgrid.schema.generate.limits import weigh

__all__ = ["CompiledSchema", "Made", "PublishedMaker", "PublishedSchema", "edge_chooser", "weigh"]
