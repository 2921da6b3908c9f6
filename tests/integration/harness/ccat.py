"""The command `ccat`, run as anybody runs it: as a process, with nothing but its documented settings.

Python has imported it before: it is run hundreds of times. That the program is installed is asked by
`Ccat.run_program`.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ccat_dev_stack.preloaded import run_preloaded
from harness.deployment import Deployment
from harness.trees import hand_over

COMMAND_LIMIT_SECONDS = 280


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    arguments: tuple[str, ...]
    status: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"ccat {' '.join(self.arguments)}\nstatus {self.status}\n{self.out}\n{self.err}"


class Ccat:
    """Runs `ccat` against a deployment.

    Parameters
    ----------
    home
        Home and spool of whoever runs it.
    token
        API token; none at all if empty.
    """

    def __init__(self, deployment: Deployment, home: Path, token: str) -> None:
        self._program = program("ccat")
        self._deployment = deployment
        self._home = home
        self._environment = {
            "PATH": os.defpath,
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "CCAT_API_URL": deployment.api_url,
            "CCAT_SPOOL_FOLDER": str(home / "spool"),
        }
        if token:
            self._environment["CCAT_API_TOKEN"] = token

    def hand_over(self, top: Path) -> None:
        """Give what the tests wrote in the source folder to the user whom the workers run as."""
        hand_over(top, self._deployment.files_owner)

    def run(self, *arguments: str | Path, limit_seconds: float = COMMAND_LIMIT_SECONDS) -> Ended:
        """Run it to its end, whatever that is."""
        texts = tuple(str(argument) for argument in arguments)
        done = run_preloaded(
            "ccat_ops_db_client.commands.main",
            [self._program, *texts],
            self._environment,
            self._home,
            limit_seconds,
        )
        if "--ingest" in texts:
            self.hand_over(self._deployment.source_folder)
        return Ended(texts, done.status, done.out, done.err)

    def run_program(self, *arguments: str | Path) -> Ended:
        """Run the installed program to its end, whatever that is."""
        texts = tuple(str(argument) for argument in arguments)
        done = subprocess.run(
            [self._program, *texts],
            env=self._environment,
            cwd=self._home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_LIMIT_SECONDS,
            check=False,
        )
        return Ended(texts, done.returncode, done.stdout, done.stderr)

    def __call__(self, *arguments: str | Path) -> str:
        """Run it, require status 0, return what it printed."""
        ended = self.run(*arguments)
        assert ended.status == 0, str(ended)
        return ended.out.strip()

    def json(self, *arguments: str | Path) -> Any:
        """Run it with ``--json``, require status 0, return what it printed, parsed."""
        return json.loads(self(*arguments, "--json"))

    def refused(self, *arguments: str | Path) -> Ended:
        """Run it, require that it refuses with one clear message; return how it ended."""
        ended = self.run(*arguments)
        assert ended.status in (1, 2), str(ended)
        assert ended.err.strip(), str(ended)
        assert "Traceback" not in ended.err, str(ended)
        assert "defect of ccat" not in ended.err, str(ended)
        return ended


def program(name: str) -> str:
    """Return the path of a command of this environment, or of the PATH."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    assert found, f"{name} is neither beside {sys.executable} nor on the PATH"
    return found


def run_tool(command: Sequence[str | Path], folder: Path) -> str:
    """Run a program of the system, require status 0, return what it printed."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
        capture_output=True,
        check=False,
    )
    err = done.stderr.decode("utf-8", "replace")
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}: {err[-4000:]}"
    return done.stdout.decode("utf-8")
