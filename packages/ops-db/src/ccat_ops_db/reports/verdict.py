"""The state of the data centre in one sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ccat_ops_db.enumerations import PackageState
from ccat_ops_db.reports.attention_item import NOUNS, Attention, Level, count_of, held
from ccat_ops_db.reports.attention_places import FILLING
from ccat_ops_db.reports.facts import Facts, OpenCount
from ccat_ops_db.reports.words import how_many, size
from ccat_ops_db.waiting import Turn, WaitingReason
from ccat_ops_db.waiting_catalogue import entry_of

MOST_TITLES = 2


class VerdictLevel(StrEnum):
    """Whether somebody has to do something."""

    GREEN = "green"
    WATCH = "watch"
    ACT = "act"


@dataclass(frozen=True)
class NextThing:
    """What happens next by itself, and when."""

    text: str
    at: datetime


@dataclass(frozen=True)
class Verdict:
    """The state in one sentence."""

    level: VerdictLevel
    sentence: str
    next: NextThing | None


def verdict(facts: Facts, items: Sequence[Attention], packages: Mapping[str, int]) -> Verdict:
    """Return the verdict.

    Parameters
    ----------
    facts : Facts
        The facts.
    items : sequence of Attention
        What needs somebody, the most urgent first.
    packages : mapping
        Number of packages by state.
    """
    urgent = [item for item in items if item.severity is not Level.INFO]
    if not urgent:
        return Verdict(VerdictLevel.GREEN, _all_is_well(facts, packages), _next(facts, items))
    return Verdict(VerdictLevel(urgent[0].severity.value), _needs(urgent), _next(facts, items))


def _needs(items: Sequence[Attention]) -> str:
    shown, rest = items[:MOST_TITLES], items[MOST_TITLES:]
    parts = [shown[0].title, *(_inside(item.title) for item in shown[1:])]
    urgent = sum(item.severity is Level.ACT for item in rest)
    counts = ((urgent, "to act on"), (len(rest) - urgent, "to watch"))
    if more := [f"{count} more {what}" for count, what in counts if count]:
        parts.append(", ".join(more))
    return "; ".join(parts) + "."


def _inside(title: str) -> str:
    """Return a title in the middle of a sentence; names keep their letters."""
    first, _, rest = title.partition(" ")
    return f"{first.lower()} {rest}" if first in ("The", "No", "Nothing") else title


def _all_is_well(facts: Facts, packages: Mapping[str, int]) -> str:
    today = facts.today
    under_way = sum(number for state, number in packages.items() if state != PackageState.ARCHIVED)
    if not sum(packages.values()) and not today.files and not facts.at_source[1]:
        return "All is well: nothing has been filed yet."
    filed = (
        f"{how_many(today.files, 'file')} ({size(today.bytes)}) filed since the night began"
        if today.files
        else "nothing filed since the night began"
    )
    if under_way:
        waiting = count_of(it for it in held(facts.work) if _needs_somebody(it))
        pause = (
            f", {how_many(waiting, 'unit')} of work {'waits' if waiting == 1 else 'wait'} for somebody"
            if waiting
            else ""
        )
        way = f"{how_many(under_way, 'package')} on the way to the archive{pause}"
    elif facts.at_source[1]:
        way = f"{size(facts.at_source[1])} to be packaged"
    else:
        way = "every package is archived"
    return f"All is well: {filed}, {way}."


def _needs_somebody(work: OpenCount) -> bool:
    """Tell whether work waits for a person; that an observation ends is no trouble."""
    entry = entry_of(work.reason)
    return work.reason != WaitingReason.EXECUTION_RUNNING and (
        entry is None or entry.turn is not Turn.AUTOMATIC
    )


def _next(facts: Facts, items: Sequence[Attention]) -> NextThing | None:
    due = [NextThing(_said_of(item), item.next_at) for item in items if item.next_at is not None]
    for it in facts.work:
        entry = entry_of(it.reason)
        if it.next_at is not None and entry is not None:
            due.append(NextThing(f"{_named(it)}: {_went_on(entry.next)}", it.next_at))
    return min((it for it in due if it.at > facts.at), key=lambda it: it.at, default=None)


def _said_of(item: Attention) -> str:
    """Return what happens next, with the name of what it is about."""
    if item.rule == FILLING:
        return f"{item.where} has no room left, if it fills on as it does."
    return item.next if item.where is None else f"{item.where}: {_went_on(item.next)}"


def _went_on(sentence: str) -> str:
    """Return a sentence as it stands after a colon."""
    return sentence[:1].lower() + sentence[1:]


def _named(work: OpenCount) -> str:
    """Return what waits, how much and where: `2 transfers over ccat-cologne`."""
    noun, what = NOUNS.get(work.kind, ("unit", " of work"))
    where = f" over {work.route}" if work.route else f" at {work.place}" if work.place else ""
    return f"{how_many(work.count, noun)}{what}{where}"
