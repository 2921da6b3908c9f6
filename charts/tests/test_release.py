"""The check before a release: what each refusal needs, and that the checkout passes."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from charts.tools.compatibility import narrowings
from charts.tools.release import ROOT, Checkout, problems

DEFINITION = "charts/ccat-crds/crds/things.yaml"
SCHEMA = "charts/ops-db-api/values.schema.json"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A small repository that was released as v0.1.0."""
    write(tmp_path / "pyproject.toml", '[project]\nversion = "0.1.0"\n')
    write(tmp_path / "Makefile", "IMAGE_TAG ?= 0.1.0\n")
    for package in ("packages/ops-db-api", "operator"):
        write(tmp_path / package / "pyproject.toml", '[project]\nversion = "0.1.0"\n')
        write(tmp_path / package / "CHANGELOG.md", "# Changes\n\n## 0.1.0 (unreleased)\n\n- All of it.\n")
    write(tmp_path / "packages/ops-db-ui/package.json", '{"version": "0.1.0"}')
    write(tmp_path / "packages/ops-db-ui/CHANGELOG.md", "# Changes\n\n## 0.1.0\n\n- All of it.\n")
    charts: dict[str, Any] = {"ops-db-api": [], "data-center": [{"name": "ops-db-api", "version": "0.1.0"}]}
    for chart, dependencies in charts.items():
        document = {"name": chart, "version": "0.1.0", "appVersion": "0.1.0", "dependencies": dependencies}
        write(tmp_path / "charts" / chart / "Chart.yaml", yaml.safe_dump(document))
    write(tmp_path / "charts" / "CHANGELOG.md", "# Changes\n\n## 0.1.0\n\n- All of it.\n")
    schema = {"type": "object", "properties": {"replicas": {"type": "integer"}, "name": {"type": "string"}}}
    write(tmp_path / SCHEMA, json.dumps({**schema, "additionalProperties": False}))
    version = {"name": "v1alpha1", "served": True, "schema": {"openAPIV3Schema": schema}}
    write(tmp_path / DEFINITION, yaml.safe_dump({"spec": {"versions": [version]}}))
    for arguments in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "All"],
        ["tag", "v0.1.0"],
    ):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    return Checkout(tmp_path)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def change(path: Path, changed: Callable[[Any], None]) -> None:
    document = yaml.safe_load(path.read_text())
    changed(document)
    path.write_text(json.dumps(document) if path.suffix == ".json" else yaml.safe_dump(document))


def test_what_was_released_can_be_released(checkout: Checkout) -> None:
    assert checkout.last_release() == "v0.1.0"
    assert problems(checkout) == []


def test_the_checkout_can_be_released() -> None:
    assert problems(Checkout(ROOT)) == []


def test_other_version_of_application_is_refused(checkout: Checkout) -> None:
    write(checkout.root / "packages/ops-db-api/pyproject.toml", '[project]\nversion = "0.2.0"\n')
    found = problems(checkout)
    assert "charts/ops-db-api: appVersion is 0.1.0, but packages/ops-db-api is at 0.2.0" in found
    assert "packages/ops-db-api/CHANGELOG.md: has no entry for 0.2.0" in found


def test_other_version_of_images_is_refused(checkout: Checkout) -> None:
    write(checkout.root / "Makefile", "IMAGE_TAG ?= 0.0.9\n")
    assert problems(checkout) == ["Makefile: IMAGE_TAG is 0.0.9, but the root is at 0.1.0"]


def test_other_version_of_a_dependency_is_refused(checkout: Checkout) -> None:
    change(checkout.root / "charts/ops-db-api/Chart.yaml", lambda it: it.update(version="0.1.1"))
    assert problems(checkout) == ["charts/data-center: wants ops-db-api 0.1.0, but that is at 0.1.1"]


def test_missing_changelog_is_refused(checkout: Checkout) -> None:
    (checkout.root / "charts/CHANGELOG.md").unlink()
    assert problems(checkout) == ["charts: has no CHANGELOG.md"]


def test_heading_without_entry_is_refused(checkout: Checkout) -> None:
    write(checkout.root / "charts/CHANGELOG.md", "# Changes\n\n## 0.1.0\n\n## 0.0.9\n\n- Older.\n")
    assert problems(checkout) == ["charts/CHANGELOG.md: has no entry for 0.1.0"]


@pytest.mark.parametrize("folder", ["operator", "packages/ops-db-ui", "charts/ops-db-api"])
def test_change_without_new_version_is_refused(folder: str, checkout: Checkout) -> None:
    git_add(checkout, f"{folder}/more.txt")
    assert problems(checkout) == [f"{folder}: has changed since v0.1.0 and has still the version 0.1.0"]


def test_field_of_a_resource_that_is_gone_is_refused(checkout: Checkout) -> None:
    change(checkout.root / DEFINITION, lambda it: properties(it).pop("name"))
    assert problems(checkout) == [f"{DEFINITION} v1alpha1: name: is gone"]


def test_field_of_a_resource_that_is_narrowed_is_refused(checkout: Checkout) -> None:
    change(checkout.root / DEFINITION, lambda it: properties(it)["name"].update(enum=["a"]))
    assert problems(checkout) == [f"{DEFINITION} v1alpha1: name: anything is no choice any more"]


def test_version_that_is_not_served_any_more_is_refused(checkout: Checkout) -> None:
    change(checkout.root / DEFINITION, lambda it: it["spec"]["versions"][0].update(name="v1"))
    assert problems(checkout) == [
        f"{DEFINITION}: v1alpha1 is not served any more; serve it for one more release"
    ]


def test_definition_that_is_gone_is_refused(checkout: Checkout) -> None:
    (checkout.root / DEFINITION).unlink()
    assert problems(checkout) == [f"{DEFINITION}: the definition is gone, but resources of it may exist"]


def test_new_field_of_a_resource_is_fine(checkout: Checkout) -> None:
    change(checkout.root / DEFINITION, lambda it: properties(it).update(more={"type": "string"}))
    assert problems(checkout) == []


def test_value_that_is_gone_is_refused_within_a_version(checkout: Checkout) -> None:
    change(checkout.root / SCHEMA, lambda it: it["properties"].pop("name"))
    change(checkout.root / "charts/ops-db-api/Chart.yaml", lambda it: it.update(version="0.1.1"))
    change(
        checkout.root / "charts/data-center/Chart.yaml",
        lambda it: it["dependencies"][0].update(version="0.1.1"),
    )
    change(checkout.root / "charts/data-center/Chart.yaml", lambda it: it.update(version="0.1.1"))
    write(checkout.root / "charts/CHANGELOG.md", "# Changes\n\n## 0.1.1\n\n- More.\n")
    assert problems(checkout) == [f"{SCHEMA}: name: is gone; raise the version, or go on taking it"]
    change(checkout.root / "charts/ops-db-api/Chart.yaml", lambda it: it.update(version="0.2.0"))
    change(
        checkout.root / "charts/data-center/Chart.yaml",
        lambda it: it["dependencies"][0].update(version="0.2.0"),
    )
    assert problems(checkout) == []


def properties(definition: Any) -> Any:
    return definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]


def git_add(checkout: Checkout, path: str) -> None:
    write(checkout.root / path, "more\n")
    subprocess.run(["git", "add", path], cwd=checkout.root, check=True)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"type": "string"}, {"type": "string"}, []),
        ({"type": "string"}, {"type": ["string", "integer"]}, []),
        ({"type": ["string", "integer"]}, {"type": "string"}, ["the whole: takes no integer any more"]),
        ({}, {"type": "string"}, ["the whole: takes no other types any more"]),
        ({"enum": ["a", "b"]}, {"enum": ["a", "b", "c"]}, []),
        ({"enum": ["a", "b"]}, {"enum": ["a"]}, ["the whole: b is no choice any more"]),
        ({"minimum": 1}, {"minimum": 0}, []),
        ({"minimum": 1}, {"minimum": 2}, ["the whole: minimum is 2, was 1"]),
        ({}, {"maxLength": 5}, ["the whole: maxLength is 5, was none"]),
        ({"maxLength": 5}, {}, []),
        ({"pattern": "a"}, {}, []),
        ({"pattern": "a"}, {"pattern": "b"}, ["the whole: the pattern is b, was a"]),
        ({}, {"required": ["a"]}, ["the whole: a must be given now"]),
        ({"required": ["a"]}, {}, []),
        (
            {"properties": {"a": {"items": {"type": "integer"}}}},
            {"properties": {"a": {"items": {"type": "string"}}}},
            ["a[]: takes no integer any more"],
        ),
        (
            {"additionalProperties": {"properties": {"b": {}}}},
            {"additionalProperties": {"properties": {"c": {}}}},
            ["*.b: is gone"],
        ),
        (
            {"additionalProperties": True},
            {"additionalProperties": False},
            ["the whole: takes no free names any more"],
        ),
        (
            {"x-kubernetes-validations": []},
            {"x-kubernetes-validations": [{"rule": "self.a"}]},
            ["the whole: has the new rule self.a"],
        ),
        ({"oneOf": [1]}, {"oneOf": [2]}, ["the whole: oneOf has changed"]),
        (
            {"properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": {"enum": [1, 2]}}},
            {"properties": {"a": {"allOf": [{"$ref": "#/$defs/y"}]}}, "$defs": {"y": {"enum": [1]}}},
            ["a: 2 is no choice any more"],
        ),
    ],
)
def test_narrowings(old: Any, new: Any, expected: list[str]) -> None:
    assert narrowings(old, new) == expected
