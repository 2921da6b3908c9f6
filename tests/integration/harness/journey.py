"""An observation that went all the way, and its packages as strangers unpack them."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.archive import Archive, object_name
from harness.ccat import run_tool
from harness.deployment import Deployment
from harness.trees import Tree, hand_over

SMALL_FILES = 3000


@dataclass(frozen=True)
class NewFolder:
    """Makes folders in the source location, each with a name of its own."""

    deployment: Deployment

    def __call__(self, name: str) -> Path:
        """Return a new empty folder whose name begins so."""
        folder = self.deployment.source_folder / f"{name}-{secrets.token_hex(6)}"
        folder.mkdir()
        hand_over(folder, self.deployment.files_owner)
        return folder


@dataclass(frozen=True)
class Archived:
    """An observation that went all the way.

    Parameters
    ----------
    folders
        Where each module wrote, in the source location.
    trees
        What each module filed, by path in the source location, read before it was filed.
    packages
        The package of each module, at the end.
    too_early
        Files that were missing at the source while their package was not archived; there must be none.
    """

    execution_id: str
    folders: Mapping[str, Path]
    trees: Mapping[str, Tree]
    packages: Mapping[str, Any]
    too_early: tuple[str, ...]


@dataclass(frozen=True)
class Unpacked:
    """A package as GNU tar unpacked it.

    Parameters
    ----------
    tar
        The file as it came from the archive.
    bag
        The one folder in it.
    """

    tar: Path
    listing: tuple[str, ...]
    bag: Path


def unpack(archive: Archive, package: Mapping[str, Any], folder: Path) -> Unpacked:
    """Fetch a package from the archive and unpack it with GNU tar."""
    assert "GNU tar" in run_tool(["tar", "--version"], folder)
    tar = archive.download(object_name(dict(package)), folder / "package.tar")
    # Names one by one, not as an escaped listing.
    listing = run_tool(["tar", "--list", "--quoting-style=literal", "--file", tar], folder).splitlines()
    target = folder / "unpacked"
    target.mkdir()
    run_tool(["tar", "--extract", "--preserve-permissions", "--file", tar], target)
    [bag] = target.iterdir()
    return Unpacked(tar, tuple(listing), bag)
