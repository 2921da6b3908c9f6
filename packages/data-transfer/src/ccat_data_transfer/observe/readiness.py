"""What a service needs before it can do its work, and waiting for it.

A service that is started before the schema, the configuration or the broker exists stays up, says what is
missing and goes on by itself: one that dies is started again and again, and its message is lost.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import redis
import structlog
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from ccat_data_transfer.settings import DataTransferSettings
from ccat_ops_db.database_words import said_by_database
from ccat_ops_db.models import DatabaseSite, DataLocation, Site
from ccat_ops_db.models.databases import EVERY_SITE
from ccat_ops_db.schema_gap import schema_gap

log = structlog.get_logger()

BROKER_SECONDS = 3.0
"""Longest wait for an answer of the broker."""

LOOK_AGAIN_SECONDS = 2.0
"""How often a waiting service looks whether it can go on."""

Check = Callable[[], str | None]
"""Returns what is missing and the remedy, or None."""


@dataclass(frozen=True)
class WorkPlaces:
    """The sites and locations that a worker was told to work at."""

    sites: Sequence[str]
    locations: Sequence[str]

    @property
    def all_sites(self) -> list[str]:
        """The sites of both."""
        return sorted({*self.sites, *(location.partition(".")[0] for location in self.locations)})


def service_checks(
    engine: Engine, settings: DataTransferSettings, places: WorkPlaces | None = None
) -> dict[str, Check]:
    """Return the checks of a service by what they look at.

    Parameters
    ----------
    engine : Engine
        The site's database.
    settings : DataTransferSettings
        Names the broker.
    places : WorkPlaces, optional
        Must be in the database, which must be the one that writes their rows.
    """
    return {
        "database": lambda: database_problem(engine, places),
        "broker": lambda: broker_problem(settings.broker_url.get_secret_value()),
    }


def problems(checks: Mapping[str, Check]) -> dict[str, str]:
    """Return what is missing, by check; nothing if all is there."""
    found = {name: check() for name, check in checks.items()}
    return {name: problem for name, problem in found.items() if problem is not None}


def database_problem(engine: Engine, places: WorkPlaces | None = None) -> str | None:
    """Return what the database lacks: an answer, the schema, or places that were asked for."""
    try:
        with engine.connect() as connection:
            missing = schema_gap(connection)
            if missing is not None or places is None:
                return missing
            here = set(connection.scalars(select(DatabaseSite.site_id)))
            known_sites = set(connection.scalars(select(Site.id)))
            known_locations = set(connection.scalars(select(DataLocation.__table__.c.id)))
    except SQLAlchemyError as error:
        return f"the database does not answer: {said_by_database(error)}; see CCAT_OPS_DB_DATABASE_URL"
    for noun, asked, known in (
        ("site", places.sites, known_sites),
        ("location", places.locations, known_locations),
    ):
        unknown = sorted(set(asked) - known)
        if unknown:
            names = ", ".join(sorted(known)) or "none: apply the configuration"
            return f"there is no {noun} {', '.join(unknown)}; known are {names}"
    foreign = sorted(site for site in places.all_sites if not {site, EVERY_SITE} & here)
    if foreign:
        return (
            f"the rows of {', '.join(foreign)} are not written in this database, which has"
            f" {', '.join(sorted(here))}; see CCAT_OPS_DB_DATABASE_URL, or correct the sites"
        )
    return None


def broker_problem(url: str) -> str | None:
    """Return what is wrong with the broker."""
    try:
        client = redis.Redis.from_url(
            url, socket_connect_timeout=BROKER_SECONDS, socket_timeout=BROKER_SECONDS
        )
        with client:
            client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        return f"the broker does not answer ({type(error).__name__}); see CCAT_DATA_TRANSFER_BROKER_URL"
    return None


def wait_for(what: str, check: Check, stopping: threading.Event) -> bool:
    """Wait until a check finds nothing missing; False if told to stop before.

    What is missing is logged once, and again when it becomes something else.
    """
    said = None
    while not stopping.is_set():
        missing = check()
        if missing is None:
            return True
        if missing != said:
            log.warning("service.waiting", waiting_for=what, missing=missing)
            said = missing
        stopping.wait(LOOK_AGAIN_SECONDS)
    return False
