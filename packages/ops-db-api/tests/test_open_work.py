"""Open work of every kind: one list, its groups, and what is done with many at once."""

from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import PhysicalCopyStatus
from ccat_ops_db.models import (
    DataTransfer,
    DataTransferRouteWindow,
    Event,
    PhysicalCopy,
)
from ccat_ops_db.reports.open_work import OpenWorkKind
from ccat_ops_db.reports.open_work_groups import URGENCY, GroupBy
from ccat_ops_db.waiting import Turn, WaitingReason
from ccat_ops_db_api.open_work.schemas import OpenWorkSort

from . import seed
from .conftest import ChangedKeys, Client, CountStatements, MakeClient
from .open_things import ago, one_of_each

FILTERS = (
    "kind",
    "status",
    "reason",
    "turn",
    "site",
    "from",
    "to",
    "place",
    "route",
    "program",
    "error_category",
)


@pytest.fixture
def things(session: Session) -> dict[str, UUID]:
    """Open work of every kind."""
    return one_of_each(session)


async def listed(client: Client, **query: Any) -> list[dict[str, Any]]:
    answer = await client.get("/open-work", params={"limit": 1000, **query})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


class TestList:
    async def test_nothing_is_open_at_first(self, client: Client) -> None:
        assert (await client.get("/open-work")).json() == {"items": [], "next_cursor": None}

    async def test_shows_every_kind(self, client: Client, things: dict[str, UUID]) -> None:
        items = {item["id"]: item for item in await listed(client)}
        assert {item["kind"] for item in items.values()} == {kind.value for kind in OpenWorkKind}
        assert len(items) == 12, "work that ended with its cancelled staging job is not open"
        assert {item["program"] for item in items.values()} == {"GEco"}
        assert {item["obs_unit"] for item in items.values()} == {seed.OBS_UNIT}
        executions = (await client.get("/executed-obs-units")).json()["items"]
        began = {execution["id"]: execution["started_at"] for execution in executions}
        assert {(item["execution_id"], item["observed_at"]) for item in items.values()} <= began.items()

    async def test_says_of_each_why_it_waits_and_what_can_be_done(
        self, client: Client, things: dict[str, UUID]
    ) -> None:
        items = {item["id"]: item for item in await listed(client)}
        shown = {
            name: (items[str(things[name])]["reason"], items[str(things[name])]["actions"])
            for name in things
            if str(things[name]) in items
        }
        assert shown == {
            "creation": ("not_planned", ["cancel"]),
            "waiting": ("link_window_closed", ["cancel"]),
            "moving": ("in_progress", ["cancel"]),
            "failed": ("given_up", ["retry", "cancel"]),
            "cancelled": ("cancelled", ["retry"]),
            "backing_off": ("back_off", ["cancel"]),
            "archiving": ("dispatched", ["cancel"]),
            "check": ("concurrency_limit", ["cancel"]),
            "deletion": ("grace_period", ["cancel"]),
            "staging": ("not_planned", ["cancel"]),
            "copy": ("route_circuit_open", []),
        }
        module = items[f"{things['running']}.chai-lfa"]
        assert (module["reason"], module["actions"]) == ("execution_running", [])
        assert module["subject"] == str(things["running"])

    async def test_says_what_a_retry_does_now_and_what_stays_meanwhile(
        self, client: Client, session: Session, things: dict[str, UUID]
    ) -> None:
        async def of(name: str) -> tuple[str | None, str | None]:
            [item] = await listed(client, id=str(things[name]))
            return item["on_retry"], item["kept"]

        kept = "What was to be sent stays where it is meanwhile."
        again = "It is sent again from its first byte"
        assert await of("moving") == (None, None)
        assert await of("failed") == (f"{again}, at once.", kept)
        session.add(seed.outage("route", "ccat-to-cologne", ago(-5)))
        session.commit()
        later = f"{again}, as soon as the route ccat-to-cologne works again: it is paused now."
        assert await of("failed") == (later, kept)

    async def test_each_leads_to_itself_and_to_why(self, client: Client, things: dict[str, UUID]) -> None:
        for item in await listed(client):
            shown = await client.get(f"/{item['collection']}/{item['subject']}")
            assert shown.status_code == 200, item
            assert (await client.get(f"/why/{item['subject']}")).status_code == 200

    async def test_tells_progress_and_the_last_error(self, client: Client, things: dict[str, UUID]) -> None:
        items = {item["id"]: item for item in await listed(client)}
        moving = items[str(things["moving"])]
        assert (moving["bytes_done"], moving["bytes_per_second"], moving["worker"]) == (600, 10.0, "worker-1")
        failed = items[str(things["failed"])]
        assert failed["detail"] == failed["error_message"] == "there is no bucket lta; make it"
        assert (failed["from"], failed["to"], failed["route"]) == (
            seed.BUFFER,
            seed.ARCHIVE_BUFFER,
            "ccat-to-cologne",
        )

    async def test_says_when_it_goes_on(
        self, client: Client, session: Session, things: dict[str, UUID]
    ) -> None:
        soon = seed.NOW + timedelta(seconds=40)
        session.add_all(
            [
                DataTransferRouteWindow(
                    data_transfer_route_id="ccat-to-cologne", opens_at=time(2), closes_at=time(6)
                ),
                DataTransferRouteWindow(
                    data_transfer_route_id="ccat-to-cologne", opens_at=time(20), closes_at=time(22)
                ),
                seed.outage("route", "ccat-to-cologne", soon),
                seed.outage("location", seed.BUFFER, soon),
            ]
        )
        session.commit()
        items = {item["id"]: item for item in await listed(client)}

        def next_at(name: str) -> datetime | None:
            text = items[str(things[name])]["next_at"]
            return datetime.fromisoformat(text) if text else None

        assert next_at("waiting") == seed.NOW.replace(hour=20)
        assert next_at("copy") == soon
        assert items[str(things["copy"])]["route"] == "ccat-to-cologne"
        assert next_at("backing_off") == seed.NOW + timedelta(minutes=7)
        assert next_at("deletion") == seed.NOW + timedelta(hours=1)
        assert next_at("moving") is next_at("failed") is None

    @pytest.mark.parametrize(
        ("paused", "cause"),
        [
            ("route", "route ccat-to-cologne is paused until then"),
            ("place", "a place of it is paused until then"),
        ],
    )
    async def test_what_waits_for_its_next_attempt_is_tried_after_the_pauses_on_its_way(
        self, client: Client, session: Session, things: dict[str, UUID], paused: str, cause: str
    ) -> None:
        later = seed.NOW + timedelta(minutes=10)
        session.add(
            seed.outage("route", "ccat-to-cologne", later)
            if paused == "route"
            else seed.outage("location", seed.ARCHIVE_BUFFER, later, "cologne")
        )
        session.commit()
        work = str(things["backing_off"])
        item = next(item for item in await listed(client) if item["id"] == work)
        why = (await client.get(f"/why/{work}")).json()["steps"][0]
        life = await client.get(f"/raw-data-packages/{item['package_id']}/life-line")
        step = next(step for step in life.json()["steps"] if step["subject_id"] == work)
        for told in (item, why, step):
            assert datetime.fromisoformat(told["next_at"]) == later
            assert told["detail"].endswith(cause)

    async def test_another_sites_work_is_shown_and_not_offered(
        self, client: Client, things: dict[str, UUID], app: Any
    ) -> None:
        app.state.settings = app.state.settings.model_copy(update={"served_sites": ("ccat",)})
        actions = {item["site"]: item["actions"] for item in await listed(client, kind="staging_item")}
        assert actions == {"cologne": []}
        assert (await listed(client, kind="data_transfer", status="failed"))[0]["actions"] == [
            "retry",
            "cancel",
        ]

    @pytest.mark.parametrize("limit", [1, 100])
    async def test_takes_two_statements_whatever_the_page(
        self, client: Client, things: dict[str, UUID], count_statements: CountStatements, limit: int
    ) -> None:
        with count_statements() as statements:
            await client.get("/open-work", params={"limit": limit})
        assert len(statements) == 2
        with count_statements() as statements:
            await client.get("/open-work", params={"limit": limit, "count": "true", "program": "GEco"})
        assert len(statements) == 3

    @pytest.mark.parametrize("sort", OpenWorkSort)
    async def test_pages_of_each_order_hold_everything_once(
        self, client: Client, things: dict[str, UUID], sort: OpenWorkSort
    ) -> None:
        everything = await listed(client, sort=sort.value)
        key = sort.value.removeprefix("-").replace("waiting_since", "since")
        for before, after in pairwise(everything):
            ordered = before[key] >= after[key] if sort.value.startswith("-") else before[key] <= after[key]
            assert ordered
        seen, cursor = [], None
        while True:
            query = {"limit": 2, "sort": sort.value, **({"cursor": cursor} if cursor else {})}
            page = (await client.get("/open-work", params=query)).json()
            seen += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == everything
        assert len(everything) == (11 if "bytes" in sort.value else 12), "nobody knows the size of a module's"

    @pytest.mark.parametrize("sort", [OpenWorkSort.WAITING_SINCE, OpenWorkSort.PRIORITY_DESCENDING])
    @pytest.mark.parametrize("name", FILTERS)
    async def test_each_filter_lists_what_has_its_value(
        self, client: Client, things: dict[str, UUID], name: str, sort: OpenWorkSort
    ) -> None:
        everything = await listed(client, sort=sort.value)
        values = {item[name] for item in everything} - {None, "waiting"}
        assert values
        for value in values:
            chosen = await listed(client, sort=sort.value, **{name: value})
            assert chosen == [item for item in everything if item[name] == value]
            others = await listed(client, sort=sort.value, **{f"{name}_not": value})
            assert others == [item for item in everything if item[name] != value]
        both = await listed(client, sort=sort.value, **{name: sorted(values)})
        assert both == [item for item in everything if item[name] in values]

    async def test_other_filters(self, client: Client, things: dict[str, UUID]) -> None:
        assert len(await listed(client, package_id=str(things["package"]))) == 1
        of_execution = await listed(client, execution_id=str(things["execution"]))
        assert len(of_execution) == 11
        assert len(await listed(client, execution_id=str(things["running"]))) == 1
        old = await listed(client, waiting_until=ago(40).isoformat())
        new = await listed(client, waiting_since=ago(40).isoformat())
        assert len(old) + len(new) == 12
        assert all(datetime.fromisoformat(item["since"]) < ago(40) for item in old)
        assert len(await listed(client, kind="data_transfer", reason="given_up")) == 1

    @pytest.mark.parametrize(
        "query", [{"kind": "x"}, {"reason": "x"}, {"nothing": "x"}, {"package_id": "x"}, {"sort": "x"}]
    )
    async def test_hostile_values_are_refused(self, client: Client, query: dict[str, str]) -> None:
        for path in ("/open-work", "/open-work/groups"):
            assert (await client.get(path, params=query)).status_code == 422

    async def test_counts_what_matches(self, client: Client, things: dict[str, UUID]) -> None:
        answer = await client.get("/open-work", params={"count": "true", "limit": 1, "kind": "data_transfer"})
        assert answer.json()["count"] == {"value": 5, "exact": True}


class TestGroups:
    @pytest.mark.parametrize("by", GroupBy)
    async def test_hold_what_the_list_has(
        self, client: Client, things: dict[str, UUID], by: GroupBy, count_statements: CountStatements
    ) -> None:
        with count_statements() as statements:
            answer = (await client.get("/open-work/groups", params={"by": by.value})).json()
        assert len(statements) == 2
        everything = await listed(client)
        assert answer["count"] == len(everything)
        once: dict[str, int] = {}
        for item in everything:
            of = item["package_id"] or item["id"]
            once[of] = max(once.get(of, 0), item["bytes_total"] or 0)
        assert answer["bytes"] == sum(once.values()) < sum(item["bytes_total"] or 0 for item in everything)
        assert {group["key"] for group in answer["groups"]} == {item[by.value] for item in everything}
        for group in answer["groups"]:
            members = [item for item in everything if item[by.value] == group["key"]]
            assert group["count"] == len(members)
            assert group["bytes"] == sum(item["bytes_total"] or 0 for item in members)
            assert group["oldest"].replace("Z", "+00:00") == min(item["since"] for item in members)
            for part, counts in (
                ("reason", group["reasons"]),
                ("turn", group["turns"]),
                ("kind", group["kinds"]),
                ("place", group["places"]),
                ("route", group["routes"]),
                ("error_category", group["error_categories"]),
            ):
                assert counts == {
                    value: sum(item[part] == value for item in members)
                    for value in {item[part] for item in members} - {None}
                }
            assert group["can"] == {
                verb: sum(verb in item["actions"] for item in members) for verb in ("retry", "cancel")
            }
            assert group["turn"] in group["turns"]
            assert group["next"]

    async def test_can_what_their_verbs_take(self, client: Client, things: dict[str, UUID]) -> None:
        groups = (await client.get("/open-work/groups", params={"by": "kind"})).json()["groups"]
        assert any(group["can"]["retry"] for group in groups)
        for group in groups:
            for verb in ("retry", "cancel"):
                body = {"where": {"kind": [group["key"]]}, "reason": "x", "dry_run": True}
                answer = (await client.post(f"/open-work:{verb}", json=body)).json()
                assert answer["done"] == group["can"][verb], (group["key"], verb)

    async def test_take_the_filters_of_the_list(self, client: Client, things: dict[str, UUID]) -> None:
        for query in ({"kind": "data_transfer"}, {"program": "GEco"}, {"route_not": "ccat-to-cologne"}):
            answer = (await client.get("/open-work/groups", params={"by": "place", **query})).json()
            assert answer["count"] == len(await listed(client, **query))

    async def test_say_whose_turn_it_is(self, client: Client, things: dict[str, UUID]) -> None:
        groups = (await client.get("/open-work/groups", params={"by": "kind"})).json()["groups"]
        transfers = next(group for group in groups if group["key"] == "data_transfer")
        assert (transfers["turn"], transfers["reason"]) == ("operator", "given_up")
        assert transfers["turns"] == {"operator": 1, "requester": 1, "automatic": 3}

    async def test_those_that_need_somebody_come_before_larger_ones(
        self, client: Client, things: dict[str, UUID]
    ) -> None:
        groups = (await client.get("/open-work/groups")).json()["groups"]
        order = [(URGENCY.index(Turn(group["turn"])), -group["count"]) for group in groups]
        assert order == sorted(order)
        assert groups[0]["turn"] == "operator"

    async def test_an_unknown_reason_does_not_hide_its_work(
        self, client: Client, session: Session, things: dict[str, UUID]
    ) -> None:
        session.execute(
            update(PhysicalCopy)
            .where(PhysicalCopy.id == things["copy"])
            .values(waiting_reason="of_a_newer_release")
        )
        session.commit()
        groups = (await client.get("/open-work/groups")).json()["groups"]
        assert next(group for group in groups if group["key"] == "of_a_newer_release")["turn"] == "operator"


class TestCatalogues:
    async def test_every_reason_that_is_shown_is_in_the_catalogue(
        self, client: Client, things: dict[str, UUID]
    ) -> None:
        entries = {entry["code"]: entry for entry in (await client.get("/waiting-reasons")).json()["items"]}
        assert set(entries) == set(WaitingReason)
        for item in await listed(client):
            assert item["turn"] == entries[item["reason"]]["turn"]

    async def test_every_category_says_what_happens_and_what_to_do(
        self, client: Client, things: dict[str, UUID]
    ) -> None:
        entries = {entry["code"]: entry for entry in (await client.get("/error-categories")).json()["items"]}
        assert entries["network"]["error_class"] == "transient"
        assert entries["cancelled"]["error_class"] is None
        for item in await listed(client):
            assert item["error_category"] is None or item["error_category"] in entries


class TestMany:
    async def change(self, client: Client, verb: str, where: dict[str, Any], **body: Any) -> dict[str, Any]:
        answer = await client.post(f"/open-work:{verb}", json={"where": where, "reason": "mended", **body})
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    async def test_a_dry_run_tells_and_changes_nothing(
        self, client: Client, session: Session, things: dict[str, UUID], changed_keys: ChangedKeys
    ) -> None:
        before = await listed(client)
        changed_keys()
        told = await self.change(client, "retry", {"kind": ["data_transfer"]}, dry_run=True)
        assert changed_keys() == set()
        assert (told["done"], told["dry_run"], told["refused"], told["more"]) == (2, True, [], False)
        assert told["by_kind"] == [{"kind": "data_transfer", "count": 2, "bytes": told["bytes"]}]
        assert await listed(client) == before
        assert session.query(Event).count() == 0
        done = await self.change(client, "retry", {"kind": ["data_transfer"]})
        assert {**told, "dry_run": False} == done
        assert await listed(client, reason=["given_up", "cancelled"]) == []
        assert {event.action for event in session.query(Event)} == {"data_transfer.retried"}
        assert session.query(Event).first().details["reason"] == "mended"  # type: ignore[union-attr, index]

    async def test_cancels_what_a_filter_lists_and_tells_each_refusal(
        self, client: Client, session: Session, things: dict[str, UUID], app: Any
    ) -> None:
        app.state.settings = app.state.settings.model_copy(update={"served_sites": ("ccat",)})
        done = await self.change(client, "cancel", {"status": ["pending", "scheduled", "in_progress"]})
        assert {each["kind"]: each["count"] for each in done["by_kind"]} == {
            "package_creation": 1,
            "data_transfer": 3,
            "archive_transfer": 0,
            "fixity_check": 1,
            "staging_item": 0,
            "deletion": 1,
        }
        assert done["bytes"] == 600
        assert {(each["kind"], each["slug"]) for each in done["refused"]} == {
            ("archive_transfer", "owned-by-other-site"),
            ("staging_item", "owned-by-other-site"),
        }
        assert await listed(client, site="ccat", status=["pending", "scheduled", "in_progress"]) == []

    async def test_work_whose_source_is_gone_is_refused_alone(
        self, client: Client, session: Session, things: dict[str, UUID]
    ) -> None:
        source = session.get_one(DataTransfer, things["failed"]).source_copy_id
        session.execute(
            update(PhysicalCopy).where(PhysicalCopy.id == source).values(status=PhysicalCopyStatus.MISSING)
        )
        session.commit()
        done = await self.change(client, "retry", {"id": [str(things["failed"]), str(things["cancelled"])]})
        assert done["done"] == 1
        assert [each["id"] for each in done["refused"]] == [str(things["failed"])]
        assert "missing" in done["refused"][0]["text"]

    async def test_what_only_waits_is_left_alone(self, client: Client, things: dict[str, UUID]) -> None:
        done = await self.change(client, "cancel", {"kind": ["package_copy", "execution_module"]})
        assert (done["done"], done["refused"]) == (0, [])

    async def test_the_same_key_acts_once(
        self, client: Client, session: Session, things: dict[str, UUID]
    ) -> None:
        body = {"where": {"kind": ["data_transfer"]}, "reason": "x"}
        answers = [
            await client.post("/open-work:retry", json=body, headers={"Idempotency-Key": "k"})
            for _ in range(2)
        ]
        assert answers[0].json() == answers[1].json()
        assert session.query(Event).count() == 2

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"where": {}, "reason": "x"},
            {"where": {"kind": ["deletion"]}},
            {"where": {"kind": ["deletion"]}, "reason": ""},
            {"where": {"kind": ["x"]}, "reason": "x"},
            {"where": {"limit": 3}, "reason": "x"},
        ],
    )
    async def test_hostile_bodies_are_refused(self, client: Client, body: dict[str, Any]) -> None:
        for verb in ("retry", "cancel"):
            assert (await client.post(f"/open-work:{verb}", json=body)).status_code == 422

    async def test_needs_the_permission(self, client_with: MakeClient) -> None:
        reader = client_with("read:transfers")
        body = {"where": {"kind": ["deletion"]}, "reason": "x"}
        assert (await reader.post("/open-work:cancel", json=body)).status_code == 403

    async def test_one_row_can_be_tried_first(
        self, client: Client, session: Session, things: dict[str, UUID]
    ) -> None:
        path = f"/data-transfers/{things['failed']}:retry"
        told = await client.post(path, json={"dry_run": True})
        assert (told.status_code, told.json()["status"]) == (200, "pending")
        shown = (await client.get(f"/data-transfers/{things['failed']}")).json()
        assert (shown["status"], session.query(Event).count()) == ("failed", 0)
        refused = await client.post(f"/data-transfers/{things['waiting']}:retry", json={"dry_run": True})
        assert refused.status_code == 409
