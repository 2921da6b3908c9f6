"""Programs that run detached from whoever started them, and are found again by their lock.

Each program has a name and, in the run folder, a lock file that it holds while anything of it lives
(see `launch`). So finding, adopting, stopping and not starting twice need no trust in remembered process ids.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ccat_dev_stack.accounts import Account

_LAUNCH = Path(__file__).with_name("launch.py")


@dataclass(frozen=True)
class Program:
    """What to run, and how to end it.

    Parameters
    ----------
    name
        Name of its lock and log file; unique in a run folder.
    command
        Absolute path of the executable, and arguments.
    folder
        Working directory.
    environment
        The whole environment of the process.
    account
        Account to run as; None is the caller's.
    stop_signal
        Asks it to end; whatever is left after `grace_seconds` is killed.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    stop_signal: int = signal.SIGTERM
    grace_seconds: float = 10.0

    @property
    def fingerprint(self) -> str:
        """Hash of all that makes a running process this program and not an older version of it."""
        facts = [self.command, str(self.folder), sorted(self.environment.items()), str(self.account)]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Running:
    """A program that holds its lock."""

    name: str
    pid: int
    started: int
    """Start of the leader, clock ticks since boot."""
    fingerprint: str

    @property
    def leader_alive(self) -> bool:
        """False when only processes are left that the program had started."""
        return self.pid == 0 or start_ticks(self.pid) == self.started


class StartError(RuntimeError):
    """A program did not start, or did not become ready."""


def start(program: Program, run_folder: Path, log: Path) -> "subprocess.Popen[bytes]":
    """Start a program detached (own session); it ends at once if the name runs already.

    Returns when the program holds its lock, so that whoever looks afterwards finds it.
    """
    run_folder.mkdir(parents=True, exist_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-I", "-S", str(_LAUNCH)]
    command += ["--lock", str(lock_file(run_folder, program.name)), "--fingerprint", program.fingerprint]
    command += ["--log", str(log)]
    if program.account is not None:
        command += ["--account", f"{program.account.uid}:{program.account.gid}"]
    process = subprocess.Popen(
        [*command, "--", *program.command],
        cwd=program.folder,
        env=dict(program.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )

    def holds_or_ended() -> bool:
        found = running(run_folder, program.name)
        return (found is not None and found.pid == process.pid) or process.poll() is not None

    wait_until(holds_or_ended, limit_seconds=10)
    return process


def lock_file(run_folder: Path, name: str) -> Path:
    """Return the lock file of a program."""
    return run_folder / f"{name}.lock"


def running(run_folder: Path, name: str) -> Running | None:
    """Find a running program by its lock."""
    try:
        with lock_file(run_folder, name).open("r+b") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                written = lock.read()
            else:
                return None
    except FileNotFoundError:
        return None
    try:
        holder = json.loads(written)
        pid, started = int(holder["pid"]), int(holder["started"])
    except (ValueError, KeyError, TypeError):
        # Between taking the lock and writing: the id follows at once.
        return Running(name, 0, 0, "")
    return Running(name, pid, started, str(holder["command"]))


def stop(run_folder: Path, name: str, stop_signal: int = signal.SIGTERM, grace_seconds: float = 10.0) -> None:
    """End a program and everything it started: ask first, kill what is left after the grace.

    Raises
    ------
    TimeoutError
        Something holds the lock that cannot be killed (another user's, or stuck in the kernel).
    """
    ask(run_folder, name, stop_signal)
    if wait_until(lambda: running(run_folder, name) is None, grace_seconds):
        return
    kill(run_folder, name)


def ask(run_folder: Path, name: str, stop_signal: int) -> None:
    """Send a program the signal that asks it to end."""
    found = running(run_folder, name)
    if found is None or found.pid == 0:
        return
    with contextlib.suppress(ProcessLookupError):
        if found.leader_alive:
            os.kill(found.pid, stop_signal)
        else:
            os.killpg(found.pid, signal.SIGTERM)


def kill(run_folder: Path, name: str, limit_seconds: float = 10.0) -> None:
    """Kill a program and its process group; return when nothing is left of it."""

    def gone() -> bool:
        found = running(run_folder, name)
        if found is None:
            return True
        if found.pid:
            # The number cannot belong to a stranger: it stays taken while the group has members, and the
            # lock proves that it has.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(found.pid, signal.SIGKILL)
        return False

    if not wait_until(gone, limit_seconds):
        raise TimeoutError(f"{name} cannot be killed; its lock is {lock_file(run_folder, name)}")


def kill_without_lock(found: Running) -> None:
    """Kill a program whose lock file was deleted under it, if its leader still lives."""
    if found.pid and found.leader_alive:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(found.pid, signal.SIGKILL)


def wait_until(condition: Callable[[], bool], limit_seconds: float) -> bool:
    """Look at a condition until it holds; False when it does not within the limit."""
    deadline = time.monotonic() + limit_seconds
    pause = 0.01
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)
    return True


def start_ticks(pid: int) -> int | None:
    """Return when a process started, in clock ticks since boot; None when it is gone or a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])
