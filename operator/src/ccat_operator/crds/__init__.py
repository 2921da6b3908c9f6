"""The custom resource definitions, generated from the models: ``python -m ccat_operator.crds``."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from ccat_operator import GROUP, VERSION
from ccat_operator.resources import OpsDatabase, SiteConfiguration
from ccat_operator.resources.common import Resource

FOLDER = Path(__file__).parent

_READY = ".status.conditions[?(@.type=='Ready')]"
_OPS_DATABASE_COLUMNS = (
    ("Ready", "string", f"{_READY}.status"),
    ("Revision", "string", ".status.currentRevision"),
    ("Target", "string", ".status.targetRevision"),
    ("Reason", "string", f"{_READY}.reason"),
    ("Age", "date", ".metadata.creationTimestamp"),
    ("Message", "string", f"{_READY}.message"),
)
_SITE_CONFIGURATION_COLUMNS = (
    ("Ready", "string", f"{_READY}.status"),
    ("Mode", "string", ".spec.mode"),
    ("Applied", "date", ".status.lastApplied"),
    ("Reason", "string", f"{_READY}.reason"),
    ("Age", "date", ".metadata.creationTimestamp"),
    ("Message", "string", f"{_READY}.message"),
)


def definitions() -> dict[str, dict[str, Any]]:
    """Return the definitions by file name."""
    return {
        "opsdatabases.yaml": _definition(OpsDatabase, "opsdb", _OPS_DATABASE_COLUMNS),
        "siteconfigurations.yaml": _definition(SiteConfiguration, "siteconf", _SITE_CONFIGURATION_COLUMNS),
    }


def render() -> dict[str, str]:
    """Return the definitions as YAML by file name."""
    head = "# Generated from ccat_operator.resources by `python -m ccat_operator.crds`; do not edit.\n"
    return {
        name: head + yaml.dump(document, Dumper=_WithoutAliases, sort_keys=False, width=110)
        for name, document in definitions().items()
    }


class _WithoutAliases(yaml.SafeDumper):
    """Writes a value wherever it applies: Helm and people read these files."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _definition(
    model: type[Resource], short_name: str, columns: tuple[tuple[str, str, str], ...]
) -> dict[str, Any]:
    singular = model.__name__.lower()
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{singular}s.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": model.__name__,
                "listKind": f"{model.__name__}List",
                "plural": f"{singular}s",
                "singular": singular,
                "shortNames": [short_name],
                "categories": ["all", "data-center"],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": [
                        {"name": name, "type": kind, "jsonPath": path} for name, kind, path in columns
                    ],
                    "schema": {"openAPIV3Schema": _schema(model)},
                }
            ],
        },
    }


def _schema(model: type[Resource]) -> dict[str, Any]:
    parts = {name: _structural(model.model_fields[name].annotation) for name in ("spec", "status")}
    return {
        "type": "object",
        "description": (model.__doc__ or "").strip(),
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            **parts,
        },
    }


def _structural(model: Any) -> dict[str, Any]:
    assert issubclass(model, BaseModel)
    schema = model.model_json_schema(by_alias=True)
    resolved = _resolve(schema, schema.get("$defs", {}))
    assert isinstance(resolved, dict)
    return resolved


def _resolve(node: Any, definitions: dict[str, Any]) -> Any:
    """Return a schema as Kubernetes takes it: nothing referred to, no null, no titles."""
    if isinstance(node, list):
        return [_resolve(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    node = {name: value for name, value in node.items() if name != "$defs"}
    if "$ref" in node:
        node = definitions[node.pop("$ref").rsplit("/", 1)[1]] | node
    if "anyOf" in node:  # X | None: a field that is null is taken for one that is not given
        (given,) = (choice for choice in node.pop("anyOf") if choice != {"type": "null"})
        return _resolve(
            given | {name: value for name, value in node.items() if name != "default"}, definitions
        )
    if "properties" in node:
        properties = {name: _resolve(value, definitions) for name, value in node["properties"].items()}
        node = node | {"properties": properties}
        node.pop("additionalProperties", None)
    if "patternProperties" in node:  # unknown to structural schemas; the model checks the names of the keys
        (values,) = node.pop("patternProperties").values()
        node["additionalProperties"] = _resolve(values, definitions)
        node.pop("propertyNames", None)
    if "items" in node:
        node = node | {"items": _resolve(node["items"], definitions)}
    if node.get("default", ...) is None:
        node.pop("default")
    node.pop("title", None)
    return node
