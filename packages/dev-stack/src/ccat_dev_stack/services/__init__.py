"""PostgreSQL, Redis and S3 from Python wheels: how to prepare, run and probe each."""

from pathlib import Path
from typing import Protocol

from ccat_dev_stack import processes
from ccat_dev_stack.processes import Program, StartError


class Service(Protocol):
    """A server that can be prepared, run and asked whether it answers."""

    def prepare(self) -> None:
        """Make or mend what has to be there before the program starts; twice is as once."""

    def program(self) -> Program:
        """Return the program to run."""

    def is_ready(self) -> bool:
        """Say whether it answers as itself, not merely that something listens."""


def start_detached(service: Service, run_folder: Path, log: Path, limit_seconds: float = 60.0) -> None:
    """Start a service and wait until it answers.

    Raises
    ------
    StartError
        It ended or did not answer within the limit; the message has the end of its log.
    """
    service.prepare()
    program = service.program()
    process = processes.start(program, run_folder, log)
    processes.wait_until(lambda: service.is_ready() or process.poll() is not None, limit_seconds)
    if process.poll() is None and service.is_ready():
        # Not waited for on purpose: it outlives us.
        process.returncode = 0
        return
    how = "did not answer" if process.poll() is None else f"ended with status {process.returncode}"
    if process.poll() is None:
        processes.kill(run_folder, program.name)
        process.wait()
    raise StartError(f"{program.name} {how}; log {log}:\n{log_end(log)}")


def log_end(log: Path, lines: int = 20) -> str:
    """Return the last lines of a log."""
    try:
        return "\n".join(log.read_text("utf-8", "replace").splitlines()[-lines:])
    except FileNotFoundError:
        return "(no log)"
