"""The judge is judged: each mutant is found by the test that is there for it, or by an attack."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .mutants import ATTACKED, MUTANTS, TESTS, Mutant

PACKAGES = Path(__file__).parents[3]
SEEDS = 40


def _named(mutants: tuple[Mutant, ...]) -> list[object]:
    return [pytest.param(mutant, id=mutant.name.replace(" ", "_")) for mutant in mutants]


@pytest.mark.parametrize("mutant", _named(MUTANTS + ATTACKED))
def test_what_a_mutant_changes_stands_there_once(mutant: Mutant) -> None:
    assert (PACKAGES / mutant.file).read_text().count(mutant.old) == 1
    assert mutant.old != mutant.new
    test, _, function = mutant.test.partition("::")
    assert not test or re.search(rf"^def {function}\(", (PACKAGES / test).read_text(), re.MULTILINE)


if "CCAT_TEST_DEEP" in os.environ:

    @pytest.mark.timeout(1800)
    @pytest.mark.parametrize("mutant", _named(MUTANTS))
    def test_a_mutant_fails_its_test(mutant: Mutant, tmp_path: Path) -> None:
        ended = _run(mutant, tmp_path, mutant.test)
        assert (ended.returncode, "failed" in ended.stdout) == (1, True), ended.stdout

    @pytest.mark.timeout(7200)
    @pytest.mark.parametrize("mutant", _named(ATTACKED))
    def test_an_attack_finds_a_mutant(mutant: Mutant, tmp_path: Path) -> None:
        night = f"{TESTS}/simulation/test_attack.py::test_a_night_of_faults"
        ended = _run(mutant, tmp_path, *(f"{night}[{seed}]" for seed in range(1, 1 + SEEDS)))
        found = re.search(r"test_a_night_of_faults\[(\d+)\]", ended.stdout)
        assert ended.returncode == 1, ended.stdout
        assert found is not None, ended.stdout
        print(f"{mutant.name}: found by seed {found[1]}")


def _run(mutant: Mutant, folder: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """Run tests upon a copy of a package that has the mutant in it, until one fails."""
    source = PACKAGES.joinpath(*Path(mutant.file).parts[:2])
    shutil.copytree(source, folder / "src")
    changed = folder.joinpath(*Path(mutant.file).parts[1:])
    changed.write_text(changed.read_text().replace(mutant.old, mutant.new))
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, *(str(PACKAGES / test) for test in tests)],
        cwd=PACKAGES.parent,
        env={**os.environ, "PYTHONPATH": str(folder / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
