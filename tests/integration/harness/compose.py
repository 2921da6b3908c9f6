"""A stack in containers of the tests' own, in a Compose project of its own, used through the verbs."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ccat_dev_stack.checkout import checkout_folder
from ccat_dev_stack.contained import installation
from ccat_dev_stack.contained.engine import Compose, docker
from harness.deployment import Deployment, variables_of
from harness.waiting import wait_for

VERB_LIMIT_SECONDS = 420


@dataclass(frozen=True)
class ComposeStack:
    """A stack; its state is in ``<build>/compose``."""

    build: Path

    def verb(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a verb of the stack, as ``make dev-… BACKEND=compose`` does, to its end."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CCAT_")}
        return subprocess.run(
            [sys.executable, "-m", "ccat_dev_stack.contained", *arguments],
            env=environment | {"CCAT_BUILD_FOLDER": str(self.build), "COLUMNS": "200"},
            cwd=checkout_folder(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=VERB_LIMIT_SECONDS,
            check=False,
        )

    def up(self) -> str:
        """Start it; return what was printed."""
        return self._well("up")

    def down(self) -> str:
        """Stop it; return what was printed."""
        return self._well("down")

    def reset(self) -> None:
        """Stop it and delete its data."""
        self._well("reset")

    def environment(self) -> dict[str, str]:
        """Return what ``. build/compose/env`` sets in an otherwise empty shell."""
        return variables_of(self.build / "compose" / "env")

    def deployment(self) -> Deployment:
        """Return it as every other deployment."""
        return Deployment.from_environment(self.environment())

    def compose(self) -> Compose:
        """Return Compose with the project of this stack."""
        known = installation.load(self.build / "compose")
        assert known is not None, "the stack is not up"
        return known.compose(docker())

    def inspect(self, service: str) -> Any:
        """Return what the engine knows of the container of a service."""
        compose = self.compose()
        container = compose.run("ps", "--all", "--quiet", service).strip()
        return json.loads(_output([compose.program, "inspect", container]))[0]

    def kill(self, service: str) -> None:
        """Send SIGKILL to a service; return when it is gone. The engine does not start it again by itself."""
        self.compose().run("kill", "--signal", "SIGKILL", service)
        wait_for(
            f"{service} is gone",
            lambda: self.inspect(service)["State"]["Running"],
            lambda runs: not runs,
            30,
        )

    def start(self, service: str) -> None:
        """Start a service that was killed, and nothing else."""
        compose = self.compose()
        _output([compose.program, "start", self.inspect(service)["Id"]])

    def wait_well(self, limit_seconds: float = 120) -> None:
        """Wait until everything runs and answers."""
        wait_for(
            "everything runs",
            self.compose().containers,
            lambda containers: containers and all(it.is_well for it in containers),
            limit_seconds,
            first_pause=0.5,
        )

    def save_logs(self, folder: Path) -> None:
        """Write the log of each service, and what the engine knows of it."""
        if installation.load(self.build / "compose") is None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        compose = self.compose()
        for container in compose.containers():
            log = compose.run("logs", "--no-color", "--no-log-prefix", "--timestamps", container.service)
            (folder / f"{container.service}.log").write_text(log, "utf-8")
            known = json.dumps(self.inspect(container.service)["State"], indent=1)
            (folder / f"{container.service}.state.json").write_text(known)

    def _well(self, verb: str) -> str:
        done = self.verb(verb)
        assert done.returncode == 0, f"{verb} of {self.build}: {done.stdout}\n{done.stderr}"
        return done.stdout


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
