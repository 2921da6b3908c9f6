"""The planner: looks at the database, opens work, admits it and tells workers; any number may run."""

from collections.abc import Callable
from typing import Any, cast

import structlog
from sqlalchemy import Connection, Row, Select, event, func, literal, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, sessionmaker

from ccat_data_transfer.observe.metrics import PASS_SECONDS, PLANNED
from ccat_data_transfer.planning.admission import admit
from ccat_data_transfer.planning.claims import answer_claims
from ccat_data_transfer.planning.deleting import plan_deletion
from ccat_data_transfer.planning.doubts import read_doubted
from ccat_data_transfer.planning.ends import end_what_is_over
from ccat_data_transfer.planning.failover import plan_failover
from ccat_data_transfer.planning.moving import plan_moving
from ccat_data_transfer.planning.one_by_one import resolve_what_is_planned
from ccat_data_transfer.planning.outages import keep_outages
from ccat_data_transfer.planning.packaging import plan_packaging
from ccat_data_transfer.planning.recovery import take_back
from ccat_data_transfer.planning.repairing import plan_repairs
from ccat_data_transfer.planning.rereading import plan_rereading
from ccat_data_transfer.planning.samples import sample_doubted_places
from ccat_data_transfer.planning.scrubbing import plan_scrubbing
from ccat_data_transfer.planning.second_readings import plan_second_readings
from ccat_data_transfer.planning.space import Counted
from ccat_data_transfer.planning.staging import plan_staging
from ccat_data_transfer.planning.statements import ask
from ccat_data_transfer.planning.topology import Topology, load_topology
from ccat_data_transfer.planning.verifying import conclude_transfers, receive_transfers
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.work.dispatch import dispatch
from ccat_data_transfer.world import Event, World
from ccat_ops_db.changed_keys import LONGEST_QUEUE, TAKEN, empty_long_queues, take
from ccat_ops_db.database_time import database_now
from ccat_ops_db.database_words import READ_ONLY, said_by_database, sqlstate
from ccat_ops_db.enumerations import Consumer
from ccat_ops_db.models import Site

log = structlog.get_logger()

Stage = Callable[[Session, Topology], int]

STAGES: tuple[Stage, ...] = (
    take_back,
    plan_packaging,
    receive_transfers,
    conclude_transfers,
    plan_repairs,
    plan_rereading,
    plan_second_readings,
    sample_doubted_places,
    read_doubted,
    plan_moving,
    plan_failover,
    plan_staging,
    answer_claims,
    end_what_is_over,
    resolve_what_is_planned,
    plan_deletion,
    plan_scrubbing,
    admit,
)
"""What a pass does, in order; what each does is committed, or undone, by itself."""

POLL = 0.2
"""Seconds between two looks whether a state has changed."""

POLL_SOON = 0.05
"""The same while something happens, and the time between a pass that did something and the next."""

LIVELY = 2.0
"""Seconds after a change in which more is expected."""

MOST_KEYS = 5_000
"""Changed keys that are taken at once."""

CARE = 60.0
"""Seconds between two looks whether a queue has grown too long."""


class Planner:
    """Plans for some sites of one database.

    Parameters
    ----------
    world : World
        The sites' database, and what carries messages to workers.
    settings : DataTransferSettings
        Sites and times.
    """

    def __init__(self, world: World, settings: DataTransferSettings) -> None:
        self._engine = world.engine
        self._locked_sites = _locked_sites(settings.sites)
        self._messenger = world.messenger
        self._clock = world.clock
        self._random = world.random
        self._settings = settings
        self._counted = Counted()
        self._count: Row[*tuple[Any, ...]] | None = None
        self._changed_at = self._next_care = 0.0

    def run(self, stopping: Event) -> None:
        """Make passes until told to stop: when a state has changed, and at the latest every tick."""
        while not stopping.is_set():
            try:
                touched = self.run_pass()
                # What a pass opened may make more possible at once; otherwise sleep until something changes.
                self._wait(POLL_SOON if touched else self._settings.tick, stopping)
            except DBAPIError as error:
                log.warning("planner.database_unusable", error=said_by_database(error))
                if sqlstate(error) == READ_ONLY:
                    # After a failover the connections still lead to the old primary.
                    self._engine.dispose()
                stopping.wait(min(self._settings.tick, 2.0))

    def run_pass(self) -> int:
        """Make one pass over the sites that no other planner is at; return how many rows it touched.

        What a pass decides is written through the very connection that holds the locks of its sites: a
        planner that loses them can write nothing any more, and another may go on at once.
        """
        started = self._clock.monotonic()
        with self._engine.connect() as guard:
            try:
                touched = self._plan(guard)
            finally:
                # A lost connection has given its locks back already.
                if not guard.invalidated:
                    guard.rollback()
                    guard.execute(_UNLOCK)
                    guard.commit()
        PASS_SECONDS.observe(self._clock.monotonic() - started)
        return touched

    def _plan(self, guard: Connection) -> int:
        touched = 0
        sessions = sessionmaker(guard, expire_on_commit=False)
        with sessions.begin() as session:
            sites = [site for site, locked in ask(session, self._locked_sites) if locked]
            if not sites:
                return 0
            touched += keep_outages(session, sites, self._settings.lease)
            topology = load_topology(
                session, sites, database_now(session), self._settings, self._random, self._counted
            )
        session = _StageSession(guard, expire_on_commit=False)
        for stage in STAGES:
            try:
                count = stage(session, topology)
                session.end_stage()
            except Exception as error:
                session.close()
                if guard.invalidated:
                    raise
                # One stage that fails must not keep the others from their work.
                log.error("planner.stage_failed", stage=stage.__name__, exc_info=error)
                continue
            if count:
                PLANNED.labels(stage=stage.__name__).inc(count)
                log.info("planner.planned", stage=stage.__name__, rows=count)
            touched += count
        session.commit()
        return touched + dispatch(sessions, topology, self._messenger, self._settings)

    def _wait(self, seconds: float, stopping: Event) -> None:
        """Wait until a state has changed, at most so many seconds."""
        until = self._clock.monotonic() + seconds
        while (left := until - self._clock.monotonic()) > 0:
            lively = self._clock.monotonic() - self._changed_at < LIVELY
            if stopping.wait(min(left, POLL_SOON if lively else POLL)) or self._something_changed():
                return

    def _something_changed(self) -> bool:
        """Take the keys of what changed, and tell whether anybody took some since the last look.

        A pass finds by itself what is due, so that the keys say no more than that it is time for one. Whoever
        takes them counts that on, before they are gone: planners of other sites see the count. One that dies
        in between leaves the keys to another.
        """
        with self._engine.begin() as connection:
            if self._clock.monotonic() >= self._next_care:
                self._next_care = self._clock.monotonic() + CARE
                for consumer in empty_long_queues(connection, LONGEST_QUEUE):
                    log.warning("planner.emptied_queue", consumer=consumer)
            taken = take(connection, Consumer.PLANNER, MOST_KEYS)
            if taken.keys or taken.starts_over:
                connection.execute(_COUNT_ON)
            count = connection.execute(_COUNT).one()
        changed = count != self._count
        if changed:
            self._count, self._changed_at = count, self._clock.monotonic()
        return changed


class _StageSession(Session):
    """The session of all stages of a pass, in which each ends what it did.

    Stages that only asked share a transaction: most of them find nothing, and to begin and end one costs as
    much as asking.
    """

    did_more = False
    """Whether a stage did more than to `ask`, which goes past the session."""

    def end_stage(self) -> None:
        """Commit what a stage did, if it did anything."""
        if self.did_more or self.new or self.dirty or self.deleted:
            self.commit()
            self.expunge_all()
            self.did_more = False


@event.listens_for(_StageSession, "do_orm_execute")
def _note_statement(state: ORMExecuteState) -> None:
    cast(_StageSession, state.session).did_more = True


@event.listens_for(_StageSession, "after_flush")
def _note_flush(session: _StageSession, _: UOWTransaction) -> None:
    session.did_more = True


def _locked_sites(wanted: list[str]) -> Select[*tuple[str, bool]]:
    """Take the advisory locks by which one planner at a time plans for a site, and tell which were free."""
    key = func.hashtextextended(literal("ccat planner ") + Site.id, 0)
    statement = select(Site.id, func.pg_try_advisory_lock(key)).where(Site.retired_at.is_(None))
    return statement.where(Site.id.in_(wanted)) if wanted else statement


_UNLOCK = select(func.pg_advisory_unlock_all())

_COUNT = text(f"SELECT last_value, is_called FROM {TAKEN}")
_COUNT_ON = text(f"SELECT nextval('{TAKEN}')")
