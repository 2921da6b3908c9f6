"""What may happen to an observatory: each fault by its name, drawn at any step, and what ends it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import cast

from ccat_data_transfer.failures import Failure
from ccat_data_transfer.places.adopt import AdoptionRefusedError, Asked, adopt
from ccat_data_transfer.simulation.disks import Disk, Host
from ccat_data_transfer.simulation.observatory import LINK, PLACES, SOURCE
from ccat_data_transfer.simulation.place import Medium
from ccat_data_transfer.simulation.schedule import Process
from ccat_data_transfer.simulation.stores import Bucket
from ccat_data_transfer.simulation.world import Simulation
from ccat_data_transfer.work.lease import DATABASE_AWAY

BUFFERS = ("ccat.buffer", "cologne.buffer")


class Faults:
    """Lets things happen.

    Parameters
    ----------
    simulation : Simulation
        The world.
    living : mapping
        The processes that things happen to, by what they are for.
    lease : float
        How long work is leased for, seconds.
    """

    def __init__(self, simulation: Simulation, living: Mapping[str, Process], lease: float) -> None:
        self._simulation = simulation
        self._chance = simulation.random
        self._living = living
        self._lease = lease
        self._ends: list[Callable[[], None]] = []
        self._wrong: set[tuple[str, str]] = set()
        """Mount points where something else is for now, by host; of a store without a host."""
        self._people, _ = simulation.start("people", simulation.hosts["cologne-2"])

    def let_happen(self, name: str, acting: Process) -> str:
        """Let a fault happen while a process acts; return what it was."""
        return _FAULTS[name](self, acting)

    def end_all(self) -> None:
        """End what has not ended by itself yet."""
        while self._ends:
            self._ends.pop()()

    def kill(self, acting: Process) -> str:
        """Kill a process."""
        victim = self._victim(acting)
        self._simulation.schedule.kill(victim)
        return victim.name

    def pause(self, acting: Process) -> str:
        """Stop a process for less than its lease."""
        victim = self._victim(acting)
        self._simulation.schedule.pause(victim, self._chance.uniform(1, self._lease / 2))
        return victim.name

    def sleep(self, acting: Process) -> str:
        """Stop a process for much longer than its lease."""
        victim = self._victim(acting)
        self._simulation.schedule.pause(victim, self._chance.uniform(2, 15) * self._lease)
        return victim.name

    def reboot(self, acting: Process) -> str:
        """Kill all processes of a host."""
        host = self._chance.choice(list(self._simulation.hosts))
        for process in [p for p in self._living.values() if p.name.startswith(f"{host}-")]:
            self._simulation.schedule.kill(process)
        return host

    def clock(self, acting: Process) -> str:
        """Set the clock of a host to another time."""
        host = self._chance.choice(list(self._simulation.hosts.values()))
        host.clock_ahead = timedelta(days=self._chance.uniform(-30, 30))
        return host.name

    def forget(self, acting: Process) -> str:
        """Lose all messages."""
        self._simulation.broker.forget()
        return "all messages"

    def repeat(self, acting: Process) -> str:
        """Bring messages a second time."""
        self._simulation.broker.repeat()
        return "the latest messages"

    def restart(self, acting: Process) -> str:
        """Restart the database."""
        seconds = self._chance.uniform(1, 60)
        self._simulation.database.restart(seconds)
        return f"for {seconds:.0f} s"

    def unanswered(self, acting: Process) -> str:
        """Lose the answer to a commit."""
        victim = self._victim(acting)
        self._simulation.database.lose_next_answer(victim)
        return victim.name

    def cut(self, acting: Process) -> str:
        """Cut the way between the sites."""
        self._simulation.links.cut.add(LINK)
        self._later(lambda: self._simulation.links.cut.discard(LINK), 10, 900)
        return "ccat - cologne"

    def fill(self, acting: Process) -> str:
        """Have others fill a disk."""
        name, disk = self._disk([name for name in PLACES if name != SOURCE])
        taken = disk.free
        disk.taken += taken

        def free() -> None:
            disk.taken -= taken

        self._later(free, 10, 900)
        return name

    def rot(self, acting: Process) -> str:
        """Damage a byte of a tar in a buffer; the files are elsewhere, too.

        A tar of which the database does not know yet is spared: what rots before its arrival was noted keeps
        its name, until the engine gives names of generations.
        """
        name, disk = self._disk(list(BUFFERS))
        known = self._simulation.database.look(
            "SELECT relative_path FROM physical_copy WHERE data_location_id = %s", name
        )
        tars = [path for path in sorted(disk.names) if (path,) in known and path.endswith(".tar")]
        if not tars:
            return "nothing"
        path = self._chance.choice(tars)
        content = disk.names[path].content
        if not content.size:
            return "nothing"
        at = self._chance.randrange(content.size)
        disk.names[path].content = content.damaged(at, f"{path} {self._simulation.schedule.steps}")
        self._simulation.rotted[name, path] = self._simulation.now_ns()
        return f"{path} at {name}"

    def unmount(self, acting: Process) -> str:
        """Take a disk from one host: its mount point is an empty folder."""
        host, name = self._mounted()
        return self._mount(name, [host], None)

    def detach(self, acting: Process) -> str:
        """Take a disk from all hosts."""
        _, name = self._mounted()
        return self._mount(name, self._hosts(), None)

    def swap(self, acting: Process) -> str:
        """Mount the disks of two places of a host where the other belongs."""
        host, name = self._mounted()
        others = [n for n in PLACES if n != name and n.partition(".")[0] == host.site_id and self._is_disk(n)]
        other = self._chance.choice(others)
        there = cast(Disk, self._simulation.current[name]), cast(Disk, self._simulation.current[other])
        return f"{self._mount(name, [host], there[1])} and {self._mount(other, [host], there[0])}"

    def copy(self, acting: Process) -> str:
        """Put a copy of a place where the place was; who did that corrects it, or calls it the place."""
        name = self._chance.choice([n for n in PLACES if n != SOURCE])
        if self._chance.random() < 0.3:
            return self._move(name)
        if self._is_disk(name):
            original = cast(Disk, self._simulation.current[name])
            return self._mount(name, self._hosts(), original.copied())
        if ("", name) in self._wrong:
            return "nothing"
        self._wrong.add(("", name))
        self._point_at(name, cast(Bucket, self._simulation.current[name]).copied())

        def correct() -> None:
            self._wrong.discard(("", name))
            self._point_at(name, cast(Bucket, self._simulation.current[name]))

        self._later(correct, 60, 900)
        return f"{name}"

    def chown(self, acting: Process) -> str:
        """Give all files of a disk to another user; a person says that it still is the place."""
        name, disk = self._disk(list(PLACES))
        disk.change_owner()
        self._adopt_later(name, same_place=self._chance.random() < 0.5)
        return name

    def _move(self, name: str) -> str:
        """Copy a place elsewhere and throw the old one away; a person says that the copy is the place."""
        hosts = self._hosts()
        if any((host.name, name) in self._wrong for host in hosts) or ("", name) in self._wrong:
            return "nothing"
        old = self._simulation.current[name]
        new: Medium = cast(Disk, old).copied() if self._is_disk(name) else cast(Bucket, old).copied()
        self._simulation.make_current(name, new)
        if self._is_disk(name):
            for host in hosts:
                host.mounts[self._simulation.places[name].path] = cast(Disk, new)
        else:
            self._point_at(name, cast(Bucket, new))
        self._adopt_later(name, same_place=self._chance.random() < 0.5)
        return f"{name} for good"

    def _adopt_later(self, name: str, *, same_place: bool) -> None:
        """Have a person adopt a place, again and again until it is done."""
        host = next(host for host in self._hosts() if host.site_id == name.partition(".")[0])
        asked = Asked("person", "it is the place", same_place)

        def act() -> None:
            person, _world = self._simulation.start("person", host)
            self._simulation.schedule.spawn(person, f"adopt {name}", lambda: until_done(person))

        def until_done(person: Process) -> None:
            places = self._simulation.places_for(person, host)
            while True:
                self._simulation.schedule.sleep(30)
                if ("", name) in self._wrong or (host.name, name) in self._wrong:
                    # Who looks sees that something else is there now.
                    continue
                try:
                    adopt(self._simulation.sessions, places, name, asked)
                except (Failure, *DATABASE_AWAY):
                    continue
                except AdoptionRefusedError:
                    # It is as it is to be already.
                    return
                return

        self._later(act, 60, 900)

    def _mount(self, name: str, hosts: list[Host], disk: Disk | None) -> str:
        """Have another disk, or none, be where the disk of a place belongs, for a while."""
        if any((host.name, name) in self._wrong for host in hosts):
            return "nothing"
        path = self._simulation.places[name].path
        for host in hosts:
            self._wrong.add((host.name, name))
            host.mounts.pop(path)
            if disk is not None:
                host.mounts[path] = disk

        def correct() -> None:
            for host in hosts:
                self._wrong.discard((host.name, name))
                host.mounts[path] = cast(Disk, self._simulation.current[name])

        self._later(correct, 60, 900)
        return f"{name} at {', '.join(host.name for host in hosts)}"

    def _point_at(self, name: str, bucket: Bucket) -> None:
        self._simulation.places[name] = replace(self._simulation.places[name], bucket=bucket)

    def _mounted(self) -> tuple[Host, str]:
        """Return a host and the name of a place of its site on a disk."""
        host = self._chance.choice(list(self._simulation.hosts.values()))
        at_site = [n for n in PLACES if n.partition(".")[0] == host.site_id and self._is_disk(n)]
        return host, self._chance.choice(at_site)

    def _hosts(self) -> list[Host]:
        """Return all hosts: those of other sites reach the places, too."""
        return list(self._simulation.hosts.values())

    def _is_disk(self, name: str) -> bool:
        return self._simulation.places[name].bucket is None

    def _disk(self, names: list[str]) -> tuple[str, Disk]:
        name = self._chance.choice([name for name in names if self._is_disk(name)])
        return name, cast(Disk, self._simulation.current[name])

    def _victim(self, acting: Process) -> Process:
        """Return who acts right now, or anybody else."""
        living = sorted((p for p in self._living.values() if not p.killed), key=lambda p: p.name)
        if acting in living and self._chance.random() < 0.7:
            return acting
        return self._chance.choice(living)

    def _later(self, act: Callable[[], None], least: float, most: float) -> None:
        seconds = self._chance.uniform(least, most)
        self._ends.append(act)

        def end() -> None:
            if act in self._ends:
                self._ends.remove(act)
                act()

        self._simulation.schedule.spawn(self._people, "end of a fault", end, after=seconds)


_FAULTS: dict[str, Callable[[Faults, Process], str]] = {
    name: getattr(Faults, name)
    for name in (
        "kill",
        "pause",
        "sleep",
        "reboot",
        "clock",
        "forget",
        "repeat",
        "restart",
        "unanswered",
        "cut",
        "fill",
        "rot",
        "unmount",
        "detach",
        "swap",
        "copy",
        "chown",
    )
}

ALL_FAULTS = tuple(_FAULTS)
"""Their names."""
