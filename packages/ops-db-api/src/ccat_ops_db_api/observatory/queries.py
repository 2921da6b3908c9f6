"""SQL of the observatory."""

from sqlalchemy import select

from ccat_ops_db.models import Instrument, InstrumentModule, Observatory, Telescope
from ccat_ops_db_api.platform.documents import Rows, list_of_objects, list_of_values

OBSERVATORIES = Observatory.__table__
TELESCOPES = Telescope.__table__
INSTRUMENTS = Instrument.__table__
MODULES = InstrumentModule.__table__


def observatories() -> Rows:
    """Return observatories as they are shown."""
    telescopes = (
        select(TELESCOPES.c.id)
        .where(TELESCOPES.c.observatory_id == OBSERVATORIES.c.id, TELESCOPES.c.retired_at.is_(None))
        .correlate(OBSERVATORIES)
    )
    return select(
        OBSERVATORIES.c.id,
        OBSERVATORIES.c.name,
        list_of_values(TELESCOPES.c.id, telescopes).label("telescopes"),
        OBSERVATORIES.c.retired_at,
    )


def telescopes() -> Rows:
    """Return telescopes as they are shown."""
    instruments = (
        select(INSTRUMENTS.c.id)
        .where(INSTRUMENTS.c.telescope_id == TELESCOPES.c.id, INSTRUMENTS.c.retired_at.is_(None))
        .correlate(TELESCOPES)
    )
    return select(
        TELESCOPES.c.id,
        TELESCOPES.c.observatory_id.label("observatory"),
        *(TELESCOPES.c[name] for name in ("name", "latitude", "longitude", "altitude")),
        list_of_values(INSTRUMENTS.c.id, instruments).label("instruments"),
        TELESCOPES.c.retired_at,
    )


def instruments() -> Rows:
    """Return instruments with their modules as they are shown."""
    names = (
        "id",
        "name",
        "description",
        "pixels",
        "band",
        "frequency_min",
        "frequency_max",
        "available",
        "retired_at",
    )
    modules = (
        select(*(MODULES.c[name] for name in names))
        .where(MODULES.c.instrument_id == INSTRUMENTS.c.id)
        .order_by(MODULES.c.id)
        .correlate(INSTRUMENTS)
    )
    return select(
        INSTRUMENTS.c.id,
        INSTRUMENTS.c.telescope_id.label("telescope"),
        *(INSTRUMENTS.c[name] for name in ("name", "description", "available")),
        list_of_objects(modules).label("modules"),
        INSTRUMENTS.c.retired_at,
    )
