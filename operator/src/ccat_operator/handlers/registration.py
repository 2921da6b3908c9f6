"""What kopf calls: thin handlers that hand everything on."""

import asyncio
from typing import Any

import kopf

from ccat_operator import GROUP, VERSION
from ccat_operator.handlers.cluster import Cluster, credentials
from ccat_operator.handlers.controller import Controller
from ccat_operator.handlers.jobs import MANAGED_BY, OWNER_LABEL

SERVER_TIMEOUT, CLIENT_TIMEOUT = 240, 270
"""Seconds after which a watch is opened anew, by the server or, if that is gone, by us."""
CRD_SECONDS = 60


def register(registry: kopf.OperatorRegistry, controller: Controller, cluster: Cluster) -> None:
    """Register all handlers of an operator."""

    @kopf.on.login(registry=registry)
    def login(settings: kopf.OperatorSettings, **_: Any) -> kopf.ConnectionInfo:
        return credentials(settings)

    @kopf.on.startup(registry=registry)
    async def start(settings: kopf.OperatorSettings, **_: Any) -> None:
        configure(settings)
        await _wait_for_definitions(cluster)

    @kopf.on.cleanup(registry=registry)
    async def end(**_: Any) -> None:
        await controller.stop()

    @kopf.on.event(GROUP, VERSION, "opsdatabases", registry=registry)
    async def on_database(event: kopf.RawEvent, namespace: str | None, name: str, **_: Any) -> None:
        if event["type"] == "DELETED":
            controller.database_gone(f"{namespace}/{name}")
        else:
            controller.database_seen(f"{namespace}/{name}", event["object"])

    @kopf.on.event(GROUP, VERSION, "siteconfigurations", registry=registry)
    async def on_configuration(event: kopf.RawEvent, namespace: str | None, name: str, **_: Any) -> None:
        if event["type"] == "DELETED":
            controller.configuration_gone(f"{namespace}/{name}")
        else:
            controller.configuration_seen(f"{namespace}/{name}", event["object"])

    @kopf.on.event("batch", "v1", "jobs", labels=MANAGED_BY, registry=registry)
    async def on_job(annotations: kopf.Annotations, namespace: str | None, **_: Any) -> None:
        controller.databases.wake(f"{namespace}/{annotations.get(OWNER_LABEL)}")

    @kopf.on.event("", "v1", "configmaps", registry=registry)
    async def on_config_map(namespace: str | None, name: str, **_: Any) -> None:
        controller.config_map_changed(str(namespace), name)


def configure(settings: kopf.OperatorSettings) -> None:
    """Set what kopf does by itself: watch, and nothing that leaves traces in resources."""
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.watching.server_timeout = SERVER_TIMEOUT
    settings.watching.client_timeout = CLIENT_TIMEOUT
    settings.watching.connect_timeout = 15
    settings.networking.request_timeout = 30
    managed = ",".join(f"{name}={value}" for name, value in MANAGED_BY.items())
    settings.watching.label_selectors["batch", "jobs"] = managed


async def _wait_for_definitions(cluster: Cluster) -> None:
    """Wait until the API server knows our resources: they may be installed at the same time."""
    needed = {"opsdatabases", "siteconfigurations"}
    for _ in range(CRD_SECONDS):
        missing = needed - await cluster.served_resources()
        if not missing:
            return
        await asyncio.sleep(1)
    names = ", ".join(sorted(missing))
    raise kopf.PermanentError(f"the cluster has no {names}: install the definitions (crds/)")
