"""No decision about rows is made by the clock of a machine: who may ask one for the time is written here."""

from types import ModuleType

import pytest

import ccat_data_transfer
import ccat_ops_db
import ccat_ops_db_api
from ccat_dev_stack.clocks_asked import asked_in, clocks_asked

MAY_ASK_A_MACHINE: dict[ModuleType, dict[str, str]] = {
    ccat_data_transfer: {
        "work/run.py": "notes what the worker's clock said, and dates lines of logs",
        "evidence/record.py": "notes what the worker's clock said beside what was found",
        "cli/doctor.py": "compares the clock of its machine with the database's time",
        "data_server/app.py": "signed addresses end by the clock of the API, which signs them",
        "storage/s3_client.py": "stores check the time of a signature; temporary keys run out",
    },
    ccat_ops_db: {"clock.py": "is the clock of a machine"},
    ccat_ops_db_api: {
        "raw_data_packages/content.py": "data servers compare the end of a signed address with their clocks"
    },
}


@pytest.mark.parametrize("package", MAY_ASK_A_MACHINE, ids=lambda package: package.__name__)
def test_decisions_are_made_by_the_time_of_the_database(package: ModuleType) -> None:
    found = clocks_asked(package)
    assert set(found) == set(MAY_ASK_A_MACHINE[package]), found


@pytest.mark.parametrize(
    "text",
    [
        "clock.utc_now()",
        "datetime.now(UTC)",
        "time.time()",
        "func.now()",
        "request.app.state.clock.utc_now()",
    ],
)
def test_the_look_finds_what_it_looks_for(text: str) -> None:
    assert asked_in(text)


@pytest.mark.parametrize("text", ["work.now()", "database_now(session)", "at.time()", "clock.monotonic()"])
def test_the_look_leaves_the_rest_alone(text: str) -> None:
    assert not asked_in(text)
