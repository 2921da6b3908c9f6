"""Simulated worlds: sites with hosts, disks and stores, a broker, and processes with the real engine."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from ccat_data_transfer.failures import Transient
from ccat_data_transfer.planning.planner import Planner
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.simulation.acts import Act
from ccat_data_transfer.simulation.database import BEGIN, SimulatedDatabase
from ccat_data_transfer.simulation.disk_storage import SimulatedDiskStorage
from ccat_data_transfer.simulation.disks import Disk, Host
from ccat_data_transfer.simulation.links import Links
from ccat_data_transfer.simulation.packer import SimulatedPacker, simulated_mover
from ccat_data_transfer.simulation.schedule import Process, Schedule, SimulatedEvent, SimulatedTask
from ccat_data_transfer.simulation.stores import Bucket, SimulatedS3Storage
from ccat_data_transfer.storage.interface import Storage
from ccat_data_transfer.work.kinds import KINDS, queue_name
from ccat_data_transfer.work.run import WorkRunner
from ccat_data_transfer.work.worker import measure
from ccat_data_transfer.world import World
from ccat_ops_db.enumerations import LocationType, Operation

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SimulatedClock:
    """The clock of a host: right, or wrong by a while.

    Parameters
    ----------
    schedule : Schedule
        Virtual time.
    """

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self.ahead = timedelta()

    def utc_now(self) -> datetime:
        """See `Clock.utc_now`."""
        return BEGIN + timedelta(seconds=self._schedule.now) + self.ahead

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return self._schedule.now


class PlannersEvent(SimulatedEvent):
    """The event that ends a planner, which waits for it between two looks at the queue of changed keys.

    Looks that would find nothing, because nobody has changed anything since the last, are left out: there
    would be hundreds of thousands in a day.

    Parameters
    ----------
    tick : float
        Longest time between two passes of the planner, seconds.
    """

    def __init__(self, schedule: Schedule, database: SimulatedDatabase, tick: float) -> None:
        super().__init__(schedule)
        self._tick = tick
        self._changed = schedule.new_event()
        database.at_change.append(self._changed.set)

    def wait(self, timeout: float | None = None) -> bool:
        """See `Event.wait`."""
        if self._changed.is_set():
            self._changed.clear()
            return super().wait(timeout)
        self._changed.wait(self._tick)
        return self.is_set()


class Broker:
    """Queues that keep no truth; what is in them may be lost."""

    def __init__(self, schedule: Schedule) -> None:
        self.is_away = False
        self._queues: dict[str, deque[tuple[Operation, UUID]]] = {}
        self._schedule = schedule
        self._waiting: list[SimulatedEvent] = []

    def send(self, queue: str, operation: Operation, work_id: UUID) -> None:
        """See `Messenger.send`."""
        if self.is_away:
            raise ConnectionError("the broker is away")
        self._queues.setdefault(queue, deque()).append((operation, work_id))
        for event in self._waiting:
            event.set()
        self._waiting.clear()

    def receive(self, queues: Sequence[str]) -> tuple[Operation, UUID]:
        """Wait for the next message of some queues."""
        while True:
            for queue in queues:
                if self._queues.get(queue) and not self.is_away:
                    return self._queues[queue].popleft()
            event = self._schedule.new_event()
            self._waiting.append(event)
            event.wait()

    def forget(self) -> None:
        """Lose all messages."""
        self._queues.clear()


@dataclass(frozen=True)
class Place:
    """A location, and where its bytes are.

    Attributes
    ----------
    location_type : LocationType
        What it is for.
    path : str
        Where its disk is mounted; empty for a store.
    bucket : Bucket or None
        Of a store.
    """

    location_type: LocationType
    path: str
    bucket: Bucket | None = None


class Simulation:
    """A simulated observatory, with the real engine in it.

    Parameters
    ----------
    seed : int
        From which everything follows.
    database : SimulatedDatabase
        In which it runs; `url` is that of a fresh one with the schema.
    settings : DataTransferSettings
        Of planners and workers.
    """

    def __init__(
        self, seed: int, database: SimulatedDatabase, url: str, settings: DataTransferSettings
    ) -> None:
        self.seed = seed
        self.schedule = Schedule(seed)
        self.database = database
        self.settings = settings
        self.random = Random(f"chance {seed}")
        self.links = Links(self.schedule)
        self.broker = Broker(self.schedule)
        self.at_act: list[Callable[[Act], None]] = []
        self.hosts: dict[str, Host] = {}
        self.disks: dict[str, Disk] = {}
        self.places: dict[str, Place] = {}
        self.markers: dict[str, UUID] = {}
        self.processes: dict[str, Process] = {}
        self.sessions: sessionmaker[Session] = sessionmaker(database.engine, expire_on_commit=False)
        self._started = 0
        database.enter(url, self.schedule)

    def close(self) -> None:
        """End all processes."""
        try:
            self.schedule.close()
        finally:
            self.database.leave()

    def now_ns(self) -> int:
        """Return the virtual time in nanoseconds since 1970-01-01 UTC."""
        return (BEGIN - _EPOCH) // timedelta(microseconds=1) * 1000 + int(self.schedule.now * 1e9)

    def add_host(self, name: str, site_id: str) -> Host:
        """Add a machine of a site, which mounts all disks of it."""
        host = self.hosts[name] = Host(name, site_id, self.now_ns)
        return host

    def add_disk(self, location_id: str, location_type: LocationType, capacity: int = 10**15) -> Disk:
        """Add a location on a disk, mounted on every host."""
        disk = self.disks[location_id] = Disk(location_id, self.now_ns, capacity)
        place = self.places[location_id] = Place(location_type, f"/{location_id}")
        for host in self.hosts.values():
            host.mounts[place.path] = disk
        return disk

    def storage_for(self, process: Process, host: Host) -> Callable[[str], Storage]:
        """Return what opens places for a process."""

        def open_storage(location_id: str) -> Storage:
            place = self.places[location_id]
            storage: SimulatedS3Storage | SimulatedDiskStorage
            if place.bucket is not None:
                storage = SimulatedS3Storage(
                    location_id, host.site_id, place.bucket, self.links, process, self._note
                )
            else:
                storage = SimulatedDiskStorage(
                    location_id, host, place.path, self.schedule, self.links, process, self._note
                )
            storage.known_by(self.markers.get(location_id), _find_it_there)
            return storage

        return open_storage

    def start(self, kind: str, host: Host) -> tuple[Process, World]:
        """Start a process at a host; its name is like no other's."""
        self._started += 1
        process = Process(f"{host.name}-{kind}-{self._started}")
        self.processes[process.name] = process
        process.on_kill.append(partial(self._forget, process))
        self.database.register(process, host.site_id)

        def spawn(name: str, run: Callable[[], None]) -> SimulatedTask:
            return self.schedule.spawn(process, name, run)

        world = World(
            clock=SimulatedClock(self.schedule),
            random=Random(f"{process.name} {self.schedule.random.random()}"),
            engine=self.database.engine,
            sessions=self.sessions,
            messenger=self.broker,
            storage=self.storage_for(process, host),
            adopt_if_new=lambda _location_id, _by: None,
            mover=simulated_mover,
            packer=SimulatedPacker(),
            event=self.schedule.new_event,
            spawn=spawn,
            sleep=self.schedule.sleep,
        )
        return process, world

    def start_planner(self, host: Host) -> Process:
        """Start the planner of a host's site."""
        process, world = self.start("planner", host)
        planner = Planner(world, self.settings.model_copy(update={"sites": [host.site_id]}))
        stopping = PlannersEvent(self.schedule, self.database, self.settings.tick)
        world.spawn("plan", lambda: planner.run(stopping))
        return process

    def start_worker(self, host: Host, locations: Iterable[str]) -> Process:
        """Start a worker for some locations."""
        process, world = self.start("worker", host)
        runner = WorkRunner(world, self.settings, process.name, world.event())
        queues = [
            queue_name(location_id, kind.operation)
            for location_id in sorted(locations)
            for kind in KINDS.values()
            if self.places[location_id].location_type in kind.location_types
        ]

        def work() -> None:
            while True:
                runner.run(*self.broker.receive(queues))

        def look_how_full() -> None:
            while True:
                for location_id in sorted(locations):
                    try:
                        measure(world.sessions, location_id, world.storage(location_id))
                    except (Transient, IntegrityError):
                        # Away, or another worker measured in the same instant.
                        continue
                world.sleep(self.settings.usage_interval)

        for number in range(self.settings.concurrency):
            world.spawn(f"work-{number}", work)
        world.spawn("measure", look_how_full)
        return process

    def _note(self, act: Act) -> None:
        for look in self.at_act:
            look(act)

    def _forget(self, process: Process) -> None:
        del self.processes[process.name]


def _find_it_there(_: object) -> None:
    """Find the marker of a place where it was: nothing exchanges whole places here."""
