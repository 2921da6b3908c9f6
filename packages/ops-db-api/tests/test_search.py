"""Finding anything by the beginning of its id or name."""

from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from . import seed
from .conftest import Client, CountStatements, MakeClient
from .open_things import one_of_each


async def found(client: Client, q: str) -> list[tuple[str, str]]:
    answer = await client.get("/search", params={"q": q})
    assert answer.status_code == 200, answer.text
    return [(item["type"], item["id"]) for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("q", "hits"),
    [
        ("orion", [("source", "Orion-KL"), ("obs_unit", seed.OBS_UNIT)]),
        ("geco", [("observing_program", "GEco")]),
        ("cologne.l", [("data_location", seed.ARCHIVE)]),
        ("ccat-to", [("route", "ccat-to-cologne")]),
        ("CHAI", [("instrument", "chai")]),
        ("%", []),
        ("nothing", []),
        ("0193", []),
    ],
)
async def test_names_are_found_by_their_beginning(
    client: Client, q: str, hits: list[tuple[str, str]]
) -> None:
    assert await found(client, q) == hits


async def test_an_exact_name_comes_first(client: Client) -> None:
    assert (await found(client, "ccat"))[0] == ("site", "ccat")
    assert len(await found(client, "c")) > 5


async def test_ids_are_found_by_their_first_digits(
    client: Client, session: Session, count_statements: CountStatements
) -> None:
    things: dict[str, UUID] = one_of_each(session)
    for name, kind in (
        ("failed", "data_transfer"),
        ("archiving", "archive_transfer"),
        ("package", "raw_data_package"),
        ("copy", "physical_copy"),
        ("running", "execution"),
    ):
        text = str(things[name])
        for prefix in (text, text[:35], text.upper(), text.replace("-", "")):
            assert (kind, text) in await found(client, prefix)
    with count_statements() as statements:
        hits = await found(client, str(things["package"])[:8])
    assert len(statements) == 2
    assert len(hits) == 20, "made at about the same time, they begin alike"


async def test_each_hit_leads_to_itself(client: Client, session: Session) -> None:
    things = one_of_each(session)
    for q in ("c", "orion", *(str(key)[:13] for key in things.values())):
        for item in (await client.get("/search", params={"q": q})).json()["items"]:
            assert (await client.get(f"/{item['collection']}/{item['id']}")).status_code == 200, item


async def test_what_may_not_be_read_is_not_found(client_with: MakeClient) -> None:
    reader = client_with("read:locations")
    assert await found(reader, "orion") == []
    assert await found(reader, "cologne.l") == [("data_location", seed.ARCHIVE)]
    assert await found(client_with("read:events"), "c") == []


@pytest.mark.parametrize("query", [{}, {"q": ""}, {"q": "a\x00"}, {"q": "a", "limit": 3}])
async def test_hostile_questions_are_refused(client: Client, query: dict[str, str]) -> None:
    assert (await client.get("/search", params=query)).status_code == 422
