"""Jobs of people in a browser: those of ``packages/ops-db-ui/tests/main``, run by Playwright for Node."""

import os
import subprocess
import sys
from pathlib import Path

from ccat_dev_stack.checkout import checkout_folder
from harness.deployment import Deployment

FOLDER = checkout_folder() / "packages" / "ops-db-ui"
LIMIT_SECONDS = 900


def run_in_browser(deployment: Deployment, artifacts: Path, *options: str) -> None:
    """Run jobs at the interface of a deployment to their end.

    Parameters
    ----------
    artifacts
        Folder for pictures and traces of those that fail.
    options
        Which ones, as Playwright's command takes it.
    """
    program = FOLDER / "node_modules" / "@playwright" / "test" / "cli.js"
    assert program.exists(), "the interface's tools are missing: make environment"
    chromium = os.environ.get("CCAT_UI_CHROMIUM") or "/usr/bin/chromium"
    assert os.access(chromium, os.X_OK), (
        f"{chromium} is missing: install Chromium, or name it in CCAT_UI_CHROMIUM"
    )
    programs = Path(sys.executable).parent
    described = deployment.variables() | {
        "CCAT_UI_TEST_OUTPUT": str(artifacts),
        "PATH": f"{programs}:{os.environ.get('PATH', os.defpath)}",
    }
    done = subprocess.run(
        [programs / "node", program, "test", *options],
        cwd=FOLDER,
        env={**os.environ, **described},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"in the browser:\n{done.stdout[-8000:]}\n{done.stderr[-2000:]}"
