"""A small observatory for tests: two sites on disk, one database, planner and workers in this process."""

import hashlib
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, inspect, select, update
from sqlalchemy.orm import Session, sessionmaker

from ccat_data_transfer.places.adopt import Adopted, Asked, adopt
from ccat_data_transfer.places.credentials import Credentials
from ccat_data_transfer.places.open import Places
from ccat_data_transfer.planning.planner import Planner
from ccat_data_transfer.planning.topology import Topology, load_topology
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.simulation.observatory import PLACES, add_telescope
from ccat_data_transfer.storage.interface import Storage
from ccat_data_transfer.storage.names import MARKER_NAME
from ccat_data_transfer.work.run import WorkRunner
from ccat_data_transfer.work.worker import Worker
from ccat_data_transfer.world import World
from ccat_data_transfer.world_real import real_world
from ccat_dev_stack.proofs import measure_place
from ccat_dev_stack.virtual_time import (
    install_virtual_time,
    remove_virtual_time,
    set_virtual_time,
)
from ccat_ops_db.clock import Clock
from ccat_ops_db.enumerations import (
    CallerKind,
    DeletionMode,
    ExecutionStatus,
    LocationType,
    Operation,
    PhysicalCopyStatus,
    RouteType,
    TransferMethod,
)
from ccat_ops_db.filing import FileFacts, file_raw_data
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    DataTransferRoute,
    DeletionHoldEnd,
    DiskDataLocation,
    ExecutedObsUnit,
    ExecutedObsUnitModule,
    FixityCheck,
    PhysicalCopy,
    PlaceMarker,
    StagingItem,
    StagingJob,
    Suspension,
    SuspensionEnd,
    Telescope,
)
from ccat_ops_db.models.statements import SUSPENSION_IN_FORCE
from ccat_ops_db.reports.why import Explanation, why

from .copied_observatory import move_places


class TestClock:
    """Time that a test moves: that of the database, and that of the machines with it."""

    __test__ = False

    def __init__(self, engine: Engine, *, installed: bool = False) -> None:
        self._engine = engine
        # Ahead of the clock by which the file system dates what is written.
        self._now = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
        self._runs = False
        (set_virtual_time if installed else install_virtual_time)(engine, self._now)

    @property
    def now(self) -> datetime:
        return self._now

    @now.setter
    def now(self, moment: datetime) -> None:
        self._now = moment
        set_virtual_time(self._engine, moment)

    def utc_now(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.now.timestamp()

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def run_on(self) -> None:
        """Let time go as it goes, for processes of their own."""
        self._now = datetime.now(UTC)
        self._runs = True
        remove_virtual_time(self._engine)

    def stand(self) -> None:
        """Have a test move time again."""
        if self._runs:
            self._runs = False
            install_virtual_time(self._engine, self._now)


class WrongClock:
    """The clock of one machine, which is not that of the others."""

    def __init__(self, right: TestClock, ahead: timedelta) -> None:
        self._right, self._ahead = right, ahead

    def utc_now(self) -> datetime:
        return self._right.now + self._ahead

    def monotonic(self) -> float:
        return self._right.monotonic()


@dataclass
class Mailbox:
    """Keeps the messages of the dispatcher for the test to deliver, twice, late or never."""

    messages: list[tuple[str, Operation, UUID]] = field(default_factory=list)
    is_away: bool = False
    refused: int = 0

    def send(self, queue: str, operation: Operation, work_id: UUID, lasts: float) -> None:
        self.probe()
        self.messages.append((queue, operation, work_id))

    def probe(self) -> None:
        if self.is_away:
            self.refused += 1
            raise ConnectionError("the broker is away")


class FragilePlaces(Places):
    """Places that a test can make unusable: every look at them raises the failure given."""

    def __init__(self, sessions: sessionmaker[Session], credentials: Credentials) -> None:
        super().__init__(sessions, credentials)
        self.broken: dict[str, Exception] = {}

    def break_down(self, location_id: str, error: Exception) -> None:
        """Have every look at a place meet an error."""
        self.broken[location_id] = error

    def storage(self, location_id: str) -> Storage:
        if location_id in self.broken:
            raise self.broken[location_id]
        return super().storage(location_id)


class CrashPointHook:
    """Calls a function where a process could be made to die, once for each name."""

    def __init__(self, at: Callable[[str], None]) -> None:
        self._at = at
        self.reached: list[str] = []

    def reach(self, name: str) -> None:
        if name not in self.reached:
            self.reached.append(name)
            self._at(name)


class SmallObservatory:
    """Telescope site ``ccat`` (source, buffer) and archive site ``cologne`` (buffer, lta, processing).

    Parameters
    ----------
    copied
        Whether the database is a copy of that of another small observatory to which nothing happened yet.
    """

    def __init__(self, engine: Engine, root: Path, *, copied: bool = False) -> None:
        self.engine = engine
        self.sessions: sessionmaker[Session] = sessionmaker(engine, expire_on_commit=False)
        self.root = root
        self.clock = TestClock(engine, installed=copied)
        self.settings = DataTransferSettings(credentials_folder=root / "credentials", heartbeat=60, lease=600)
        self.mailbox = Mailbox()
        self.stopping = threading.Event()
        self.places = FragilePlaces(self.sessions, Credentials(self.settings.credentials_folder))
        self.world = self.world_with()
        self.planner = self.new_planner()
        self.runner = self.new_runner("worker-1")
        self.second_runner = self.new_runner("worker-2")
        self.worker = Worker(self.world, self.settings, locations=(), sites=(), operations=())
        with self.sessions.begin() as session:
            if copied:
                move_places(session, root, self.clock.now)
                return
            _seed(session, root)
        for location_id in PLACES:
            self.adopt(location_id)

    def new_planner(self, clock: Clock | None = None, **changed: Any) -> Planner:
        return Planner(self.world_with(clock=clock), self.settings.model_copy(update=changed))

    def world_with(
        self, clock: Clock | None = None, engine: Engine | None = None, places: Places | None = None
    ) -> World:
        """Return the world of this observatory, with another clock, database connection, or places."""
        world = real_world(
            engine or self.engine, self.settings, messenger=self.mailbox, clock=clock or self.clock
        )
        return replace(world, storage=(places or self.places).storage)

    def new_runner(self, owner: str, clock: Clock | None = None) -> WorkRunner:
        return WorkRunner(self.world_with(clock=clock), self.settings, owner, self.stopping)

    def folder(self, location_id: str) -> Path:
        return self.root / location_id

    def adopt(self, location_id: str, **asked: Any) -> Adopted:
        """Adopt a place, by itself or as a person says."""
        return adopt(self.sessions, self.places, location_id, Asked("test", **asked))

    def start(self, module: str = "chai-lfa") -> UUID:
        with self.sessions.begin() as session:
            execution = ExecutedObsUnit(
                id=new_id(),
                site_id="ccat",
                telescope_id="fyst",
                obs_unit_id="IRC10216_CO43",
                started_at=self.clock.now,
                start_received_at=self.clock.now,
            )
            session.add(execution)
            session.flush()
            session.add(
                ExecutedObsUnitModule(
                    site_id="ccat", executed_obs_unit_id=execution.id, instrument_module_id=module
                )
            )
            return execution.id

    def finish(self, execution_id: UUID) -> None:
        with self.sessions.begin() as session:
            execution = session.get_one(ExecutedObsUnit, execution_id)
            execution.status = ExecutionStatus.COMPLETED
            execution.ended_at = execution.end_received_at = self.clock.now

    def file(
        self,
        execution_id: UUID,
        contents: Mapping[str, bytes],
        module: str = "chai-lfa",
        modified_ns: int = 1_700_000_000_123_456_789,
    ) -> None:
        for path, content in contents.items():
            target = self.folder("ccat.raw") / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            os.utime(target, ns=(modified_ns, modified_ns))
        with self.sessions.begin() as session:
            facts = [
                FileFacts(path, len(content), "sha256:" + hashlib.sha256(content).hexdigest())
                for path, content in contents.items()
            ]
            file_raw_data(session, execution_id, module, "ccat.raw", facts, self.clock.now)

    def observe(self, contents: Mapping[str, bytes], module: str = "chai-lfa") -> UUID:
        """Run an observation that files these contents; return its id."""
        execution_id = self.start(module)
        self.file(execution_id, contents, module)
        self.finish(execution_id)
        return execution_id

    def deliver(self, runner: WorkRunner | None = None) -> list[str]:
        """Give every message to a worker; return how each ended."""
        messages, self.mailbox.messages = self.mailbox.messages, []
        return [
            (runner or self.runner_for(operation, work_id)).run(operation, work_id)
            for _, operation, work_id in messages
        ]

    def runner_for(self, operation: Operation, work_id: UUID) -> WorkRunner:
        """Return the first worker, or the second for what the first one is not to read again."""
        if operation is Operation.VERIFY:
            with self.sessions() as session:
                if session.get_one(FixityCheck, work_id).excluded_worker == "worker-1":
                    return self.second_runner
        return self.runner

    def run(self, passes: int = 60) -> None:
        """Plan and work until nothing is left to do now."""
        self.runner.places.beat([])
        self.runner.places.look()
        self.worker.read_left_out()
        self.worker.collect()
        for _ in range(passes):
            self.planner.run_pass()
            if not self.mailbox.messages:
                return
            self.deliver()
        raise AssertionError(f"still busy after {passes} passes: {self.mailbox.messages}")

    def change(self, model: Any, key: object, **values: Any) -> None:
        """Write columns of one row, as a person or another program would."""
        table = model.__table__
        [key_of_model] = inspect(model).primary_key
        column = table.c[key_of_model.name]
        with self.sessions.begin() as session:
            session.execute(update(table).where(column == key).values(values).returning(column)).one()

    def suspend(
        self, model: Any, key: str, reason: str = "maintenance", until: datetime | None = None
    ) -> None:
        """Take a site, a location or a route out of service, as a person would."""
        with self.sessions.begin() as session:
            session.add(Suspension(**{model.suspended_in: key}, until=until, **self._said(reason)))

    def resume(self, model: Any, key: str) -> None:
        """Take it back into service."""
        with self.sessions.begin() as session:
            mine = select(Suspension.id).where(
                getattr(Suspension, model.suspended_in) == key, SUSPENSION_IN_FORCE
            )
            for suspension in session.scalars(mine):
                session.add(SuspensionEnd(suspension_id=suspension, **self._said(None)))

    def lift(self, hold: UUID) -> None:
        """Lift a hold, as a person would."""
        with self.sessions.begin() as session:
            session.add(DeletionHoldEnd(deletion_hold_id=hold, **self._said(None)))

    def _said(self, reason: str | None) -> dict[str, Any]:
        return {
            "site_id": "ccat",
            "caller_kind": CallerKind.COMMAND,
            "caller": "somebody",
            "created_at": self.clock.now,
            "reason": reason,
        }

    def add_buffer(self, location_id: str) -> None:
        self.add_location(location_id, LocationType.BUFFER, "when-archived")

    def add_location(self, location_id: str, location_type: LocationType, policy: str | None = None) -> None:
        with self.sessions.begin() as session:
            _add_location(session, self.root, location_id, location_type, policy)
        self.adopt(location_id)

    def start_at(self, site_id: str) -> UUID:
        """Begin an observation with a telescope of a site; return its id."""
        with self.sessions.begin() as session:
            session.add(
                Telescope(
                    id=f"telescope-of-{site_id}",
                    observatory_id="ccat-observatory",
                    site_id=site_id,
                    name="Another",
                    latitude=50.93,
                    longitude=6.96,
                    altitude=50,
                )
            )
            session.flush()
            execution = ExecutedObsUnit(
                site_id=site_id,
                telescope_id=f"telescope-of-{site_id}",
                obs_unit_id="IRC10216_CO43",
                started_at=self.clock.now,
                start_received_at=self.clock.now,
            )
            session.add(execution)
            session.flush()
            return execution.id

    def topology(self, session: Session, at: datetime) -> Topology:
        return load_topology(session, ["ccat", "cologne"], at, self.settings, Random(0))

    def fill(self, location_id: str, used: int, total: int, disk: str | None = None) -> None:
        """Measure a location, which is on a disk of its own unless one is named: so full it is."""
        with self.sessions.begin() as session:
            mine = update(PlaceMarker).where(PlaceMarker.data_location_id == location_id)
            session.execute(mine.values(file_system=disk or location_id))
            measure_place(session, location_id, self.clock.now, used, total)

    def stage(self, package: Any, file: Any = None, **job: Any) -> UUID:
        """Ask for a package, or one file of it, at the processing location; return the job."""
        with self.sessions.begin() as session:
            asked = StagingJob(
                site_id="cologne",
                destination_location_id="cologne.processing",
                requested_by="astronomer",
                raw_data_package_id=None if file else package.id,
                raw_data_file_id=file.id if file else None,
                created_at=self.clock.now,
                **job,
            )
            session.add(asked)
            session.flush()
            session.add(
                StagingItem(
                    id=new_id(),
                    site_id="cologne",
                    created_at=self.clock.now,
                    staging_job_id=asked.id,
                    raw_data_package_id=package.id,
                    raw_data_file_id=file.id if file else None,
                    destination_location_id="cologne.processing",
                )
            )
            return asked.id

    def why(self, subject: object) -> Explanation:
        with self.sessions() as session:
            explanation = why(session, str(subject))
        assert explanation is not None, f"nothing knows {subject}"
        return explanation

    def reasons(self, subject: object) -> set[str | None]:
        """Return every reason in the answer to why something waits."""
        return {step.reason for step in self.why(subject).steps}

    def files_at(self, location_id: str) -> list[Path]:
        """Return all files but the marker."""
        found = (path for path in self.folder(location_id).rglob("*") if path.is_file())
        return sorted(path for path in found if path.name != MARKER_NAME)

    def tars_at(self, location_id: str) -> list[Path]:
        """Return the tars that are not known to be bad."""
        bad = self.rows(PhysicalCopy, data_location_id=location_id, status=PhysicalCopyStatus.CORRUPT)
        names = {self.folder(location_id) / copy.relative_path for copy in bad}
        found = (path for path in self.files_at(location_id) if path.suffix == ".tar")
        return [path for path in found if path not in names]

    def copy_at(self, location_id: str) -> Any:
        """Return the one package's copy that lives, or last lived, at a location."""
        return self.rows(PhysicalCopy, data_location_id=location_id)[-1]

    def run_until(self, done: Callable[[], bool], passes: int = 40) -> None:
        """Plan and work until a condition holds, one step at a time."""
        for _ in range(passes):
            self.planner.run_pass()
            if done():
                return
            if self.mailbox.messages:
                first, *self.mailbox.messages = self.mailbox.messages
                self.runner_for(first[1], first[2]).run(first[1], first[2])
        raise AssertionError(f"it did not come to it in {passes} passes")

    def rows(self, model: type[Any], **filters: Any) -> list[Any]:
        with self.sessions() as session:
            order = inspect(model).primary_key
            return list(session.scalars(select(model).filter_by(**filters).order_by(*order)))


def _seed(session: Session, root: Path) -> None:
    add_telescope(session, ["chai-lfa", "chai-hfa"])
    for location_id, (location_type, policy, _) in PLACES.items():
        _add_location(session, root, location_id, location_type, policy)
    session.flush()
    session.add(
        DataTransferRoute(
            id="ccat-cologne",
            origin_site_id="ccat",
            destination_site_id="cologne",
            route_type=RouteType.DIRECT,
            destination_location_id="cologne.buffer",
            method=TransferMethod.POSIX,
        )
    )


def _add_location(
    session: Session, root: Path, location_id: str, location_type: LocationType, policy: str | None
) -> None:
    folder = root / location_id
    folder.mkdir(parents=True)
    site_id, name = location_id.split(".")
    session.add(
        DiskDataLocation(
            id=location_id,
            site_id=site_id,
            name=name,
            location_type=location_type,
            path=str(folder),
            retention_policy_id=policy,
            deletion_mode=DeletionMode.ENABLED,
            # Tests that end an observation go on without waiting for files that may follow.
            settle_time=0,
        )
    )
