"""Processes that take turns: each task is a thread, and only the one that has the baton runs.

The baton is passed at commits, at acts on storage and in waits. Next is who is first in virtual time; of
those that are equal the seed chooses. Time stands still while anybody runs and jumps to who is next. What
happens follows from the seed alone, and the digest of all turns tells whether it did.
"""

import hashlib
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

PATIENCE = 600.0
"""Real seconds after which a turn that does not end is an error of the simulation itself."""


class ProcessKilledError(BaseException):
    """A process was killed: what it holds is gone, and nothing that it still tries has any effect."""


class StuckError(AssertionError):
    """Nobody is left who could go on, or somebody keeps the baton for ever."""


@dataclass(eq=False)
class Process:
    """A process of a host, with its tasks.

    Attributes
    ----------
    name : str
        Unique; a process that is started again is another one.
    on_kill : list of callable
        What the system does when it is killed: closes connections, gives locks back.
    """

    name: str
    killed: bool = False
    tasks: list["SimulatedTask"] = field(default_factory=list)
    on_kill: list[Callable[[], None]] = field(default_factory=list)


class SimulatedTask:
    """One thread of a process."""

    def __init__(self, schedule: "Schedule", process: Process, name: str, run: Callable[[], None]) -> None:
        self.process = process
        self.name = name
        self.wakes_at = schedule.now
        self.not_before = 0.0
        self.ended = schedule.new_event()
        self.error: BaseException | None = None
        self._schedule = schedule
        self._run = run
        self.turn = _closed_gate()
        self.thread = threading.Thread(target=self._live, name=f"{process.name}/{name}", daemon=True)

    def join(self) -> None:
        """See `world.Task`."""
        self.ended.wait()

    def _live(self) -> None:
        self.turn.acquire()
        try:
            if not self.process.killed:
                self._run()
        except ProcessKilledError:
            pass
        except BaseException as error:  # the simulation ends with it
            self.error = None if self.process.killed else error
        self._schedule.end(self)


class SimulatedEvent:
    """See `world.Event`; waiting takes virtual time."""

    def __init__(self, schedule: "Schedule") -> None:
        self._schedule = schedule
        self._is_set = False
        self._waiting: list[SimulatedTask] = []

    def is_set(self) -> bool:
        """See `world.Event`."""
        return self._is_set

    def set(self) -> None:
        """See `world.Event`."""
        self._is_set = True
        for task in self._waiting:
            task.wakes_at = min(task.wakes_at, self._schedule.now)
        self._waiting.clear()

    def clear(self) -> None:
        """Let it be that it has not happened."""
        self._is_set = False

    def wait(self, timeout: float | None = None) -> bool:
        """See `world.Event`."""
        if not self._is_set:
            task = self._schedule.current
            self._waiting.append(task)
            try:
                self._schedule.pass_on("wait", math.inf if timeout is None else timeout)
            finally:
                if task in self._waiting:
                    self._waiting.remove(task)
        return self._is_set


class Schedule:
    """Gives the baton.

    Parameters
    ----------
    seed : int
        Chooses who is next of those that could be.
    """

    def __init__(self, seed: int) -> None:
        self.now = 0.0
        self.steps = 0
        self.random = Random(seed)
        self.at_step: list[Callable[[SimulatedTask, str], None]] = []
        """Called before each passing, by who passes: faults, and what is checked after each step."""
        self.at_turn: list[Callable[[SimulatedTask], None]] = []
        """Called when a task gets the baton, by who passes it."""
        self._tasks: list[SimulatedTask] = []
        self._current: SimulatedTask | None = None
        self._error: BaseException | None = None
        self._idle = _closed_gate()
        self._until = 0.0
        self._digest = hashlib.sha256()

    @property
    def current(self) -> SimulatedTask:
        """Who has the baton."""
        assert self._current is not None, "only tasks of the schedule act in the simulated world"
        return self._current

    @property
    def current_process(self) -> Process | None:
        """The process that has the baton; null while the simulation is set up or looked at."""
        return None if self._current is None else self._current.process

    @property
    def trace(self) -> str:
        """Digest of every turn until now: two runs with one are the same."""
        return self._digest.hexdigest()[:16]

    def new_event(self) -> SimulatedEvent:
        """Make an event."""
        return SimulatedEvent(self)

    def spawn(self, process: Process, name: str, run: Callable[[], None], after: float = 0) -> SimulatedTask:
        """Start a task of a process."""
        task = SimulatedTask(self, process, name, run)
        task.wakes_at = self.now + after
        process.tasks.append(task)
        self._tasks.append(task)
        task.thread.start()
        return task

    def pass_on(self, what: str, seconds: float = 0) -> None:
        """End a turn, to go on after some seconds of virtual time at the earliest.

        Raises
        ------
        ProcessKilledError
            The process was killed meanwhile.
        """
        if self._current is None:
            # Whoever sets up the simulation acts alone.
            self.now += seconds
            return
        task = self._current
        self.refuse_the_dead()
        self.steps += 1
        self._note(f"{task.process.name}/{task.name} {what}")
        task.wakes_at = self.now + seconds
        for look in self.at_step:
            look(task, what)
        self.refuse_the_dead()
        self._give_to_next(task)
        self.refuse_the_dead()

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.pass_on("sleep", seconds)

    def refuse_the_dead(self) -> None:
        """Raise if the process of the task was killed."""
        if self._current is not None and self._current.process.killed:
            raise ProcessKilledError(self._current.process.name)

    def pause(self, process: Process, seconds: float) -> None:
        """Stop a process for a while, as SIGSTOP does; time goes on for all others."""
        self._note(f"pause {process.name} {seconds:.6f}")
        for task in process.tasks:
            task.not_before = self.now + seconds

    def kill(self, process: Process) -> None:
        """End a process at once: what it does from now on has no effect, whatever it tries to tidy up."""
        if process.killed:
            return
        self._note(f"kill {process.name}")
        process.killed = True
        for act in list(process.on_kill):
            act()
        for task in process.tasks:
            task.wakes_at, task.not_before = self.now, 0.0

    def run(self, seconds: float) -> None:
        """Let the processes run for so many seconds of virtual time.

        Raises
        ------
        Exception
            What a task raised that was not killed.
        """
        self._until = self.now + seconds
        self._hand_to(self._next())
        if not self._idle.acquire(timeout=PATIENCE):
            raise StuckError(f"{self._current and self._current.name} does not pass the baton")
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        self.now = max(self.now, self._until)

    def fail(self, error: BaseException) -> None:
        """End the run with an error, whatever whoever has the baton makes of it: it never gets it again."""
        if self._current is None:
            raise error
        self._error = self._error or error

    def close(self) -> None:
        """Kill what still runs, and wait until no thread is left."""
        for task in list(self._tasks):
            self.kill(task.process)
        self.at_step.clear()
        self.at_turn.clear()
        self.run(0)

    def end(self, task: SimulatedTask) -> None:
        """Take the baton from a task that has ended."""
        self._note(f"{task.process.name}/{task.name} ended")
        task.ended.set()
        task.process.tasks.remove(task)
        self._tasks.remove(task)
        self._error = self._error or task.error
        self._hand_to(self._next())

    def _give_to_next(self, task: SimulatedTask) -> None:
        following = self._next()
        if following is task:
            self._begin_turn(task)
            return
        self._hand_to(following)
        if not task.turn.acquire(timeout=PATIENCE):
            raise StuckError(f"{task.process.name}/{task.name} was never called again")

    def _next(self) -> SimulatedTask | None:
        """Return who is first in virtual time; null when that is after the end of this run."""
        if self._error is not None:
            return None
        first = min((max(t.wakes_at, t.not_before) for t in self._tasks), default=math.inf)
        if first > self._until:
            return None
        ready = [t for t in self._tasks if max(t.wakes_at, t.not_before) <= max(first, self.now)]
        return ready[0] if len(ready) == 1 else self.random.choice(ready)

    def _hand_to(self, task: SimulatedTask | None) -> None:
        if task is None:
            self._current = None
            self._idle.release()
            return
        self._begin_turn(task)
        task.turn.release()

    def _begin_turn(self, task: SimulatedTask) -> None:
        self._current = task
        self.now = max(self.now, task.wakes_at, task.not_before)
        for look in self.at_turn:
            look(task)

    def _note(self, line: str) -> None:
        self._digest.update(f"{self.steps} {self.now:.6f} {line}\n".encode())


def _closed_gate() -> threading.Lock:
    gate = threading.Lock()
    gate.acquire()
    return gate
