"""Scenarios: an observatory at work while things happen to it, and what must be true in the end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.simulation import observatory
from ccat_data_transfer.simulation.database import SimulatedDatabase
from ccat_data_transfer.simulation.disks import Host
from ccat_data_transfer.simulation.invariants import InvariantBrokenError, Judge
from ccat_data_transfer.simulation.observatory import ARCHIVE, GIB, LINK, SOURCE, Observer
from ccat_data_transfer.simulation.schedule import Process, SimulatedTask
from ccat_data_transfer.simulation.world import Simulation
from ccat_data_transfer.work.kinds import KINDS
from ccat_ops_db.identity import ids_made_by

HOUR = 3600.0
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
        What may happen, by name; see `Faults`.
    every : int
        Steps between two faults, on average.
    hours : float
        Virtual time until nothing happens any more.
    settle_hours : float
        Virtual time in which all has to be well then.
    tolerated : tuple of str
        Debts of the engine that are known; see `invariants`.
    """

    observations: int = 3
    files: int = 3
    faults: tuple[str, ...] = ("kill", "pause", "cut", "fill", "forget", "restart")
    every: int = 40
    hours: float = 0.6
    settle_hours: float = 3.0
    tolerated: tuple[str, ...] = ()


@dataclass
class Outcome:
    """How an attack ended."""

    seed: int
    steps: int
    trace: str
    happened: list[str] = field(default_factory=list)


def run_attack(attack: Attack, seed: int, database: SimulatedDatabase, url: str) -> Outcome:
    """Run an attack in a fresh database with the schema.

    Raises
    ------
    InvariantBrokenError
        Something that must hold did not; or all was not well in time when nothing happened any more.
    """
    settings = DataTransferSettings().model_copy(update=SETTINGS)
    simulation = Simulation(seed, database, url, settings)
    with _seeded_ids(simulation):
        try:
            faults = _Run(attack, simulation).run()
        finally:
            simulation.close()
    return Outcome(seed, simulation.schedule.steps, simulation.schedule.trace, faults)


@contextmanager
def _seeded_ids(simulation: Simulation) -> Iterator[None]:
    """Make UUIDv7 of virtual time, in the order in which they are asked for."""
    made = 0

    def make() -> UUID:
        nonlocal made
        made += 1
        milliseconds = simulation.now_ns() // 10**6
        return UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | made)

    with ids_made_by(make):
        yield


class _Run:
    def __init__(self, attack: Attack, simulation: Simulation) -> None:
        self._attack = attack
        self._simulation = simulation
        self._happened: list[str] = []
        self._ends: list[Callable[[], None]] = []
        self._next_fault = attack.every
        observatory.build(simulation)
        self._roles: dict[str, Callable[[], Process]] = {}
        self._living: dict[str, Process] = {}
        for host in simulation.hosts.values():
            self._add_roles(host)
        instrument, world = simulation.start("instrument", simulation.hosts["ccat-1"])
        self._instrument = instrument
        self._observer = Observer(simulation, world, {})
        self._judge = Judge(simulation, self._observer.filed, SOURCE, attack.tolerated)

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
        self._end_all_faults()
        for _ in range(int(attack.settle_hours * 12)):
            simulation.schedule.run(HOUR / 12)
            if not self._what_is_not_well():
                break
        self._judge.judge_files()
        self._judge.judge_leases()
        if wrong := self._what_is_not_well():
            raise InvariantBrokenError(f"I11, seed {simulation.seed}: {wrong}; {self._happened}")
        return self._happened

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
            self._observer.observe(f"2026/{number}", sizes, chance.uniform(60, 600))

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
        self._happened.append(f"{simulation.schedule.now:.0f} s {fault}: {_FAULTS[fault](self, task)}")

    def _victim(self, task: SimulatedTask) -> Process:
        """Return who acts right now, or anybody else."""
        living = sorted((p for p in self._living.values() if not p.killed), key=lambda p: p.name)
        if task.process in living and self._simulation.random.random() < 0.7:
            return task.process
        return self._simulation.random.choice(living)

    def kill(self, task: SimulatedTask) -> str:
        """Kill a process."""
        victim = self._victim(task)
        self._simulation.schedule.kill(victim)
        return victim.name

    def pause(self, task: SimulatedTask) -> str:
        """Stop a process for less than its lease."""
        victim = self._victim(task)
        self._simulation.schedule.pause(victim, self._simulation.random.uniform(1, SETTINGS["lease"] / 2))
        return victim.name

    def sleep(self, task: SimulatedTask) -> str:
        """Stop a process for much longer than its lease."""
        victim = self._victim(task)
        self._simulation.schedule.pause(victim, self._simulation.random.uniform(2, 15) * SETTINGS["lease"])
        return victim.name

    def unmount(self, task: SimulatedTask) -> str:
        """Take the archive's disk from a host: its mount point is an empty folder."""
        hosts = [host for host in self._simulation.hosts.values() if host.site_id == "cologne"]
        host, path = self._simulation.random.choice(hosts), self._simulation.places[ARCHIVE].path
        disk = host.mounts.pop(path, None)
        if disk is not None:
            self._later(partial(host.mounts.__setitem__, path, disk), 60, 1800)
        return f"{path} at {host.name}"

    def cut(self, task: SimulatedTask) -> str:
        """Cut the way between the sites."""
        self._simulation.links.cut.add(LINK)
        self._later(lambda: self._simulation.links.cut.discard(LINK), 10, 900)
        return "ccat - cologne"

    def fill(self, task: SimulatedTask) -> str:
        """Have others fill a disk."""
        name = self._simulation.random.choice([n for n in observatory.PLACES if n != SOURCE])
        disk = self._simulation.disks[name]
        taken = disk.free
        disk.taken += taken

        def free() -> None:
            disk.taken -= taken

        self._later(free, 10, 900)
        return name

    def forget(self, task: SimulatedTask) -> str:
        """Lose all messages."""
        self._simulation.broker.forget()
        return "all messages"

    def restart(self, task: SimulatedTask) -> str:
        """Kill all processes of a host."""
        host = self._simulation.random.choice(list(self._simulation.hosts))
        for process in [p for p in self._living.values() if p.name.startswith(f"{host}-")]:
            self._simulation.schedule.kill(process)
        return host

    def _later(self, act: Callable[[], None], least: float, most: float) -> None:
        seconds = self._simulation.random.uniform(least, most)
        self._ends.append(act)

        def end() -> None:
            if act in self._ends:
                self._ends.remove(act)
                act()

        self._simulation.schedule.spawn(self._instrument, "end of a fault", end, after=seconds)

    def _end_all_faults(self) -> None:
        while self._ends:
            self._ends.pop()()

    def _what_is_not_well(self) -> str:
        """Return what is left to do; empty when all is archived and freed."""
        disks = self._simulation.disks
        if len(self._observer.filed) < self._attack.observations * self._attack.files:
            return "not everything was filed"
        left = [
            f"{name}:{path}"
            for name in observatory.PLACES
            if name != ARCHIVE
            for path in sorted(disks[name].names)
        ]
        if left:
            return f"left at the places: {left}"
        open_work = [
            f"{kind.name} {row}"
            for kind in KINDS.values()
            for row in self._simulation.database.look(
                f"SELECT id, status, error_message FROM {kind.name} WHERE status <> 'completed' ORDER BY id"
            )
        ]
        return f"open: {open_work}" if open_work else ""


_FAULTS: dict[str, Callable[[_Run, SimulatedTask], str]] = {
    "kill": _Run.kill,
    "pause": _Run.pause,
    "sleep": _Run.sleep,
    "unmount": _Run.unmount,
    "cut": _Run.cut,
    "fill": _Run.fill,
    "forget": _Run.forget,
    "restart": _Run.restart,
}
