"""The REST API, from the OpenAPI description that the repository keeps."""

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from ccat_ops_db.permissions import PERMISSIONS

from .markdown import code, table

SNAPSHOT = Path(__file__).parents[2] / "packages" / "ops-db-api" / "openapi.json"
ROLES = Path(__file__).parents[2] / "data-center-config" / "access.yaml"
NOT_DESCRIBED = {"idempotency-key", "X-CSRF-Token"}
"""Parameters that the page explains once for all."""


def permissions() -> str:
    """Return the permissions and what they allow."""
    return table(("permission", "allows"), [(code(name.value), text) for name, text in PERMISSIONS.items()])


def roles() -> str:
    """Return which role of the configuration has which permission."""
    configured = yaml.safe_load(ROLES.read_text(encoding="utf-8"))["roles"]
    return table(
        ("permission", *map(code, configured)),
        [
            (
                code(name.value),
                *("×" if name.value in role["permissions"] else "" for role in configured.values()),
            )
            for name in PERMISSIONS
        ],
    )


def operations() -> str:
    """Return every operation, gathered by tag."""
    by_tag: dict[str, list[str]] = {}
    for path, methods in _description()["paths"].items():
        for method, operation in methods.items():
            by_tag.setdefault(operation["tags"][0], []).append(_operation(method, path, operation))
    return "\n".join(f"# {tag.capitalize()}\n\n" + "\n".join(texts) for tag, texts in sorted(by_tag.items()))


def schemas() -> str:
    """Return every document of requests and answers."""
    return "\n".join(_schema(name, its) for name, its in _schemas().items())


@functools.cache
def _description() -> dict[str, Any]:
    described: dict[str, Any] = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    return described


def _schemas() -> dict[str, Any]:
    return dict(
        sorted(_description()["components"]["schemas"].items(), key=lambda item: _title(item[0]).lower())
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    parts = [f"## {method.upper()} {path}\n", f"{operation.get('description', '').replace('``', '`')}\n"]
    parts.append(" · ".join(_facts(operation)) + "\n")
    rows = [
        (code(its["name"]), its["in"], _type(its["schema"]), its.get("description", "").replace("``", "`"))
        for its in operation.get("parameters", ())
        if its["name"] not in NOT_DESCRIBED
    ]
    if rows:
        parts.append(table(("parameter", "in", "value", "meaning"), rows))
    return "\n".join(parts)


def _facts(operation: dict[str, Any]) -> Iterator[str]:
    scopes = dict.fromkeys(
        scope for rule in operation.get("security", ()) for its in rule.values() for scope in its
    )
    yield (
        f"permission {', '.join(map(code, scopes))}"
        if scopes
        else ("any token or session" if operation.get("security") else "no token")
    )
    if body := operation.get("requestBody"):
        yield f"body {_contents(body)}"
    for status, answer in operation["responses"].items():
        if status != "default":
            yield f"answers {status} {_contents(answer)}".strip()


def _contents(holder: dict[str, Any]) -> str:
    return ", ".join(
        _type(its["schema"]) if media == "application/json" and its.get("schema") else code(media)
        for media, its in holder.get("content", {}).items()
    )


def _schema(name: str, schema: dict[str, Any]) -> str:
    parts = [f"(schema-{_anchor(name)})=\n# {_title(name)}\n"]
    parts.append(schema.get("description", "").replace("``", "`") + "\n")
    if "enum" in schema:
        parts.append("One of " + ", ".join(map(code, schema["enum"])) + ".\n")
    required = set(schema.get("required", ()))
    rows = [
        (code(field) + ("" if field in required else " (optional)"), _type(its), its.get("description", ""))
        for field, its in schema.get("properties", {}).items()
    ]
    if rows:
        parts.append(table(("field", "value", "meaning"), rows))
    return "\n".join(parts)


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{_title(name)}](#schema-{_anchor(name)})"
    if "anyOf" in schema:
        return " or ".join(_type(choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(map(code, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"names with {_type(schema['additionalProperties'])}"
    words = {"integer": "whole number", "string": "text", "null": "null", "boolean": "true or false"}
    kind = str(schema.get("type", "anything"))
    text = {"date-time": "time", "uuid": "uuid", "uri": "address"}.get(
        str(schema.get("format")), words.get(kind, kind)
    )
    if "default" in schema and schema["default"] is not None:
        text += f", default {code(schema['default'])}"
    return text


def _title(name: str) -> str:
    """Return a name without the module that keeps two of the same name apart."""
    module, _, title = name.rpartition("__")
    return f"{title} ({module.partition('__')[2].replace('__', ' ')})" if module else name


def _anchor(name: str) -> str:
    return name.lower().replace("_", "-")
