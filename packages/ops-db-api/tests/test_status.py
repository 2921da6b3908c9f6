"""One status for all who ask: right again in time, made once, and never for those who may not see it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from ccat_ops_db_api.application import STATUS_SECONDS, SUMS_SECONDS
from ccat_ops_db_api.platform.kept_answer import KeptAnswer
from ccat_ops_db_api.reports import endpoints

from . import seed
from .conftest import Client, CountStatements, FixedClock, MakeClient

PATH = "/status"


async def status(client: Client) -> Any:
    response = await client.get(PATH)
    assert response.status_code == 200, response.text
    return response.json()


def pass_time(clock: FixedClock, seconds: float) -> None:
    clock.seconds += seconds
    clock.now += timedelta(seconds=seconds)


async def test_is_right_when_its_time_is_over(client: Client, session: Session, clock: FixedClock) -> None:
    before = await status(client)
    seed.package(session, seed.execution(session))
    session.commit()
    pass_time(clock, STATUS_SECONDS / 2)
    assert await status(client) == before
    pass_time(clock, STATUS_SECONDS / 2)
    after = await status(client)
    assert sum(after["packages"].values()) == sum(before["packages"].values()) + 1
    assert after["at"] == clock.now.isoformat().replace("+00:00", "Z")


async def test_many_at_once_have_it_made_once(
    app: FastAPI, client: Client, count_statements: CountStatements
) -> None:
    """Also more of them than there are connections."""
    await status(client)
    pass_time(app.state.clock, STATUS_SECONDS)
    with count_statements() as for_one:
        await status(client)
    pass_time(app.state.clock, STATUS_SECONDS)
    callers = 3 * app.state.settings.database_pool_size
    with count_statements() as for_many:
        answers = await asyncio.gather(*(status(client) for _ in range(callers)))
    assert answers == [answers[0]] * callers
    who_asks = len(for_many) - len(for_one)
    assert who_asks % (callers - 1) == 0
    assert who_asks // (callers - 1) < len(for_one) / 4


async def test_tells_when_it_was_counted_what_lies_where(
    client: Client, session: Session, clock: FixedClock
) -> None:
    def lying(answer: Any) -> int:
        return sum(place["packages"] for place in answer["locations"])

    before = await status(client)
    seed.package(session, seed.execution(session))
    session.commit()
    pass_time(clock, SUMS_SECONDS - 1)
    meanwhile = await status(client)
    assert meanwhile["counted_at"] == before["counted_at"] == before["at"]
    assert lying(meanwhile) == lying(before)
    pass_time(clock, STATUS_SECONDS)
    after = await status(client)
    assert after["counted_at"] == after["at"]
    assert lying(after) > lying(before)


async def test_is_kept_from_those_who_may_not_see_it(
    client: Client, client_with: MakeClient, stranger: Client
) -> None:
    await status(client)
    assert (await client_with("read:data").get(PATH)).status_code == 403
    assert (await stranger.get(PATH)).status_code == 401


async def test_a_failure_is_not_kept(
    client: Client, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("SELECT", {}, OSError("gone"))

    with monkeypatch.context() as patch:
        patch.setattr(endpoints, "status_report", fail)
        answers = await asyncio.gather(*(client.get(PATH) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {503}
    await status(client)


async def test_it_is_made_for_the_others_when_who_asked_first_goes_away(clock: FixedClock) -> None:
    kept, made = KeptAnswer[int](clock, STATUS_SECONDS), []
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def make() -> int:
        begun.set()
        await may_end.wait()
        made.append(1)
        return len(made)

    first, second = (asyncio.create_task(kept.get(make)) for _ in range(2))
    await begun.wait()
    first.cancel()
    may_end.set()
    assert await second == 1
    assert await kept.get(make) == 1
    with pytest.raises(asyncio.CancelledError):
        await first
