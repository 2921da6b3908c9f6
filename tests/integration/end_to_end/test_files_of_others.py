"""Files that others made come through: archived in the open, removed only then, given back as they were."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import bagit
import pytest
from harness.api import Api
from harness.archive import Archive, index_name, object_name
from harness.ccat import Ccat, run_tool
from harness.deployment import MODULES, Deployment
from harness.journey import SMALL_FILES, Archived, Unpacked
from harness.trees import Tree

from harness import trees

# Each costs a request of its own.
RANGES_READ = 60


def test_every_file_is_filed_and_archived(archived: Archived, api: Api) -> None:
    progress = api.progress(archived.execution_id)
    assert progress["failed"] == []
    assert progress["archived"]
    assert progress["removed_at_source"]
    assert progress["files"] == sum(len(tree) for tree in archived.trees.values())
    assert progress["bytes"] == sum(_size(tree) for tree in archived.trees.values())
    assert {module: p["file_count"] for module, p in archived.packages.items()} == {
        module: len(tree) for module, tree in archived.trees.items()
    }
    assert archived.packages["mini-chai"]["file_count"] == SMALL_FILES


def test_no_file_leaves_the_source_before_its_package_is_archived(archived: Archived) -> None:
    assert archived.too_early == ()


def test_events_tell_that_archiving_came_before_removal(archived: Archived, api: Api) -> None:
    for package in archived.packages.values():
        events = api.all("events", subject_id=package["id"], sort="occurred_at")
        actions = [event["action"] for event in events]
        assert actions.index("package.archived") < actions.index("copy.deleted"), actions
        assert actions.index("package.sealed") < actions.index("package.archived"), actions


def test_nothing_of_them_is_left_at_the_source(archived: Archived, deployment: Deployment) -> None:
    for module, folder in archived.folders.items():
        assert trees.names(folder, deployment.source_folder) == set(), module
        assert archived.packages[module]["source_files"] == {
            "present": 0,
            "deleted": len(archived.trees[module]),
        }


@pytest.mark.parametrize("module", MODULES)
def test_gnu_tar_lists_and_unpacks_it_as_it_was(
    module: str, archived: Archived, unpacked: Mapping[str, Unpacked]
) -> None:
    package = unpacked[module]
    assert all(name.startswith(f"{package.bag.name}/") for name in package.listing)
    found = trees.tree(package.bag / "data", package.bag / "data")
    assert found == archived.trees[module]
    listed = {name.removeprefix(f"{package.bag.name}/data/") for name in package.listing}
    assert set(found) <= listed


@pytest.mark.parametrize("module", MODULES)
def test_it_is_a_valid_bag(module: str, unpacked: Mapping[str, Unpacked]) -> None:
    bag = bagit.Bag(str(unpacked[module].bag))
    bag.validate()
    assert bag.info["External-Identifier"], bag.info


@pytest.mark.parametrize("module", MODULES)
def test_sha256sum_agrees(module: str, archived: Archived, unpacked: Mapping[str, Unpacked]) -> None:
    bag = unpacked[module].bag
    agreed = run_tool(["sha256sum", "--check", "--strict", "manifest-sha256.txt"], bag).splitlines()
    assert len(agreed) == len(archived.trees[module])
    assert all(line.endswith(": OK") for line in agreed)
    run_tool(["sha256sum", "--check", "--strict", "--quiet", "tagmanifest-sha256.txt"], bag)
    manifest = (bag / "manifest-sha256.txt").read_bytes()
    recorded = archived.packages[module]["manifest_checksum"]
    assert recorded == f"sha256:{hashlib.sha256(manifest).hexdigest()}"


@pytest.mark.parametrize("module", MODULES)
def test_the_index_beside_it_finds_each_file_by_range(
    module: str, archived: Archived, archive: Archive, unpacked: Mapping[str, Unpacked]
) -> None:
    package = archived.packages[module]
    members = json.loads(archive.read(index_name(package)))["members"]
    assert {member["path"] for member in members} == set(archived.trees[module])
    with unpacked[module].tar.open("rb") as tar:
        for member in members:
            tar.seek(member["offset"])
            content = tar.read(member["size"])
            assert hashlib.sha256(content).hexdigest() == archived.trees[module][member["path"]].sha256, (
                member
            )
    for member in members[:: max(1, len(members) // RANGES_READ)]:
        content = archive.read_range(object_name(package), member["offset"], member["size"])
        assert hashlib.sha256(content).hexdigest() == member["sha256"], member


@pytest.mark.parametrize("module", MODULES)
def test_the_index_is_the_same_everywhere(
    module: str, archived: Archived, archive: Archive, api: Api, unpacked: Mapping[str, Unpacked]
) -> None:
    package = archived.packages[module]
    beside = json.loads(archive.read(index_name(package)))
    assert api.get(f"raw-data-packages/{package['id']}/index")["members"] == beside["members"]
    listed = {
        file["relative_path"]: (file["size"], file["member_offset"], file["member_checksum"])
        for file in api.all(f"raw-data-packages/{package['id']}/files", limit=1000)
    }
    assert listed == {m["path"]: (m["size"], m["offset"], f"sha256:{m['sha256']}") for m in beside["members"]}
    assert beside["package_id"] == package["id"]
    assert unpacked[module].tar.stat().st_size == package["size"]
    assert trees.xxh3_128(unpacked[module].tar.read_bytes()) == package["checksum"]
    (inside,) = unpacked[module].bag.rglob("index.json")
    assert json.loads(inside.read_bytes())["members"] == beside["members"]


@pytest.mark.parametrize("module", MODULES)
def test_get_gives_the_package(
    module: str, archived: Archived, ccat: Ccat, tmp_path: Path, unpacked: Mapping[str, Unpacked]
) -> None:
    package = archived.packages[module]
    answer = ccat.json("get", package["id"], "-o", tmp_path)
    assert Path(answer["path"]) == tmp_path / f"{package['id']}.tar"
    assert trees.facts(Path(answer["path"])).sha256 == trees.facts(unpacked[module].tar).sha256


@pytest.mark.parametrize("part", ["empty", "Réflexion", "a:colon", "100%", "deep.dat", "before 1970", "nnnn"])
def test_get_gives_one_file_by_its_range(part: str, archived: Archived, ccat: Ccat, tmp_path: Path) -> None:
    path = next(path for path in archived.trees["chai-hfa"] if part in path)
    package = archived.packages["chai-hfa"]
    got = Path(ccat("get", f"{package['id']}:{path}", "-o", tmp_path))
    assert got == tmp_path / path
    assert trees.facts(got) == archived.trees["chai-hfa"][path]


def test_get_refuses_what_is_not_in_the_package(archived: Archived, ccat: Ccat, tmp_path: Path) -> None:
    package = archived.packages["chai-hfa"]["id"]
    (tmp_path / "there").mkdir()
    for member in ("no such file", "../escape", "/etc/passwd", "", "a\nb"):
        ended = ccat.refused("get", f"{package}:{member}", "-o", tmp_path / "there")
        assert repr(member)[1:-1] in ended.err or "path" in ended.err, str(ended)
    assert list(tmp_path.rglob("*")) == [tmp_path / "there"]


def test_staging_a_file_gives_it_back(
    archived: Archived, ccat: Ccat, api: Api, deployment: Deployment
) -> None:
    package = archived.packages["mini-chai"]
    file = api.get(f"raw-data-packages/{package['id']}/files", limit=17)["items"][-1]
    _stage(ccat, deployment, "--file", file["id"])
    top = _staged_folder(deployment, archived.execution_id, "mini-chai")
    assert trees.names(top, top) == {file["relative_path"]}
    assert trees.facts(top / file["relative_path"]) == archived.trees["mini-chai"][file["relative_path"]]


def test_staging_a_package_gives_it_back(archived: Archived, ccat: Ccat, deployment: Deployment) -> None:
    _stage(ccat, deployment, "--package", archived.packages["chai-hfa"]["id"])
    top = _staged_folder(deployment, archived.execution_id, "chai-hfa")
    assert trees.tree(top, top) == archived.trees["chai-hfa"]


def test_files_from_elsewhere_are_ingested_archived_and_staged_as_an_execution(
    ccat: Ccat, instrument: Ccat, deployment: Deployment, tmp_path: Path
) -> None:
    """The whole main job, on a tree that is outside every source location and stays as it is."""
    for module in ("chai-lfa", "chai-hfa"):
        trees.write_difficult_names(tmp_path / module)
        trees.write_many_small_files(tmp_path / module, 50, seed=len(module))
    options = [part for module in ("chai-lfa", "chai-hfa") for part in ("--module", module)]
    execution_id = instrument("obs", "start", "--obs-unit", "IRC10216_CHAI_CO43", *options)
    for module in ("chai-lfa", "chai-hfa"):
        refusal = instrument.refused(
            "file", "--execution", execution_id, "--module", module, tmp_path / module
        )
        assert str(deployment.source_folder) in refusal.err
        assert "--ingest" in refusal.err
        instrument("file", "--ingest", "--execution", execution_id, "--module", module, tmp_path / module)
    instrument("obs", "finish", execution_id)
    instrument("wait", "--execution", execution_id, "--for", "removed-at-source", "--timeout", "240")
    _stage(ccat, deployment, "--execution", execution_id)
    for module in ("chai-lfa", "chai-hfa"):
        top = _staged_folder(deployment, execution_id, module)
        staged = {
            Path(path).relative_to(f"{execution_id}/{module}").as_posix(): facts
            for path, facts in trees.tree(top, top).items()
        }
        assert staged == trees.tree(tmp_path / module, tmp_path)


def _stage(ccat: Ccat, deployment: Deployment, subject: str, identifier: str) -> None:
    to = ("--to", deployment.processing_location)
    job = ccat.json("stage", subject, identifier, *to, "--wait", "--timeout", "240")
    assert job["state"] == "completed", job
    assert job["bytes_done"] == job["bytes_total"], job


def _staged_folder(deployment: Deployment, execution_id: str, module: str) -> Path:
    return deployment.processing_folder / execution_id / module


def _size(tree: Tree) -> int:
    return sum(facts.size for facts in tree.values())
