"""Simulated worlds: sites with hosts, disks and stores, a broker, and processes with the real engine."""

import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from ccat_data_transfer.failures import Failure
from ccat_data_transfer.places.collect import collect
from ccat_data_transfer.places.open import Places
from ccat_data_transfer.planning.planner import POLL, Planner
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.simulation.acts import Act
from ccat_data_transfer.simulation.database import BEGIN, SimulatedDatabase
from ccat_data_transfer.simulation.disk_storage import SimulatedDiskStorage
from ccat_data_transfer.simulation.disks import Disk, Host
from ccat_data_transfer.simulation.links import Links
from ccat_data_transfer.simulation.packer import SimulatedPacker, simulated_mover
from ccat_data_transfer.simulation.place import Medium
from ccat_data_transfer.simulation.schedule import Process, Schedule, SimulatedEvent, SimulatedTask
from ccat_data_transfer.simulation.stores import Bucket, SimulatedS3Storage
from ccat_data_transfer.storage.interface import Storage, do_nothing
from ccat_data_transfer.work.kinds import KINDS, queue_name
from ccat_data_transfer.work.lease import DATABASE_AWAY
from ccat_data_transfer.work.measuring import measure
from ccat_data_transfer.work.run import WorkRunner
from ccat_data_transfer.work.worker import BEATS_IN_A_LEASE, COLLECT_SECONDS
from ccat_data_transfer.world import World
from ccat_ops_db.enumerations import LocationType, Operation

LOOKS_UNTIL_COLLECTED = 12
"""So often a worker wakes up before it collects what was begun."""

LOOK_SECONDS = 300.0
"""How often workers look at places that are closed for them, at most: seldom, as each look is a step."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SimulatedClock:
    """The clock of a host: right, or wrong by a while.

    Parameters
    ----------
    schedule : Schedule
        Virtual time.
    host : Host
        Whose clock it is.
    """

    def __init__(self, schedule: Schedule, host: Host) -> None:
        self._schedule = schedule
        self._host = host

    def utc_now(self) -> datetime:
        """See `Clock.utc_now`."""
        return BEGIN + timedelta(seconds=self._schedule.now) + self._host.clock_ahead

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
        if timeout is not None and timeout > POLL:
            # A pause, in which changes do not count.
            return super().wait(timeout)
        self._changed.wait(self._tick)
        if self._changed.is_set():
            self._changed.clear()
            return super().wait(POLL)
        return self.is_set()


class Broker:
    """Queues that keep no truth; what is in them may be lost."""

    def __init__(self, schedule: Schedule) -> None:
        self.is_away = False
        self._queues: dict[str, deque[tuple[Operation, UUID]]] = {}
        self._schedule = schedule
        self._waiting: list[SimulatedEvent] = []
        self._sent: deque[tuple[str, Operation, UUID]] = deque(maxlen=20)

    def send(self, queue: str, operation: Operation, work_id: UUID, lasts: float) -> None:
        """See `Messenger.send`; here messages last."""
        self.probe()
        self._sent.append((queue, operation, work_id))
        self._queues.setdefault(queue, deque()).append((operation, work_id))
        for event in self._waiting:
            event.set()
        self._waiting.clear()

    def probe(self) -> None:
        """See `Messenger.probe`."""
        if self.is_away:
            raise ConnectionError("the broker is away")

    def receive(self, queues: Sequence[str]) -> tuple[Operation, UUID]:
        """Wait for the next message of some queues."""
        while True:
            for queue in queues:
                if self._queues.get(queue) and not self.is_away:
                    return self._queues[queue].popleft()
            event = self._schedule.new_event()
            self._waiting.append(event)
            event.wait()

    def repeat(self) -> None:
        """Bring the latest messages once more."""
        for queue, operation, work_id in list(self._sent):
            self.send(queue, operation, work_id, math.inf)

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
    path: str = ""
    bucket: Bucket | None = None


class SimulatedPlaces(Places):
    """Finds the places of a process: by the same markers on record as ever, in simulated hosts and stores.

    Parameters
    ----------
    sessions : sessionmaker
        Of the database.
    find : callable
        Returns what is at a location now.
    """

    def __init__(self, sessions: sessionmaker[Session], find: Callable[[str], Storage]) -> None:
        self._sessions = sessions
        self._find = find

    def unknown(self, location_id: str) -> Storage:
        """See `Places.unknown`."""
        return self._find(location_id)


class Simulation:
    """A simulated observatory, with the real engine in it.

    Parameters
    ----------
    seed : int
        From which everything follows.
    database : SimulatedDatabase
        In which it runs.
    settings : DataTransferSettings
        Of planners and workers.
    """

    def __init__(self, seed: int, database: SimulatedDatabase, settings: DataTransferSettings) -> None:
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
        self.current: dict[str, Medium] = {}
        """Disk or bucket that is the place of a location, be it there or not."""
        self.rightful: dict[str, set[Medium]] = {}
        """The same, and those that were before."""
        self.clocks: dict[str, timedelta] = {}
        self.rotted: dict[tuple[str, str], int] = {}
        """When bytes were damaged under a name of a location, nanoseconds."""
        """By how much the databases of sites are ahead."""
        self.refused: dict[str, Callable[[], Failure]] = {}
        """What opening a place raises, for all."""
        self.processes: dict[str, Process] = {}
        self.sessions: sessionmaker[Session] = sessionmaker(database.engine, expire_on_commit=False)
        self._started = 0
        database.enter(self.schedule)

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
        self.make_current(location_id, disk)
        return disk

    def add_store(
        self, location_id: str, location_type: LocationType, abilities: frozenset[str] = frozenset()
    ) -> Bucket:
        """Add a location in a store."""
        bucket = Bucket(self.now_ns, abilities)
        self.places[location_id] = Place(location_type, bucket=bucket)
        self.make_current(location_id, bucket)
        return bucket

    def make_current(self, location_id: str, medium: Medium) -> None:
        """Let a disk or bucket be the place of a location from now on."""
        self.current[location_id] = medium
        self.rightful.setdefault(location_id, set()).add(medium)

    def places_for(self, process: Process, host: Host) -> SimulatedPlaces:
        """Return what opens places for a process."""

        def find(location_id: str) -> Storage:
            if location_id in self.refused:
                raise self.refused[location_id]()
            place = self.places[location_id]
            if place.bucket is not None:
                return SimulatedS3Storage(
                    location_id, host.site_id, place.bucket, self.links, process, self._note
                )
            return SimulatedDiskStorage(
                location_id, host, place.path, self.schedule, self.links, process, self._note
            )

        return SimulatedPlaces(self.sessions, find)

    def start(self, kind: str, host: Host) -> tuple[Process, World]:
        """Start a process at a host; its name is like no other's."""
        self._started += 1
        process = Process(f"{host.name}-{kind}-{self._started}")
        self.processes[process.name] = process
        process.on_kill.append(partial(self._forget, process))
        self.database.register(process, host.site_id, self.clocks.get(host.site_id, timedelta()))

        def spawn(name: str, run: Callable[[], None]) -> SimulatedTask:
            return self.schedule.spawn(process, name, run)

        world = World(
            clock=SimulatedClock(self.schedule, host),
            random=Random(f"{process.name} {self.schedule.random.random()}"),
            engine=self.database.engine,
            sessions=self.sessions,
            messenger=self.broker,
            storage=self.places_for(process, host).storage,
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
                        measure(world.sessions, world.storage(location_id), process.name)
                    except (Failure, IntegrityError, *DATABASE_AWAY):
                        # Away, or another worker measured in the same instant.
                        continue
                world.sleep(self.settings.usage_interval)

        def look_for_leftovers() -> None:
            while True:
                # In small pieces: who is not called for long counts as stuck.
                for _ in range(LOOKS_UNTIL_COLLECTED):
                    world.sleep(COLLECT_SECONDS / LOOKS_UNTIL_COLLECTED)
                for location_id in sorted(locations):
                    with suppress(Failure, *DATABASE_AWAY):
                        collect(world.sessions, world.storage(location_id), do_nothing)

        def look_at_places() -> None:
            beat = self.settings.lease / BEATS_IN_A_LEASE
            looks = max(2, round(beat / LOOK_SECONDS))
            while True:
                with suppress(*DATABASE_AWAY):
                    runner.places.beat(locations)
                if not runner.places.closed:
                    world.sleep(beat)
                    continue
                for _ in range(looks):
                    world.sleep(beat / looks)
                    with suppress(*DATABASE_AWAY):
                        runner.places.look()

        for number in range(self.settings.concurrency):
            world.spawn(f"work-{number}", work)
        world.spawn("places", look_at_places)
        world.spawn("measure", look_how_full)
        world.spawn("collect", look_for_leftovers)
        return process

    def _note(self, act: Act) -> None:
        for look in self.at_act:
            look(act)

    def _forget(self, process: Process) -> None:
        del self.processes[process.name]
