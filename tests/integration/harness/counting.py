"""What must hold of an observation at the end, counted in the database and in the archive."""

from collections.abc import Mapping
from typing import Any

import psycopg

from harness.api import Api
from harness.archive import Archive, object_name
from harness.trees import Tree, xxh3_128
from harness.waiting import wait_for


def assert_archived_once(
    execution_id: str, filed: Mapping[str, Tree], database: str, api: Api, archive: Archive
) -> None:
    """Count in the database and in the bucket; read what is in the bucket."""
    packages = api.packages(execution_id)
    assert set(packages) == set(filed)
    names = list(archive.names())
    with psycopg.connect(database) as connection:
        for module, package in packages.items():
            index = api.get(f"raw-data-packages/{package['id']}/index")["members"]
            assert {m["path"]: (m["size"], m["sha256"]) for m in index} == {
                path: (facts.size, facts.sha256) for path, facts in filed[module].items()
            }
            stem = stem_of(object_name(package))
            assert sorted(name.removeprefix(stem) for name in names if stem_of(name) == stem) == [
                ".index.json",
                ".metadata.json",
                ".tar",
            ]
            content = archive.read(object_name(package))
            assert len(content) == package["size"]
            assert xxh3_128(content) == package["checksum"]
            assert _rows(connection, _ARCHIVE_COPIES, package) == [("verified",)]
            assert _rows(connection, _ARCHIVED_EVENTS, package) == [(1,)]
            _wait_for_the_rest(connection, package)


_ARCHIVE_COPIES = """
    SELECT c.status FROM physical_copy c JOIN data_location l ON l.id = c.data_location_id
    WHERE c.raw_data_package_id = %(id)s AND l.location_type = 'long_term_archive'
"""
_ARCHIVED_EVENTS = """
    SELECT count(*) FROM event WHERE subject_id = %(id)s AND action = 'package.archived'
"""
_OPEN_WORK = """
    SELECT sum(number) FROM (
        SELECT count(*) AS number FROM package_creation
        WHERE raw_data_package_id = %(id)s AND status <> 'completed'
        UNION ALL
        SELECT count(*) FROM data_transfer WHERE raw_data_package_id = %(id)s AND status <> 'completed'
        UNION ALL
        SELECT count(*) FROM long_term_archive_transfer
        WHERE raw_data_package_id = %(id)s AND status <> 'completed'
        UNION ALL
        SELECT count(*) FROM deletion WHERE raw_data_package_id = %(id)s AND status <> 'completed'
    ) AS kinds
"""


def _wait_for_the_rest(connection: psycopg.Connection[Any], package: dict[str, Any]) -> None:
    """Wait until no work is open: the buffer's copy goes after the source's."""
    wait_for(
        f"no work on {package['id']} is open",
        lambda: _rows(connection, _OPEN_WORK, package),
        lambda rows: rows == [(0,)],
    )


def _rows(
    connection: psycopg.Connection[Any], statement: str, package: dict[str, Any]
) -> list[tuple[Any, ...]]:
    return connection.execute(statement, {"id": package["id"]}).fetchall()


def stem_of(name: str) -> str:
    """Return the name of an object of a package without its ending."""
    for ending in (".index.json", ".metadata.json", ".tar"):
        name = name.removesuffix(ending)
    return name
