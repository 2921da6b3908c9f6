"""The planner and the workers themselves upon an invented night, with places that answer as they are told."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session, sessionmaker

from ccat_data_transfer.package_format.errors import SourceFileError
from ccat_data_transfer.package_format.writer import WrittenPackage
from ccat_data_transfer.packer import NewPackage, Packer
from ccat_data_transfer.planning.moving import plan_moving
from ccat_data_transfer.planning.planner import Planner
from ccat_data_transfer.planning.samples import sample_doubted_places
from ccat_data_transfer.planning.second_readings import plan_second_readings
from ccat_data_transfer.planning.topology import Topology, load_topology
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.storage.interface import ObjectInfo, Storage, nanoseconds_of
from ccat_data_transfer.work.kinds import KINDS
from ccat_data_transfer.work.run import WorkRunner
from ccat_data_transfer.world_real import real_world
from ccat_dev_stack.pictures.night import NOW
from ccat_dev_stack.virtual_time import install_virtual_time, set_virtual_time
from ccat_ops_db.clock import SystemClock
from ccat_ops_db.enumerations import CheckReason, Operation, Status
from ccat_ops_db.models import (
    ExecutedObsUnit,
    ExecutedObsUnitModule,
    FixityCheck,
    PhysicalCopy,
    Site,
)


class SetClock(SystemClock):
    """A clock that tells what it was set to."""

    def __init__(self) -> None:
        self.now = NOW

    def utc_now(self) -> datetime:
        """Return what it was set to."""
        return self.now


class CutShort:
    """Storage of an archive that lost the ends of its objects.

    Parameters
    ----------
    sizes : mapping
        How many bytes are left of an object.
    marker_id : UUID
        Marker of the archive.
    """

    kind = "s3"

    def __init__(self, sizes: Mapping[str, int], marker_id: UUID) -> None:
        self._sizes = sizes
        self.marker_id = marker_id

    def stat(self, path: str) -> ObjectInfo:
        """Tell that an object is shorter than it was."""
        size = self._sizes[path]
        return ObjectInfo(path, size, nanoseconds_of(NOW), mark=f"cut:-:{size}:{nanoseconds_of(NOW)}")

    def confirm_place(self) -> None:
        """Find the right marker."""


class BadFile:
    """A packer that finds a file to be another than the one that was filed.

    Parameters
    ----------
    error : SourceFileError
        What it finds.
    """

    def __init__(self, error: SourceFileError) -> None:
        self._error = error

    def remove_leftovers(self, package: NewPackage) -> None:
        """Find none."""

    def write(self, *_: Any, **__: Any) -> WrittenPackage:
        """Come as far as the file."""
        raise self._error

    def discard(self, package: NewPackage) -> None:
        """Have written nothing."""

    def bad_files(self, *_: Any, **__: Any) -> list[SourceFileError]:
        """Find nothing wrong with the others."""
        return []


class ToldPlaces:
    """Places whose storage is, or fails with, what was told."""

    def __init__(self, answers: Mapping[str, Exception | CutShort]) -> None:
        self._answers = answers

    def storage(self, location_id: str) -> Storage:
        """Return the storage of a location, or fail as it does."""
        answer = self._answers.get(location_id)
        if isinstance(answer, Exception):
            raise answer
        return cast(Storage, answer or _Quiet())


def _date_back(session: Session) -> None:
    """Have things wait since they were there: a planner that had run all night would have said so then."""
    tables: list[Any] = [PhysicalCopy, *(kind.table for kind in KINDS.values())]
    for table in tables:
        session.execute(
            update(table)
            .where(table.waiting_since == NOW)
            .values(waiting_since=table.created_at)
            .execution_options(synchronize_session=False)
        )
    started = select(ExecutedObsUnit.started_at).where(
        ExecutedObsUnit.id == ExecutedObsUnitModule.executed_obs_unit_id
    )
    session.execute(
        update(ExecutedObsUnitModule)
        .where(ExecutedObsUnitModule.waiting_since == NOW)
        .values(waiting_since=started.scalar_subquery())
        .execution_options(synchronize_session=False)
    )


class _Quiet:
    """Storage of which nothing is asked but whether it is there."""

    kind = "disk"

    def check(self) -> None:
        """Find nothing wrong."""

    def confirm_place(self) -> None:
        """Find the right marker."""

    def time_there(self) -> None:
        """Tell no time of its own."""


class DataTransferEngine:
    """Makes passes of the planner and has workers try, at given moments.

    Parameters
    ----------
    engine : Engine
        The database of the night.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sessions = sessionmaker(engine, expire_on_commit=False)
        self._clock = SetClock()
        install_virtual_time(engine, NOW)
        self._settings = DataTransferSettings()
        self._world = real_world(engine, self._settings, messenger=self, clock=self._clock)
        self._planner = Planner(self._world, self._settings)

    def send(self, queue: str, operation: Operation, work_id: UUID, lasts: float) -> None:
        """Tell no worker: none runs."""

    def probe(self) -> None:
        """Take messages."""

    def plan(self) -> None:
        """Have the planner look at the night as it is now."""
        self._set_time(NOW)
        self._planner.run_pass()
        with self._sessions.begin() as session:
            _date_back(session)

    def _set_time(self, moment: datetime) -> None:
        self._clock.now = moment
        set_virtual_time(self._engine, moment)

    def plan_moving(self, at: datetime) -> None:
        """Have the planner send on what lies in buffers, at a moment before now."""
        self._do(plan_moving, at)

    def sample(self, moments: Iterable[datetime], location_id: str, storage: CutShort, worker: str) -> None:
        """Have samples of a place in doubt read at some moments, and what is wrong be read once more."""
        for moment in moments:
            self._set_time(moment)
            self._do(sample_doubted_places, moment)
            with self._sessions() as session:
                drawn = session.scalars(
                    select(FixityCheck.id)
                    .where(FixityCheck.reason == CheckReason.SAMPLE, FixityCheck.status == Status.PENDING)
                    .order_by(FixityCheck.id)
                ).all()
            for number, check in enumerate(drawn):
                later = moment + timedelta(seconds=20 * (1 + number))
                self.attempt(Operation.VERIFY, check, [later], {location_id: storage}, worker)
            self._do(plan_second_readings, self._clock.now)

    def _do(self, stage: Callable[[Session, Topology], int], at: datetime) -> None:
        with self._sessions.begin() as session:
            sites = list(session.scalars(select(Site.id)))
            stage(session, load_topology(session, sites, at, self._settings, Random(0)))

    def attempt(
        self,
        operation: Operation,
        work_id: UUID,
        moments: Iterable[datetime],
        answers: Mapping[str, Exception | CutShort],
        worker: str,
        found: SourceFileError | None = None,
    ) -> None:
        """Have a worker try something at some moments, at places that answer as given; `found`: in a file."""
        packer = self._world.packer if found is None else cast(Packer, BadFile(found))
        world = replace(self._world, storage=ToldPlaces(answers).storage, packer=packer)
        runner = WorkRunner(world, self._settings, worker, threading.Event())
        for moment in moments:
            self._set_time(moment)
            table = KINDS[operation].table
            with self._sessions.begin() as session:
                session.execute(update(table).where(table.id == work_id).values(status=Status.SCHEDULED))
            outcome = runner.run(operation, work_id)
            assert outcome in ("failed", "done"), f"{operation} {work_id} at {moment} ended as {outcome}"
