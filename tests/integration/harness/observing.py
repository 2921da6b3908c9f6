"""Observations as instrument software makes them: start, write, file, finish."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.api import Api
from harness.ccat import Ccat
from harness.deployment import OBS_UNIT
from harness.waiting import wait_for

ARCHIVE_LIMIT_SECONDS = 240


def start(ccat: Ccat, *modules: str) -> str:
    """Start an observation and return its id."""
    options = [part for module in modules for part in ("--module", module)]
    return ccat("obs", "start", "--obs-unit", OBS_UNIT, *options)


def file(ccat: Ccat, execution_id: str, trees: Mapping[str, Path]) -> None:
    """File the tree of each module."""
    for module, top in trees.items():
        ccat.hand_over(top)
        ccat("file", "--execution", execution_id, "--module", module, top)


def observe(ccat: Ccat, trees: Mapping[str, Path]) -> str:
    """Run an observation of which each module wrote one tree; return its id."""
    execution_id = start(ccat, *trees)
    file(ccat, execution_id, trees)
    ccat("obs", "finish", execution_id)
    return execution_id


def wait_removed(ccat: Ccat, execution_id: str) -> None:
    """Wait until everything of an execution is archived and removed at its source."""
    timeout = str(ARCHIVE_LIMIT_SECONDS)
    ccat("wait", "--execution", execution_id, "--for", "removed-at-source", "--timeout", timeout)


def wait_state(api: Api, package_id: str, state: str) -> Any:
    """Wait until a package has a state; return the package."""
    return wait_for(
        f"package {package_id} is {state}",
        lambda: api.package(package_id),
        lambda package: package["state"] == state,
        ARCHIVE_LIMIT_SECONDS,
    )
