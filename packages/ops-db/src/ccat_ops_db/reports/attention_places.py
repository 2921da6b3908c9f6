"""Rules about places: archives, locations, routes and sites."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ccat_ops_db.enumerations import LocationType
from ccat_ops_db.reports.attention_item import (
    Action,
    Attention,
    Level,
    Link,
    at_place,
    count_of,
    held,
    held_up,
    oldest_of,
    on_route,
)
from ccat_ops_db.reports.facts import Facts, OpenCount, Place, SuspendedSite, Way
from ccat_ops_db.reports.words import duration, how_many, share, size
from ccat_ops_db.waiting import HelpPage, Turn, WaitingReason, remedy_at
from ccat_ops_db.waiting_catalogue import CATALOGUE

NEARLY_FULL = 0.95
SOON_FULL = timedelta(hours=24)
LONG_SUSPENSION = timedelta(hours=24)
LEAVING = ("data_transfer", "archive_transfer", "package_copy")
"""Kinds of open work by which packages leave a buffer."""
FILLING = "location_filling"
"""Name of the rule about places that fill; the moment it tells is when they have no room."""
_NOUNS = {"sites": "The site", "data-locations": "The location", "routes": "The route"}


def bad_archive_copies(facts: Facts) -> Iterator[Attention]:
    """Copies at archives that were found corrupt or missing."""
    for copies in facts.archives:
        place = next((it for it in facts.places if it.id == copies.location), None)
        # Of a location in doubt its own item tells them.
        if copies.status == "present" or (place is not None and place.suspect_since is not None):
            continue
        yield Attention(
            "bad_archive_copy",
            Level.ACT,
            f"{how_many(copies.count, f'{copies.status} copy')} at the archive {copies.location}",
            f"{size(copies.bytes)} were {copies.status} when they were last verified.",
            _written_again(copies.location, place),
            f"Check the storage of {copies.location}, and that each package has another verified copy.",
            Turn.SITE,
            HelpPage.PLACE,
            copies.count,
            copies.location,
            subjects=Link("physical-copies", filter={"location": copies.location, "status": copies.status}),
        )


def _written_again(archive: str, place: Place | None) -> str:
    """Say when copies at an archive are written again: not while it is out of service."""
    again = "is written again from another verified copy, where there is one."
    if place is not None and (place.open_until is not None or place.suspended_at is not None):
        return f"Once {archive} is in service again, each {again}"
    return f"Each {again}"


def suspect_places(facts: Facts) -> Iterator[Attention]:
    """Locations that are in doubt."""
    entry = CATALOGUE[WaitingReason.LOCATION_SUSPECT]
    for place in facts.places:
        if place.suspect_since is not None:
            bad = [it for it in facts.archives if it.location == place.id and it.status != "present"]
            again = (
                f" Once {place.id} is trusted again, each copy that is corrupt or missing there is written"
                " again from another verified copy, where there is one."
            )
            yield Attention(
                "location_suspect",
                Level.ACT,
                f"{place.id} is in doubt",
                f"{place.suspect_reason}. {held_up(at_place(facts, place.id))}",
                f"{entry.next}{again if bad else ''}",
                remedy_at(entry.remedy, place.id),
                entry.turn,
                entry.help,
                where=place.id,
                since=place.suspect_since,
                subjects=Link("data-locations", place.id),
            )


def circuits(facts: Facts) -> Iterator[Attention]:
    """Routes and locations that are paused after failures; a short pause with nothing waiting is watched."""
    pauses: Iterable[tuple[str, Way | Place, WaitingReason, list[OpenCount]]] = [
        *(("route", way, WaitingReason.ROUTE_CIRCUIT_OPEN, on_route(facts, way.id)) for way in facts.ways),
        *(
            ("location", place, WaitingReason.LOCATION_CIRCUIT_OPEN, at_place(facts, place.id))
            for place in facts.places
        ),
    ]
    for noun, paused, reason, work in pauses:
        if paused.open_until is None:
            continue
        entry, waiting = CATALOGUE[reason], held(work)
        collection = "routes" if noun == "route" else "data-locations"
        yield Attention(
            "circuit_open",
            Level.ACT if waiting else Level.WATCH,
            f"The {noun} {paused.id} is paused after {how_many(paused.failures, 'failure')} in a row",
            held_up(work),
            entry.next,
            entry.remedy,
            entry.turn,
            entry.help,
            count_of(waiting) or 1,
            paused.id,
            oldest_of(waiting),
            paused.open_until if paused.open_until > facts.at else None,
            subjects=Link("open-work", filter={"route" if noun == "route" else "place": paused.id})
            if waiting
            else Link(collection, paused.id),
        )


def full_places(facts: Facts) -> Iterator[Attention]:
    """Locations above their high watermark that do not empty, or that have no room within a day."""
    for place in facts.places:
        used, full_at = place.share, place.no_room_at
        if used is None or not place.enabled:
            continue
        above = used * 100 >= place.watermark_high and (place.growth is None or place.growth >= 0)
        soon = full_at is not None and full_at < facts.at + SOON_FULL
        if not above and not (soon and used >= 0.5):
            continue
        cause = _holds_up(facts, place)
        because = f": {cause.text}." if cause else "."
        reserve = f" {size(place.reserve)} of it is kept free for what is under way." if place.reserve else ""
        frees = place.deletes and place.location_type is not LocationType.LONG_TERM_ARCHIVE
        yield Attention(
            FILLING,
            Level.ACT if soon or used >= NEARLY_FULL else Level.WATCH,
            f"{place.id} is {share(used)} full{_forecast(place, facts.at) if soon else ''}",
            f"Its high watermark is {place.watermark_high:g} %, and it is not falling{because}{reserve}"
            if above
            else f"It fills faster than it is freed{because}{reserve}",
            " ".join(
                (
                    _AT_FULL[place.location_type],
                    *_observing_may_go_on(facts, place),
                    _FREES if frees else "Nothing is deleted there.",
                )
            ),
            f"{cause.remedy if cause else _FIND_THE_CAUSE} Free or add space if that takes longer.",
            cause.turn if cause else Turn.OPERATOR,
            HelpPage.PLACE,
            where=place.id,
            next_at=full_at if soon and full_at is not None and full_at > facts.at else None,
            subjects=Link("data-locations", place.id),
            cause=cause.link if cause else None,
        )


_FIND_THE_CAUSE = "See what keeps the data from going on, and end that."
_FREES = "Copies are deleted there as soon as they are archived."

_AT_FULL: Mapping[LocationType, str] = {
    LocationType.SOURCE: "When it is full, instruments cannot write there.",
    LocationType.BUFFER: "When it is full, data wait where they come from, and nothing is lost.",
    LocationType.LONG_TERM_ARCHIVE: "When it is full, data wait where they come from, and nothing is lost.",
    LocationType.PROCESSING: "When it is full, staging waits.",
}


def _forecast(place: Place, at: datetime) -> str:
    """Say when a location is full, or before that has no room for new packages but its reserve."""
    when = place.no_room_at
    assert when is not None, "what is soon is known"
    if not place.reserve:
        return f" and full in {duration(when - at)}"
    return f", no room for new packages{f' in {duration(when - at)}' if when > at else ''}"


def _observing_may_go_on(facts: Facts, place: Place) -> Iterator[str]:
    """Say for how long instruments can write on while a buffer of their site takes nothing."""
    if place.location_type is not LocationType.BUFFER:
        return
    sources = [
        it
        for it in facts.places
        if it.location_type is LocationType.SOURCE and it.site == place.site and it.enabled
    ]
    full = [(it.no_room_at, it.id) for it in sources if it.no_room_at is not None]
    if full:
        when, first = min(full)
        if when > facts.at:
            yield f"Observing can go on for {duration(when - facts.at)} more; then {first} is full, too."
    elif room := sum(max(it.room or 0, 0) for it in sources):
        yield f"Observing can go on: {size(room)} are free at its sources."


@dataclass(frozen=True)
class _Cause:
    """What is out of service and keeps data at a location."""

    text: str
    link: Link
    state: str

    @property
    def turn(self) -> Turn:
        """Return whose turn it is."""
        return Turn.OPERATOR if self.state == "suspended" else Turn.SITE

    @property
    def remedy(self) -> str:
        """Return what ends it."""
        if self.state == "suspended":
            return f"Resume {self.link.id}, if the reason has passed."
        return f"Call those who look after {self.link.id}, and have it mended first."


def _holds_up(facts: Facts, place: Place) -> _Cause | None:
    """Say which route or location that is out of service keeps most of what lies at a location there."""
    leaving = [it for it in held(facts.work) if it.source == place.id and it.kind in LEAVING]
    causes: list[tuple[int, _Cause]] = []
    for way in facts.ways:
        if state := _out_of_service(way):
            count = count_of(it for it in leaving if it.route == way.id)
            leave = f"{how_many(count, 'package')} {'leaves' if count == 1 else 'leave'}"
            text = f"the route {way.id}, by which {leave}, is {state}"
            causes.append((count, _Cause(text, Link("routes", way.id), state)))
    for to in facts.places:
        if to is not place and (state := _out_of_service(to)):
            count = count_of(it for it in leaving if it.route is None and it.place == to.id)
            go = f"{how_many(count, 'package')} {'goes' if count == 1 else 'go'}"
            text = f"the location {to.id}, to which {go}, is {state}"
            causes.append((count, _Cause(text, Link("data-locations", to.id), state)))
    count, cause = max(causes, key=lambda it: (it[0], it[1].text), default=(0, None))
    return cause if count else None


def _out_of_service(it: Way | Place) -> str | None:
    if it.suspended_at is not None:
        return "suspended"
    if isinstance(it, Place) and it.suspect_since is not None:
        return "in doubt"
    return "paused" if it.open_until is not None else None


def long_suspensions(facts: Facts) -> Iterator[Attention]:
    """What was suspended and forgotten."""
    suspended: list[tuple[str, SuspendedSite | Place | Way]] = [
        *(("sites", it) for it in facts.sites),
        *(("data-locations", it) for it in facts.places),
        *(("routes", it) for it in facts.ways),
    ]
    for collection, it in suspended:
        if it.suspended_at is None or it.suspended_at > facts.at - LONG_SUSPENSION:
            continue
        yield Attention(
            "long_suspension",
            Level.WATCH,
            f"{_NOUNS[collection]} {it.id} has been suspended for {duration(facts.at - it.suspended_at)}",
            f"{it.suspended_by}: {it.suspended_reason}",
            "It stays out of service until somebody resumes it.",
            f"Resume {it.id}, if the reason has passed.",
            Turn.OPERATOR,
            HelpPage.PLACE,
            where=it.id,
            since=it.suspended_at,
            action=Action("resume", collection, it.id),
            subjects=Link(collection, it.id),
        )
