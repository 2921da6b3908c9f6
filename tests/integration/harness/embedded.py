"""An embedded stack of the tests' own, in a folder of its own, used through the verbs that everybody uses."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from ccat_dev_stack import processes
from ccat_dev_stack.checkout import checkout_folder
from ccat_dev_stack.preloaded import Ended, run_preloaded
from ccat_dev_stack.supervision_state import SETTLED, Folder, Report
from harness.deployment import Deployment, variables_of
from harness.waiting import wait_for, wait_until

VERB_LIMIT_SECONDS = 300


@dataclass(frozen=True)
class EmbeddedStack:
    """A stack; its state is in ``<build>/dev``.

    Parameters
    ----------
    build
        Build folder of the stack; not the one of the checkout, where a developer's stack may be.
    """

    build: Path

    @property
    def folder(self) -> Folder:
        """Locks, logs and reports."""
        return Folder(self.build / "dev")

    def verb(self, *arguments: str) -> Ended:
        """Run a verb of the stack, as ``make dev-…`` does, to its end."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CCAT_")}
        return run_preloaded(
            "ccat_dev_stack.stack.commands",
            ["python -m ccat_dev_stack", *arguments],
            environment | {"CCAT_BUILD_FOLDER": str(self.build), "SIMULATE": "0", "COLUMNS": "200"},
            checkout_folder(),
            VERB_LIMIT_SECONDS,
        )

    def up(self) -> str:
        """Start it; return what was printed."""
        done = self.verb("up")
        assert done.status == 0, f"dev-up of {self.build}: {done.out}\n{done.err}"
        return done.out

    def down(self) -> str:
        """Stop it; return what was printed."""
        done = self.verb("down")
        assert done.status == 0, f"dev-down of {self.build}: {done.out}\n{done.err}"
        return done.out

    def reset(self) -> None:
        """Stop it and delete its data."""
        done = self.verb("reset")
        assert done.status == 0, f"dev-reset of {self.build}: {done.out}\n{done.err}"

    def environment(self) -> dict[str, str]:
        """Return what ``. build/dev/env`` sets in an otherwise empty shell."""
        return variables_of(self.folder.path / "env")

    def deployment(self) -> Deployment:
        """Return it as every other deployment."""
        return Deployment.from_environment(self.environment())

    def report(self, name: str) -> Report | None:
        """Return what the supervisor says of a unit."""
        return next((report for report in self.folder.reports() if report.name == name), None)

    def units(self) -> list[str]:
        """Return the names of everything that is supervised, and of the supervisor."""
        return ["supervisor", *(report.name for report in self.folder.reports())]

    def pid(self, name: str) -> int:
        """Return the process id of the leader of a unit."""
        found = wait_for(
            f"{name} runs", lambda: processes.running(self.folder.run, name), lambda it: it and it.pid, 60
        )
        assert found is not None
        return found.pid

    def kill(self, name: str) -> int:
        """Send SIGKILL to the process of a unit, as the kernel does when memory is short; return its id."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        wait_until(f"process {pid} of {name} is gone", lambda: processes.start_ticks(pid) is None, 30)
        return pid

    def kill_group(self, name: str) -> None:
        """Send SIGKILL to a unit and everything that it started."""
        found = processes.running(self.folder.run, name)
        if found is not None and found.pid:
            os.killpg(found.pid, signal.SIGKILL)

    def stop(self, name: str, stop_signal: signal.Signals) -> int:
        """Ask a unit to end; its supervisor will start it again. Return the id that it had."""
        pid = self.pid(name)
        os.kill(pid, stop_signal)
        wait_until(f"process {pid} of {name} is gone", lambda: processes.start_ticks(pid) is None, 60)
        return pid

    def how_it_runs(self, name: str) -> tuple[list[str], dict[str, str], Path]:
        """Return command, environment and working folder of a unit."""
        process = Path(f"/proc/{self.pid(name)}")
        command = (process / "cmdline").read_text().rstrip("\0").split("\0")
        variables = (process / "environ").read_text().split("\0")
        return command, dict(it.split("=", 1) for it in variables if it), (process / "cwd").readlink()

    def wait_settled(self, limit_seconds: float = 120) -> None:
        """Wait until everything runs and answers."""
        wait_for(
            "everything runs",
            self.folder.reports,
            lambda reports: reports and all(report.state in SETTLED for report in reports),
            limit_seconds,
        )

    def processes_left(self) -> dict[int, str]:
        """Return what runs of this stack: its folder is in the command, or is the working folder."""
        path = str(self.build)
        left = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                working = str((entry / "cwd").readlink())
            except OSError:
                continue
            if path in command or working.startswith(path):
                left[int(entry.name)] = command
        return left
