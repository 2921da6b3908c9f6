"""The last release as an upgrade finds it: images and charts, made from the tag."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ccat_dev_stack.checkout import checkout_folder
from harness.cluster import IMAGES, TAG, ClusterError, image

IMAGE_TAG = f"{TAG}-last"
"""Of its images: until the version is raised, theirs would be that of this checkout."""


@dataclass(frozen=True)
class LastRelease:
    """A work tree of the tag."""

    tree: Path

    @property
    def chart(self) -> Path:
        """The chart of a site, with what it depends on."""
        return self.tree / "charts" / "data-center"

    @property
    def images(self) -> list[str]:
        """Names of its images."""
        return [image(name, IMAGE_TAG) for name in IMAGES]


def name_of_last_release() -> str | None:
    """Return the newest tag before this commit, or None before the first release."""
    command = ["git", "describe", "--tags", "--abbrev=0", "--match=v*"]
    done = subprocess.run(command, cwd=checkout_folder(), capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def make_last_release(build: Path) -> LastRelease:
    """Check the last release out, build its images, and bring its charts together."""
    name = name_of_last_release()
    assert name is not None, "the test is left out before the first release"
    tree = build / "last-release"
    _run(checkout_folder(), "git", "worktree", "prune")
    if tree.exists():
        _run(checkout_folder(), "git", "worktree", "remove", "--force", str(tree))
    _run(checkout_folder(), "git", "worktree", "add", "--detach", str(tree), name)
    (tree / "build").mkdir()
    (tree / "build" / "uv").symlink_to(checkout_folder() / "build" / "uv")
    _run(tree, sys.executable, "compose/images/build.py", IMAGE_TAG=IMAGE_TAG)
    _run(tree, sys.executable, "-m", "charts.tools.dependencies")
    return LastRelease(tree)


def _run(folder: Path, *command: str, **variables: str) -> None:
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ClusterError(f"{' '.join(command)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
