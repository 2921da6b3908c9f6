"""The processes of a site: planner, worker and data server."""

import signal
import threading
from typing import Annotated

import typer
import uvicorn
from prometheus_client import start_http_server
from sqlalchemy import select

from ccat_data_transfer.cli.context import end, load_settings, open_database
from ccat_data_transfer.observe.log import configure_logging
from ccat_data_transfer.planning.planner import Planner
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.work.broker import CeleryMessenger, make_celery
from ccat_data_transfer.work.worker import Worker
from ccat_ops_db.clock import SystemClock
from ccat_ops_db.enumerations import Operation
from ccat_ops_db.models import DataLocation, Site

Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")]


def planner(verbose: Verbose = False) -> None:
    """Plan, admit and dispatch work for the sites of this database; any number may run."""
    configure_logging(verbose=verbose)
    settings = load_settings()
    _serve_metrics(settings)
    messenger = CeleryMessenger(make_celery(settings), settings)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    Planner(open_database(), messenger, SystemClock(), settings).run(stopping)


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
    engine = open_database(pool_size=settings.concurrency * 2 + 2)
    with engine.connect() as connection:
        locations = set(connection.scalars(select(DataLocation.__table__.c.id)))
        sites = set(connection.scalars(select(Site.id)))
    for noun, asked, known in (("location", location, locations), ("site", site, sites)):
        unknown = sorted(set(asked or ()) - known)
        if unknown:
            end(f"there is no {noun} {', '.join(unknown)}; known are {', '.join(sorted(known)) or 'none'}", 2)
    _serve_metrics(settings)
    Worker(
        engine,
        SystemClock(),
        settings,
        locations=location or [],
        sites=site or [],
        operations=operation or [],
    ).run()


def data_server(
    site: Annotated[str, typer.Option(help="Site whose locations are served.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8002,
    verbose: Verbose = False,
) -> None:
    """Serve the site's data read-only, by signed addresses and byte ranges."""
    from ccat_data_transfer.data_server.app import create_app

    configure_logging(verbose=verbose)
    uvicorn.run(create_app(load_settings(), open_database(), site), host=host, port=port, log_level="warning")


def _serve_metrics(settings: DataTransferSettings) -> None:
    if settings.metrics_port is not None:
        start_http_server(settings.metrics_port)
