"""Keeps units running: starts them in order, adopts what already runs, restarts what dies with back-off.

Run as ``python -m ccat_dev_stack.supervisor run FOLDER MODULE:FUNCTION``; the function gets the folder and
returns the units. It may be killed at any moment: its units go on, a guardian starts it again, and the new
one adopts them. The guardian is itself a unit, so the two keep each other alive.
"""

import contextlib
import importlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ccat_dev_stack import processes
from ccat_dev_stack.processes import Program
from ccat_dev_stack.supervision_state import GUARDIAN, SETTLED, SUPERVISOR, Folder, Report, State
from ccat_dev_stack.units import Unit, levels

_TICK_SECONDS = 0.2
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_STABLE_SECONDS = 60.0
_LOG_LIMIT_BYTES = 50_000_000


def supervisor_program(folder: Folder, units: str, revision: str) -> Program:
    """Return the program of a supervisor.

    Parameters
    ----------
    units
        ``module:function`` that makes the units from the folder's path.
    revision
        Changes when the units may have changed: a supervisor of another revision is replaced.
    """
    return _program(SUPERVISOR, "run", folder, units, revision)


@dataclass
class _Watched:
    """A unit and what happened to it."""

    unit: Unit
    state: State = State.WAITING
    detail: str = ""
    restarts: int = 0
    failures: int = 0
    next_start: float = 0.0
    started: float = 0.0
    since: float = field(default_factory=time.time)
    running: processes.Running | None = None
    process: "subprocess.Popen[bytes] | None" = None

    def become(self, state: State, detail: str = "") -> None:
        if (state, detail) != (self.state, self.detail):
            self.state, self.detail, self.since = state, detail, time.time()

    def report(self) -> Report:
        pid = None if self.running is None else self.running.pid
        return Report(self.unit.name, self.state, pid, self.restarts, self.detail, self.since)


class Supervisor:
    """Brings units into the state they should have, one pass at a time."""

    def __init__(self, folder: Folder, units: Sequence[Unit]) -> None:
        self._folder = folder
        self._watched = {unit.name: _Watched(unit) for level in levels(units) for unit in level}
        self._published: list[Report] = []

    def take_over(self) -> None:
        """Adopt what already runs as it should; end what runs otherwise or is no unit any more."""
        for lock in self._folder.run.glob("*.lock"):
            name = lock.stem
            found = processes.running(self._folder.run, name)
            if found is None or name == SUPERVISOR:
                continue
            watched = self._watched.get(name)
            same = watched is not None and watched.unit.program.fingerprint == found.fingerprint
            if watched is None or watched.unit.once or not same or not found.leader_alive:
                _say(f"{name}: end what runs from before")
                self._end(name, watched)
            else:
                _say(f"{name}: adopt process {found.pid}")
                watched.running, watched.started = found, time.monotonic()
                watched.become(State.STARTING, "adopted")

    def one_pass(self) -> None:
        """Look at every unit once and do what is next for it."""
        for watched in self._watched.values():
            if watched.state is State.DONE:
                continue
            if watched.state in (State.WAITING, State.RESTARTING):
                self._start_if_due(watched)
            else:
                self._look_at(watched)
        self._publish()

    def kill_all(self) -> None:
        """Kill every unit when the folder with the locks was deleted under them."""
        for watched in self._watched.values():
            if watched.running is not None:
                processes.kill_without_lock(watched.running)

    def rotate_logs(self) -> None:
        """Keep one older part of each log that grew large; the writer keeps its open file."""
        for log in self._folder.logs.glob("*.log"):
            if log.stat().st_size > _LOG_LIMIT_BYTES:
                shutil.copyfile(log, log.with_suffix(".log.1"))
                os.truncate(log, 0)

    def _start_if_due(self, watched: _Watched) -> None:
        missing = [name for name in watched.unit.needs if self._watched[name].state not in SETTLED]
        if missing:
            if watched.state is State.WAITING:
                watched.become(State.WAITING, f"for {', '.join(missing)}")
            return
        if time.monotonic() < watched.next_start:
            return
        name = watched.unit.name
        try:
            if watched.unit.prepare is not None:
                watched.unit.prepare()
            watched.process = processes.start(watched.unit.program, self._folder.run, self._folder.log(name))
        except Exception as error:
            # Whatever goes wrong with one unit must not end the keeper of all others.
            self._failed(watched, f"cannot be started: {error}")
            return
        watched.running, watched.started = processes.running(self._folder.run, name), time.monotonic()
        _say(f"{name}: started, process {watched.process.pid}")
        watched.become(State.STARTING)

    def _look_at(self, watched: _Watched) -> None:
        status = None if watched.process is None else watched.process.poll()
        if watched.process is not None:
            alive = status is None
        else:
            alive = watched.running is not None and watched.running.leader_alive
        if not alive:
            self._ended(watched, status)
        elif watched.state is State.STARTING and not watched.unit.once and self._answers(watched):
            _say(f"{watched.unit.name}: ready")
            watched.become(State.READY)
        elif watched.failures and time.monotonic() - watched.started > _STABLE_SECONDS:
            watched.failures = 0

    def _answers(self, watched: _Watched) -> bool:
        if watched.unit.is_ready is None:
            return True
        try:
            return watched.unit.is_ready()
        except Exception as error:
            watched.become(State.STARTING, f"{type(error).__name__}: {error}")
            return False

    def _ended(self, watched: _Watched, status: int | None) -> None:
        name = watched.unit.name
        watched.running = watched.process = None
        if watched.unit.once and status == 0:
            _say(f"{name}: done")
            watched.become(State.DONE)
            return
        # What it had started must not live beside its successor.
        processes.kill(self._folder.run, name)
        self._failed(watched, _how(status))

    def _failed(self, watched: _Watched, how: str) -> None:
        pause = min(_FIRST_PAUSE_SECONDS * 2**watched.failures, _LONGEST_PAUSE_SECONDS)
        watched.failures += 1
        watched.restarts += 1
        watched.next_start = time.monotonic() + pause
        _say(f"{watched.unit.name}: {how}; next start in {pause:g} s")
        watched.become(State.RESTARTING, how)

    def _end(self, name: str, watched: _Watched | None) -> None:
        program = Program(name, (), Path()) if watched is None else watched.unit.program
        try:
            processes.stop(self._folder.run, name, program.stop_signal, program.grace_seconds)
        except TimeoutError as error:
            _say(str(error))

    def _publish(self) -> None:
        reports = [watched.report() for watched in self._watched.values()]
        if reports != self._published:
            self._folder.write_reports(reports, os.getpid())
            self._published = reports


def stop_all(folder: Folder, units: Sequence[Unit]) -> None:
    """End the supervisor, then the units, those first that no other needs, then all that holds a lock."""
    for name in (GUARDIAN, SUPERVISOR):
        processes.stop(folder.run, name, grace_seconds=5)
    folder.unwant()
    for level in reversed(levels(units)):
        for unit in level:
            processes.ask(folder.run, unit.name, unit.program.stop_signal)
        for unit in level:
            # The grace began for all of them at the same time.
            processes.stop(folder.run, unit.name, unit.program.stop_signal, unit.program.grace_seconds)
    for lock in folder.run.glob("*.lock"):
        processes.stop(folder.run, lock.stem)


def run(path: str, units: str, revision: str) -> None:
    """Supervise until asked to end; the units go on."""
    folder = Folder(Path(path))
    module, _, function = units.partition(":")
    make_units: Callable[[Path], Sequence[Unit]] = getattr(importlib.import_module(module), function)
    ending = False

    def end(*_: object) -> None:
        nonlocal ending
        ending = True

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    guardian = _program(GUARDIAN, "guard", folder, units, revision)
    supervisor = Supervisor(folder, [Unit(guardian), *make_units(folder.path)])
    _say(f"supervising {path}")
    supervisor.take_over()
    passes = 0
    while not ending and folder.is_wanted():
        supervisor.one_pass()
        if passes % 300 == 0:
            with contextlib.suppress(OSError):  # a full disk is no reason to stop
                supervisor.rotate_logs()
        passes += 1
        time.sleep(_TICK_SECONDS)
    if not ending:
        _say(f"{path} was deleted: end everything")
        supervisor.kill_all()


def guard(path: str, units: str, revision: str) -> None:
    """Start the supervisor again whenever it is gone, as long as the units shall run."""
    folder = Folder(Path(path))
    program = supervisor_program(folder, units, revision)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries a supervisor that ended
    while folder.is_wanted():
        if processes.running(folder.run, SUPERVISOR) is None:
            _say("supervisor is gone; start it again")
            process = processes.start(program, folder.run, folder.log(SUPERVISOR))
            process.returncode = 0  # it outlives us: not ours to wait for
        time.sleep(1.0)


def _program(name: str, verb: str, folder: Folder, units: str, revision: str) -> Program:
    command = (sys.executable, "-m", "ccat_dev_stack.supervisor", verb, str(folder.path), units, revision)
    # Not the caller's whole environment: dev-up in another shell would be taken for another program.
    kept = ("HOME", "PYTHONPATH", "CCAT_BUILD_FOLDER")
    environment = {"PATH": os.defpath} | {key: os.environ[key] for key in kept if key in os.environ}
    return Program(name, command, folder=folder.path, environment=environment)


def _how(status: int | None) -> str:
    if status is None:
        return "ended"
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"


def _say(text: str) -> None:
    print(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}", flush=True)


if __name__ == "__main__":
    {"run": run, "guard": guard}[sys.argv[1]](*sys.argv[2:])
