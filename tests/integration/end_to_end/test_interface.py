"""The web interface in a browser, with data that flow: all jobs on the embedded stack, some everywhere."""

import pytest
from harness.browser import run_in_browser
from harness.deployment import Deployment

JOBS = ("observation", "operation", "package")
"""Files with jobs in ``packages/ops-db-ui/tests/main``."""
EVERYWHERE = dict.fromkeys(("observation", "package"), ("--grep", "@everywhere"))
"""Those with jobs that need neither roles of development nor a stack of their own, and how to choose them."""


def test_people_do_it_in_a_browser(job: str, deployment: Deployment, pytestconfig: pytest.Config) -> None:
    name = str(pytestconfig.getoption("deployment"))
    artifacts = pytestconfig.rootpath / "build" / "artifacts" / name / "browser" / job
    run_in_browser(deployment, artifacts, f"{job}.spec.ts", *_chosen(name, job))


def _chosen(deployment: str, job: str) -> tuple[str, ...]:
    return () if deployment == "embedded" else EVERYWHERE[job]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    jobs = JOBS if metafunc.config.getoption("deployment") == "embedded" else tuple(EVERYWHERE)
    metafunc.parametrize("job", jobs)
