"""Files are numbered in series, and packages are ranges of numbers: whoever files and plans at once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccat_data_transfer.planning.packaging import plan_packaging
from ccat_ops_db.filing import FileFacts, file_raw_data
from ccat_ops_db.models import DataLocation, RawDataFile, RawDataPackage, RawDataSeries

SIZE = 1_000
A_FEW = 10 * SIZE
"""Bytes of a package: with what surrounds them, some of the files fit."""

Batches = Sequence[Sequence[int]]
batches = st.lists(st.lists(st.integers(1, SIZE), min_size=1, max_size=6), min_size=1, max_size=5)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=batches, second=batches, passes=st.integers(1, 6))
def test_filers_and_planner_at_once(observatory: Any, first: Batches, second: Batches, passes: int) -> None:
    """Each number is given once, and is in exactly one range or in none yet."""
    observatory.change(DataLocation, "ccat.raw", package_size_limit=A_FEW)
    execution = observatory.start()

    def file(name: str, sizes: Batches) -> None:
        for number, batch in enumerate(sizes):
            facts = [
                FileFacts(f"{execution}/{name}/{number}/{place}", size, "md5:" + "0" * 32)
                for place, size in enumerate(batch)
            ]
            with observatory.sessions.begin() as session:
                file_raw_data(session, execution, "chai-lfa", "ccat.raw", facts, observatory.clock.now)

    def plan() -> None:
        for _ in range(passes):
            with observatory.sessions.begin() as session:
                plan_packaging(session, observatory.topology(session, observatory.clock.now))

    with ThreadPoolExecutor(3) as threads:
        running = [threads.submit(file, "a", first), threads.submit(file, "b", second), threads.submit(plan)]
        for each in running:
            each.result()
    judge(observatory, execution, [size for sizes in (first, second) for batch in sizes for size in batch])
    observatory.finish(execution)
    plan()
    judge(observatory, execution, None)
    [series] = observatory.rows(RawDataSeries, executed_obs_unit_id=execution)
    assert series.packaged_count == series.filed_count
    assert series.oldest_unpackaged_at is None


def judge(observatory: Any, execution: UUID, sizes: Sequence[int] | None) -> None:
    """See that numbers, ranges and counters fit."""
    [series] = observatory.rows(RawDataSeries, executed_obs_unit_id=execution)
    files = sorted(observatory.rows(RawDataFile, raw_data_series_id=series.id), key=lambda file: file.number)
    packages = sorted(
        observatory.rows(RawDataPackage, raw_data_series_id=series.id),
        key=lambda package: package.first_number,
    )
    assert [file.number for file in files] == list(range(1, series.filed_count + 1))
    assert sum(file.size for file in files) == series.filed_bytes
    if sizes is not None:
        assert sorted(file.size for file in files) == sorted(sizes)
    in_ranges = [
        number for package in packages for number in range(package.first_number, package.last_number + 1)
    ]
    assert in_ranges == list(range(1, series.packaged_count + 1))
    for package in packages:
        inside = files[package.first_number - 1 : package.last_number]
        assert (package.file_count, package.payload_bytes) == (len(inside), sum(file.size for file in inside))
    assert sum(package.payload_bytes for package in packages) == series.packaged_bytes
    assert [package.part_number for package in packages] == list(range(1, len(packages) + 1))
