"""The four documented lines with nothing but the built wheel and what it declares to need."""

import importlib.metadata
import os
import re
import shutil
import subprocess
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from sqlalchemy.orm import Session

from ccat_ops_db import init_ccat_ops_db
from ccat_ops_db.models import RawDataFileView

from . import rows

PACKAGE = Path(__file__).parents[1]
ROOT = PACKAGE.parents[1]

pytestmark = pytest.mark.long

FOUR_LINES = """\
from ccat_ops_db import init_ccat_ops_db
session, engine = init_ccat_ops_db()
from ccat_ops_db.models import ObsUnit
obs_unit = session.query(ObsUnit).filter_by(name="my_obs").first()
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    uv = ROOT / "build" / "uv" / "bin" / "uv"
    program = str(uv) if uv.exists() else shutil.which("uv")
    assert program, "uv builds the wheel: run `make` once, it brings uv into build/"
    # From a copy: nothing that an earlier build left beside the sources gets into the wheel.
    source = folder / "source"
    shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns("tests", "__pycache__", "dist"))
    done = subprocess.run(
        [program, "build", "--wheel", "--quiet", "--out-dir", str(folder), str(source)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that has the wheel and, of all that is installed here, only what the wheel requires."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    (packages,) = folder.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    metadata = next(packages.glob("ccat_ops_db-*.dist-info"))
    for name in _required(importlib.metadata.PathDistribution(metadata).requires or [], frozenset()):
        _link(name, packages)
    return folder / "bin" / "python"


def test_four_lines_in_an_empty_folder(python: Path, tmp_path: Path) -> None:
    program = f"{FOUR_LINES}import ccat_ops_db\nprint(obs_unit, engine.url, ccat_ops_db.__file__)\n"
    printed = _run(python, program, tmp_path).split()
    assert printed[:2] == ["None", "sqlite:///ccat_ops_db.sqlite"]
    assert Path(printed[2]).is_relative_to(python.parents[1])
    assert [path.name for path in tmp_path.iterdir()] == ["ccat_ops_db.sqlite"]
    _run(python, FOUR_LINES, tmp_path)


@pytest.fixture(params=["postgresql", "sqlite"])
def observing(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A session on a database in which something was observed."""
    if request.param == "postgresql":
        yield _observed(request.getfixturevalue("session"))
        return
    scoped, engine = init_ccat_ops_db(database=":memory:")
    yield _observed(scoped())
    scoped.remove()
    engine.dispose()


def _observed(session: Session) -> Session:
    rows.add_reference_data(session)
    rows.add_execution(session)
    session.commit()
    return session


def test_what_the_reference_shows_files_and_finds_it(observing: Session) -> None:
    page = (ROOT / "docs/reference/python-database.md").read_text()
    [_, filing] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(filing, {"session": observing})
    [found] = observing.query(RawDataFileView)
    assert (found.relative_path, found.number, found.raw_data_package_id) == (
        "2026/11/21/scan-1.fits",
        1,
        None,
    )


def test_wheel_carries_migrations_and_commands(python: Path, tmp_path: Path) -> None:
    program = (
        "from ccat_ops_db import schema\n"
        "from ccat_ops_db.commands import initialise, main, migrate\n"
        "import ccat_ops_db.loaders, ccat_ops_db.render_database_schema\n"
        "print(schema.head_revision(), 'CREATE TABLE site' in schema.offline_sql())\n"
    )
    assert _run(python, program, tmp_path).split() == ["0001", "True"]


def test_wheel_says_that_it_is_typed_and_has_no_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert "ccat_ops_db/py.typed" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"ccat_ops_db"}
    assert not [name for name in names if "test" in name]


def _run(python: Path, program: str, folder: Path) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CCAT_", "PYTHON"))}
    done = subprocess.run(
        [str(python), "-c", program], check=False, capture_output=True, text=True, cwd=folder, env=kept
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _required(requirements: list[str], extras: frozenset[str], seen: set[str] | None = None) -> set[str]:
    """Return the names of all that some requirements lead to."""
    seen = set() if seen is None else seen
    for text in requirements:
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is not None and not any(marker.evaluate({"extra": extra}) for extra in extras | {""}):
            continue
        key = f"{requirement.name}[{','.join(sorted(requirement.extras))}]"
        if key not in seen:
            seen.add(key)
            needed = importlib.metadata.distribution(requirement.name).requires or []
            _required(needed, frozenset(requirement.extras), seen)
    return {key.partition("[")[0] for key in seen}


def _link(name: str, packages: Path) -> None:
    distribution = importlib.metadata.distribution(name)
    for top in {
        file.parts[0] for file in distribution.files or [] if file.parts[0] not in {"..", "__pycache__"}
    }:
        link = packages / top
        if not link.exists():
            link.symlink_to(Path(str(distribution.locate_file(top))))
