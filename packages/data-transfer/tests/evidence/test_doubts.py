"""A copy or a place in doubt proves nothing, from the moment of the doubt on."""

from typing import Any

import pytest
from sqlalchemy import select

from ccat_ops_db.enumerations import CallerKind, DoubtCause, Operation, PackageState
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import Doubt, DoubtAnswer, Event, RawDataPackage
from ccat_ops_db.package_state import package_state

from ..trouble import (
    DAY,
    HOUR,
    allow_deletion,
    doubt_place,
    have_read,
    keep_everything,
    let_pass,
    lost,
    packages,
    rot,
)

CONTENTS = {"2026/a.fits": b"a" * 5000}


@pytest.fixture
def archived(observatory: Any) -> Any:
    keep_everything(observatory)
    observatory.observe(CONTENTS)
    observatory.run()
    return observatory


def test_a_doubted_archive_copy_proves_nothing(archived: Any) -> None:
    rot(archived.tars_at("cologne.lta")[0])
    archived.stage(packages(archived)[0])
    archived.planner.run_pass()
    archived.deliver()
    allow_deletion(archived)
    # Deleters are quicker than those who read.
    for _ in range(3):
        archived.planner.run_pass()
        messages, archived.mailbox.messages = archived.mailbox.messages, []
        for _, operation, work_id in messages:
            if operation is Operation.DELETION:
                archived.runner.run(operation, work_id)
    assert lost(archived, CONTENTS) == []
    let_pass(archived, HOUR, HOUR)
    assert lost(archived, CONTENTS) == []


def test_a_read_that_began_before_the_doubt_does_not_answer_it(archived: Any, at_crash_points: Any) -> None:
    [package] = packages(archived)

    def doubt(name: str) -> None:
        if name == "mover.read_back":
            with archived.sessions.begin() as session:
                session.add(doubt_of(archived.copy_at("cologne.lta")))

    have_read(archived, "cologne.lta")
    archived.planner.run_pass()
    at_crash_points(doubt)
    archived.deliver()
    assert archived.rows(DoubtAnswer) == []
    assert not is_archived(archived, package)
    archived.run()
    assert len(archived.rows(DoubtAnswer)) == 1
    assert is_archived(archived, package)


def test_a_verdict_answers_a_doubt(archived: Any) -> None:
    [tar] = archived.tars_at("cologne.lta")
    rot(tar)
    with archived.sessions.begin() as session:
        session.add(doubt_of(archived.copy_at("cologne.lta")))
    archived.run()
    assert archived.rows(DoubtAnswer) == [], "one wrong reading answers nothing"
    let_pass(archived, 1000)
    assert len(archived.rows(DoubtAnswer)) == 1
    assert "copy.corrupt" in [event.action for event in archived.rows(Event)]


def doubt_of(copy: Any) -> Doubt:
    return Doubt(
        id=new_id(),
        site_id=copy.site_id,
        physical_copy_id=copy.id,
        cause=DoubtCause.BYTES,
        work_table="staging_item",
        work_id=new_id(),
        caller_kind=CallerKind.ENGINE,
        caller="a worker",
        created_at=copy.created_at,
        reason="wrong bytes",
    )


def is_archived(observatory: Any, package: Any) -> bool:
    with observatory.sessions() as session:
        found = session.scalar(select(package_state()).where(RawDataPackage.id == package.id))
        return bool(found == PackageState.ARCHIVED)


def test_a_doubted_place_proves_nothing(archived: Any) -> None:
    doubt_place(archived, "cologne.lta")
    allow_deletion(archived)
    let_pass(archived, HOUR, HOUR)
    assert len(archived.files_at("ccat.raw")) == 1


def test_a_persons_doubt_of_a_place_is_not_sampled_away(archived: Any) -> None:
    doubt_place(archived, "cologne.lta")
    let_pass(archived, HOUR, DAY)
    assert archived.rows(DoubtAnswer) == []
    assert not is_archived(archived, packages(archived)[0])


def test_a_doubt_of_a_copy_that_is_gone_is_answered_by_its_deletion(archived: Any) -> None:
    copy = archived.copy_at("cologne.buffer")
    allow_deletion(archived, "cologne.buffer")
    let_pass(archived, HOUR, HOUR)
    assert not archived.tars_at("cologne.buffer")
    with archived.sessions.begin() as session:
        session.add(doubt_of(copy))
    archived.run()
    [answer] = archived.rows(DoubtAnswer)
    assert answer.deletion_id is not None
