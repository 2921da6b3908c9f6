"""Holds everything that the charts render against checkov's policies: ``python -m charts.tools.policies``.

checkov has many dependencies that the packages need not agree with: it runs from an environment of its own,
which uv makes. Exceptions stand in ``checkov.yaml``.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from charts.tools.dependencies import HelmError, run_helm
from charts.tools.schemas import CHARTS, chart_names

CHECKOV = "checkov==3.2.533"
UV = CHARTS.parent / "build" / "uv" / "bin" / "uv"
KUBERNETES = "1.34.0"


def render(folder: Path) -> int:
    """Render each chart with each of its values files into a folder; return how many there are.

    Raises
    ------
    HelmError
        helm is not there, or refused.
    """
    files = [
        (chart, file) for chart in chart_names() for file in sorted((CHARTS / chart / "ci").glob("*.yaml"))
    ]
    files += [("data-center", file) for file in sorted((CHARTS / "data-center" / "examples").glob("*.yaml"))]
    for chart, file in files:
        options = [
            "--namespace",
            "observatory",
            "--kube-version",
            KUBERNETES,
            "--is-upgrade",
            "--values",
            str(file),
        ]
        text = run_helm("template", "data-center", str(CHARTS / chart), *options)
        (folder / f"{chart}-{file.stem}.yaml").write_text(text)
    return len(files)


def main() -> None:
    """Render, check, and end with checkov's status."""
    with tempfile.TemporaryDirectory() as name:
        try:
            count = render(Path(name))
        except HelmError as error:
            sys.exit(f"charts: {error}")
        command = [str(UV), "tool", "run", "--from", CHECKOV, "checkov"]
        arguments = ["--directory", name, "--config-file", str(CHARTS / "checkov.yaml")]
        environment = {**os.environ, "UV_TOOL_DIR": str(CHARTS.parent / "build" / "tools")}
        done = subprocess.run([*command, *arguments], env=environment, check=False)
    if done.returncode == 0:
        sys.stdout.write(f"checkov finds nothing in {count} renders\n")
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
