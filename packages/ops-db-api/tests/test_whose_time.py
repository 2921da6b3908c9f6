"""What is decided about rows has the time of the database, however wrong the clock of the API is."""

from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import FailureClass, Status
from ccat_ops_db.models import ApiToken, Base, RawDataFile, UserSession

from . import seed
from .conftest import Client, FixedClock

NOW = seed.NOW.isoformat()


@pytest.fixture(autouse=True)
def wrong(clock: FixedClock) -> None:
    """The clock of the API is wrong by a year."""
    assert abs(clock.utc_now() - clock.now).days == 365


def _times(session: Session) -> set[tuple[str, str]]:
    """Return each time of each row that is not the database's, with its table and column."""
    found = set()
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if column.type.python_type.__name__ == "datetime":
                rows = session.execute(text(f'SELECT {column.name} FROM "{table.name}"')).scalars()
                found |= {(f"{table.name}.{column.name}", str(at)) for at in rows if at is not None}
    return {(where, at) for where, at in found if at != str(seed.NOW)}


async def test_what_people_do_has_the_time_of_the_database(client: Client, session: Session) -> None:
    execution = seed.execution(session)
    package = seed.package(session, execution)
    copy = seed.copy_of(session, package, seed.BUFFER.replace("buffer", "chai-raw-data"))
    failed = seed.transfer(
        session,
        package,
        Status.FAILED,
        error_class=FailureClass.PERMANENT,
        error_category="no_such_bucket",
        finished_at=seed.NOW,
    )
    session.commit()
    before = _times(session)
    file = {
        "execution_id": str(execution),
        "module": "chai-lfa",
        "relative_path": "a.fits",
        "size": 1,
        "checksum": seed.CHECKSUM,
        "source_location": seed.SOURCE,
    }
    asked: list[tuple[str, dict[str, Any]]] = [
        ("/data-locations/ccat.buffer:suspend", {"reason": "new disks"}),
        ("/data-locations/ccat.buffer:resume", {}),
        ("/sites/ccat:suspend", {"reason": "power cut"}),
        ("/deletion-holds", {"scope": "global", "reason": "a paper"}),
        ("/raw-data-files", file),
        (f"/physical-copies/{copy}:verify", {}),
        (f"/data-transfers/{failed}:retry", {}),
        (f"/data-transfers/{failed}:cancel", {"reason": "not wanted"}),
        ("/executed-obs-units:start", {"obs_unit": seed.OBS_UNIT, "modules": ["chai-lfa"]}),
        (f"/executed-obs-units/{execution}:finish", {"status": "completed"}),
    ]
    for number, (path, body) in enumerate(asked):
        response = await client.post(path, json=body, headers={"Idempotency-Key": str(number)})
        assert response.status_code < 300, (path, response.text)
    session.expire_all()
    assert _times(session) == before
    filed = session.scalars(select(RawDataFile).where(RawDataFile.relative_path == "a.fits")).one()
    assert filed.filed_at == seed.NOW


async def test_a_hold_ends_by_the_time_of_the_database(client: Client, clock: FixedClock) -> None:
    past = await client.post("/deletion-holds", json={"scope": "global", "reason": "x", "until": NOW})
    assert past.status_code == 422


async def test_a_token_ends_by_the_time_of_the_database(
    app: Any, client: Client, session: Session, clock: FixedClock
) -> None:
    token = session.scalars(select(ApiToken)).one()
    token.expires_at = seed.NOW
    session.commit()
    assert (await client.get("/me")).status_code == 401


async def test_a_session_begins_and_ends_by_the_time_of_the_database(
    signed_in: Client, session: Session
) -> None:
    assert session.scalars(select(UserSession.created_at)).all() == [seed.NOW]
    session.execute(text("UPDATE user_session SET expires_at = :now"), {"now": seed.NOW})
    session.commit()
    assert (await signed_in.get("/me")).status_code == 401
