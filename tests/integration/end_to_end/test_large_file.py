"""A file of more than 8 GiB, the largest that the size field of an old tar header can tell."""

import hashlib
import json
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from harness.api import Api
from harness.archive import Archive, index_name, object_name
from harness.ccat import Ccat
from harness.deployment import Deployment
from harness.journey import NewFolder
from harness.observing import observe

from harness import trees

SIZE = (8 << 30) + (1 << 20)
NEEDED_BYTES = 40 << 30
MARKS = {0: b"first", 4 << 30: b"middle", SIZE - 4: b"last"}
LIMIT_SECONDS = "1200"


@pytest.mark.large
@pytest.mark.timeout(3600)
def test_a_sparse_file_of_more_than_8_gib_comes_through(
    deployment: Deployment, instrument: Ccat, ccat: Ccat, api: Api, archive: Archive, new_folder: NewFolder
) -> None:
    free = shutil.disk_usage(deployment.source_folder).free
    assert free >= NEEDED_BYTES, f"{NEEDED_BYTES >> 30} GiB of disk are needed, {free >> 30} are free"
    folder = new_folder("large")
    _write_sparse(folder / "large.fits")
    expected = trees.facts(folder / "large.fits")

    execution_id = observe(instrument, {"chai-lfa": folder})
    ccat("wait", "--execution", execution_id, "--for", "removed-at-source", "--timeout", LIMIT_SECONDS)
    package = api.packages(execution_id)["chai-lfa"]

    [member] = json.loads(archive.read(index_name(package)))["members"]
    assert (member["size"], member["sha256"]) == (expected.size, expected.sha256)
    for offset, mark in MARKS.items():
        found = archive.read_range(object_name(package), member["offset"] + offset, len(mark))
        assert found == mark
    assert _sha256_through_gnu_tar(archive, object_name(package), member["path"]) == expected.sha256

    to = deployment.processing_location
    ccat("stage", "--package", package["id"], "--to", to, "--wait", "--timeout", LIMIT_SECONDS)
    staged = deployment.processing_folder / execution_id / "chai-lfa" / member["path"]
    assert trees.facts(staged) == expected


def _write_sparse(path: Path) -> None:
    with path.open("wb") as stream:
        for offset, mark in MARKS.items():
            stream.seek(offset)
            stream.write(mark)
        assert stream.tell() == SIZE
    os.utime(path, ns=(trees.MTIME_NS, trees.MTIME_NS))
    assert path.stat().st_blocks * 512 < 1 << 20, "the file system keeps no sparse files"


def _sha256_through_gnu_tar(archive: Archive, name: str, path: str) -> str:
    """Have GNU tar read the object as it comes, and give out the file in it; nothing of it on disk."""
    command = ["tar", "--extract", "--to-stdout", "--wildcards", "--file", "-", f"*/data/{path}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as tar:
        assert tar.stdin is not None
        assert tar.stdout is not None
        with ThreadPoolExecutor(1) as executor:
            fed = executor.submit(archive.copy_to, name, tar.stdin)
            digest = hashlib.sha256()
            while piece := tar.stdout.read(1 << 20):
                digest.update(piece)
            fed.result()
        assert tar.wait() == 0
    return digest.hexdigest()
