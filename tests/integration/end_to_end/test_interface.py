"""The web interface in a browser, with data that flow: all jobs on the embedded stack, some everywhere."""

import pytest
from harness.browser import FOLDER, run_in_browser
from harness.deployment import Deployment

JOBS = {
    path.name.removesuffix(".spec.ts"): path.read_text("utf-8")
    for path in sorted((FOLDER / "tests" / "main").glob("*.spec.ts"))
}
"""Files with jobs, by their names."""
MARK = "@everywhere"
"""What jobs are marked with that need neither roles of development nor a stack of their own."""


def test_people_do_it_in_a_browser(job: str, deployment: Deployment, pytestconfig: pytest.Config) -> None:
    name = str(pytestconfig.getoption("deployment"))
    artifacts = pytestconfig.rootpath / "build" / "artifacts" / name / "browser" / job
    chosen = () if name == "embedded" else ("--grep", MARK)
    run_in_browser(deployment, artifacts, f"{job}.spec.ts", *chosen)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    embedded = metafunc.config.getoption("deployment") == "embedded"
    metafunc.parametrize("job", [job for job, text in JOBS.items() if embedded or MARK in text])
