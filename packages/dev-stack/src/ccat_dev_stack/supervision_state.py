"""Where a supervisor and those who ask about it meet: a folder with files that are replaced whole."""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from ccat_dev_stack import processes

SUPERVISOR = "supervisor"
GUARDIAN = "guardian"


class State(StrEnum):
    """State of a unit."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    DONE = "done"
    RESTARTING = "restarting"


SETTLED = (State.READY, State.DONE)


@dataclass(frozen=True)
class Report:
    """What is known of a unit.

    Parameters
    ----------
    detail
        What it waits for, or how it ended last.
    restarts
        How often it was started again since the supervisor started.
    since
        Start of this state, seconds since the epoch.
    """

    name: str
    state: State
    pid: int | None
    restarts: int
    detail: str
    since: float


@dataclass(frozen=True)
class Folder:
    """The folder of one supervisor: locks, logs, reports, and whether it shall run at all."""

    path: Path

    @property
    def run(self) -> Path:
        """Folder of the locks."""
        return self.path / "run"

    @property
    def logs(self) -> Path:
        """Folder of the logs, one per unit."""
        return self.path / "logs"

    def log(self, name: str) -> Path:
        """Return the log of a unit."""
        return self.logs / f"{name}.log"

    def is_wanted(self) -> bool:
        """Say whether the units shall run."""
        return (self.run / "wanted").exists()

    def want(self) -> None:
        """Note that the units shall run."""
        self.run.mkdir(parents=True, exist_ok=True)
        (self.run / "wanted").touch()

    def unwant(self) -> None:
        """Note that the units shall not run."""
        (self.run / "wanted").unlink(missing_ok=True)

    def write_reports(self, reports: list[Report], supervisor_pid: int) -> None:
        """Publish what is known of all units."""
        self.run.mkdir(parents=True, exist_ok=True)
        temporary = self.run / f"reports.{supervisor_pid}"
        content = {"supervisor": supervisor_pid, "units": [asdict(report) for report in reports]}
        temporary.write_text(json.dumps(content, indent=1))
        temporary.replace(self.run / "reports.json")

    def reports(self) -> list[Report]:
        """Return what the running supervisor published last; nothing when none runs."""
        supervisor = processes.running(self.run, SUPERVISOR)
        if supervisor is None:
            return []
        try:
            content = json.loads((self.run / "reports.json").read_text())
        except (FileNotFoundError, ValueError):
            return []
        if content["supervisor"] != supervisor.pid:
            return []
        return [Report(**{**unit, "state": State(unit["state"])}) for unit in content["units"]]
