"""The container engine and Compose, as programs."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ccat_dev_stack.checkout import checkout_folder

IMAGES = ("ops-db-api", "data-transfer", "operator", "dev-services", "ops-db-ui")
COMPOSE_FILE = checkout_folder() / "compose" / "compose.yaml"


class EngineError(RuntimeError):
    """What is needed of the machine is missing, or refused; the message says which and the remedy."""


@dataclass(frozen=True)
class Container:
    """A container of the stack."""

    service: str
    state: str
    health: str
    exit_code: int

    @property
    def is_well(self) -> bool:
        """It runs and answers, or it was to run once and did."""
        if self.state == "exited":
            return self.exit_code == 0 and self.service in ONCE
        return self.state == "running" and self.health in ("healthy", "")

    @property
    def has_failed(self) -> bool:
        """It ended and will not be started again."""
        return self.state == "exited" and (self.exit_code != 0 or self.service not in ONCE)


ONCE = ("migrate", "configure")
"""Services that run to their end."""


def docker() -> str:
    """Return the program of the engine: ``docker``, or what ``DOCKER`` names.

    Raises
    ------
    EngineError
        It is not there, or the engine does not answer, or Compose is missing.
    """
    program = os.environ.get("DOCKER") or "docker"
    if shutil.which(program) is None:
        raise EngineError(
            f"{program} is missing: install a container engine (https://docs.docker.com/engine/install), "
            "or name another with DOCKER=…; make dev-up without BACKEND needs none"
        )
    if subprocess.run([program, "info"], capture_output=True, check=False).returncode:
        raise EngineError(f"the container engine of {program} does not answer: start it")
    if subprocess.run([program, "compose", "version"], capture_output=True, check=False).returncode:
        raise EngineError(
            f"{program} compose is missing: install the Compose plugin "
            "(https://docs.docker.com/compose/install; Debian, Ubuntu: apt install docker-compose-v2)"
        )
    return program


def ensure_images(program: str) -> None:
    """Build the images that are missing, as ``make images`` does; those that are there are used as they are.

    Raises
    ------
    EngineError
        They cannot be built.
    """
    prefix = os.environ.get("IMAGE_PREFIX") or "ccatobs"
    tag = os.environ.get("IMAGE_TAG") or "0.1.0"
    missing = [
        name
        for name in IMAGES
        if subprocess.run(
            [program, "image", "inspect", f"{prefix}/{name}:{tag}"], capture_output=True, check=False
        ).returncode
    ]
    if not missing:
        return
    print(f"there is no image {', '.join(missing)} yet: make images", flush=True)
    build = checkout_folder() / "compose" / "images" / "build.py"
    if subprocess.run([sys.executable, build, *missing], check=False).returncode:
        raise EngineError("the images could not be built; make images says why")


@dataclass(frozen=True)
class Compose:
    """Compose with one project."""

    program: str
    project: str
    settings: Mapping[str, str]

    def command(self, *arguments: str) -> list[str]:
        """Return a command line."""
        return [
            self.program,
            "compose",
            "--project-name",
            self.project,
            "--file",
            str(COMPOSE_FILE),
            *arguments,
        ]

    def environment(self) -> dict[str, str]:
        """Return the variables that the Compose file asks for, and those of the engine."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CCAT_")}
        return {"COMPOSE_PROFILES": "second-site", **kept, **self.settings}

    def run(self, *arguments: str) -> str:
        """Run to the end and return what was printed.

        Raises
        ------
        EngineError
            It ended with an error; the message has the end of what it said.
        """
        done = subprocess.run(
            self.command(*arguments), env=self.environment(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            said = "\n".join(done.stderr.strip().splitlines()[-15:])
            raise EngineError(f"docker compose {' '.join(arguments)} ended with {done.returncode}:\n{said}")
        return done.stdout

    def containers(self) -> list[Container]:
        """Return the containers of the project, also those that ended."""
        lines = self.run("ps", "--all", "--format", "json").strip()
        found: Sequence[Mapping[str, Any]] = (
            json.loads(lines) if lines.startswith("[") else [json.loads(line) for line in lines.splitlines()]
        )
        return sorted(
            (
                Container(it["Service"], it["State"], it.get("Health") or "", int(it.get("ExitCode") or 0))
                for it in found
            ),
            key=lambda container: container.service,
        )
