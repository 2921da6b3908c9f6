"""The CRDs are what the models say, and what an API server takes."""

from typing import Any

import pytest
import yaml

from ccat_operator.crds import FOLDER, definitions, render

REFUSED = {"$ref", "$defs", "anyOf", "oneOf", "patternProperties", "propertyNames", "title", "const"}
"""What structural schemas do not have, or what would stand there for nothing."""


@pytest.mark.parametrize("name", definitions())
def test_files_are_current(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert text == render()[name], "run python -m ccat_operator.crds"
    assert yaml.safe_load(text) == definitions()[name]


@pytest.mark.parametrize("name", definitions())
def test_schemas_are_structural(name: str) -> None:
    (version,) = definitions()[name]["spec"]["versions"]
    for path, node in _nodes(version["schema"]["openAPIV3Schema"], name):
        assert not REFUSED & node.keys(), path
        assert "type" in node or node.get("x-kubernetes-preserve-unknown-fields"), path
        assert not ("properties" in node and "additionalProperties" in node), path
        assert "default" not in node or node["default"] is not None, path


@pytest.mark.parametrize("name", definitions())
def test_kubectl_explain_says_something_of_every_field_of_the_spec(name: str) -> None:
    (version,) = definitions()[name]["spec"]["versions"]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    for path, node in _nodes(spec, name):
        if not path.endswith("[]"):
            assert node.get("description", "").endswith("."), path


def _nodes(node: dict[str, Any], path: str) -> list[tuple[str, dict[str, Any]]]:
    found = [(path, node)]
    for name, child in node.get("properties", {}).items():
        if name != "metadata" or "properties" in child:
            found += _nodes(child, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            found += _nodes(node[key], f"{path}[]")
    return found
