"""The deployment under test: a stack of the tests' own, or what the environment describes."""

import fcntl
import os
import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from harness.api import Api
from harness.archive import Archive
from harness.ccat import Ccat
from harness.deployment import Deployment
from harness.diagnosis import describe
from harness.journey import NewFolder
from harness.last_release import name_of_last_release

if TYPE_CHECKING:
    from harness.compose import ComposeStack
    from harness.embedded import EmbeddedStack
    from harness.kubernetes import Site

_HERE = Path(__file__).resolve().parent
CHECKOUT = _HERE.parents[1]
BUILD = CHECKOUT / "build"

_OF_ONE_DEPLOYMENT = {
    "embedded": "embedded",
    "compose": "compose",
    "images": "compose",
    "kubernetes": "kubernetes",
}
"""Folders whose tests ask one kind of deployment what no other can be asked."""

_DEPLOYMENT = pytest.StashKey[Deployment]()
_STARTED = pytest.StashKey[ExitStack]()
"""What ends the stack."""
_MOST_DESCRIBED = 12
_DESCRIBED = pytest.StashKey[set[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--deployment",
        choices=["embedded", "compose", "kubernetes", "environment"],
        default="embedded",
        help="embedded, compose, kubernetes: start a stack of the tests' own and stop it at the end (KEEP=1 "
        "keeps it); environment: test what CCAT_API_URL and the other variables describe",
    )
    parser.addoption(
        "--large",
        action="store_true",
        help="also what takes minutes: a file of more than 8 GiB, ten minutes without an API server",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "large: takes minutes, or 40 GiB of disk; runs with --large")
    config.addinivalue_line("markers", "needs_kind: stops parts of a cluster that kind made")
    config.addinivalue_line("markers", "needs_release: upgrades from the last release, once there is one")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if collection_path.parent != _HERE or collection_path.name not in _OF_ONE_DEPLOYMENT:
        return None
    return True if _OF_ONE_DEPLOYMENT[collection_path.name] != config.getoption("deployment") else None


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what is left out, and why."""
    return [f"left out: tests marked {marker}: {why}" for marker, why in _left_out(config).items()]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was not asked for or cannot be; the stack's own troubles come last."""
    ours = [item for item in items if _HERE in item.path.parents]
    out = [item for item in ours if any(map(item.get_closest_marker, _left_out(config)))]
    items[:] = [item for item in items if item not in out]
    config.hook.pytest_deselected(items=out)
    items.sort(key=lambda item: not _OF_ONE_DEPLOYMENT.keys().isdisjoint(item.path.parts))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """End the stack after the last of its tests: it works, even where there is nothing to do."""
    yield
    last = next((it for it in reversed(item.session.items) if _HERE in it.path.parents), None)
    if item is last and (started := item.config.stash.get(_STARTED, None)):
        started.close()


def _left_out(config: pytest.Config) -> dict[str, str]:
    why = {}
    if not config.getoption("large"):
        why["large"] = "take minutes, or 40 GiB of disk; --large runs them"
    if config.getoption("deployment") == "kubernetes" and name_of_last_release() is None:
        why["needs_release"] = "no tag v* yet; upgrades are from this release to one with a newer schema"
    if config.getoption("deployment") == "kubernetes" and os.environ.get("KUBECONFIG"):
        why["needs_kind"] = "stop the cluster's API server; only one that kind made here lets them"
    return why


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    deployment = item.config.stash.get(_DEPLOYMENT, None)
    if report.failed and deployment is not None and _is_new(item.config, str(call.excinfo)):
        folder = BUILD / "artifacts" / item.config.getoption("deployment")
        folder.mkdir(parents=True, exist_ok=True)
        name = "".join(letter if letter.isalnum() else "-" for letter in item.nodeid)[-150:]
        path = folder / f"{name}.{report.when}.txt"
        home = folder / "home"
        home.mkdir(exist_ok=True)
        text = describe(deployment, Ccat(deployment, home, deployment.token))
        path.write_text(f"{report.longreprtext}\n\n{text}\n", "utf-8")
        report.sections.append(("deployment", f"what it looked like is in {path}"))
    return report


def _is_new(config: pytest.Config, error: str) -> bool:
    """Say whether to describe an error: one cause fails many tests, and each description takes seconds."""
    described = config.stash.setdefault(_DESCRIBED, set())
    new = error not in described and len(described) < _MOST_DESCRIBED
    described.add(error)
    return new


@contextmanager
def _one_run_at_a_time(build: Path) -> Iterator[None]:
    build.mkdir(parents=True, exist_ok=True)
    with (build / "run.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pytest.exit(f"another run of these tests uses {build}", returncode=3)
        yield


@pytest.fixture(scope="session")
def stack(pytestconfig: pytest.Config) -> "Iterator[EmbeddedStack]":
    """The embedded stack of this run."""
    with ExitStack() as started:
        pytestconfig.stash[_STARTED] = started
        yield started.enter_context(_embedded_stack())


@contextmanager
def _embedded_stack() -> "Iterator[EmbeddedStack]":
    from harness.embedded import EmbeddedStack

    build = BUILD / "integration"
    with _one_run_at_a_time(build):
        stack = EmbeddedStack(build)
        stack.reset()
        try:
            stack.up()
            yield stack
        finally:
            if os.environ.get("KEEP") == "1":
                print(f"kept: CCAT_BUILD_FOLDER={build}  . {build}/dev/env")
            else:
                stack.reset()


@pytest.fixture(scope="session")
def compose_stack() -> "Iterator[ComposeStack]":
    """The stack in containers of this run."""
    from harness.compose import ComposeStack

    build = BUILD / "integration-compose"
    with _one_run_at_a_time(build):
        stack = ComposeStack(build)
        stack.reset()
        try:
            stack.up()
            yield stack
        finally:
            stack.save_logs(BUILD / "artifacts" / "compose")
            if os.environ.get("KEEP") == "1":
                print(f"kept: CCAT_BUILD_FOLDER={build}  . {build}/compose/env")
            else:
                stack.reset()


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest) -> "Iterator[Site]":
    """The site in a cluster of this run."""
    from harness.cluster import what_is_missing
    from harness.installation import installed_site

    if missing := what_is_missing():
        pytest.exit("; ".join(missing), returncode=3)
    build = BUILD / "integration-kubernetes"
    with _one_run_at_a_time(build), installed_site(build) as site:
        try:
            yield site
        finally:
            if request.session.testsfailed:
                site.save(BUILD / "artifacts" / "kind" / site.namespace)


_STACKS = {"embedded": "stack", "compose": "compose_stack", "kubernetes": "site"}


@pytest.fixture(scope="session")
def deployment(request: pytest.FixtureRequest) -> Deployment:
    """What is tested."""
    kind = request.config.getoption("deployment")
    if kind == "environment":
        deployment = Deployment.from_environment(os.environ)
    else:
        stack: EmbeddedStack | ComposeStack | Site = request.getfixturevalue(_STACKS[kind])
        deployment = stack.deployment()
    request.config.stash[_DEPLOYMENT] = deployment
    return deployment


@pytest.fixture(scope="session")
def ccat(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Ccat:
    """The command of a person who may do everything."""
    return Ccat(deployment, tmp_path_factory.mktemp("person"), deployment.token)


@pytest.fixture(scope="session")
def instrument(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Ccat:
    """The command of instrument software."""
    return Ccat(deployment, tmp_path_factory.mktemp("instrument"), deployment.instrument_token)


@pytest.fixture(scope="session")
def api(deployment: Deployment) -> Iterator[Api]:
    """The API for a person who may do everything."""
    with Api(deployment, deployment.token) as api:
        yield api


@pytest.fixture(scope="session")
def instrument_api(deployment: Deployment) -> Iterator[Api]:
    """The API for instrument software."""
    with Api(deployment, deployment.instrument_token) as api:
        yield api


@pytest.fixture(scope="session")
def archive(deployment: Deployment) -> Archive:
    """The bucket of the archive."""
    return Archive(deployment)


@pytest.fixture(scope="session")
def new_folder(deployment: Deployment) -> NewFolder:
    """Make folders in the source location."""
    return NewFolder(deployment)
