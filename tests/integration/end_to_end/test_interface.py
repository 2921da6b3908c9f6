"""The web interface in a browser, with data that flow: the jobs that can be done on every deployment."""

from pathlib import Path

import pytest
from harness.browser import run_in_browser
from harness.deployment import Deployment

JOBS = ("observation", "package")
"""Files with jobs that are marked so, in ``packages/ops-db-ui/tests/main``."""


@pytest.mark.parametrize("job", JOBS)
def test_people_do_it_in_a_browser(job: str, deployment: Deployment, pytestconfig: pytest.Config) -> None:
    artifacts = Path("build", "artifacts", str(pytestconfig.getoption("deployment")), "browser", job)
    run_in_browser(deployment, pytestconfig.rootpath / artifacts, f"{job}.spec.ts", "--grep", "@everywhere")
