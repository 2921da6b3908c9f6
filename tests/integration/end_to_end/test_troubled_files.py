"""A wrong, short, missing or grown file holds its own package, by name; given back, it goes on."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from harness.api import Api
from harness.ccat import Ccat
from harness.journey import NewFolder
from harness.observing import file, start, wait_removed, wait_state
from harness.waiting import wait_for

from harness import trees

CONTENT = b"as it was filed " * 1000
BAD = "the bad one.fits"


def _wrong(path: Path) -> None:
    trees.write(path, CONTENT[:-1] + b"!")


def _short(path: Path) -> None:
    trees.write(path, CONTENT[:-1])


def _missing(path: Path) -> None:
    path.unlink()


def _grown(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b"still being written")


def _link(path: Path) -> None:
    path.rename(path.with_name("moved"))
    path.symlink_to("moved")


TROUBLES: dict[str, Callable[[Path], None]] = {
    "wrong": _wrong,
    "short": _short,
    "missing": _missing,
    "grown": _grown,
    "link": _link,
}

ALWAYS = ("wrong", "missing")
"""A file that has to be read and one that cannot be; of the others, too, the engine's own tests ask."""


@dataclass(frozen=True)
class Troubled:
    """An observation of which one module's file was spoilt after filing."""

    execution_id: str
    folder: Path


@pytest.fixture(scope="module")
def troubled(request: pytest.FixtureRequest, instrument: Ccat, new_folder: NewFolder) -> dict[str, Troubled]:
    """One observation per trouble that is tried, all at the same time."""
    ours = (item for item in request.session.items if item.path == request.path)
    long = any(item.get_closest_marker("long") for item in ours)
    observations = {}
    for name, spoil in TROUBLES.items():
        if name not in ALWAYS and not long:
            continue
        folder = new_folder(name)
        for module in ("bad", "good"):
            trees.write(folder / module / "neighbour 1.fits", CONTENT)
            trees.write(folder / module / BAD, CONTENT)
            trees.write(folder / module / "neighbour 2.fits", CONTENT)
        execution_id = start(instrument, "chai-lfa", "chai-hfa")
        file(instrument, execution_id, {"chai-lfa": folder / "bad", "chai-hfa": folder / "good"})
        spoil(folder / "bad" / BAD)
        observations[name] = Troubled(execution_id, folder)
    for observation in observations.values():
        instrument("obs", "finish", observation.execution_id)
    return observations


@pytest.mark.parametrize(
    "trouble",
    [name if name in ALWAYS else pytest.param(name, marks=pytest.mark.long) for name in TROUBLES],
)
def test_only_its_package_waits_and_goes_on_when_mended(
    trouble: str, troubled: dict[str, Troubled], ccat: Ccat, api: Api
) -> None:
    observation = troubled[trouble]
    packages = wait_for(
        "there are two packages",
        lambda: api.packages(observation.execution_id),
        lambda found: len(found) == 2,
    )
    bad, good = packages["chai-lfa"]["id"], packages["chai-hfa"]["id"]

    wait_state(api, good, "archived")
    wait_for(
        "the package waits for its file",
        lambda: [creation["waiting_reason"] for creation in _creations(api, bad)],
        lambda reasons: reasons == ["file_not_as_filed"],
    )
    waiting = ("wait", "--execution", observation.execution_id, "--for", "archived", "--timeout", "1")
    # A busy API does not always answer in that time.
    ended = wait_for("what holds it up is named", lambda: ccat.run(*waiting), lambda ended: BAD in ended.err)
    assert ended.status == 1, str(ended)
    for subject in (bad, observation.execution_id):
        answer = ccat.json("why", subject)
        assert any(BAD in (step["detail"] or "") for step in answer["steps"]), answer
        assert any(step["remedy"] for step in answer["steps"]), answer
        assert BAD in ccat("why", subject).replace("\n", " ")
    [file_id] = {it["id"] for it in api.all("raw-data-files", package_id=bad, problem="true")}
    assert BAD in api.all("errors", open="true", subject_id=file_id)[0]["message"]
    kept = trees.names(observation.folder / "bad", observation.folder / "bad")
    assert {"neighbour 1.fits", "neighbour 2.fits"} <= kept

    path = observation.folder / "bad" / BAD
    path.unlink(missing_ok=True)
    trees.write(path, CONTENT)
    [creation] = _creations(api, bad)
    api.post(f"package-creations/{creation['id']}:retry")
    wait_state(api, bad, "archived")
    wait_removed(ccat, observation.execution_id)
    left = trees.names(observation.folder, observation.folder)
    assert left == ({"bad/moved"} if trouble == "link" else set())
    assert api.all("errors", open="true", subject_id=file_id) == []


def _creations(api: Api, package_id: str) -> list[Any]:
    return api.all("package-creations", package_id=package_id)
