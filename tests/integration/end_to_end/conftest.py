"""One observation with the files of others, archived once and looked at from all sides."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import astropy
import pytest
from harness.api import Api
from harness.archive import Archive
from harness.ccat import Ccat
from harness.deployment import Deployment
from harness.journey import SMALL_FILES, Archived, NewFolder, Unpacked, unpack
from harness.observing import ARCHIVE_LIMIT_SECONDS, observe
from harness.trees import Tree
from harness.waiting import wait_for

from harness import trees


@pytest.fixture(scope="session")
def archived(deployment: Deployment, instrument: Ccat, api: Api, new_folder: NewFolder) -> Archived:
    """Astropy's own FITS files, difficult names, and thousands of small files; a package of each."""
    folders = {
        "chai-lfa": new_folder("fits of astropy"),
        "chai-hfa": new_folder("names"),
        "mini-chai": new_folder("small"),
    }
    originals = Path(astropy.__file__).parent
    fits_files = [path for path in originals.rglob("*") if ".fit" in path.name and path.is_file()]
    assert len(fits_files) >= 40, "astropy ships its test data"
    trees.copy_in(fits_files, folders["chai-lfa"], originals)
    trees.write_difficult_names(folders["chai-hfa"])
    trees.write_many_small_files(folders["mini-chai"], SMALL_FILES, seed=3)
    filed = {module: trees.tree(top, deployment.source_folder) for module, top in folders.items()}
    execution_id = observe(instrument, folders)
    too_early = _watch(deployment, api, execution_id, filed)
    return Archived(execution_id, folders, filed, api.packages(execution_id), too_early)


@pytest.fixture(scope="session")
def unpacked(
    archived: Archived, archive: Archive, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Unpacked]:
    """The packages as a stranger gets them: from the bucket, with GNU tar."""
    return {
        module: unpack(archive, package, tmp_path_factory.mktemp(module))
        for module, package in archived.packages.items()
    }


def _watch(deployment: Deployment, api: Api, execution_id: str, filed: Mapping[str, Tree]) -> tuple[str, ...]:
    """Wait until all is removed; return files that went before their package was archived."""
    too_early: set[str] = set()

    def look() -> Any:
        # First the files, then the state: what is missing now must have been archived before.
        missing = {
            module: [path for path in tree if not (deployment.source_folder / path).exists()]
            for module, tree in filed.items()
        }
        states = {
            package["module"]: package["state"]
            for package in api.all("raw-data-packages", execution_id=execution_id)
        }
        for module, paths in missing.items():
            if paths and states.get(module) != "archived":
                too_early.update(paths)
        return api.progress(execution_id)

    wait_for(
        "everything is archived and removed at the source",
        look,
        lambda progress: progress["removed_at_source"] or progress["failed"],
        ARCHIVE_LIMIT_SECONDS,
    )
    return tuple(sorted(too_early))
