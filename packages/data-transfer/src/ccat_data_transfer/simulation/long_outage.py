"""Days without a link, a place or a credential: nothing is given up, and all is well after it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ccat_data_transfer.failures import Configuration, Failure, PlaceUnavailable
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.simulation import observatory
from ccat_data_transfer.simulation.database import SimulatedDatabase
from ccat_data_transfer.simulation.invariants import InvariantBrokenError, Judge
from ccat_data_transfer.simulation.observatory import ARCHIVE, GIB, LINK, SOURCE, Observer
from ccat_data_transfer.simulation.scenario import HOUR, SETTINGS, seeded_ids, what_is_left
from ccat_data_transfer.simulation.world import Simulation
from ccat_data_transfer.work.kinds import KINDS
from ccat_ops_db.outages import LONGEST_PAUSE

CREDENTIAL = "archive"
SELDOM = {
    "tick": 900.0,
    "usage_interval": 6 * HOUR,
    "usage_age_limit": 24 * HOUR,
    "lease": 6 * HOUR,
    "heartbeat": HOUR,
}
"""Nobody dies here, so nobody has to look often."""

OBSERVATIONS = 4
"""So many are made during the outage, of two files each."""


class Missing(StrEnum):
    """What is away."""

    LINK = "link"
    PLACE = "place"
    CREDENTIAL = "credential"


@dataclass(frozen=True)
class AfterOutage:
    """How an outage ended.

    Attributes
    ----------
    steps : int
        Of the simulation.
    work : int
        Units of work that there were.
    first_done : float
        Virtual seconds from the end of the outage until a unit of work that had waited for it was done.
    all_well : float
        The same until everything was archived and freed.
    """

    steps: int
    work: int
    first_done: float
    all_well: float


def run_long_outage(missing: Missing, seed: int, database: SimulatedDatabase, days: float) -> AfterOutage:
    """Run an observatory through an outage.

    Raises
    ------
    InvariantBrokenError
        Work was given up, or used up an attempt; or all was not well in time after it.
    """
    settings = DataTransferSettings().model_copy(update=SETTINGS | SELDOM)
    simulation = Simulation(seed, database, settings)
    with seeded_ids(simulation):
        try:
            return _Run(missing, simulation).run(days)
        finally:
            simulation.close()


class _Run:
    def __init__(self, missing: Missing, simulation: Simulation) -> None:
        self._simulation = simulation
        observatory.build(simulation, frozenset() if missing is Missing.CREDENTIAL else None)
        for host in simulation.hosts.values():
            simulation.start_worker(
                host, [it for it in observatory.PLACES if it.startswith(f"{host.site_id}.")]
            )
            if host.name.endswith("-1"):
                simulation.start_planner(host)
        self._instrument, world = simulation.start("instrument", simulation.hosts["ccat-1"])
        self._observer = Observer(simulation, world, {})
        self._judge = Judge(simulation, self._observer.filed, SOURCE)
        self._begin, self._end = _acts(missing, simulation)

    def run(self, days: float) -> AfterOutage:
        simulation = self._simulation
        self._begin()

        def observe() -> None:
            for number in range(OBSERVATIONS):
                self._observer.observe(f"2026/{number}", {"a.fits": GIB // 10, "b.fits": GIB // 20}, 600)
                simulation.schedule.sleep(days * 24 * HOUR / OBSERVATIONS - 600)

        simulation.schedule.spawn(self._instrument, "observe", observe)
        simulation.schedule.run(days * 24 * HOUR)
        self._refuse_cost()
        if not (waited := self._open()):
            raise InvariantBrokenError("nothing waited: the outage held up nothing")
        self._end()
        since, first_done = simulation.schedule.now, None
        bound = LONGEST_PAUSE.total_seconds() + SELDOM["tick"] + 60
        while (left := what_is_left(simulation, self._observer, OBSERVATIONS * 2)) or first_done is None:
            simulation.schedule.run(60)
            passed = simulation.schedule.now - since
            if first_done is None and waited - self._open():
                first_done = passed
            if first_done is None and passed > bound:
                raise InvariantBrokenError(f"nothing went on within {bound:.0f} s after the outage; {left}")
            if passed > 12 * HOUR:
                raise InvariantBrokenError(f"12 h after the outage: {left}")
        self._refuse_cost()
        self._judge.judge_files()
        self._judge.judge_leases()
        all_well = simulation.schedule.now - since
        return AfterOutage(simulation.schedule.steps, len(self._rows("true")), first_done, all_well)

    def _refuse_cost(self) -> None:
        if wrong := self._rows("status IN ('failed', 'cancelled') OR attempt > 0"):
            raise InvariantBrokenError(f"I11: given up, or with attempts used up: {sorted(wrong)}")

    def _open(self) -> set[tuple[str, str]]:
        return self._rows("status <> 'completed'")

    def _rows(self, condition: str) -> set[tuple[str, str]]:
        return {
            (kind.name, str(row[0]))
            for kind in KINDS.values()
            for row in self._simulation.database.look(f"SELECT id FROM {kind.name} WHERE {condition}")
        }


def _acts(missing: Missing, simulation: Simulation) -> tuple[Callable[[], None], Callable[[], None]]:
    """Return what begins and what ends an outage."""
    if missing is Missing.LINK:
        return lambda: simulation.links.cut.add(LINK), lambda: simulation.links.cut.discard(LINK)

    def refuse() -> None:
        simulation.refused[ARCHIVE] = _no_place if missing is Missing.PLACE else _expired

    return refuse, lambda: simulation.refused.clear()


def _no_place() -> Failure:
    return PlaceUnavailable(ARCHIVE, "nothing is mounted there")


def _expired() -> Failure:
    failure = Configuration("credential_expired", "renew the keys in the folder of the credential")
    failure.credential = CREDENTIAL
    return failure
