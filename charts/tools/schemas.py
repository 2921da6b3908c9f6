"""Makes ``values.schema.json`` from ``values.schema.yaml`` of each chart: ``python -m charts.tools.schemas``.

The source is the JSON Schema in YAML with three conveniences:

- ``$ref: NAME`` means the definition of that name in the chart's own ``$defs``, or else in
  ``ccat-common/definitions.yaml``; ``$ref: chart:NAME`` means the whole schema of another chart.
- ``include: [NAME, …]`` puts the properties of definitions among an object's own.
- An object with properties takes no others: ``additionalProperties: false`` is added.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

CHARTS = Path(__file__).parents[1]
DRAFT = "http://json-schema.org/draft-07/schema#"
DEFINITIONS = CHARTS / "ccat-common" / "definitions.yaml"

LIBRARY = "ccat-common"
# helm itself puts the global values of a chart under the name of each chart that it depends on.
OF_THE_LIBRARY = {
    "type": "object",
    "description": "Nothing to set: the library has no values of its own.",
    "properties": {"global": {"$ref": "global"}},
}

Schema = dict[str, Any]


class UnknownDefinitionError(ValueError):
    """A schema refers to a definition that does not exist."""


def chart_names() -> list[str]:
    """Return the names of the charts that have values."""
    return sorted(path.parent.name for path in CHARTS.glob("*/values.schema.yaml"))


def build(chart: str) -> Schema:
    """Return the schema of a chart as helm reads it.

    Raises
    ------
    UnknownDefinitionError
        If it refers to something that is not defined.
    """
    builder = _Builder()
    schema = builder.chart(chart)
    return {"$schema": DRAFT, **schema, "$defs": dict(sorted(builder.definitions.items()))}


def text(chart: str) -> str:
    """Return the contents of a chart's ``values.schema.json``."""
    return json.dumps(build(chart), indent=1, ensure_ascii=False) + "\n"


class _Builder:
    """Collects what one schema refers to."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}
        self._common: Mapping[str, Schema] = yaml.safe_load(DEFINITIONS.read_text())

    def chart(self, chart: str) -> Schema:
        source = yaml.safe_load((CHARTS / chart / "values.schema.yaml").read_text())
        own = source.pop("$defs", {})
        for dependency in yaml.safe_load((CHARTS / chart / "Chart.yaml").read_text()).get("dependencies", []):
            if dependency["name"] == LIBRARY:
                source["properties"][LIBRARY] = OF_THE_LIBRARY
        schema: Schema = self._resolve(source, chart, own)
        return schema

    def _resolve(self, node: Any, chart: str, own: Mapping[str, Schema]) -> Any:
        if isinstance(node, list):
            return [self._resolve(item, chart, own) for item in node]
        if not isinstance(node, dict):
            return node
        node = dict(node)
        for name in node.pop("include", []):
            included = self._definition(name, chart, own)
            node["properties"] = {**node.get("properties", {}), **included["properties"]}
        reference = node.pop("$ref", None)
        resolved = {key: self._resolve(value, chart, own) for key, value in node.items()}
        if "properties" in resolved:
            resolved.setdefault("additionalProperties", False)
        if reference is None:
            return resolved
        if not resolved:
            return {"$ref": self._reference(reference, chart, own)}
        # In draft 7 nothing beside $ref counts: what is said beside it goes around it.
        return {"allOf": [{"$ref": self._reference(reference, chart, own)}], **resolved}

    def _reference(self, reference: str, chart: str, own: Mapping[str, Schema]) -> str:
        if reference.startswith("chart:"):
            other = reference.removeprefix("chart:")
            if other not in self.definitions:
                self.definitions[other] = {}
                self.definitions[other] = self.chart(other)
            return f"#/$defs/{other}"
        key = f"{chart}.{reference}" if reference in own else reference
        if key not in self.definitions:
            self.definitions[key] = {}
            self.definitions[key] = self._resolve(self._definition(reference, chart, own), chart, own)
        return f"#/$defs/{key}"

    def _definition(self, name: str, chart: str, own: Mapping[str, Schema]) -> Schema:
        for definitions in (own, self._common):
            if name in definitions:
                return definitions[name]
        raise UnknownDefinitionError(f"{chart}/values.schema.yaml refers to {name!r}, which is not defined")


def main() -> None:
    """Write the schemas of all charts."""
    for chart in chart_names():
        (CHARTS / chart / "values.schema.json").write_text(text(chart))
        sys.stdout.write(f"charts/{chart}/values.schema.json\n")


if __name__ == "__main__":
    main()
