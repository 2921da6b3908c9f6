"""The format of configuration files, from the models that check them."""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, TypeAdapter

from ccat_ops_db.configuration.entries import plan, scan_patterns
from ccat_ops_db.configuration.entries.places import RouteWindow
from ccat_ops_db.configuration.kinds import KINDS, Kind, references

from .markdown import code, table

NOT_IN_FILES = {"permissions"}
PARTS: tuple[type[BaseModel], ...] = (
    RouteWindow,
    plan.Tiling,
    plan.InparParameter,
    scan_patterns.Pong,
    scan_patterns.Daisy,
    scan_patterns.ConstantElevation,
    scan_patterns.ElevationScan,
    scan_patterns.ScanParameters,
)
"""Models of values inside entries."""


def sections() -> str:
    """Return every section with the fields of its entries."""
    parts = [_section(kind) for kind in KINDS.values() if kind.name not in NOT_IN_FILES]
    parts.append("# Parts of entries\n")
    parts += [_model(part, {}, f"## `{part.__name__}`") for part in PARTS]
    return "\n".join(parts)


def _section(kind: Kind) -> str:
    listed = "A list." if kind.name == "pre_scheduled_slots" else f"Keys: {kind.key_rule}."
    parts = [f"# `{kind.name}`\n\n{listed}\n"]
    for values, variant in kind.variants.items():
        named = dict(references(variant.entry))
        refers = {field: ref.kind for field, ref in named.items()}
        choice = ", ".join(
            f"{name}: {value}" for name, value in zip(kind.discriminators, values, strict=False)
        )
        parts.append(_model(variant.entry, refers, f"## `{choice}`" if choice else ""))
    return "\n".join(parts)


def _model(model: type[BaseModel], refers: dict[str, str], heading: str) -> str:
    described = TypeAdapter(model).json_schema()
    required = set(described.get("required", ()))
    rows = [
        (
            code(name),
            _type(field, described.get("$defs", {}), refers.get(name)),
            "must be given" if name in required else _default(field.get("default")),
        )
        for name, field in described.get("properties", {}).items()
    ]
    text = " ".join((model.__doc__ or "").replace("``", "`").split())
    return f"{heading}\n\n{text}\n\n{table(('field', 'value', 'default'), rows)}"


def _default(value: Any) -> str:
    return (
        "none" if value in (None, [], {}) else code(str(value).lower() if isinstance(value, bool) else value)
    )


def _type(field: dict[str, Any], definitions: dict[str, Any], refers: str | None) -> str:
    words = ", or ".join(dict.fromkeys(_words(field, definitions)))
    return f"{words}; a key of {_section_link(refers)}" if refers else words


def _section_link(section: str) -> str:
    return code(section) if section in NOT_IN_FILES else f"[`{section}`](#{section.replace('_', '-')})"


def _words(field: dict[str, Any], definitions: dict[str, Any]) -> Iterator[str]:
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        if "enum" in definitions[name]:
            yield from _words(definitions[name], definitions)
        else:
            yield f"[`{name}`](#{name.lower()})"
    elif "anyOf" in field:
        for choice in field["anyOf"]:
            if choice.get("type") != "null":
                yield from _words(choice, definitions)
    elif "const" in field:
        yield code(field["const"])
    elif "enum" in field:
        yield ", ".join(code(value) for value in field["enum"])
    elif field.get("type") == "array":
        yield "list of " + ", ".join(_words(field["items"], definitions)) if "items" in field else "list"
    else:
        yield _plain(field)


def _plain(field: dict[str, Any]) -> str:
    words = {"string": "text", "integer": "whole number", "boolean": "`true` or `false`"}
    text = str(field.get("format", "")).replace("-", " ") or words.get(
        str(field.get("type")), str(field.get("type"))
    )
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits = [
        f"{sign} {field[key]:g}" for key, sign in signs.items() if key in field and abs(field[key]) < 2**62
    ]
    if pattern := field.get("pattern"):
        limits.append(f"like {code(re.sub(r'[|]', '¦', pattern))}")
    return " ".join([text, ", ".join(limits)]).strip()
