"""Scenarios: an observatory at work while things happen to it, and what must be true in the end."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from uuid import UUID

from ccat_data_transfer.package_format import PackageCorruptError
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.simulation import observatory
from ccat_data_transfer.simulation.database import SimulatedDatabase
from ccat_data_transfer.simulation.disks import Host
from ccat_data_transfer.simulation.faults import ALL_FAULTS, Faults
from ccat_data_transfer.simulation.invariants import (
    STAGED_FROM_BAD_COPY,
    InvariantBrokenError,
    Judge,
)
from ccat_data_transfer.simulation.observatory import ARCHIVE, GIB, SOURCE, Observer, again, stage
from ccat_data_transfer.simulation.schedule import Process, SimulatedTask
from ccat_data_transfer.simulation.world import Simulation
from ccat_data_transfer.stages.sidecars import sidecars_of
from ccat_data_transfer.work.kinds import KINDS
from ccat_ops_db.identity import ids_made_by

HOUR = 3600.0
STORE_ABILITIES = ("create_only", "conditional_delete", "versions")
SETTINGS = {"tick": 300.0, "usage_interval": 300.0, "concurrency": 2, "lease": 60.0, "heartbeat": 20.0}
"""Of planners and workers: as in production, but that planners look seldom, being told of changes."""


@dataclass(frozen=True)
class Attack:
    """What happens to an observatory.

    Attributes
    ----------
    observations, files : int
        How many of them, and files in each.
    faults : tuple of str
        What may happen, by name; see `faults`.
    every : int
        Steps between two faults, on average.
    hours : float
        Virtual time until nothing happens any more.
    settle_hours : float
        Virtual time in which all has to be well then.
    staged : bool
        Whether somebody asks for some of the data.
    stores : bool
        Whether the archive is a store, by the seed.
    wrong_clocks : bool
        Whether the databases of the sites may be wrong by up to 30 days, by the seed.
    tolerated : tuple of str
        Debts of the engine that are known; see `invariants`.
    """

    observations: int = 3
    files: int = 3
    faults: tuple[str, ...] = ALL_FAULTS
    every: int = 40
    hours: float = 0.6
    settle_hours: float = 3.0
    staged: bool = True
    stores: bool = True
    wrong_clocks: bool = True
    tolerated: tuple[str, ...] = ()


@dataclass
class Outcome:
    """How an attack ended."""

    seed: int
    steps: int
    trace: str
    happened: list[str] = field(default_factory=list)


def run_attack(attack: Attack, seed: int, database: SimulatedDatabase) -> Outcome:
    """Run an attack from its first step to its end.

    Raises
    ------
    InvariantBrokenError
        Something that must hold did not; or all was not well in time when nothing happened any more.
    """
    settings = DataTransferSettings().model_copy(update=SETTINGS)
    simulation = Simulation(seed, database, settings)
    with seeded_ids(simulation):
        try:
            faults = _Run(attack, simulation).run()
        finally:
            simulation.close()
    return Outcome(seed, simulation.schedule.steps, simulation.schedule.trace, faults)


@contextmanager
def seeded_ids(simulation: Simulation) -> Iterator[None]:
    """Make UUIDv7 of virtual time, in the order in which they are asked for."""
    made = 0

    def make() -> UUID:
        nonlocal made
        made += 1
        milliseconds = simulation.now_ns() // 10**6
        return UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | made)

    with ids_made_by(make):
        yield


def what_is_left(
    simulation: Simulation,
    observer: Observer,
    files: int,
    given_up: Sequence[str] = (),
) -> str:
    """Return what is left to do until so many files are archived and freed; empty when nothing is.

    Work may be given up for some categories of errors.
    """
    if len(observer.filed) < files:
        return "not everything was filed"
    open_work = [
        f"{kind.name} {row}"
        for kind in KINDS.values()
        for row in simulation.database.look(
            "SELECT id, status, waiting_reason, coalesce(error_message, waiting_detail)"
            f" FROM {kind.name} WHERE status <> 'completed'"
            " AND (status <> 'failed' OR coalesce(error_category, '') <> ALL (%s)) ORDER BY id",
            list(given_up),
        )
    ]
    if open_work:
        return f"open: {open_work}"
    left = [
        f"{name}:{path}"
        for name in observatory.PLACES
        if name != ARCHIVE
        for path in _not_bad(simulation, name)
    ]
    return f"left at the places: {left}" if left else ""


class _Run:
    def __init__(self, attack: Attack, simulation: Simulation) -> None:
        self._attack = attack
        self._simulation = simulation
        self._happened: list[str] = []
        self._next_fault = attack.every
        self._given_up = (PackageCorruptError.code,) if STAGED_FROM_BAD_COPY in attack.tolerated else ()
        self._set_clocks()
        observatory.build(simulation, self._store())
        self._roles: dict[str, Callable[[], Process]] = {}
        self._living: dict[str, Process] = {}
        for host in simulation.hosts.values():
            self._add_roles(host)
        instrument, world = simulation.start("instrument", simulation.hosts["ccat-1"])
        self._instrument = instrument
        self._scientist, self._at_processing = simulation.start("scientist", simulation.hosts["cologne-1"])
        self._asks = 0
        self._observer = Observer(simulation, world, {})
        self._judge = Judge(simulation, self._observer.filed, SOURCE, attack.tolerated)
        self._faults = Faults(simulation, self._living, SETTINGS["lease"])

    def run(self) -> list[str]:
        attack, simulation = self._attack, self._simulation
        for role in self._roles:
            self._living[role] = self._roles[role]()
        simulation.schedule.spawn(self._instrument, "observe", self._observe)
        supervisor, _ = simulation.start("supervisor", simulation.hosts["cologne-1"])
        simulation.schedule.spawn(supervisor, "supervise", self._supervise)
        simulation.schedule.at_step.append(self._maybe)
        simulation.schedule.run(attack.hours * HOUR)
        simulation.schedule.at_step.remove(self._maybe)
        self._faults.end_all()
        for _ in range(int(attack.settle_hours * 12)):
            simulation.schedule.run(HOUR / 12)
            if not self._what_is_not_well():
                break
        self._judge.judge_files()
        self._judge.judge_series()
        self._judge.judge_leases()
        if wrong := self._what_is_not_well():
            raise InvariantBrokenError(f"I11, seed {simulation.seed}: {wrong}; {self._happened}")
        return self._happened

    def _set_clocks(self) -> None:
        """Let the clock of each site's database be right, or wrong for the whole run."""
        chance = self._simulation.random
        for site_id in ("ccat", "cologne"):
            if self._attack.wrong_clocks and chance.random() < 0.5:
                self._simulation.clocks[site_id] = timedelta(days=chance.uniform(-30, 30))

    def _store(self) -> frozenset[str] | None:
        chance = self._simulation.random
        if not self._attack.stores or chance.random() < 0.5:
            return None
        return frozenset(ability for ability in STORE_ABILITIES if chance.random() < 0.5)

    def _add_roles(self, host: Host) -> None:
        at_site = [name for name in self._simulation.places if name.startswith(f"{host.site_id}.")]
        start = self._simulation.start_worker
        self._roles[f"worker on {host.name}"] = partial(start, host, at_site)
        if host.name.endswith("-1"):
            self._roles[f"planner of {host.site_id}"] = partial(self._simulation.start_planner, host)

    def _observe(self) -> None:
        chance = self._simulation.random
        for number in range(self._attack.observations):
            sizes = {
                f"{index}.fits": chance.randrange(GIB // 100, GIB // 4) for index in range(self._attack.files)
            }
            execution_id = self._observer.observe(f"2026/{number}", sizes, chance.uniform(60, 600))
            if self._attack.staged and chance.random() < 0.5:
                ask = partial(self._ask_for, execution_id)
                self._asks += 1
                self._simulation.schedule.spawn(self._scientist, "ask", ask, after=chance.uniform(10, 600))

    def _ask_for(self, execution_id: UUID) -> None:
        """Ask for an observation as soon as it is packaged."""
        while not again(self._at_processing, lambda session: stage(session, execution_id)):
            self._at_processing.sleep(60)
        self._asks -= 1

    def _supervise(self) -> None:
        """Start again what was killed."""
        while True:
            self._simulation.schedule.sleep(10)
            for role, process in self._living.items():
                if process.killed:
                    self._living[role] = self._roles[role]()

    def _maybe(self, task: SimulatedTask, what: str) -> None:
        simulation = self._simulation
        if simulation.schedule.steps < self._next_fault:
            return
        self._next_fault = (
            simulation.schedule.steps + 1 + int(simulation.random.expovariate(1 / self._attack.every))
        )
        fault = simulation.random.choice(self._attack.faults)
        did = self._faults.let_happen(fault, task.process)
        self._happened.append(f"{simulation.schedule.now:.0f} s {fault}: {did}")

    def _what_is_not_well(self) -> str:
        """Return what is left to do; empty when all is archived and freed, but for what people look at."""
        if self._asks:
            return "not everything was asked for"
        files = self._attack.observations * self._attack.files
        return what_is_left(self._simulation, self._observer, files, self._given_up)


def _not_bad(simulation: Simulation, location_id: str) -> list[str]:
    """Return what lies at a place, but for bad tars, which people look at, and what lies beside such."""
    tars = simulation.database.look(
        "SELECT relative_path FROM physical_copy"
        " WHERE data_location_id = %s AND form = 'tar' AND status IN ('corrupt', 'missing')",
        location_id,
    )
    stays = {path for (tar,) in tars for path in (tar, *sidecars_of(tar))}
    return sorted(path for path, _ in simulation.current[location_id].contents() if path not in stays)
