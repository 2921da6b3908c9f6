"""Rules about work: given up, held up, and nobody there to do it."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from ccat_ops_db.error_catalogue import error_entry, turn_of_given_up
from ccat_ops_db.reports.attention_item import (
    NOUNS,
    Action,
    Attention,
    Level,
    Link,
    amount_of,
    at_place,
    bytes_of,
    count_of,
    held,
    held_up,
    oldest_of,
    on_route,
)
from ccat_ops_db.reports.facts import Facts, OpenCount, Place
from ccat_ops_db.reports.given_up import KEPT, remedy_of_given_up
from ccat_ops_db.reports.open_work import OpenWorkKind
from ccat_ops_db.reports.words import duration, how_many, listed, size
from ccat_ops_db.waiting import HelpPage, Turn, WaitingReason, remedy_at
from ccat_ops_db.waiting_catalogue import CATALOGUE, entry_of

SILENT_WORKER = timedelta(minutes=10)
SILENT_PLANNER = timedelta(minutes=5)
STUCK = timedelta(hours=1)
LONG_STUCK = timedelta(hours=3)


def given_up(facts: Facts) -> Iterator[Attention]:
    """Work that was given up, by kind."""
    entry = CATALOGUE[WaitingReason.GIVEN_UP]
    for kind, (noun, what) in NOUNS.items():
        work = [it for it in facts.work if it.kind == kind and it.reason == WaitingReason.GIVEN_UP]
        if not work:
            continue
        count, main = count_of(work), max(work, key=lambda it: it.count)
        of_creation = kind == OpenWorkKind.PACKAGE_CREATION
        causes: Counter[str | None] = Counter()
        for it in work:
            causes[it.error_category] += it.count
        yield Attention(
            "given_up",
            Level.ACT,
            f"{how_many(count, noun)}{what} ({size(bytes_of(work))}) given up",
            _errors_in_words(causes, of_creation=of_creation),
            f"{entry.next} {KEPT[OpenWorkKind(kind)]}",
            "Open each, remove the cause that its error names, then retry it."
            if len(causes) > 1
            else remedy_at(remedy_of_given_up(main.error_category, of_creation=of_creation), main.place),
            turn_of_given_up(main.error_category, of_creation=of_creation),
            entry.help,
            count,
            main.place,
            oldest_of(work),
            action=Action("retry", "open-work", filter={"kind": kind, "reason": "given_up"}),
            subjects=Link("open-work", filter={"kind": kind, "reason": "given_up"}),
        )


def _errors_in_words(causes: Counter[str | None], *, of_creation: bool) -> str:
    """Return what the last errors of some work mean, or how many there are of each."""
    entries = {it: error_entry(it, of_creation=of_creation) for it in causes}
    names = {it: entry.text if entry else str(it) for it, entry in entries.items()}
    if len(causes) > 1:
        return f"The last errors: {listed([f'{many} × {names[it]}' for it, many in causes.most_common()])}."
    [(category, entry)] = entries.items()
    return entry.meaning if entry else f"The last error was {category}."


def stuck_ways(facts: Facts) -> Iterator[Attention]:
    """Routes that could be used and over which nothing moved for an hour, though work waits for them."""
    for way in facts.ways:
        work = [it for it in held(on_route(facts, way.id)) if it.reason != WaitingReason.LINK_WINDOW_CLOSED]
        oldest = oldest_of(work)
        moved = max(
            filter(None, (way.moved_at, *(it.moved_at for it in on_route(facts, way.id)))), default=None
        )
        if way.open_until or way.suspended_at or not way.enabled or oldest is None:
            continue
        if oldest > facts.at - STUCK or (moved is not None and moved > facts.at - STUCK):
            continue
        main = max(work, key=lambda it: it.count)
        entry = entry_of(main.reason)
        yield Attention(
            "route_moves_nothing",
            Level.ACT if oldest < facts.at - LONG_STUCK else Level.WATCH,
            f"Nothing moves over the route {way.id}, and {amount_of(work)} {_wait(work)} for it",
            entry.meaning if entry else f"The reason is {main.reason}.",
            entry.next if entry else "",
            remedy_at(entry.remedy, main.place) if entry else "",
            entry.turn if entry else Turn.OPERATOR,
            HelpPage.WORK,
            count_of(work),
            way.id,
            oldest,
            min(filter(None, (it.next_at for it in work)), default=None),
            subjects=Link("open-work", filter={"route": way.id}),
        )


def _wait(work: list[OpenCount]) -> str:
    return "waits" if count_of(work) == 1 else "wait"


def silent_workers(facts: Facts) -> Iterator[Attention]:
    """Workers measure their locations every half minute: a site where all are silent has none."""
    sites: dict[str, list[Place]] = {}
    for place in facts.places:
        if place.measured_at is not None and place.enabled and place.suspended_at is None:
            sites.setdefault(place.site, []).append(place)
    suspended = {site.id for site in facts.sites}
    for site, places in sites.items():
        seen = max(place.measured_at for place in places if place.measured_at is not None)
        if seen > facts.at - SILENT_WORKER or site in suspended:
            continue
        waiting = [it for place in places for it in held(at_place(facts, place.id))]
        yield Attention(
            "no_worker_seen",
            Level.ACT if waiting else Level.WATCH,
            f"No worker at {site} has been heard of for {duration(facts.at - seen)}",
            held_up(waiting),
            "Work is taken up again as soon as a worker runs.",
            f"Start the workers of {site}, or see why they cannot reach the database: ccat-transfer doctor.",
            Turn.SITE,
            HelpPage.WORK,
            where=site,
            since=seen,
            subjects=Link("sites", site),
        )


def silent_planner(facts: Facts) -> Iterator[Attention]:
    """New work that no planner looks at."""
    entry = CATALOGUE[WaitingReason.NOT_PLANNED]
    work = [
        it
        for it in facts.work
        if it.reason == WaitingReason.NOT_PLANNED and it.oldest < facts.at - SILENT_PLANNER
    ]
    if work:
        oldest = min(it.oldest for it in work)
        yield Attention(
            "no_planner_seen",
            Level.ACT,
            f"No planner has looked at new work for {duration(facts.at - oldest)}",
            held_up(work),
            "Nothing is planned until a planner runs.",
            entry.remedy.partition(". ")[2] or entry.remedy,
            Turn.SITE,
            HelpPage.WORK,
            count_of(work),
            since=oldest,
            subjects=Link("open-work", filter={"reason": "not_planned"}),
        )
