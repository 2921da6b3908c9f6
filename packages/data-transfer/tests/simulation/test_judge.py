"""The judge finds what it looks for: each thing that must never happen is done, and found."""

from collections.abc import Iterator
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import text

from ccat_data_transfer.failures import Permanent
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.simulation import observatory
from ccat_data_transfer.simulation.acts import Kind
from ccat_data_transfer.simulation.bytes import Content
from ccat_data_transfer.simulation.database import SimulatedDatabase
from ccat_data_transfer.simulation.disk_storage import SimulatedDiskStorage
from ccat_data_transfer.simulation.invariants import InvariantBrokenError, Judge
from ccat_data_transfer.simulation.observatory import ARCHIVE, SOURCE, Observer
from ccat_data_transfer.simulation.world import Simulation
from ccat_data_transfer.work.lease import acquire
from ccat_ops_db.enumerations import Operation

TAR = "2026/package.tar"
SIZES = {"a": 1000, "b": 2000}


class Court:
    """A simulated observatory with a judge, in which one process does what it must not."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        observatory.build(simulation)
        self.process, self.world = simulation.start("culprit", simulation.hosts["ccat-1"])
        self.filed: dict[str, Content] = {}
        self.judge = Judge(simulation, self.filed, SOURCE)

    def do(self, act: object) -> None:
        """Do something, and one more step for the judge to look."""
        assert callable(act)

        def run() -> None:
            act()
            self.world.sleep(1)

        self.world.spawn("act", run)
        self.simulation.schedule.run(60)

    def place(self, location_id: str) -> SimulatedDiskStorage:
        return cast(SimulatedDiskStorage, self.world.storage(location_id))

    def observe(self) -> None:
        """File one file."""
        self.do(lambda: Observer(self.simulation, self.world, self.filed).observe("2026", {"a": 1000}, 1))


@pytest.fixture
def court(simulated_database: SimulatedDatabase) -> Iterator[Court]:
    simulation = Simulation(0, simulated_database, DataTransferSettings(tick=3600))
    yield Court(simulation)
    simulation.close()


def remove(place: SimulatedDiskStorage, path: str) -> None:
    with place.removing() as remove_one:
        remove_one(path)


def test_a_file_that_is_nowhere_is_lost(court: Court) -> None:
    court.observe()
    del court.simulation.disks[SOURCE].names["2026/a"]
    with pytest.raises(InvariantBrokenError, match="I1"):
        court.judge.judge_files()


def test_a_damaged_tar_keeps_no_file(court: Court) -> None:
    court.observe()
    [content] = court.filed.values()
    archive = court.simulation.disks[ARCHIVE]
    tar = archive.create(TAR)
    archive.write(tar, Content.joined((Content.of(b"header"), content)))
    del court.simulation.disks[SOURCE].names["2026/a"]
    court.judge.judge_files()
    tar.content = tar.content.damaged(2, "anywhere")
    with pytest.raises(InvariantBrokenError, match="I1"):
        court.judge.judge_files()


def test_nobody_removes_what_was_not_decided(court: Court) -> None:
    court.observe()
    with pytest.raises(InvariantBrokenError, match=r"I2.*nobody had decided"):
        court.do(lambda: remove(court.place(SOURCE), "2026/a"))


def test_nobody_writes_over_what_is_there(court: Court) -> None:
    place = court.place(ARCHIVE)
    court.do(lambda: place.put("2026/package.index.json", b"one"))
    with pytest.raises(Permanent):
        court.do(lambda: place.put("2026/package.index.json", b"one"))
    over = (Content.of(b"one"), Content.of(b"one"))
    with pytest.raises(InvariantBrokenError, match=r"I2.*written over"):
        court.do(lambda: place.note("put", "2026/package.index.json", *over))


@pytest.mark.parametrize("kind", ["link", "put"])
def test_the_name_of_a_tar_is_written_once(court: Court, kind: Kind) -> None:
    """Not even with the same bytes, nor when what had it is gone."""
    content = Content.of(b"one")
    court.do(lambda: court.place(ARCHIVE).note(kind, TAR, None, content))
    with pytest.raises(InvariantBrokenError, match=r"I2.*written twice"):
        court.do(lambda: court.place(ARCHIVE).note(kind, TAR, None, content))


def test_nobody_takes_a_lease_that_lives(court: Court) -> None:
    court.observe()

    def take(owner: str) -> None:
        with court.world.sessions.begin() as session:
            row = session.execute(text("SELECT id FROM package_creation")).scalar_one()
            session.execute(text("UPDATE package_creation SET status = 'scheduled' WHERE status = 'pending'"))
            acquire(
                session,
                Operation.PACKAGE_CREATION,
                row,
                owner,
                timedelta(hours=20),
                court.world.clock.utc_now(),
            )

    # Until no file follows.
    court.simulation.schedule.run(60)
    court.simulation.start_planner(court.simulation.hosts["ccat-1"])
    court.simulation.schedule.run(60)
    assert court.simulation.database.look("SELECT 1 FROM package_creation")
    court.do(lambda: take(court.process.name))
    court.judge.judge_leases()

    def rob() -> None:
        with court.world.sessions.begin() as session:
            session.execute(text("UPDATE package_creation SET fencing = fencing + 1, lease_owner = 'robber'"))

    def rob_and_judge() -> None:
        # Whoever takes the next step may have it judged already.
        court.do(rob)
        court.judge.judge_leases()

    with pytest.raises(InvariantBrokenError, match=r"I7.*whose lease was living"):
        rob_and_judge()


@pytest.fixture
def archived(court: Court) -> Court:
    """An observatory in which two files were packaged and archived, and stay at their source."""
    court.do(lambda: Observer(court.simulation, court.world, court.filed).observe("2026", SIZES, 1))
    for host in ("ccat-1", "cologne-1"):
        site = host.partition("-")[0]
        places = [name for name in court.simulation.places if name.startswith(f"{site}.")]
        court.simulation.start_planner(court.simulation.hosts[host])
        court.simulation.start_worker(court.simulation.hosts[host], places)
    court.simulation.schedule.run(3 * 3600)
    assert [path for path, _ in court.simulation.disks[ARCHIVE].contents() if path.endswith(".tar")]
    judge_rows(court)
    return court


def judge_rows(court: Court) -> None:
    court.judge.judge_series()
    court.judge.judge_findings()
    court.judge.judge_proofs()


OF_ARCHIVE = f"WHERE data_location_id = '{ARCHIVE}'"
DOUBT = (
    "INSERT INTO doubt (id, site_id, {}, cause, caller_kind, caller, created_at, reason)"
    " SELECT gen_random_uuid(), site_id, {}, 'bytes', 'engine', 'a worker', ops_now(), 'odd'"
    f" FROM physical_copy {OF_ARCHIVE}"
)
GOES = (
    "UPDATE physical_copy SET status = 'deletion_in_progress', deleted_at = NULL"
    f" WHERE data_location_id = '{SOURCE}'"
)
LIES = [
    ("I6.*is not at byte", "UPDATE raw_data_package_member SET tar_offset = tar_offset + 512"),
    ("I6.*neither a member nor excepted", "DELETE FROM raw_data_package_member WHERE tar_offset > 2000"),
    ("I6.*numbers", "DELETE FROM raw_data_file WHERE number = 1"),
    ("I6.*numbers", "UPDATE raw_data_file SET number = 3 WHERE number = 2"),
    ("I6.*numbers", "UPDATE raw_data_series SET packaged_count = packaged_count - 1"),
    ("I6.*ranges", "UPDATE raw_data_package SET first_number = 2, file_count = 1"),
    ("I8.*without two readings", f"UPDATE physical_copy SET status = 'corrupt' {OF_ARCHIVE}"),
    ("I4.*no archive counts", DOUBT.format("physical_copy_id", "id"), GOES),
    ("I4.*no archive counts", DOUBT.format("data_location_id", "data_location_id"), GOES),
]
"""What no guard lets anybody write, each after what is found."""
JUDGED = [
    ("physical_copy", "simulation_finding"),
    ("physical_copy", "simulation_decision"),
    ("verification", "simulation_proof"),
]
"""Triggers by which the judge learns of rows."""


def tamper(court: Court, *statements: str) -> None:
    """Change what no guard lets anybody change, and let the judge learn of it."""
    database = court.simulation.database
    for table, trigger in JUDGED:
        database.look(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")
    database.look("SET LOCAL session_replication_role = replica")
    for statement in statements:
        assert database.look(f"{statement} RETURNING 1")


def test_no_row_lies_about_what_was_archived(archived: Court) -> None:
    for found, *statements in LIES:
        with archived.simulation.database.undone():
            tamper(archived, *statements)
            with pytest.raises(InvariantBrokenError, match=found):
                judge_rows(archived)
    judge_rows(archived)


def test_nothing_is_proved_that_is_not_so(archived: Court) -> None:
    disk = archived.simulation.disks[ARCHIVE]
    [path] = [path for path in disk.names if path.endswith(".tar")]
    disk.names[path].content = disk.names[path].content.damaged(2, "anywhere")
    with archived.simulation.database.undone():
        tamper(
            archived,
            "INSERT INTO verification SELECT (jsonb_populate_record(v, jsonb_build_object("
            " 'id', gen_random_uuid(), 'number', v.number + 1))).*"
            " FROM verification v JOIN physical_copy c ON c.id = v.physical_copy_id"
            f" WHERE c.data_location_id = '{ARCHIVE}' AND v.proved_at IS NOT NULL",
        )
        with pytest.raises(InvariantBrokenError, match=r"I3.*other bytes"):
            judge_rows(archived)
