"""Reading again each day what packages were left without: what is as it was filed by then is filed anew."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, bindparam, select, text, update
from sqlalchemy.orm import Session

from ccat_data_transfer.failures import HandBack
from ccat_data_transfer.package_format import SourceFile, SourceFileError
from ccat_data_transfer.stages.bad_files import AT_SOURCE, finding
from ccat_data_transfer.world import Event, World
from ccat_ops_db.database_time import database_now
from ccat_ops_db.file_decisions import Decider, file_anew
from ccat_ops_db.models import RawDataFileException, RawDataFileView
from ccat_ops_db.own_rows import own_rows

READ_EVERY = timedelta(days=1)
"""How often a file is read that its package was left without, and on which nobody has decided."""

ENGINE = "engine"
"""Who decides then."""

_LOCK = text("SELECT pg_try_advisory_lock(hashtextextended('left out at ' || :location, 0))")
_UNLOCK = text("SELECT pg_advisory_unlock(hashtextextended('left out at ' || :location, 0))")


def read_left_out(world: World, location_id: str, owner: str, stopping: Event) -> int:
    """Read what is due at a source, unless another worker is at it; return how many files are filed anew.

    It changes no bytes, and whoever decides meanwhile decides: so it needs no lease.

    Raises
    ------
    Failure
        The place cannot be used, or the worker is to stop.
    """

    def progress(_: int) -> None:
        if stopping.is_set():
            raise HandBack("the worker is to stop")

    with _alone_at(world.engine, location_id) as alone:
        with world.sessions() as session:
            due = _due(session, location_id) if alone else []
        if not due:
            return 0
        storage, anew = world.storage(location_id), 0
        for row in due:
            file = SourceFile(row.relative_path, row.size, row.checksum)
            bad = world.packer.bad_files([file], storage, progress)
            # What is read at another place, or not found there, is nothing about the file.
            storage.confirm_place()
            with world.sessions.begin() as session:
                at = database_now(session)
                if bad:
                    _note_reading(session, row, bad[0], owner, location_id, at)
                else:
                    decider = Decider(ENGINE, "it was read again, and is as it was filed", at)
                    anew += file_anew(session, row.id, decider) is not None
        return anew


@contextmanager
def _alone_at(engine: Engine, location_id: str) -> Iterator[bool]:
    """Tell whether no other worker is at it, and keep others away meanwhile; also one that dies is away."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as guard:
        taken = guard.execute(_LOCK, {"location": location_id}).scalar_one()
        try:
            yield taken
        finally:
            if taken and not guard.invalidated:
                guard.execute(_UNLOCK, {"location": location_id})


def _due(session: Session, location_id: str) -> Sequence[Row[*tuple[Any, ...]]]:
    return session.execute(
        _DUE, {"location": location_id, "before": database_now(session) - READ_EVERY}
    ).all()


_DUE = (
    select(RawDataFileView.id, RawDataFileView.relative_path, RawDataFileView.size, RawDataFileView.checksum)
    .join(RawDataFileException, RawDataFileException.raw_data_file_id == RawDataFileView.id)
    .where(
        own_rows(RawDataFileException.site_id),
        RawDataFileException.decision.is_(None),
        RawDataFileException.kind.in_(AT_SOURCE),
        RawDataFileException.last_seen_at <= bindparam("before"),
        RawDataFileView.source_location_id == bindparam("location"),
        RawDataFileView.left_out,
    )
    .order_by(RawDataFileException.last_seen_at, RawDataFileView.id)
)


def _note_reading(
    session: Session,
    row: Row[*tuple[Any, ...]],
    error: SourceFileError,
    owner: str,
    location_id: str,
    at: datetime,
) -> None:
    session.execute(
        update(RawDataFileException)
        .where(RawDataFileException.raw_data_file_id == row.id, RawDataFileException.decision.is_(None))
        .values(
            **finding(error, location_id),
            read_by=owner,
            last_seen_at=at,
            readings=RawDataFileException.readings + 1,
        )
        .execution_options(synchronize_session=False)
    )
