"""A worker process: a Celery consumer of the queues of its locations, which it finds and follows itself."""

import contextlib
import itertools
import os
import secrets
import socket
import threading
import warnings
from collections.abc import Sequence
from uuid import UUID

import structlog
from celery import Celery
from celery.platforms import SecurityWarning
from celery.signals import worker_ready, worker_shutting_down
from sqlalchemy import select

from ccat_data_transfer.places.abilities import probe_when_due
from ccat_data_transfer.places.adopt import MAY_HOLD_FILES_OF_OTHERS
from ccat_data_transfer.places.collect import collect
from ccat_data_transfer.places.credentials import CredentialWatch
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.stages.left_out import read_left_out
from ccat_data_transfer.stages.reconciling import OF_OURS_ALONE, reconcile
from ccat_data_transfer.work.broker import TASK, make_celery
from ccat_data_transfer.work.kinds import KINDS, queue_name
from ccat_data_transfer.work.lease import DATABASE_AWAY
from ccat_data_transfer.work.measuring import PlaceByPlace, measure
from ccat_data_transfer.work.outages import try_changed_credentials
from ccat_data_transfer.work.run import WorkRunner
from ccat_data_transfer.world import World
from ccat_ops_db.database_words import said_by_database
from ccat_ops_db.enumerations import LocationType, Operation
from ccat_ops_db.models import DataLocation

log = structlog.get_logger()

FOLLOW_SECONDS = 10.0
"""How often a worker looks whether its queues changed."""

BEATS_IN_A_LEASE = 3
"""How often a worker says that it lives, in the time after which it counts as dead."""

LOOK_SECONDS = 1.0
"""How often it looks whether a place that is closed for it is to be tried."""

LEFT_OUT_SECONDS = 3600.0
"""How often it looks whether files are to be read again that packages were left without."""

COLLECT_SECONDS = 3600.0
"""How often it collects what was begun where others write; at all places once a day."""

HOURS_BETWEEN_COLLECTIONS = 24


class StopCollectingError(Exception):
    """The worker is to end; what is left is found the next time."""


class Worker:
    """Does work at some locations of one site, or at all of them.

    Parameters
    ----------
    world : World
        The site's database and its places.
    settings : DataTransferSettings
        Broker, limits and times.
    locations : sequence of str
        Locations to work at (``<site>.<name>``).
    sites : sequence of str
        Sites all of whose locations to work at.
    operations : sequence of Operation
        Operations to do; empty: all.
    """

    def __init__(
        self,
        world: World,
        settings: DataTransferSettings,
        *,
        locations: Sequence[str],
        sites: Sequence[str],
        operations: Sequence[Operation],
    ) -> None:
        self._world = world
        self._sessions = world.sessions
        self._storage = world.storage
        self._adopt_if_new = world.adopt_if_new
        self._not_adopted: dict[str, str] = {}
        self._settings = settings
        self._locations = locations
        self._sites = sites
        self._operations = operations
        self._stopping = threading.Event()
        self._name = process_name()
        self._runner = WorkRunner(world, settings, self._name, self._stopping)

    def run(self) -> None:
        """Consume until SIGTERM; work in hand is then given back within seconds."""
        self._adopt_new_places()
        self._beat()
        app = make_celery(self._settings)
        app.task(name=TASK, ignore_result=True)(self._do)
        # A user without a name, as containers have, is taken for root.
        warnings.simplefilter("ignore", SecurityWarning)
        worker_shutting_down.connect(self._stop, weak=False)
        worker_ready.connect(lambda **_: self._begin_following(app), weak=False)
        app.worker_main(
            [
                # Without Celery's banner: what is written is JSON.
                "--quiet",
                "worker",
                "--pool=threads",
                f"--concurrency={self._settings.concurrency}",
                f"--hostname=ccat@{self._name}",
                f"--queues={','.join(self.queues()) or self._idle_queue}",
                "--loglevel=WARNING",
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
            ]
        )
        if not self._stopping.is_set():
            # The broker took no more, or something else ended the consumer: whoever started it is to know.
            log.error("worker.ended_unasked")
            raise SystemExit(1)
        with contextlib.suppress(*DATABASE_AWAY):
            self._runner.places.leave()

    def queues(self) -> list[str]:
        """Return the queues of the locations that this worker can use, as the database has them now."""
        return [
            queue_name(location_id, kind.operation)
            for location_id, location_type in self._places_of_work()
            for kind in KINDS.values()
            if location_type in kind.location_types
            and not self._runner.places.is_closed(location_id)
            and (not self._operations or kind.operation in self._operations)
        ]

    @property
    def _idle_queue(self) -> str:
        return f"idle.{self._name}"

    def _do(self, operation: str, work_id: str) -> None:
        with structlog.contextvars.bound_contextvars(worker=self._name):
            self._runner.run(Operation(operation), UUID(work_id))

    def _stop(self, **_: object) -> None:
        log.info("worker.stopping")
        self._stopping.set()

    def _begin_following(self, app: Celery) -> None:
        log.info("worker.ready", queues=self.queues())
        threading.Thread(target=self._follow, args=(app,), name="follow-queues", daemon=True).start()
        threading.Thread(target=self._measure, name="measure-usage", daemon=True).start()
        threading.Thread(target=self._look_at_places, name="look-at-places", daemon=True).start()
        threading.Thread(target=self._look_at_left_out, name="look-at-left-out", daemon=True).start()
        threading.Thread(target=self._collect, name="collect", daemon=True).start()

    def _follow(self, app: Celery) -> None:
        known = set(self.queues())
        while not self._stopping.wait(FOLLOW_SECONDS):
            try:
                self._adopt_new_places()
                wanted = set(self.queues())
                for queue in wanted - known:
                    app.control.add_consumer(queue, destination=[f"ccat@{self._name}"])
                for queue in known - wanted:
                    app.control.cancel_consumer(queue, destination=[f"ccat@{self._name}"])
            except Exception as error:
                # Database or broker away: look again later.
                log.warning("worker.queues_unknown", error=str(error))
                continue
            known = wanted

    def _beat(self) -> None:
        """Say that this worker lives, at all its places."""
        try:
            self._runner.places.beat(location_id for location_id, _ in self._places_of_work())
        except DATABASE_AWAY as error:
            log.warning("worker.not_seen", error=said_by_database(error))

    def _look_at_places(self) -> None:
        """Try what is closed for this worker, and have tried whose credential has changed."""
        credentials, beat_at = CredentialWatch(self._settings.credentials_folder), 0.0
        while not self._stopping.wait(LOOK_SECONDS):
            beat_at += LOOK_SECONDS
            if beat_at >= self._settings.lease / BEATS_IN_A_LEASE:
                beat_at = 0.0
                self._beat()
            try:
                self._runner.places.look()
                try_changed_credentials(self._sessions, credentials)
            except DATABASE_AWAY as error:
                log.warning("worker.places_not_tried", error=said_by_database(error))

    def _measure(self) -> None:
        measuring = PlaceByPlace("measure", self._measure_place, self._world.clock)
        while True:
            measuring.look(location_id for location_id, _ in self._reachable_places())
            if self._stopping.wait(self._settings.usage_interval):
                return

    def _measure_place(self, location_id: str) -> None:
        try:
            storage = self._storage(location_id)
            measure(self._sessions, storage, self._name)
            probe_when_due(self._sessions, storage)
        except Exception as error:
            # Storage or database away.
            log.warning("worker.place_unknown", location=location_id, error=str(error))

    def _look_at_left_out(self) -> None:
        while not self._stopping.wait(LEFT_OUT_SECONDS):
            self.read_left_out()

    def _collect(self) -> None:
        collecting = PlaceByPlace("collect", self._collect_at, self._world.clock)
        reconciling = PlaceByPlace("reconcile", self._reconcile_at, self._world.clock)
        for hour in itertools.count():
            if self._stopping.wait(COLLECT_SECONDS):
                return
            daily, places = hour % HOURS_BETWEEN_COLLECTIONS == 0, self._reachable_places()
            collecting.look(place for place, kind in places if daily or kind in MAY_HOLD_FILES_OF_OTHERS)
            reconciling.look(place for place, kind in places if kind in OF_OURS_ALONE)

    def reconcile(self) -> None:
        """Compare all that places of ours have with the rows, where that is due."""
        for location_id, location_type in self._reachable_places():
            if location_type in OF_OURS_ALONE:
                self._reconcile_at(location_id)

    def collect(self) -> None:
        """Remove or put back at all places what was begun there and belongs to no open work."""
        for location_id, _ in self._reachable_places():
            self._collect_at(location_id)

    def _collect_at(self, location_id: str) -> None:
        if self._runner.places.is_closed(location_id):
            return
        try:
            collect(self._sessions, self._storage(location_id), self._go_on)
        except StopCollectingError:
            return
        except Exception as error:
            # Storage or database away: what is left is found the next time.
            log.warning("worker.not_collected", location=location_id, error=str(error))

    def _reconcile_at(self, location_id: str) -> None:
        if self._runner.places.is_closed(location_id):
            return
        try:
            reconcile(self._sessions, self._storage(location_id), self._name, self._go_on)
        except StopCollectingError:
            return
        except Exception as error:
            # Storage or database away: it is due again tomorrow.
            log.warning("worker.not_reconciled", location=location_id, error=str(error))

    def _go_on(self) -> None:
        if self._stopping.is_set():
            raise StopCollectingError

    def read_left_out(self) -> None:
        """Read again at all sources what packages were left without, where it is due."""
        if self._operations and Operation.PACKAGE_CREATION not in self._operations:
            return
        for location_id, location_type in self._reachable_places():
            if location_type is not LocationType.SOURCE:
                continue
            try:
                read_left_out(self._world, location_id, self._name, self._stopping)
            except Exception as error:
                # Storage or database away, or the worker is to stop: what is left is due still.
                log.warning("worker.left_out_not_read", location=location_id, error=str(error))

    def _adopt_new_places(self) -> None:
        """Give a marker to each place that was never used and is there; say once why another has none."""
        for location_id, _ in self._reachable_places():
            try:
                refused = self._adopt_if_new(location_id, self._name)
            except DATABASE_AWAY:
                return
            if refused is not None and refused != self._not_adopted.get(location_id):
                log.warning("place.not_adopted", location=location_id, why=refused)
                self._not_adopted[location_id] = refused

    def _reachable_places(self) -> list[tuple[str, LocationType]]:
        try:
            return self._places_of_work()
        except DATABASE_AWAY:
            return []

    def _places_of_work(self) -> list[tuple[str, LocationType]]:
        location = DataLocation.__table__.c
        statement = select(location.id, location.location_type).where(location.retired_at.is_(None))
        if self._locations or self._sites:
            statement = statement.where(location.id.in_(self._locations) | location.site_id.in_(self._sites))
        with self._sessions() as session:
            return [(row.id, row.location_type) for row in session.execute(statement.order_by(location.id))]


def process_name() -> str:
    """Return a name that no other process has or had, also where containers count processes from 1."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
