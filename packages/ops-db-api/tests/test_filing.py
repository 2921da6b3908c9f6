"""Filing raw data files, one and many."""

import asyncio
import json
import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from ccat_dev_stack.proofs import lease_deletion
from ccat_ops_db.changed_keys import Changed
from ccat_ops_db.enumerations import ExecutionStatus, PhysicalCopyStatus
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import Event, PhysicalCopy, RawDataFile, RawDataSeries
from ccat_ops_db.paths import MAX_PATH_BYTES
from ccat_ops_db_api.raw_data_files import queries
from ccat_ops_db_api.raw_data_files.parsing import LineReader
from ccat_ops_db_api.raw_data_files.queries import prepare_filing
from ccat_ops_db_api.raw_data_files.schemas import FileToFile

from . import seed
from .conftest import ChangedKeys, Client, CountStatements

PATH = "/raw-data-files"
OTHER_CHECKSUM = "md5:" + "0" * 32
HOSTILE = [
    ("execution_id", "x"),
    ("execution_id", 5),
    ("execution_id", seed.NOT_VERSION_7),
    ("module", "nope"),
    ("module", "chai-hfa"),
    ("module", "a\x00"),
    ("module", ""),
    ("module", None),
    ("relative_path", "../escape"),
    ("relative_path", "/absolute"),
    ("relative_path", "a/../b"),
    ("relative_path", "a\nb"),
    ("relative_path", "a\x00b"),
    ("relative_path", "a\\b"),
    ("relative_path", ""),
    ("relative_path", "x" * 256),
    ("relative_path", ["x"]),
    ("size", -1),
    ("size", 2**63),
    ("size", 10**300),
    ("size", 1.5),
    ("size", "1"),
    ("size", True),
    ("size", None),
    ("checksum", "xxh3-128:" + "G" * 32),
    ("checksum", "xxh3-128:" + "A" * 32),
    ("checksum", "sha256:" + "0" * 32),
    ("checksum", seed.CHECKSUM + "\n"),
    ("checksum", ""),
    ("source_location", "nope"),
    ("source_location", seed.BUFFER),
    ("source_location", "ccat.primecam-raw-data"),
    ("file_type", "\x00"),
    ("file_type", "x" * 201),
    ("written_from", "2026-11-21T00:00:00"),
    ("written_from", "yesterday"),
    ("written_until", 5),
    ("written_until", "9999-12-31T23:59:59-14:00"),
    ("id", seed.NOT_VERSION_7),
    ("id", "x"),
    ("surprise", 1),
]


@pytest.fixture
def execution(session: Session) -> str:
    """An execution in which CHAI LFA takes part."""
    made = seed.execution(session)
    session.commit()
    return str(made)


def file(execution: str, **change: Any) -> dict[str, Any]:
    """Return the facts of a file."""
    facts = {
        "execution_id": execution,
        "module": "chai-lfa",
        "relative_path": "2026/scan 1.fits",
        "size": 2880,
        "checksum": seed.CHECKSUM,
        "source_location": seed.SOURCE,
    }
    return facts | change


def many(execution: str, count: int) -> list[dict[str, Any]]:
    """Return the facts of many files."""
    return [file(execution, relative_path=f"night/{number:05}.fits", size=number) for number in range(count)]


def ndjson(*files: dict[str, Any] | str) -> bytes:
    """Return files as lines."""
    return "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in files).encode()


def index_condition(plan: dict[str, Any], alias: str) -> str:
    """Return by what a plan looks rows up in an index: of a scan, or of the bitmap below it."""
    nodes = [plan]
    for node in nodes:
        nodes.extend(node.get("Plans", []))
    [scan] = [node for node in nodes if node.get("Alias") == alias]
    return str([node.get("Index Cond") for node in (scan, *scan.get("Plans", []))])


async def bulk(client: Client, *files: dict[str, Any] | str, **named: Any) -> Any:
    """File in bulk."""
    return await client.post(f"{PATH}:bulk", content=ndjson(*files), **named)


class TestFileOne:
    async def test_makes_a_file_and_counts_it_in_its_series(
        self, client: Client, session: Session, execution: str, changed_keys: ChangedKeys
    ) -> None:
        facts = file(
            execution,
            id=str(new_id()),
            file_type="fits",
            written_from="2026-11-21T08:00:00-03:00",
            written_until="2026-11-21T11:30:00Z",
        )
        changed_keys()
        response = await client.post(PATH, json=facts)
        assert response.status_code == 201, response.text
        # Files have no keys: the event of their filing tells. Their series is new.
        series = session.query(RawDataSeries).one()
        assert changed_keys() == {
            Changed("event", str(session.query(Event).one().id)),
            Changed("raw_data_series", str(series.id)),
        }
        shown = response.json()
        assert {name: shown[name] for name in ("id", "size", "checksum", "file_type")} == {
            name: facts[name] for name in ("id", "size", "checksum", "file_type")
        }
        assert shown["written_from"] == "2026-11-21T11:00:00+00:00"
        assert shown["filed_at"] == seed.NOW.isoformat()
        assert (series.filed_count, series.filed_bytes, series.packaged_count) == (1, facts["size"], 0)
        assert series.oldest_unpackaged_at == series.last_filed_at == series.review_at == seed.NOW
        assert session.query(PhysicalCopy).count() == 0
        event = session.query(Event).one()
        assert (event.action, event.subject_id) == ("raw_data_files.filed", execution)
        assert event.details == {"files": 1, "bytes": 2880}

    async def test_the_same_again_answers_the_first(
        self, client: Client, session: Session, execution: str
    ) -> None:
        first = await client.post(PATH, json=file(execution, id=str(new_id())))
        again = await client.post(PATH, json=file(execution, id=str(new_id())))
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json() == again.json()
        assert session.query(RawDataFile).count() == session.query(Event).count() == 1

    @pytest.mark.parametrize("other", [{"size": 1}, {"checksum": OTHER_CHECKSUM}], ids=["size", "checksum"])
    async def test_other_facts_are_a_conflict_that_names_them(
        self, client: Client, execution: str, other: dict[str, Any]
    ) -> None:
        await client.post(PATH, json=file(execution))
        response = await client.post(PATH, json=file(execution, **other))
        assert response.status_code == 409
        assert [error["field"] for error in response.json()["errors"]] == list(other)
        assert "line" not in response.json()["errors"][0]

    async def test_an_id_of_another_file_is_a_conflict(self, client: Client, execution: str) -> None:
        identifier = str(new_id())
        await client.post(PATH, json=file(execution, id=identifier))
        response = await client.post(PATH, json=file(execution, id=identifier, relative_path="other"))
        assert response.status_code == 409
        assert response.json()["errors"][0]["field"] == "id"

    async def test_a_path_of_a_living_copy_is_a_conflict_that_names_it(
        self, client: Client, session: Session, execution: str
    ) -> None:
        first = (await client.post(PATH, json=file(execution))).json()["id"]
        second_execution = str(seed.execution(session))
        session.commit()
        response = await client.post(PATH, json=file(second_execution))
        assert response.status_code == 409
        assert first in response.json()["detail"]
        assert session.query(RawDataFile).count() == 1

    async def test_a_path_is_free_again_when_its_file_is_gone(
        self, client: Client, session: Session, execution: str
    ) -> None:
        await client.post(PATH, json=file(execution))
        package = seed.add_package(session, session.query(RawDataFile).all())
        copy = session.get_one(PhysicalCopy, seed.at_source(session, package))
        second_execution = str(seed.execution(session))
        lease_deletion(session, copy, seed.NOW)
        session.commit()
        for status in (PhysicalCopyStatus.DELETION_SCHEDULED, PhysicalCopyStatus.DELETION_IN_PROGRESS):
            copy.status = status
            session.commit()
            assert (await client.post(PATH, json=file(second_execution))).status_code == 409
        copy.status, copy.deleted_at = PhysicalCopyStatus.DELETED, seed.NOW
        session.commit()
        assert (await client.post(PATH, json=file(second_execution))).status_code == 201
        # The first is filed for ever.
        assert (await client.post(PATH, json=file(execution))).status_code == 200
        assert session.query(RawDataFile).count() == 2

    async def test_late_files_of_a_finished_execution_are_welcome(
        self, client: Client, session: Session
    ) -> None:
        finished = str(seed.execution(session, status=ExecutionStatus.COMPLETED))
        session.commit()
        assert (await client.post(PATH, json=file(finished))).status_code == 201

    async def test_a_location_of_another_site_is_named(
        self, client: Client, execution: str, app: Any
    ) -> None:
        app.state.settings = app.state.settings.model_copy(update={"served_sites": ("cologne",)})
        response = await client.post(PATH, json=file(execution))
        assert response.status_code == 409
        assert "site ccat" in response.json()["detail"]

    @pytest.mark.parametrize(("field", "value"), HOSTILE)
    async def test_hostile_values_are_named(
        self, client: Client, session: Session, execution: str, field: str, value: Any
    ) -> None:
        body = json.dumps(file(execution, **{field: value}))
        response = await client.post(PATH, content=body, headers={"Content-Type": "application/json"})
        assert response.status_code == 422, response.text
        assert [error["field"] for error in response.json()["errors"]] == [field]
        assert session.query(RawDataFile).count() == 0

    @pytest.mark.parametrize("time", ["2016-12-31T23:59:60Z", "2016-12-31 20:59:60.5-03:00"])
    async def test_a_leap_second_is_named(self, client: Client, execution: str, time: str) -> None:
        """RFC 3339 has them, and services of telescopes print them."""
        one = file(execution, written_until=time)
        begun = {"obs_unit": seed.OBS_UNIT, "modules": ["chai-lfa"], "started_at": time}
        for refused in (
            await client.post(PATH, json=one),
            await bulk(client, one),
            await client.post("/executed-obs-units:start", json=begun),
        ):
            assert refused.status_code == 422
            (error,) = refused.json()["errors"]
            assert "leap second" in error["reason"]

    async def test_written_in_the_wrong_order_is_refused(self, client: Client, execution: str) -> None:
        body = file(execution, written_from="2026-11-21T11:00:00Z", written_until="2026-11-21T10:00:00Z")
        assert (await client.post(PATH, json=body)).status_code == 422


class TestBulk:
    async def test_files_many_and_again(
        self, client: Client, session: Session, execution: str, count_statements: CountStatements
    ) -> None:
        with count_statements() as for_many:
            response = await bulk(client, *many(execution, 500))
        assert response.json() == {"filed": 500, "already_filed": 0}
        again = await bulk(client, *many(execution, 501))
        assert again.json() == {"filed": 1, "already_filed": 500}
        numbers = select(RawDataFile.number).order_by(RawDataFile.relative_path)
        assert sorted(session.scalars(numbers)) == list(range(1, 502))
        with count_statements() as for_one:
            await bulk(client, file(execution))
        assert len(for_one) == len(for_many)

    async def test_a_body_without_a_line_is_refused(self, client: Client) -> None:
        for body in (b"", b"\n", b" \n\n"):
            response = await client.post(f"{PATH}:bulk", content=body)
            assert response.status_code == 422
            assert response.json()["detail"] == (
                "body: has no line; send one file a line, as application/x-ndjson"
            )

    async def test_one_bad_line_among_many_files_nothing_and_is_named(
        self, client: Client, session: Session, execution: str
    ) -> None:
        files = many(execution, 100_000)
        files[77_776] = file(execution, relative_path="../../etc/passwd")
        response = await bulk(client, *files)
        assert response.status_code == 422
        (error,) = response.json()["errors"]
        assert (error["line"], error["field"]) == (77_777, "relative_path")
        assert session.query(RawDataFile).count() == 0
        assert (await bulk(client, file(execution))).json()["filed"] == 1

    async def test_lists_the_first_hundred_of_many_bad_lines(self, client: Client, execution: str) -> None:
        response = await bulk(client, *(file(execution, size=-1) for _ in range(250)))
        assert [error["line"] for error in response.json()["errors"]] == list(range(1, 101))
        assert "249 more" in response.json()["detail"]

    async def test_lines_that_contradict_what_is_filed_are_named(
        self, client: Client, session: Session, execution: str
    ) -> None:
        await bulk(client, *many(execution, 5))
        files = many(execution, 10)
        files[3]["size"], files[4]["checksum"] = 99, OTHER_CHECKSUM
        response = await bulk(client, *files)
        assert response.status_code == 409
        assert [(error["line"], error["field"]) for error in response.json()["errors"]] == [
            (4, "size"),
            (5, "checksum"),
        ]
        assert session.query(RawDataFile).count() == 5

    @pytest.mark.parametrize("analyzed", [None, 2, 500], ids=lambda rows: f"analyzed_with_{rows}_rows")
    async def test_looks_files_up_by_their_path_also_when_statistics_mislead(
        self, client: Client, execution: str, database: str, analyzed: int | None
    ) -> None:
        """Many lines that were taken back leave pages without rows, and the tables look empty.

        What else PostgreSQL knows of the tables is from some earlier moment, as after its own analysis.
        """
        with psycopg.connect(database, autocommit=True) as connection:
            if analyzed is not None:
                await bulk(client, *many(execution, analyzed))
                connection.execute("VACUUM ANALYZE raw_data_file, physical_copy")
                connection.execute(
                    "BEGIN; SET LOCAL session_replication_role = replica;"
                    " DELETE FROM physical_copy; DELETE FROM raw_data_file; COMMIT"
                )
            files = many(execution, 5_000)
            assert (await bulk(client, *files, files[0] | {"size": 2})).status_code == 409
            await bulk(client, files[0])
            connection.execute("VACUUM (TRUNCATE false) raw_data_file, physical_copy")
            connection.execute(str(queries._FILING_TABLE))
            connection.execute(str(queries._ONLY_BY_INDEX))
            # psycopg has other parameters, and EXPLAIN none.
            statement = str(queries._CLASHES).replace(":most", "100")
            [[plan]] = connection.execute(f"EXPLAIN (FORMAT JSON) {statement}").fetchone() or [[]]
        assert "(relative_path)::text = f.relative_path" in index_condition(plan["Plan"], "r")
        assert "= NORMALIZE(f.relative_path" in index_condition(plan["Plan"], "t")

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ("R\u00e9f.fits", "Re\u0301f.fits"),
            ("Re\u0301f.fits", "R\u00e9f.fits"),
            ("e\u0301/\u00e9.fits", "\u00e9/e\u0301.fits"),
            ("4 K.fits", "4 \u212a.fits"),
            ("4 \u212a.fits", "4 K.fits"),
            ("\u1112\u1161\u11ab", "\ud55c"),
            ("a\u0323\u0307", "a\u0307\u0323"),
        ],
    )
    @pytest.mark.parametrize("at_once", [True, False])
    async def test_a_name_in_another_unicode_form_is_a_conflict_that_names_both(
        self, client: Client, session: Session, execution: str, first: str, second: str, at_once: bool
    ) -> None:
        files = [file(execution, relative_path=path) for path in ("other", first, second)]
        if not at_once:
            assert (await bulk(client, *files[:2])).status_code == 200
        response = await bulk(client, *files)
        assert response.status_code == 409
        problem = response.json()
        assert problem["type"].endswith("/name-in-another-unicode-form")
        assert "rename" in problem["remedy"].lower()
        (error,) = problem["errors"]
        assert error["line"] in ({2, 3} if at_once else {3})
        assert error["field"] == "relative_path"
        for name in (first, second):
            assert ascii(name) in error["reason"]
        assert session.query(RawDataFile).count() == (0 if at_once else 2)
        one = await client.post(PATH, json=files[2])
        assert one.status_code == (201 if at_once else 409), one.text

    async def test_the_same_name_is_free_in_another_execution_or_module(
        self, client: Client, session: Session, execution: str
    ) -> None:
        other = str(seed.execution(session))
        session.commit()
        assert (await bulk(client, file(execution, relative_path="\u00e9"))).status_code == 200
        assert (await bulk(client, file(other, relative_path="e\u0301"))).status_code == 200

    async def test_the_longest_path_that_is_taken_can_be_kept(
        self, client: Client, session: Session, execution: str
    ) -> None:
        """Also one that nothing makes shorter: an index has room for so much."""
        noise = random.Random(1)
        letters = "\u00e9\u4e2dabcdefghijklmnop0123456789"
        paths = [
            "/".join("".join(noise.choice(letters) for _ in range(60)) for _ in range(count))
            for count in (*range(1, 60, 6), 28, 29)
        ]
        for path in paths:
            fits = len(path.encode()) <= MAX_PATH_BYTES
            response = await bulk(client, file(execution, relative_path=path))
            assert response.status_code == (200 if fits else 422), response.text
        assert max(len(path.encode()) for path in paths if len(path.encode()) <= MAX_PATH_BYTES) > 1900

    async def test_the_same_line_twice_is_one_file(self, client: Client, execution: str) -> None:
        response = await bulk(client, file(execution), file(execution))
        assert response.json() == {"filed": 1, "already_filed": 1}

    async def test_the_same_file_twice_with_other_facts_is_a_conflict(
        self, client: Client, session: Session, execution: str
    ) -> None:
        response = await bulk(client, file(execution), file(execution, size=1))
        assert response.status_code == 409
        assert response.json()["errors"][0]["line"] == 2
        assert session.query(RawDataFile).count() == 0

    async def test_one_id_for_two_files_is_a_conflict(self, client: Client, execution: str) -> None:
        identifier = str(new_id())
        files = [file(execution, id=identifier, relative_path=path) for path in ("a", "b")]
        response = await bulk(client, *files)
        assert response.status_code == 409
        assert response.json()["errors"][0] == {
            "line": 2,
            "field": "id",
            "reason": "this id belongs to another file; leave it out or make a new one ('b')",
        }

    async def test_a_path_of_a_living_copy_names_its_line(
        self, client: Client, session: Session, execution: str
    ) -> None:
        first = (await client.post(PATH, json=file(execution))).json()["id"]
        other = str(seed.execution(session))
        session.commit()
        response = await bulk(client, file(other, relative_path="free"), file(other))
        assert response.status_code == 409
        (error,) = response.json()["errors"]
        assert (error["line"], error["field"]) == (2, "relative_path")
        assert first in error["reason"]

    @pytest.mark.parametrize(("field", "value"), HOSTILE)
    async def test_hostile_values_are_named(
        self, client: Client, session: Session, execution: str, field: str, value: Any
    ) -> None:
        response = await bulk(
            client, file(execution, relative_path="good"), file(execution, **{field: value})
        )
        assert response.status_code == 422, response.text
        (error,) = response.json()["errors"]
        assert (error["line"], error["field"]) == (2, field)
        assert session.query(RawDataFile).count() == 0

    @pytest.mark.parametrize(
        "line",
        [
            "{",
            "[]",
            "5",
            "null",
            '"text"',
            '{"size": 1}',
            "{" * 2000,
            '{"execution_id": "\\ud800"}',
            "\x00",
            "\\.",
            "x" * 70_000,
        ],
    )
    async def test_hostile_lines_are_numbered(self, client: Client, execution: str, line: str) -> None:
        response = await bulk(client, file(execution), line, file(execution))
        assert response.status_code == 422
        assert response.json()["errors"][0]["line"] == 2

    async def test_bytes_that_are_not_utf_8_are_refused(self, client: Client) -> None:
        response = await client.post(f"{PATH}:bulk", content=b'{"module": "\xff"}\n')
        assert response.status_code == 422

    @pytest.mark.parametrize(
        "name", ["tab\there", "back\\slash", "\\N", "\\.", "quote\"'", "ünïcode ✶", "percent%s {}"]
    )
    async def test_any_text_survives_or_is_refused(
        self, client: Client, session: Session, execution: str, name: str
    ) -> None:
        files = [file(execution, relative_path="x", file_type=name), file(execution, relative_path=name)]
        for facts in files:
            response = await bulk(client, facts)
            if response.status_code == 200:
                filed = session.query(RawDataFile).filter_by(relative_path=facts["relative_path"]).one()
                assert filed.file_type == facts.get("file_type")
            else:
                assert response.status_code == 422

    async def test_twice_at_once_files_each_once(
        self, client: Client, session: Session, execution: str
    ) -> None:
        files = many(execution, 300)
        answers = await asyncio.gather(
            bulk(client, *files), bulk(client, *reversed(files)), bulk(client, *files[::2])
        )
        assert [answer.status_code for answer in answers] == [200] * 3
        assert sum(answer.json()["filed"] for answer in answers) == 300
        assert sorted(session.scalars(select(RawDataFile.number))) == list(range(1, 301))

    async def test_an_idempotency_key_answers_the_same_again(
        self, client: Client, session: Session, execution: str
    ) -> None:
        headers = {"Idempotency-Key": "a-key"}
        first = await bulk(client, file(execution), headers=headers)
        again = await bulk(client, file(execution), headers=headers)
        assert first.json() == again.json() == {"filed": 1, "already_filed": 0}
        assert again.headers["idempotent-replay"] == "true"
        other = await bulk(client, file(execution, relative_path="b"), headers=headers)
        assert other.status_code == 422
        assert session.query(RawDataFile).count() == 1

    async def test_pieces_of_any_size_make_the_same_lines(self, client: Client, execution: str) -> None:
        body = ndjson(*many(execution, 40))

        async def pieces() -> Any:
            for start in range(0, len(body), 7):
                yield body[start : start + 7]

        response = await client.post(f"{PATH}:bulk", content=pieces())
        assert response.json()["filed"] == 40

    async def test_a_client_that_falls_silent_is_let_go(
        self, client: Client, execution: str, app: Any
    ) -> None:
        app.state.settings = app.state.settings.model_copy(update={"upload_idle_timeout": 0.05})
        waiting = asyncio.Event()

        async def silence() -> Any:
            yield ndjson(file(execution))
            await waiting.wait()

        response = await client.post(f"{PATH}:bulk", content=silence())
        assert response.status_code == 408


@given(
    st.fixed_dictionaries(
        {
            "execution_id": st.just(str(new_id())),
            "module": st.just("chai-lfa"),
            "source_location": st.just("s"),
        }
        | {"relative_path": st.text(max_size=20), "size": st.integers() | st.booleans() | st.floats()}
        | {"checksum": st.just(seed.CHECKSUM) | st.text(max_size=5)},
        optional={
            "id": st.uuids(version=4).map(str) | st.builds(lambda: str(new_id())),
            "file_type": st.none() | st.text(max_size=5),
            "written_from": st.none() | st.datetimes().map(lambda time: time.isoformat() + "Z"),
            "written_until": st.none() | st.text(max_size=10),
            "other": st.none(),
        },
    )
)
@settings(max_examples=300, deadline=timedelta(seconds=5))
def test_one_and_many_are_judged_alike(facts: dict[str, Any]) -> None:
    try:
        FileToFile.model_validate(facts)
        alone = True
    except ValidationError:
        alone = False
    reader = LineReader()
    reader._convert([json.dumps(facts).encode()])
    assert alone == (not reader.errors), reader.errors


class TestList:
    async def test_is_empty_at_first(self, client: Client) -> None:
        assert (await client.get(PATH)).json() == {"items": [], "next_cursor": None}

    async def test_filters(self, client: Client, session: Session, execution: str) -> None:
        package = seed.package(session, UUID(execution), files=3)
        session.commit()
        await bulk(client, *many(execution, 4))
        for query, found in [
            ({}, 7),
            ({"packaged": "true"}, 3),
            ({"packaged": "false"}, 4),
            ({"package_id": str(package)}, 3),
            ({"execution_id": execution}, 7),
            ({"execution_id": str(new_id())}, 0),
            ({"module": "chai-hfa"}, 0),
        ]:
            items = (await client.get(PATH, params=query)).json()["items"]
            assert len(items) == found, query

    async def test_unknown_files_are_not_found(self, client: Client) -> None:
        assert (await client.get(f"{PATH}/{new_id()}")).status_code == 404


async def test_lines_are_compared_in_the_collation_of_the_index(app: FastAPI) -> None:
    """With another collation PostgreSQL reads all files of the execution for each line: hours for 10⁵."""
    columns = text(
        """
        SELECT count(DISTINCT attcollation) FROM pg_attribute
        WHERE attrelid IN ('filing'::regclass, 'raw_data_file'::regclass) AND attname = 'relative_path'
        """
    )
    async with app.state.sessions() as session:
        await prepare_filing(session, 60)
        assert (await session.execute(columns)).scalar_one() == 1
