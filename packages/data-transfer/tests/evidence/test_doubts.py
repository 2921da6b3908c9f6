"""A copy or a place in doubt proves nothing, from the moment of the doubt on."""

from typing import Any

import pytest

from ccat_ops_db.enumerations import Operation

from ..trouble import (
    HOUR,
    allow_deletion,
    doubt_place,
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


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="h1: an archive copy that staging found bad proves the deletion of all others until it is read",
)
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


def test_a_doubted_place_proves_nothing(archived: Any) -> None:
    doubt_place(archived, "cologne.lta")
    allow_deletion(archived)
    let_pass(archived, HOUR, HOUR)
    assert len(archived.files_at("ccat.raw")) == 1
