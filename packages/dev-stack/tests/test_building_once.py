"""``make dev-up`` builds the web interface when something of it has changed, and not again."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ccat_dev_stack.checkout import checkout_folder

UI = Path("packages/ops-db-ui")
BUILT = "build/ui/index.html"
LONG_AGO = time.time() - 1000


def _nothing(_: Path) -> None:
    """Change nothing."""


def _change(path: str) -> Callable[[Path], None]:
    return lambda folder: (folder / path).touch()


def _remove(path: str) -> Callable[[Path], None]:
    return lambda folder: (folder / path).unlink()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in which everything is built."""
    there = checkout_folder()
    shutil.copytree(there / UI, tmp_path / UI, ignore=shutil.ignore_patterns("node_modules"))
    shutil.copy(there / "Makefile", tmp_path)
    (tmp_path / "packages" / "ops-db-api").mkdir()
    shutil.copy(there / "packages" / "ops-db-api" / "openapi.json", tmp_path / "packages" / "ops-db-api")
    needed = ["uv.lock", "pyproject.toml", "packages/dev-stack/environment/make-environment"]
    made = ["build/venv/.ready", f"{UI}/node_modules/.installed", BUILT]
    for name in needed + made:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "build" / "venv" / "bin").mkdir()
    (tmp_path / "build" / "venv" / "bin" / "python").symlink_to(sys.executable)
    for path in [*tmp_path.rglob("*"), tmp_path]:
        os.utime(path, (LONG_AGO, LONG_AGO), follow_symlinks=False)
    for name in made:
        os.utime(tmp_path / name, (LONG_AGO + 1, LONG_AGO + 1))
    return tmp_path


@pytest.mark.parametrize(
    ("happens", "is_built_again"),
    [
        (_nothing, False),
        (_change(f"{UI}/src/pages/work/WorkPage.test.tsx"), False),
        (_change(f"{UI}/src/pages/work/WorkPage.tsx"), True),
        (_change(f"{UI}/help/work.md"), True),
        (_change("packages/ops-db-api/openapi.json"), True),
        (_remove(f"{UI}/src/pages/work/WorkPage.tsx"), True),
    ],
)
def test_is_built_again_only_after_a_change(
    happens: Callable[[Path], None], is_built_again: bool, checkout: Path
) -> None:
    happens(checkout)
    make = ["make", "--question", "--directory", str(checkout), BUILT]
    done = subprocess.run(make, capture_output=True, text=True, check=False)
    assert done.returncode == int(is_built_again), done.stdout + done.stderr
