"""The processes of a site: planner, worker and data server."""

import signal
import sys
import threading
from typing import Annotated

import typer

from ccat_data_transfer.cli.context import PLANNER_LIMITS, end, load_settings, open_database
from ccat_data_transfer.observe.log import configure_logging
from ccat_data_transfer.observe.probes import serve_probes
from ccat_data_transfer.observe.readiness import Check, WorkPlaces, service_checks, wait_for
from ccat_data_transfer.planning.planner import Planner
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.work.worker import Worker
from ccat_data_transfer.world_real import real_world
from ccat_ops_db.enumerations import Operation

Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")]

DOWNLOADS_END_SECONDS = 7
"""How long downloads may go on after SIGTERM; whoever kills waits ten seconds."""


def planner(verbose: Verbose = False) -> None:
    """Plan, admit and dispatch work for the sites of this database; any number may run."""
    configure_logging(verbose=verbose)
    settings = load_settings()
    engine = open_database(settings.sites, limits=PLANNER_LIMITS)
    checks = service_checks(engine, settings, WorkPlaces(sites=settings.sites, locations=[]))
    _serve_probes(settings, checks)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    if wait_for("the schema", checks["database"], stopping):
        Planner(real_world(engine, settings), settings).run(stopping)


def worker(
    location: Annotated[list[str] | None, typer.Option(help="Location to work at, <site>.<name>.")] = None,
    site: Annotated[list[str] | None, typer.Option(help="Site to work at, with all its locations.")] = None,
    operation: Annotated[list[Operation] | None, typer.Option(help="Only these operations.")] = None,
    concurrency: Annotated[int | None, typer.Option(min=1, help="Units of work at once.")] = None,
    verbose: Verbose = False,
) -> None:
    """Do the work of some locations: package, move, verify, archive, stage, delete."""
    configure_logging(verbose=verbose)
    settings = load_settings()
    if concurrency is not None:
        settings = settings.model_copy(update={"concurrency": concurrency})
    if not location and not site:
        end("name what to work at: --location SITE.NAME or --site SITE", 2)
    places = WorkPlaces(sites=site or [], locations=location or [])
    engine = open_database(places.all_sites, pool_size=settings.concurrency * 2 + 2)
    checks = service_checks(engine, settings, places)
    _serve_probes(settings, checks)
    # Until Celery has handlers of its own; the first process of a container has none by default.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    wait_for("the schema and the configuration", checks["database"], threading.Event())
    Worker(
        real_world(engine, settings),
        settings,
        locations=places.locations,
        sites=places.sites,
        operations=operation or [],
    ).run()


def data_server(
    site: Annotated[str, typer.Option(help="Site whose locations are served.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8002,
    verbose: Verbose = False,
) -> None:
    """Serve the site's data read-only, by signed addresses and byte ranges."""
    import uvicorn

    from ccat_data_transfer.data_server.app import create_app

    configure_logging(verbose=verbose)
    uvicorn.run(
        create_app(load_settings(), open_database([site]), site),
        host=host,
        port=port,
        log_level="warning",
        timeout_graceful_shutdown=DOWNLOADS_END_SECONDS,
    )


def _serve_probes(settings: DataTransferSettings, checks: dict[str, Check]) -> None:
    if settings.metrics_port is None:
        return
    try:
        serve_probes(settings.metrics_port, checks)
    except OSError as error:
        end(f"CCAT_DATA_TRANSFER_METRICS_PORT={settings.metrics_port}: {error.strerror}; choose another port")
