"""The processes of the stack, with what each needs."""

import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ccat_dev_stack import ports
from ccat_dev_stack.processes import Program
from ccat_dev_stack.services import Service
from ccat_dev_stack.stack.environment import (
    api_settings,
    client_settings,
    listen_arguments,
    process_environment,
    programs_folder,
)
from ccat_dev_stack.stack.installation import SITES, Installation, load
from ccat_dev_stack.units import Unit

SETUP = "setup"


def development_units(path: Path) -> Sequence[Unit]:
    """Return the units of the installation in a folder."""
    installation = load(path)
    if installation is None:
        raise FileNotFoundError(f"{path} holds no installation; run make dev-up")
    units = [_server(service) for service in (installation.postgresql, installation.redis, installation.s3)]
    units.append(
        Unit(
            _python(installation, SETUP, "ccat_dev_stack.stack.setup", str(path)),
            needs=("postgresql", "redis", "seaweedfs"),
            once=True,
        )
    )
    units.append(_api(installation))
    for site in SITES:
        units.append(_data_server(installation, site))
        units.append(_worker(installation, site))
    units.append(Unit(_command(installation, "planner", "ccat-transfer", "planner"), needs=(SETUP,)))
    if installation.simulate != "0":
        telescope = _python(installation, "telescope", "ccat_dev_stack.telescope", str(path))
        units.append(Unit(telescope, needs=("api",)))
    return units


def _server(service: Service) -> Unit:
    return Unit(service.program(), is_ready=service.is_ready, prepare=service.prepare)


def _api(installation: Installation) -> Unit:
    program = _command(
        installation,
        "api",
        "ccat-ops-db-api",
        *listen_arguments(installation.api_port),
        settings=api_settings(installation),
    )
    return Unit(program, needs=(SETUP,), is_ready=_answers(f"{installation.api_url}/readyz"))


def _data_server(installation: Installation, site: str) -> Unit:
    port = installation.data_server_ports[SITES.index(site)]
    program = _command(
        installation,
        f"data-server-{site}",
        "ccat-transfer",
        "data-server",
        "--site",
        site,
        *listen_arguments(port),
    )
    return Unit(program, needs=(SETUP,), is_ready=lambda: ports.accepts(port))


def _worker(installation: Installation, site: str) -> Unit:
    program = _command(installation, f"worker-{site}", "ccat-transfer", "worker", "--site", site)
    return Unit(program, needs=(SETUP,))


def _python(installation: Installation, name: str, module: str, *arguments: str) -> Program:
    return Program(
        name,
        (sys.executable, "-m", module, *arguments),
        folder=installation.path,
        environment=process_environment(installation) | client_settings_without_token(installation),
    )


def client_settings_without_token(installation: Installation) -> dict[str, str]:
    """Return the client's settings; the token is read when it is there, not when units are made."""
    settings = client_settings(installation)
    del settings["CCAT_API_TOKEN"]
    return settings


def _command(
    installation: Installation,
    name: str,
    command: str,
    *arguments: str,
    settings: Mapping[str, str] | None = None,
) -> Program:
    return Program(
        name,
        (str(programs_folder() / command), *arguments),
        folder=installation.path,
        environment=process_environment(installation) | dict(settings or {}),
        grace_seconds=12,  # a worker hands its work back within 10
    )


def _answers(url: str) -> Callable[[], bool]:
    def answers() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=3) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    return answers
