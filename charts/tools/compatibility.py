"""What a newer JSON Schema refuses that an older one took."""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

LOWER_LIMITS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER_LIMITS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


def narrowings(old: Schema, new: Schema) -> list[str]:
    """Return in words what has been taken away or narrowed, by the path of the field.

    Widening is no narrowing: new fields that need not be given, more choices, wider limits. What cannot be
    compared, such as two patterns, counts as narrowed when it differs.
    """
    return sorted(_compare(_resolved(old, old), _resolved(new, new), ""))


def _compare(old: Schema, new: Schema, path: str) -> Iterator[str]:
    name = path.removeprefix(".") or "the whole"
    lost = sorted(_types(old) - _types(new)) if _types(new) else []
    if lost or (_types(new) and not _types(old)):
        yield f"{name}: takes no {', '.join(lost) or 'other types'} any more"
    if "enum" in new:
        gone = [choice for choice in old.get("enum", ["anything"]) if choice not in new["enum"]]
        if gone:
            yield f"{name}: {', '.join(map(str, gone))} is no choice any more"
    for required in sorted(set(new.get("required", [])) - set(old.get("required", []))):
        yield f"{name}: {required} must be given now"
    for limit in LOWER_LIMITS:
        if limit in new and new[limit] > old.get(limit, float("-inf")):
            yield f"{name}: {limit} is {new[limit]}, was {old.get(limit, 'none')}"
    for limit in UPPER_LIMITS:
        if limit in new and new[limit] < old.get(limit, float("inf")):
            yield f"{name}: {limit} is {new[limit]}, was {old.get(limit, 'none')}"
    if "pattern" in new and new["pattern"] != old.get("pattern"):
        yield f"{name}: the pattern is {new['pattern']}, was {old.get('pattern', 'none')}"
    yield from _more_rules(old, new, name)
    yield from _compare_parts(old, new, path)


def _more_rules(old: Schema, new: Schema, name: str) -> Iterator[str]:
    before = [rule["rule"] for rule in old.get("x-kubernetes-validations", [])]
    for rule in new.get("x-kubernetes-validations", []):
        if rule["rule"] not in before:
            yield f"{name}: has the new rule {rule['rule']}"
    for key in ("oneOf", "not", "propertyNames"):
        if key in new and new[key] != old.get(key):
            yield f"{name}: {key} has changed"


def _compare_parts(old: Schema, new: Schema, path: str) -> Iterator[str]:
    others = new.get("additionalProperties", True)
    for field, schema in old.get("properties", {}).items():
        if field in new.get("properties", {}):
            yield from _compare(schema, new["properties"][field], f"{path}.{field}")
        elif isinstance(others, dict):
            yield from _compare(schema, others, f"{path}.{field}")
        elif others is False or "properties" in new:
            yield f"{path.removeprefix('.')}.{field}".removeprefix(".") + ": is gone"
    if old.get("additionalProperties", True) is not False and others is False and "properties" not in old:
        yield f"{path.removeprefix('.') or 'the whole'}: takes no free names any more"
    for key, step in (("additionalProperties", ".*"), ("items", "[]")):
        if isinstance(old.get(key), dict) and isinstance(new.get(key), dict):
            yield from _compare(old[key], new[key], path + step)


def _types(schema: Schema) -> set[str]:
    types = schema.get("type", [])
    return set(types) if isinstance(types, list) else {types}


def _resolved(node: Any, root: Schema) -> Any:
    """Return a schema with what it refers to in its place."""
    if isinstance(node, list):
        return [_resolved(item, root) for item in node]
    if not isinstance(node, dict):
        return node
    found: Schema = {}
    if isinstance(node.get("$ref"), str):
        found = _resolved(root["$defs"][node["$ref"].removeprefix("#/$defs/")], root)
    for part in node.get("allOf", []):
        found = {**found, **_resolved(part, root)}
    return {
        **found,
        **{
            key: _resolved(value, root)
            for key, value in node.items()
            if key not in {"$ref", "allOf", "$defs"}
        },
    }
