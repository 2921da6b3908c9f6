"""Values and their schemas: both have the same keys, and a misspelt one is refused by its name."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from charts.tools import schemas
from jsonschema import Draft7Validator

from .rendering import CASES, CHARTS, NAMES, Case, Renderer, schema_of, values_of

MISSPELT = "misspeltKey"
LIBRARY = "ccat-common"

# Without a limit a container may use the processors that are free; no limit cannot be written down.
WITHOUT_DEFAULT = ("resources.limits.cpu",)


@pytest.mark.parametrize("chart", NAMES)
def test_schema_is_what_its_source_says(chart: str) -> None:
    assert (CHARTS / chart / "values.schema.json").read_text() == schemas.text(chart), (
        "run python -m charts.tools.schemas"
    )


@pytest.mark.parametrize("chart", NAMES)
def test_schema_is_a_schema(chart: str) -> None:
    Draft7Validator.check_schema(schema_of(chart))


@pytest.mark.parametrize("chart", NAMES)
def test_values_and_schema_have_the_same_keys(chart: str) -> None:
    schema = schema_of(chart)
    in_schema = {path for path, _ in keys_of_schema(schema, schema) if not path.endswith(WITHOUT_DEFAULT)}
    in_values = set(keys_of_values(values_of(chart), schema, schema))
    if chart == "data-center":
        # The values of the charts below it stand in their own values.yaml.
        below = {
            name
            for name, node in schema["properties"].items()
            if node.get("$ref", "").removeprefix("#/$defs/") in NAMES
        }
        in_schema = {path for path in in_schema if path.partition(".")[0] not in below or path in in_values}
    if chart == "ccat-operator":
        in_schema = {path for path in in_schema if not path.startswith("crds.") or path in in_values}
    assert in_values == in_schema


@pytest.mark.parametrize("chart", NAMES)
def test_every_key_is_described(chart: str) -> None:
    schema = schema_of(chart)
    assert [path for path, node in keys_of_schema(schema, schema) if not node.get("description")] == []


@pytest.mark.parametrize("chart", NAMES)
def test_every_object_is_closed(chart: str) -> None:
    assert [
        path
        for path, node in objects_of_schema(schema_of(chart))
        if node.get("additionalProperties", True) is True
    ] == []


@pytest.mark.parametrize("chart", NAMES)
def test_every_option_is_in_every_option(chart: str) -> None:
    schema = schema_of(chart)
    values = every_option(chart)
    missing = {path for path, _ in keys_of_schema(schema, schema)} - set(
        keys_of_values(values, schema, schema)
    )
    assert missing == set()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_fit_their_schema(case: Case) -> None:
    values = yaml.safe_load(case.values.read_text())
    assert [error.message for error in Draft7Validator(schema_of(case.chart)).iter_errors(values)] == []


@pytest.mark.parametrize("chart", NAMES)
def test_a_misspelt_key_beside_any_key_is_refused(chart: str) -> None:
    """At each object of the values with every option, one at a time."""
    validator = Draft7Validator(schema_of(chart))
    values = every_option(chart)
    accepted = []
    for path in closed_objects(values, schema_of(chart)):
        node_at(values, path)[MISSPELT] = 1
        if not any(MISSPELT in text for error in validator.iter_errors(values) for text in messages(error)):
            accepted.append(path)
        del node_at(values, path)[MISSPELT]
    assert accepted == []


@pytest.mark.parametrize("chart", NAMES)
def test_helm_names_every_misspelt_key(chart: str, renderer: Renderer, tmp_path: Path) -> None:
    """All at once: helm tells of each."""
    values = every_option(chart)
    names = []
    for number, path in enumerate(closed_objects(values, schema_of(chart))):
        names.append(f"{MISSPELT}{number}x")
        node_at(values, path)[names[-1]] = 1
    written = tmp_path / "values.yaml"
    written.write_text(yaml.safe_dump(values))
    outcome = renderer.template(chart, "--values", str(written))
    assert outcome.status != 0
    assert [name for name in names if f"'{name}'" not in outcome.error] == []


@pytest.mark.parametrize(
    ("key", "chart"),
    [
        ("workers.all.replcas", "data-transfer"),
        ("workers.all.volumes[0].mountpath", "data-transfer"),
        ("data-transfer.workers.all.resources.requests.cpus", "data-center"),
        ("data-transfer.dataServers.cologne.sites", "data-center"),
        ("operator.crds.instal", "data-center"),
        ("global.databse", "data-center"),
        ("ops-db-ap", "data-center"),
    ],
)
def test_helm_names_a_misspelt_key(key: str, chart: str, renderer: Renderer) -> None:
    values = str(CHARTS / chart / "ci" / "every-option.yaml")
    outcome = renderer.template(chart, "--values", values, "--set", f"{key}=1")
    assert outcome.status != 0
    assert f"'{key.rpartition('.')[2]}'" in outcome.error


def test_a_misspelt_key_of_a_chart_that_is_off_is_refused(renderer: Renderer) -> None:
    values = str(CHARTS / "data-center" / "ci" / "defaults.yaml")
    outcome = renderer.template(
        "data-center", "--values", values, "--set", "dev-services.postgres.storage=1Gi"
    )
    assert outcome.status != 0
    assert "'postgres'" in outcome.error


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("global.environment=prod", "environment"),
        ("global.broker.url=redis://:password@redis:6379", "url"),
        ("global.database.password=hunter2", "password"),
        ("ops-db-api.extraEnv.CCAT_OPS_DB_TOKEN_KEY=0123456789", "CCAT_OPS_DB_TOKEN_KEY"),
        ("ops-db-api.extraEnv.OTHER=postgresql://ccat:hunter2@host/name", "OTHER"),
        ("ops-db-api.securityContext.runAsUser=0", "runAsUser"),
        ("data-transfer.workers.a.site=ccat,data-transfer.workers.a.locations={ccat.lta}", "workers"),
        ("data-transfer.workers.a.replicas=1", "workers"),
        ("data-transfer.workers.a.locations={lta}", "locations"),
        (
            "data-transfer.volumes.a.claim=x,data-transfer.volumes.a.nfs.server=y,data-transfer.volumes.a.nfs.path=/",
            "volumes",
        ),
        ("opsDatabase.lockTimeout=5 seconds", "lockTimeout"),
    ],
)
def test_a_value_that_cannot_be_is_refused(setting: str, named: str, renderer: Renderer) -> None:
    values = str(CHARTS / "data-center" / "ci" / "defaults.yaml")
    outcome = renderer.template("data-center", "--values", values, "--set", setting)
    assert outcome.status != 0
    assert named in outcome.error


def test_unknown_definition_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chart = tmp_path / "chart"
    chart.mkdir()
    (chart / "Chart.yaml").write_text("name: chart\n")
    (chart / "values.schema.yaml").write_text("properties: {a: {$ref: nothing}}\n")
    monkeypatch.setattr(schemas, "CHARTS", tmp_path)
    with pytest.raises(schemas.UnknownDefinitionError, match="'nothing'"):
        schemas.build("chart")


def test_shared_values_are_the_same_in_all_charts() -> None:
    shared = {json.dumps(values_of(chart)["global"]) for chart in NAMES}
    assert len(shared) == 1


def every_option(chart: str) -> Any:
    return yaml.load((CHARTS / chart / "ci" / "every-option.yaml").read_text(), yaml.CSafeLoader)


def merged(schema: Any, root: Any) -> Any:
    """Return a schema with what it refers to put into it; what stands beside wins."""
    found: dict[str, Any] = {}
    if "$ref" in schema:
        found = merged(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root)
    for part in schema.get("allOf", []):
        found = {**found, **merged(part, root)}
    return {**found, **{key: value for key, value in schema.items() if key not in {"$ref", "allOf"}}}


def keys_of_schema(schema: Any, root: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path of each property with its schema; maps of free names and lists end a path."""
    for name, node in merged(schema, root).get("properties", {}).items():
        if name == LIBRARY or (prefix and name == "global"):
            continue  # both are set at the top only
        node = merged(node, root)
        yield prefix + name, node
        yield from keys_of_schema(node, root, f"{prefix}{name}.")


def keys_of_values(values: Any, schema: Any, root: Any, prefix: str = "") -> Iterator[str]:
    """Yield the path of each key that the schema has a name for."""
    properties = merged(schema, root).get("properties", {})
    for name, value in values.items():
        yield prefix + name
        node = merged(properties.get(name, {}), root)
        if isinstance(value, dict) and "properties" in node:
            yield from keys_of_values(value, node, root, f"{prefix}{name}.")


def objects_of_schema(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each schema of an object, wherever it stands."""
    if isinstance(node, dict):
        if node.get("type") == "object" and "allOf" not in node:
            yield path, node
        for name, value in node.items():
            yield from objects_of_schema(value, f"{path}/{name}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from objects_of_schema(value, f"{path}/{number}")


def closed_objects(values: Any, root: Any) -> list[tuple[str | int, ...]]:
    """Return the paths of the objects in values that have a fixed set of keys."""

    def walk(value: Any, schema: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
        schema = merged(schema, root)
        if isinstance(value, list):
            for number, item in enumerate(value):
                yield from walk(item, schema.get("items", {}), (*path, number))
        if not isinstance(value, dict):
            return
        if schema.get("additionalProperties") is False:
            yield path
        others = schema.get("additionalProperties")
        for name, item in value.items():
            below = schema.get("properties", {}).get(name, others if isinstance(others, dict) else {})
            yield from walk(item, below, (*path, name))

    return list(walk(values, root, ()))


def node_at(values: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        values = values[step]
    return values


def messages(error: Any) -> Iterator[str]:
    yield error.message
    for cause in error.context or ():
        yield from messages(cause)
