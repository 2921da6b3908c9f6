"""The web interface in a browser, with data that flow: all jobs on the embedded stack, some everywhere.

`make test-long` does those that tests of components do, too, with answers of their own (beside a list, ticked
rows), and those that do more often what another job does.
"""

import re

import pytest
from harness.browser import FOLDER, run_in_browser
from harness.deployment import Deployment

TEXTS = {
    path.name.removesuffix(".spec.ts"): path.read_text("utf-8")
    for path in sorted((FOLDER / "tests" / "main").glob("*.spec.ts"))
}
JOBS = {file: re.findall(r'^test\("(.*?)"', text, re.MULTILINE) for file, text in TEXTS.items()}
"""Names of the jobs of each file, by its name."""
EVERYWHERE = "@everywhere"
"""What jobs are marked with that need neither roles of development nor a stack of their own."""
LONG = "@long"
"""What jobs are marked with that are for `make test-long`."""


def test_people_do_it_in_a_browser(
    file: str, chosen: tuple[str, str], deployment: Deployment, pytestconfig: pytest.Config
) -> None:
    name = str(pytestconfig.getoption("deployment"))
    artifacts = pytestconfig.rootpath / "build" / "artifacts" / name / "browser" / file
    run_in_browser(deployment, artifacts, f"{file}.spec.ts", *chosen)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "chosen" not in metafunc.fixturenames:
        return
    cases = []
    for file, jobs in JOBS.items():
        long = [job for job in jobs if LONG in job]
        if metafunc.config.getoption("deployment") != "embedded":
            if any(EVERYWHERE in job for job in jobs):
                cases.append(pytest.param(file, ("--grep", EVERYWHERE), id=file))
            continue
        if len(long) < len(jobs):
            cases.append(pytest.param(file, ("--grep-invert", LONG), id=file))
        if long:
            cases.append(pytest.param(file, ("--grep", LONG), id=f"{file}-long", marks=pytest.mark.long))
    metafunc.parametrize(("file", "chosen"), cases)


def test_every_job_is_known() -> None:
    assert {file: len(jobs) for file, jobs in JOBS.items()} == {
        file: len(re.findall(r"(?<![\w.])test\(", text)) for file, text in TEXTS.items()
    }
