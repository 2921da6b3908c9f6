"""Brings into each chart what it depends on: ``python -m charts.tools.dependencies``, or ``make charts``.

helm packs a dependency with ``file://`` as it is at that moment: after a change of a chart this has to run
again before the charts that depend on it are installed.
"""

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml
from charts.tools.schemas import CHARTS

HELM_IS_MISSING = (
    "helm is missing: install helm 3.17 or newer (https://helm.sh/docs/intro/install;"
    " macOS: brew install helm; Go: go install helm.sh/helm/v3/cmd/helm@latest)"
)


class HelmError(RuntimeError):
    """helm is missing or refused; the message is for people."""


def run_helm(*arguments: str) -> str:
    """Return what helm prints.

    Raises
    ------
    HelmError
        helm is not there, or ended with an error.
    """
    program = shutil.which("helm")
    if program is None:
        raise HelmError(HELM_IS_MISSING)
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise HelmError(done.stderr.strip())
    return done.stdout


def dependencies(folder: Path) -> Mapping[str, list[str]]:
    """Return the charts in a folder with the charts that each needs, those that are needed first."""
    needs = {}
    for path in folder.glob("*/Chart.yaml"):
        document = yaml.safe_load(path.read_text())
        needs[path.parent.name] = [entry["name"] for entry in document.get("dependencies", [])]
    ordered: dict[str, list[str]] = {}
    while len(ordered) < len(needs):
        ready = [
            chart for chart in sorted(needs) if chart not in ordered and set(needs[chart]) <= set(ordered)
        ]
        if not ready:
            raise HelmError(
                f"charts that depend on each other, or on one that is missing: {set(needs) - set(ordered)}"
            )
        ordered |= {chart: needs[chart] for chart in ready}
    return ordered


def bring(folder: Path) -> None:
    """Bring into each chart of a folder what it depends on.

    Raises
    ------
    HelmError
        helm is not there, or refused.
    """
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for chart, needed in dependencies(folder).items():
            if needed:
                run_helm("dependency", "update", "--skip-refresh", str(folder / chart))
                # It holds the time at which it was made, and nothing that a dependency by file:// needs.
                (folder / chart / "Chart.lock").unlink(missing_ok=True)


def main() -> None:
    """Bring what the charts of the checkout depend on."""
    try:
        bring(CHARTS)
    except HelmError as error:
        sys.exit(f"charts: {error}")


if __name__ == "__main__":
    main()
