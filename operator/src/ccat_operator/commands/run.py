"""``ccat-operator run``: look after all resources until told to stop."""

import os
import socket
import threading
from typing import Annotated, Any

import structlog
import typer

from ccat_operator.commands.output import fail, log_as_json
from ccat_operator.settings import OperatorSettings
from ccat_ops_db.clock import SystemClock
from ccat_ops_db.commands.database import load_settings
from ccat_ops_db.revisions import RevisionError, revisions
from ccat_ops_db.settings import SettingsError

END_SECONDS = 8.0
"""After the signal, until what still runs is left alone: a transaction that is cut off is undone."""


def run(
    namespace: Annotated[
        str | None, typer.Option(help="Look after the resources of this namespace only.")
    ] = None,
    all_namespaces: Annotated[
        bool, typer.Option("--all-namespaces", "-A", help="Look after those of all namespaces.")
    ] = False,
) -> None:
    """Look after OpsDatabase and SiteConfiguration resources until told to stop."""
    # Only here: commands of Jobs and of people do without the operator's framework, and start faster.
    import kopf
    from prometheus_client import start_http_server

    from ccat_operator.handlers.cluster import Cluster
    from ccat_operator.handlers.controller import Controller
    from ccat_operator.handlers.leadership import Leadership
    from ccat_operator.handlers.registration import register

    log_as_json()
    if (namespace is None) == (not all_namespaces):
        fail("say either --namespace NAME or --all-namespaces")
    settings = OperatorSettings()
    try:
        revisions(load_settings().more_migrations())
    except (SettingsError, RevisionError) as error:
        fail(str(error))
    if settings.image is None:
        fail(
            "CCAT_OPERATOR_IMAGE is missing: set the image of the migration Jobs, which is the operator's own"
        )
    cluster = Cluster()
    leadership = Leadership(cluster, settings.peering, namespace)
    registry = kopf.OperatorRegistry()
    register(registry, Controller(cluster, leadership, settings, SystemClock()), cluster)

    @kopf.on.cleanup(registry=registry)
    def leave_in_time(**_: Any) -> None:
        timer = threading.Timer(END_SECONDS, os._exit, (0,))
        timer.daemon = True
        timer.start()

    if settings.metrics_port:
        start_http_server(settings.metrics_port)
    # Under this name it is among its peers; kopf would ask for the user's, and that of the image has none.
    os.environ.setdefault("POD_ID", f"{socket.gethostname()}-{os.getpid()}")
    structlog.get_logger().info("operator.started", namespace=namespace or "all", image=settings.image)
    kopf.run(
        registry=registry,
        clusterwide=all_namespaces,
        namespaces=[namespace] if namespace is not None else [],
        standalone=settings.peering is None,
        peering_name=settings.peering,
        priority=leadership.priority,
        liveness_endpoint=f"http://0.0.0.0:{settings.health_port}/healthz" if settings.health_port else None,
    )
