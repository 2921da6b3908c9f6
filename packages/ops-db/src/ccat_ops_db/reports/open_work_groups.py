"""Open work in groups: how much, how old, what happens next and whose turn it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from sqlalchemy import CTE, BigInteger, ColumnElement, String, Subquery, cast, func, select
from sqlalchemy.orm import Session

from ccat_ops_db.error_catalogue import turn_of_given_up
from ccat_ops_db.reports.open_work import OpenWorkKind
from ccat_ops_db.waiting import Turn, WaitingReason
from ccat_ops_db.waiting_catalogue import entry_of

URGENCY = (Turn.OPERATOR, Turn.SITE, Turn.INSTRUMENT, Turn.REQUESTER, Turn.AUTOMATIC)
"""Turns, those first for which nothing happens by itself."""


class GroupBy(StrEnum):
    """By what open work is grouped."""

    REASON = "reason"
    PLACE = "place"
    ROUTE = "route"
    PROGRAM = "program"
    KIND = "kind"


@dataclass
class OpenWorkGroup:
    """Open work that has one thing in common.

    Attributes
    ----------
    key : str or None
        What it has in common; None for what has none, for example no route.
    text : str
        The key for people.
    count, bytes : int
        How much; of what nobody knows the size, none is counted.
    oldest : datetime
        Since when the first of it has waited.
    next : str
        What happens next with the part of `reason`.
    next_at : datetime or None
        When the next of it goes on by itself, where that is known.
    turn : Turn
        Whose turn it is: of all its turns the one that needs somebody most.
    reason : str
        Its most frequent reason of that turn.
    reasons, turns, kinds, places, routes, error_categories : dict
        How much of it has each reason, turn, kind, place, route and category of the last error. What has no
        place, route or error is not counted there.
    reasons_of_turns : dict
        Turn → how much of it has each reason.
    """

    key: str | None
    text: str
    count: int = 0
    bytes: int = 0
    oldest: datetime | None = None
    next: str = ""
    next_at: datetime | None = None
    turn: Turn = Turn.AUTOMATIC
    reason: str = ""
    reasons: dict[str, int] = field(default_factory=dict)
    turns: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    routes: dict[str, int] = field(default_factory=dict)
    error_categories: dict[str, int] = field(default_factory=dict)
    can: dict[str, int] = field(default_factory=dict)
    reasons_of_turns: dict[Turn, dict[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class GroupedWork:
    """Open work in groups, and its bytes in all: those of a package once, whatever is done with it."""

    groups: list[OpenWorkGroup]
    bytes: int


def open_work_groups(
    session: Session,
    by: GroupBy,
    rows: Subquery,
    conditions: Iterable[ColumnElement[bool]] = (),
    verbs: Mapping[str, ColumnElement[bool]] = MappingProxyType({}),
) -> GroupedWork:
    """Return open work in groups, those first that need somebody, then the largest; one statement.

    Parameters
    ----------
    session : Session
        Open session.
    by : GroupBy
        By what.
    rows : Subquery
        Open work; `with_programs` of it if it is grouped by program.
    conditions : iterable of ColumnElement
        Which of it is meant.
    verbs : mapping
        Name of what can be done → with which of it.
    """
    names = ("reason", "kind", "place", "route", "error_category")
    wanted = (
        select(
            rows.c[by.value].label("key"),
            *(rows.c[name].label(f"of_{name}") for name in names),
            *(rows.c[name] for name in ("id", "package_id", "bytes_total", "since", "next_at")),
            *(possible.label(verb) for verb, possible in verbs.items()),
        )
        .where(*conditions)
        .cte("wanted")
    )
    parts = [wanted.c[f"of_{name}"] for name in names]
    statement = select(
        wanted.c.key,
        *parts,
        func.count(),
        cast(func.coalesce(func.sum(wanted.c.bytes_total), 0), BigInteger),
        func.min(wanted.c.since),
        func.min(wanted.c.next_at),
        *(func.count().filter(wanted.c[verb]) for verb in verbs),
        _bytes_of_packages(wanted),
    ).group_by(wanted.c.key, *parts)
    groups: dict[str | None, OpenWorkGroup] = {}
    size = 0
    for row in session.execute(statement):
        group = groups.setdefault(row[0], OpenWorkGroup(row[0], _text(by, row[0])))
        _add(group, row[1:6], *row[6:10])
        size = row[-1]
        for verb, count in zip(verbs, row[10:-1], strict=True):
            group.can[verb] = group.can.get(verb, 0) + count
    for group in groups.values():
        _conclude(group)
    ordered = sorted(
        groups.values(), key=lambda group: (URGENCY.index(group.turn), -group.count, group.key or "")
    )
    return GroupedWork(ordered, size)


def _bytes_of_packages(wanted: CTE) -> ColumnElement[Any]:
    """Return the bytes of open work, those of a package once: several things are done with it."""
    once = (
        select(func.max(wanted.c.bytes_total).label("bytes"))
        .group_by(func.coalesce(cast(wanted.c.package_id, String), wanted.c.id))
        .subquery()
    )
    return select(cast(func.coalesce(func.sum(once.c.bytes), 0), BigInteger)).scalar_subquery()


def _add(
    group: OpenWorkGroup,
    parts: Sequence[str | None],
    count: int,
    size: int,
    oldest: datetime | None,
    next_at: datetime | None,
) -> None:
    group.count += count
    group.bytes += size
    group.oldest = min(filter(None, (group.oldest, oldest)), default=None)
    group.next_at = min(filter(None, (group.next_at, next_at)), default=None)
    counts = (group.reasons, group.kinds, group.places, group.routes, group.error_categories, group.turns)
    reason, kind, *_, category = parts
    turn = _turn(reason, kind, category)
    for of, value in zip(counts, (*parts, turn.value), strict=True):
        if value is not None:
            of[value] = of.get(value, 0) + count
    if reason is not None:
        of_turn = group.reasons_of_turns.setdefault(turn, {})
        of_turn[reason] = of_turn.get(reason, 0) + count


def _conclude(group: OpenWorkGroup) -> None:
    group.turn = next(turn for turn in URGENCY if turn.value in group.turns)
    counts = group.reasons_of_turns[group.turn]
    group.reason = max(counts, key=lambda reason: (counts[reason], reason))
    entry = entry_of(group.reason)
    group.next = entry.next if entry else ""


def _turn(reason: str | None, kind: str | None, category: str | None) -> Turn:
    if reason == WaitingReason.GIVEN_UP:
        return turn_of_given_up(category, of_creation=kind == OpenWorkKind.PACKAGE_CREATION)
    entry = entry_of(reason)
    return entry.turn if entry else Turn.OPERATOR


def _text(by: GroupBy, key: str | None) -> str:
    if key is None:
        return f"without a {by.value}"
    if by is GroupBy.REASON:
        entry = entry_of(key)
        return entry.text if entry else key
    return key.replace("_", " ").capitalize() if by is GroupBy.KIND else key
