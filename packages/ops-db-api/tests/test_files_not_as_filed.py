"""Deciding on files that are not as they were filed: to set them aside, or to file them anew."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import FileDecision, FileExceptionKind, PhysicalCopyStatus, Severity
from ccat_ops_db.events import record_error
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    ErrorRecord,
    Event,
    RawDataFile,
    RawDataFileException,
    RawDataPackage,
    RawDataSeries,
)

from . import seed
from .conftest import Client, CountStatements, MakeClient

PATH = "/raw-data-files"
VERBS = ["set-aside", "file-anew"]
NOW_IT_IS = {"size": 4321, "checksum": "md5:" + "a" * 32}


@pytest.fixture
def execution(session: Session) -> UUID:
    """An execution with a package that is not sealed, one of whose three files is missing."""
    made = seed.execution(session)
    seed.package(session, made, files=3, sealed=False)
    excepted(session, *session.scalars(select(RawDataFile.id).order_by(RawDataFile.number).limit(1)))
    session.commit()
    return made


def excepted(session: Session, *files: UUID, kind: FileExceptionKind = FileExceptionKind.MISSING) -> None:
    """Note that files are not as they were filed, with the error that tells of it."""
    for file in files:
        session.add(
            RawDataFileException(
                site_id="ccat",
                raw_data_file_id=file,
                kind=kind,
                first_seen_at=seed.NOW,
                last_seen_at=seed.NOW,
                read_by="worker-1",
                detail="it does not exist (at ccat.chai-raw-data)",
            )
        )
        record_error(
            session,
            site_id="ccat",
            at=seed.NOW,
            severity=Severity.ERROR,
            category="file_missing",
            subject_type="raw_data_file",
            subject_id=file,
            message="it does not exist",
        )
    session.flush()


def only(session: Session) -> RawDataFileException:
    """Return the one exception there is, as it is now."""
    session.expire_all()
    return session.scalars(select(RawDataFileException)).one()


async def decide(client: Client, verb: str, where: dict[str, Any], **body: Any) -> Any:
    return await client.post(
        f"{PATH}:{verb}", json={"where": where, "reason": "a test of the writer", **body}
    )


@pytest.mark.parametrize("verb", VERBS)
async def test_who_manages_transfers_decides(
    client_with: MakeClient, stranger: Client, session: Session, execution: UUID, verb: str
) -> None:
    where = {"execution_id": str(execution)}
    assert (await decide(stranger, verb, where)).status_code == 401
    for scope in ("read:data", "write:data", "stage:data"):
        assert (await decide(client_with(scope), verb, where)).status_code == 403
    assert only(session).decision is None
    assert (await decide(client_with("manage:transfers"), verb, where)).status_code == 200
    assert only(session).decision is not None


async def test_what_is_set_aside_is_told_and_noted(client: Client, session: Session, execution: UUID) -> None:
    [told] = (await decide(client, "set-aside", {"execution_id": str(execution)})).json()["files"]
    decided = only(session)
    assert (decided.decision, decided.reason) == (FileDecision.SET_ASIDE, "a test of the writer")
    assert (decided.decided_at, decided.replaced_by_file_id) == (seed.NOW, None)
    assert told == {
        "id": str(decided.raw_data_file_id),
        "relative_path": f"{execution}/1/scan 0.fits",
        "exception": "missing",
        "problem": "it does not exist (at ccat.chai-raw-data)",
        "replaced_by_file_id": None,
    }
    [event] = session.query(Event)
    assert (event.action, event.subject_id) == ("file.set_aside", str(decided.raw_data_file_id))
    assert (event.actor, "a test of the writer" in event.message) == (decided.decided_by, True)
    assert session.query(ErrorRecord).one().resolved_at == seed.NOW
    shown = (await client.get(f"{PATH}/{decided.raw_data_file_id}")).json()
    assert (shown["exception"], shown["decision"], shown["left_out"]) == ("missing", "set_aside", False)


async def test_what_is_filed_anew_has_a_row_of_its_own(
    client: Client, session: Session, execution: UUID
) -> None:
    old_id = only(session).raw_data_file_id
    answer = await decide(client, "file-anew", {"id": [str(old_id)]}, **NOW_IT_IS)
    [told] = answer.json()["files"]
    old, new = session.get_one(RawDataFile, old_id), session.get_one(RawDataFile, told["replaced_by_file_id"])
    assert (new.relative_path, new.revision, new.number) == (old.relative_path, 2, 4)
    assert {"size": new.size, "checksum": new.checksum} == NOW_IT_IS
    assert (old.size, old.checksum) == (1000, seed.CHECKSUM)
    series = session.query(RawDataSeries).one()
    assert (series.filed_count, series.filed_bytes, series.packaged_count) == (4, 7321, 3)
    assert series.review_at == seed.NOW
    [event] = session.query(Event)
    assert (event.action, str(new.id) in event.message) == ("file.filed_anew", True)


async def test_what_was_mended_is_filed_anew_as_it_was(
    client: Client, session: Session, execution: UUID
) -> None:
    [told] = (await decide(client, "file-anew", {"exception": "missing"})).json()["files"]
    new = session.get_one(RawDataFile, told["replaced_by_file_id"])
    assert (new.size, new.checksum) == (1000, seed.CHECKSUM)


@pytest.mark.parametrize("verb", VERBS)
async def test_a_dry_run_changes_nothing(
    client: Client, session: Session, execution: UUID, verb: str
) -> None:
    told = (await decide(client, verb, {"source_location": seed.SOURCE}, dry_run=True)).json()
    assert (told["dry_run"], told["more"], len(told["files"])) == (True, False, 1)
    assert told["files"][0]["replaced_by_file_id"] is None
    assert only(session).decision is None
    assert session.query(Event).count() == 0
    assert session.query(RawDataFile).count() == 3


@pytest.mark.parametrize("verb", VERBS)
async def test_what_was_decided_on_is_decided(
    client: Client, session: Session, execution: UUID, verb: str
) -> None:
    where = {"execution_id": str(execution)}
    headers = {"Idempotency-Key": "a-key"}
    body = {"where": where, "reason": "once"}
    first = await client.post(f"{PATH}:{verb}", json=body, headers=headers)
    again = await client.post(f"{PATH}:{verb}", json=body, headers=headers)
    assert (first.json(), again.headers["idempotent-replay"]) == (again.json(), "true")
    files = session.query(RawDataFile).count()
    for other in VERBS:
        assert (await decide(client, other, where)).json()["files"] == []
    assert session.query(RawDataFile).count() == files
    assert session.query(Event).count() == 1


async def test_filters_choose_together(client: Client, session: Session, execution: UUID) -> None:
    other = seed.execution(session)
    package = seed.package(session, other, files=2)
    files = session.scalars(
        select(RawDataFile.id).where(RawDataFile.relative_path.startswith(str(other)))
    ).all()
    excepted(session, *files, kind=FileExceptionKind.CHANGED_AFTER_PACKAGING)
    session.commit()
    choices: list[tuple[dict[str, Any], int]] = [
        ({"execution_id": str(execution)}, 1),
        ({"execution_id": str(other)}, 2),
        ({"package_id": str(package)}, 2),
        ({"package_id": str(package), "exception": "missing"}, 0),
        ({"source_location": seed.SOURCE}, 3),
        ({"exception": "changed_after_packaging"}, 2),
        ({"id": [str(files[0])]}, 1),
        ({"id": []}, 0),
        ({"id": [str(new_id())]}, 0),
    ]
    for where, count in choices:
        told = (await decide(client, "set-aside", where, dry_run=True)).json()
        assert len(told["files"]) == count, where


@pytest.mark.parametrize("verb", VERBS)
async def test_a_choice_that_names_nothing_is_refused(client: Client, execution: UUID, verb: str) -> None:
    refused = await decide(client, verb, {})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "where")


async def test_facts_are_of_one_file(client: Client, session: Session, execution: UUID) -> None:
    file = str(only(session).raw_data_file_id)
    wrong: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"id": [file]}, {"size": 1}),
        ({"id": [file]}, {"checksum": seed.CHECKSUM}),
        ({"id": [file, str(new_id())]}, NOW_IT_IS),
        ({"execution_id": str(execution)}, NOW_IT_IS),
    ]
    for where, body in wrong:
        assert (await decide(client, "file-anew", where, **body)).status_code == 422, (where, body)
    assert only(session).decision is None


@pytest.mark.parametrize("verb", VERBS)
async def test_files_of_another_site_are_named(
    client: Client, session: Session, execution: UUID, app: FastAPI, verb: str
) -> None:
    app.state.settings = app.state.settings.model_copy(update={"served_sites": ("cologne",)})
    for where in (
        {"id": [str(only(session).raw_data_file_id)]},
        {"execution_id": str(execution)},
        {"source_location": seed.SOURCE},
        {"package_id": str(session.scalars(select(RawDataPackage.id)).one())},
    ):
        refused = await decide(client, verb, where)
        assert (refused.status_code, refused.json()["owner_site"]) == (409, "ccat"), where
    assert only(session).decision is None


async def test_many_cost_few_statements_more_than_one(
    client: Client, session: Session, execution: UUID, count_statements: CountStatements
) -> None:
    """A choice is looked up at once, however many files it has."""
    with count_statements() as for_one:
        await decide(client, "set-aside", {"execution_id": str(execution)}, dry_run=True)
    excepted(session, *session.scalars(select(RawDataFile.id).where(RawDataFile.number > 1)))
    session.commit()
    with count_statements() as for_three:
        await decide(client, "set-aside", {"execution_id": str(execution)}, dry_run=True)
    assert len(for_one) == len(for_three)


class TestThePath:
    """The path of a file that is not as it was filed, when another series files it."""

    @pytest.fixture
    def file_elsewhere(self, client: Client, session: Session) -> Callable[[str], Any]:
        """File a path in another execution."""
        other = seed.execution(session)
        session.commit()

        async def file(path: str) -> int:
            facts = {
                "execution_id": str(other),
                "module": "chai-lfa",
                "relative_path": path,
                "size": 1,
                "checksum": seed.CHECKSUM,
                "source_location": seed.SOURCE,
            }
            return (await client.post(PATH, json=facts)).status_code

        return file

    def removed(self, session: Session) -> tuple[RawDataFile, RawDataFile]:
        """Return a file that was removed at its source with its package, and one that was left out of it."""
        files = seed.file_of_chai(session, seed.execution(session), ["inside.fits", "outside.fits"])
        package = seed.add_package(session, files[:1], last=files[1].number)
        seed.at_source(session, package, PhysicalCopyStatus.DELETED)
        excepted(session, files[1].id)
        session.commit()
        return files[0], files[1]

    async def test_what_was_removed_gives_it_back_and_what_was_left_out_does_not(
        self, session: Session, file_elsewhere: Any
    ) -> None:
        self.removed(session)
        assert await file_elsewhere("inside.fits") == 201
        assert await file_elsewhere("outside.fits") == 409

    async def test_what_was_set_aside_keeps_it(
        self, client: Client, session: Session, file_elsewhere: Any
    ) -> None:
        _, outside = self.removed(session)
        await decide(client, "set-aside", {"id": [str(outside.id)]})
        assert await file_elsewhere("outside.fits") == 409

    async def test_what_was_filed_anew_has_it_until_that_is_removed(
        self, client: Client, session: Session, file_elsewhere: Any
    ) -> None:
        _, outside = self.removed(session)
        [told] = (await decide(client, "file-anew", {"id": [str(outside.id)]})).json()["files"]
        assert await file_elsewhere("outside.fits") == 409
        new = session.get_one(RawDataFile, told["replaced_by_file_id"])
        package = seed.add_package(session, [new], part=2)
        seed.at_source(session, package, PhysicalCopyStatus.DELETED)
        session.commit()
        assert await file_elsewhere("outside.fits") == 201
