"""Values of the charts, from their defaults and their schemas."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from .markdown import code, table

CHARTS = Path(__file__).parents[2] / "charts"
NAMES = (
    "data-center",
    "ops-db-api",
    "ops-db-ui",
    "data-transfer",
    "ccat-operator",
    "ccat-crds",
    "dev-services",
)
LIBRARY = "ccat-common"
PODS = frozenset(yaml.safe_load((CHARTS / LIBRARY / "definitions.yaml").read_text())["pod"]["properties"])
"""Keys that every pod has; a page of their own tells of them."""

Row = tuple[str, str, str]


def shared() -> str:
    """Return the values that all charts share, and those of every pod."""
    schema, defaults = _schema("ops-db-api"), _values("ops-db-api")
    pods = [row for row in _rows(schema, schema, defaults) if row[0].strip("`").split(".")[0] in PODS]
    of_the_site = _rows(schema["properties"]["global"], schema, defaults["global"], "global.")
    return "\n".join(("# Of the whole site\n", _table(of_the_site), "# Of every pod\n", _table(pods)))


def values(chart: str) -> str:
    """Return the values of a chart, but for those that `shared` tells of."""
    schema, defaults = _schema(chart), _values(chart)
    below = {
        name
        for name, node in schema["properties"].items()
        if node.get("$ref", "").removeprefix("#/$defs/") in NAMES
    }
    own = {
        **schema,
        "properties": {
            name: node for name, node in schema["properties"].items() if name not in below | {"global"}
        },
    }
    texts = [f"# {chart}\n\n{schema['description']}\n", _table(_rows(own, schema, defaults, without=PODS))]
    for path, node in _entries(own, schema):
        texts.append(f"# {path}\n\n{node['description']}\n\n" + _table(_rows(node, schema, {}, without=PODS)))
    return "\n".join(texts)


TEXTS: dict[str, Callable[[], str]] = {
    "chart-shared": shared,
    **{f"chart-{name}": partial(values, name) for name in NAMES},
}


def _schema(chart: str) -> Any:
    return json.loads((CHARTS / chart / "values.schema.json").read_text())


def _values(chart: str) -> Any:
    return yaml.safe_load((CHARTS / chart / "values.yaml").read_text())


def _table(rows: Iterator[Row] | list[Row]) -> str:
    return table(("key", "default", "meaning"), list(rows))


def _merged(node: Any, root: Any) -> Any:
    found: dict[str, Any] = {}
    if "$ref" in node:
        found = _merged(root["$defs"][node["$ref"].removeprefix("#/$defs/")], root)
    for part in node.get("allOf", []):
        found = {**found, **_merged(part, root)}
    return {**found, **{key: value for key, value in node.items() if key not in {"$ref", "allOf"}}}


def _rows(
    node: Any, root: Any, defaults: Any, prefix: str = "", without: frozenset[str] = frozenset()
) -> Iterator[Row]:
    """Yield the rows of an object; keys to be left out become one row where they are all there."""
    properties = _merged(node, root).get("properties", {})
    left_out = without if without <= properties.keys() else frozenset()
    for name, below in properties.items():
        if name == LIBRARY or (prefix and name == "global") or name in left_out:
            continue
        below = _merged(below, root)
        given = defaults.get(name) if isinstance(defaults, dict) else None
        if "properties" in below and below.get("type") == "object":
            yield code(prefix + name), "", below["description"]
            yield from _rows(below, root, given, f"{prefix}{name}.", without)
        else:
            yield code(prefix + name), _default(given), below["description"] + _choices(below)
    if left_out:
        yield code(prefix + "…"), "", "What [every pod](index.md) can be told."


def _entries(node: Any, root: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield what the entries of maps and lists are like, by the path of the map or list."""
    for name, below in _merged(node, root).get("properties", {}).items():
        if name == LIBRARY or name == "global" or name in PODS:
            continue
        below = _merged(below, root)
        for key, sign in (("additionalProperties", ".NAME"), ("items", "[]")):
            entry = below.get(key)
            if isinstance(entry, dict):
                entry = _merged(entry, root)
                if "properties" in entry:
                    yield f"{prefix}{name}{sign}", entry
        if "properties" in below:
            yield from _entries(below, root, f"{prefix}{name}.")


def _default(value: Any) -> str:
    if value is None:
        return ""
    return code(json.dumps(value, ensure_ascii=False))


def _choices(node: Any) -> str:
    if "enum" in node:
        return f" One of {', '.join(code(choice) for choice in node['enum'])}."
    return ""
