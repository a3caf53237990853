"""Which branches of a schema values have exercised.

A branch is what a request may have or may not have: an optional property, one of several listed values, one
of several forms. It belongs to the schema in which it is written, wherever that is referred to from, so that
schemas that refer to themselves have as many branches as any.
"""
