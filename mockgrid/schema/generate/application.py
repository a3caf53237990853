"""The keywords that judge a value, or its parts, by other schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.schema.generate.draft import DRAFT_2019, DRAFT_2020

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mockgrid.schema.generate.equality import JSON
    from mockgrid.schema.generate.evaluation import Evaluation, Seen
    from mockgrid.schema.generate.schema import Schema, Scope

    Application = Callable[[Evaluation, Schema, JSON, Scope, Seen], bool]


def _reference(keyword: str) -> Application:
    def apply(run: Evaluation, schema: Schema, value: JSON, scope: Scope, seen: Seen) -> bool:
        return run.follow(schema, keyword, value, scope, seen)

    return apply


def _all_of(run: Evaluation, schema: Schema, value: JSON, scope: Scope, seen: Seen) -> bool:
    return run.all_of(schema.many["allOf"], value, scope, seen)


def _any_of(run: Evaluation, schema: Schema, value: JSON, scope: Scope, seen: Seen) -> bool:
    return run.count(schema.many["anyOf"], value, scope, seen) > 0


def _one_of(run: Evaluation, schema: Schema, value: JSON, scope: Scope, seen: Seen) -> bool:
    return run.count(schema.many["oneOf"], value, scope, seen) == 1


def _not(run: Evaluation, schema: Schema, value: JSON, scope: Scope, _seen: Seen) -> bool:
    return run.judge(schema.one["not"], value, scope) is None


def _if(run: Evaluation, schema: Schema, value: JSON, scope: Scope, seen: Seen) -> bool:
    found = run.judge(schema.one["if"], value, scope)
    if found is not None:
        seen.add(found)
    branch = schema.one.get("else" if found is None else "then")
    return branch is None or run.all_of([branch], value, scope, seen)


def _properties(run: Evaluation, schema: Schema, value: JSON, scope: Scope, seen: Seen) -> bool:
    if not isinstance(value, dict):
        return True
    for name, part in schema.named.get("properties", {}).items():
        if name in value:
            if run.judge(part, value[name], scope) is None:
                return False
            seen.names.add(name)
    return True


def _pattern_properties(run: Evaluation, schema: Schema, value: JSON, scope: Scope, seen: Seen) -> bool:
    if not isinstance(value, dict):
        return True
    for source, part in schema.named.get("patternProperties", {}).items():
        for name, item in value.items():
            if run.spend_on_pattern(schema, source, name):
                if run.judge(part, item, scope) is None:
                    return False
                seen.names.add(name)
    return True


def _additional_properties(run: Evaluation, schema: Schema, value: JSON, scope: Scope, seen: Seen) -> bool:
    if not isinstance(value, dict):
        return True
    if schema.keywords["additionalProperties"] is True:
        seen.names.update(value)
        return True
    part = schema.one.get("additionalProperties")
    for name, item in value.items():
        if name in schema.named.get("properties", {}):
            continue
        if any(
            run.spend_on_pattern(schema, source, name) for source in schema.named.get("patternProperties", {})
        ):
            continue
        if part is None or run.judge(part, item, scope) is None:
            return False
        seen.names.add(name)
    return True


def _property_names(run: Evaluation, schema: Schema, value: JSON, scope: Scope, _seen: Seen) -> bool:
    part = schema.one["propertyNames"]
    return not isinstance(value, dict) or all(run.judge(part, name, scope) is not None for name in value)


def _dependent_schemas(run: Evaluation, schema: Schema, value: JSON, scope: Scope, seen: Seen) -> bool:
    keyword = "dependencies" if "dependencies" in schema.keywords else "dependentSchemas"
    if not isinstance(value, dict):
        return True
    for name, needed in schema.keywords[keyword].items():
        if name not in value:
            continue
        if isinstance(needed, list):
            if not all(other in value for other in needed):
                return False
        elif not run.all_of([schema.named[keyword][name]], value, scope, seen):
            return False
    return True


def _items(run: Evaluation, schema: Schema, value: JSON, scope: Scope, seen: Seen) -> bool:
    if not isinstance(value, list):
        return True
    if isinstance(schema.keywords["items"], list):
        return _prefix(run, schema.many.get("items", []), value, scope, seen)
    start = len(schema.many.get("prefixItems", ()))
    return _rest(run, schema.one["items"], value, start, scope, seen)


def _prefix_items(run: Evaluation, schema: Schema, value: JSON, scope: Scope, seen: Seen) -> bool:
    return not isinstance(value, list) or _prefix(run, schema.many["prefixItems"], value, scope, seen)


def _additional_items(run: Evaluation, schema: Schema, value: JSON, scope: Scope, seen: Seen) -> bool:
    if not isinstance(value, list) or not isinstance(schema.keywords.get("items"), list):
        return True
    start = len(schema.many.get("items", ()))
    part = schema.one.get("additionalItems")
    allowed = schema.keywords["additionalItems"]
    if part is None:
        if allowed is True:
            seen.items.update(range(len(value)))
        return allowed is True or len(value) <= start
    return _rest(run, part, value, start, scope, seen)


def _prefix(run: Evaluation, parts: list[Schema], value: list[JSON], scope: Scope, seen: Seen) -> bool:
    for index, (part, item) in enumerate(zip(parts, value, strict=False)):
        if run.judge(part, item, scope) is None:
            return False
        seen.items.add(index)
    return True


def _rest(  # noqa: PLR0913, PLR0917 (a range of items, and how to judge them)
    run: Evaluation, part: Schema, value: list[JSON], start: int, scope: Scope, seen: Seen
) -> bool:
    for index in range(start, len(value)):
        if run.judge(part, value[index], scope) is None:
            return False
        seen.items.add(index)
    return True


def _contains(run: Evaluation, schema: Schema, value: JSON, scope: Scope, seen: Seen) -> bool:
    if not isinstance(value, list):
        return True
    part = schema.one["contains"]
    matching = [index for index, item in enumerate(value) if run.judge(part, item, scope) is not None]
    if run.order >= DRAFT_2020:
        seen.items.update(matching)
    low, high = 1, len(value)
    if run.order >= DRAFT_2019:
        low = schema.keywords.get("minContains", 1)
        high = schema.keywords.get("maxContains", high)
    return low <= len(matching) <= high


def _unevaluated_properties(run: Evaluation, schema: Schema, value: JSON, scope: Scope, seen: Seen) -> bool:
    if not isinstance(value, dict):
        return True
    for name, item in value.items():
        if name not in seen.names:
            if run.judge(schema.one["unevaluatedProperties"], item, scope) is None:
                return False
            seen.names.add(name)
    return True


def _unevaluated_items(run: Evaluation, schema: Schema, value: JSON, scope: Scope, seen: Seen) -> bool:
    if not isinstance(value, list):
        return True
    for index, item in enumerate(value):
        if index not in seen.items:
            if run.judge(schema.one["unevaluatedItems"], item, scope) is None:
                return False
            seen.items.add(index)
    return True


APPLICATIONS: Mapping[str, Application] = {
    "$ref": _reference("$ref"),
    "$dynamicRef": _reference("$dynamicRef"),
    "$recursiveRef": _reference("$recursiveRef"),
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "if": _if,
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "propertyNames": _property_names,
    "dependentSchemas": _dependent_schemas,
    "dependencies": _dependent_schemas,
    "items": _items,
    "prefixItems": _prefix_items,
    "additionalItems": _additional_items,
    "contains": _contains,
    "unevaluatedProperties": _unevaluated_properties,
    "unevaluatedItems": _unevaluated_items,
}
