"""What the charts put into the environment of our programs: settings and values that these take."""

import json
import re
from typing import Any

import pytest
from pydantic_settings import BaseSettings

from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.work.kinds import KINDS
from ccat_operator.settings import OperatorSettings
from ccat_ops_db.enumerations import Operation
from ccat_ops_db.settings import OpsDbSettings
from ccat_ops_db_api.settings import ApiSettings

from .rendering import (
    CASES,
    CHARTS,
    Case,
    Renderer,
    containers,
    environment,
    pod_templates,
    schema_of,
    values_of,
)

PREFIXES: dict[str, type[BaseSettings]] = {
    "CCAT_OPS_DB_API_": ApiSettings,
    "CCAT_OPS_DB_": OpsDbSettings,
    "CCAT_DATA_TRANSFER_": DataTransferSettings,
    "CCAT_OPERATOR_": OperatorSettings,
}
SECRET_VALUES = {
    "CCAT_OPS_DB_DATABASE_URL": "postgresql://ccat@database/ccat_ops_db",
    "CCAT_DATA_TRANSFER_BROKER_URL": "redis://broker",
}


def settings_of(variable: str) -> type[BaseSettings] | None:
    return next((settings for prefix, settings in PREFIXES.items() if variable.startswith(prefix)), None)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_settings_exist_and_are_accepted(
    case: Case, renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, template in pod_templates(renderer.case(case)):
        for container in containers(template):
            variables = environment(container)
            used = set()
            for variable, value in variables.items():
                settings = settings_of(variable)
                if settings is None:
                    assert not variable.startswith("CCAT_") or variable.startswith("CCAT_DEV_SERVICE_"), (
                        f"{name}: {variable}"
                    )
                    continue
                field = variable.removeprefix(settings.model_config["env_prefix"]).lower()
                assert field in settings.model_fields, f"{name}: {variable}"
                used.add(settings)
                monkeypatch.setenv(
                    variable, value if isinstance(value, str) else SECRET_VALUES.get(variable, "x" * 40)
                )
            for settings in used:
                settings()
            for variable in variables:
                monkeypatch.delenv(variable, raising=False)


def camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


def defaults(settings: type[BaseSettings]) -> dict[str, Any]:
    return {camel(name): field.default for name, field in settings.model_fields.items()}


# What charts set by other values than `settings`.
ELSEWHERE = {
    "ops-db-api": {"siteId", "servedSites", "publicOrigins", "uiFolder", "dataServerSecret", "redisUrl"},
    "data-transfer": {
        "brokerUrl",
        "sites",
        "credentialsFolder",
        "concurrency",
        "logFolder",
        "allowHttp",
        "dataServerSecret",
        "metricsPort",
    },
}


@pytest.mark.parametrize(
    ("chart", "settings"), [("ops-db-api", ApiSettings), ("data-transfer", DataTransferSettings)]
)
def test_all_settings_can_be_set_and_have_their_defaults(chart: str, settings: type[BaseSettings]) -> None:
    expected = {key: value for key, value in defaults(settings).items() if key not in ELSEWHERE[chart]}
    assert values_of(chart)["settings"] == expected


def test_operations_are_those_of_the_engine() -> None:
    listed = schema_of("data-transfer")["$defs"]["data-transfer.worker"]["properties"]["operations"]["items"][
        "enum"
    ]
    assert set(listed) == {operation.value for operation in KINDS}


def test_open_work_is_counted_in_the_tables_of_the_engine(renderer: Renderer) -> None:
    values = str(CHARTS / "data-transfer" / "ci" / "every-option.yaml")
    objects = renderer.objects("data-transfer", "--values", values)
    queries = {
        item["metadata"]["name"]: item["spec"]["triggers"][0]["metadata"]["query"]
        for item in objects
        if item["kind"] == "ScaledObject"
    }
    everything = queries["data-center-data-transfer-worker-all"]
    for kind in KINDS.values():
        assert (
            f"FROM {kind.name} WHERE status IN ('scheduled', 'in_progress')"
            f" AND {kind.location} LIKE 'cologne.%'" in everything
        )
    archiving = queries["data-center-data-transfer-worker-archiving"]
    assert archiving.count("SELECT count(*)") == 2
    assert "destination_location_id IN ('cologne.lta', 'us.lta')" in archiving


def test_sites_are_a_list_as_the_engine_reads_it(renderer: Renderer) -> None:
    values = str(CHARTS / "data-transfer" / "ci" / "every-option.yaml")
    templates = dict(pod_templates(renderer.objects("data-transfer", "--values", values)))
    (planner,) = containers(templates["Deployment/data-center-data-transfer-planner"])
    assert json.loads(environment(planner)["CCAT_DATA_TRANSFER_SITES"]) == ["cologne", "us"]


def test_worker_is_told_what_to_do(renderer: Renderer) -> None:
    values = str(CHARTS / "data-transfer" / "ci" / "every-option.yaml")
    templates = dict(pod_templates(renderer.objects("data-transfer", "--values", values)))
    (archiving,) = containers(templates["Deployment/data-center-data-transfer-worker-archiving"])
    assert archiving["args"] == [
        "worker",
        "--location=cologne.lta",
        "--location=us.lta",
        "--operation=long_term_archive_transfer",
        "--operation=verify",
        "--concurrency=2",
    ]
    assert {
        Operation(argument.partition("=")[2]) for argument in archiving["args"] if "--operation" in argument
    }


def test_data_servers_can_write_nothing(renderer: Renderer) -> None:
    values = str(CHARTS / "data-transfer" / "ci" / "every-option.yaml")
    templates = dict(pod_templates(renderer.objects("data-transfer", "--values", values)))
    server = templates["Deployment/data-center-data-transfer-data-server-cologne"]
    (container,) = containers(server)
    writable = {mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
    assert writable == {"/tmp"}
    claims = [
        volume["persistentVolumeClaim"]
        for volume in server["spec"]["volumes"]
        if "persistentVolumeClaim" in volume
    ]
    assert claims == [{"claimName": "data-center-data-transfer-processing", "readOnly": True}]
