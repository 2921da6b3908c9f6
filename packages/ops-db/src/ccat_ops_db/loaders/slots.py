"""Pre-scheduled slots from CSV."""

from pathlib import Path

from sqlalchemy.orm import Session

from ccat_ops_db.configuration import Plan
from ccat_ops_db.configuration.files import RawConfiguration
from ccat_ops_db.configuration.kinds import slot_key
from ccat_ops_db.configuration.problems import Position
from ccat_ops_db.loaders.entries import add_entry, read_table, store

REQUIRED = {"obs_unit", "starts_at", "ends_at"}


def read_pre_scheduled_slots(file: str | Path, session: Session) -> Plan:
    """Load slots from a CSV file with a header line: ``obs_unit``, ``starts_at``, ``ends_at``, ``night``.

    Times carry their zone, for example ``2027-01-15T02:00:00Z``; ``night`` is a date and may be missing.

    Parameters
    ----------
    file : str or Path
        The file.
    session : Session
        Committed at the end, rolled back on an error.

    Raises
    ------
    ConfigurationError
        With everything that is wrong, each with file, line and key.
    """
    path, raw = Path(file), RawConfiguration()
    for line, cells in read_table(path, REQUIRED, REQUIRED | {"night"}):
        key = slot_key({"obs_unit": "", "starts_at": ""} | cells).replace(" ", "T")
        add_entry(raw, "pre_scheduled_slots", key, dict(cells), Position(str(path), line))
    return store(session, raw)
