"""What the engine asks of the world: time, chance, waiting, the database, the broker, places and bytes.

Planner, runner and stages get it as one object and ask nothing else, so that they run in the real world
(`world_real`) and under a virtual clock (`simulation.world`) without a difference. Keys are made by
`ccat_ops_db.identity`, because rows make their own, too; a simulation replaces what makes them there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Protocol
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from ccat_data_transfer.movers.interface import Mover
from ccat_data_transfer.packer import Packer
from ccat_data_transfer.storage.interface import Storage
from ccat_ops_db.clock import Clock
from ccat_ops_db.enumerations import Operation


class Messenger(Protocol):
    """What carries messages from planners to workers."""

    def send(self, queue: str, operation: Operation, work_id: UUID, lasts: float) -> None:
        """Send one message, which is worthless after so many seconds; raise if it cannot be sent."""
        ...

    def probe(self) -> None:
        """See whether messages are taken; raise if not."""
        ...


class Event(Protocol):
    """Something that happens once, and that others wait for, as in `threading`."""

    def is_set(self) -> bool:
        """Tell whether it has happened."""
        ...

    def set(self) -> None:
        """Let it happen."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it has happened, at most so many seconds; tell whether it has."""
        ...


class Task(Protocol):
    """Something that runs beside."""

    def join(self) -> None:
        """Wait until it has ended."""
        ...


@dataclass(frozen=True)
class World:
    """The world of one process.

    Attributes
    ----------
    clock : Clock
        The machine's own, for spans and logs; what is decided is decided by the database's time.
    random : Random
        For pauses that must not all be the same; nothing safe may depend on it.
    engine : Engine
        The database.
    sessions : sessionmaker
        Sessions with it.
    messenger : Messenger
        Wakes workers.
    storage : callable
        Opens the place of a location, by its id ``<site>.<name>``, and sees that it is the right one.
    adopt_if_new : callable
        Gives a marker to the place of a location that was never used, in somebody's name; returns why not.
    mover : callable
        Gives what moves bytes by a transfer method.
    packer : Packer
        Writes and unpacks packages.
    event : callable
        Makes an event.
    spawn : callable
        Runs a function beside, under a name; it ends with the process at the latest.
    sleep : callable
        Waits some seconds.
    """

    clock: Clock
    random: Random
    engine: Engine
    sessions: sessionmaker[Session]
    messenger: Messenger
    storage: Callable[[str], Storage]
    adopt_if_new: Callable[[str, str], str | None]
    mover: Callable[[str], Mover]
    packer: Packer
    event: Callable[[], Event]
    spawn: Callable[[str, Callable[[], None]], Task]
    sleep: Callable[[float], None]
