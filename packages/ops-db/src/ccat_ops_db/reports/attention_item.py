"""What an item that needs somebody is made of, and what rules share."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ccat_ops_db.reports.facts import Facts, OpenCount
from ccat_ops_db.reports.words import how_many, listed, size
from ccat_ops_db.waiting import HelpPage, Turn, WaitingReason


class Level(StrEnum):
    """How urgent something is."""

    ACT = "act"
    """Somebody has to do something now."""
    WATCH = "watch"
    """It may become urgent."""
    INFO = "info"
    """Good to know; all may be well."""


@dataclass(frozen=True)
class Link:
    """A list with filters, or one thing of it."""

    collection: str
    id: str | None = None
    filter: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Action:
    """What can be done about it with one call: on one thing, or on everything that a filter lists."""

    verb: str
    collection: str
    id: str | None = None
    filter: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Attention:
    """Something that needs somebody.

    Attributes
    ----------
    rule : str
        Name of the rule, stable.
    severity : Level
        How urgent.
    title, why, next, remedy : str
        What it is, with figures; why it matters; what happens by itself; what to do.
    since, next_at : datetime or None
        Since when, and when something happens next, where that is known.
    turn : Turn
        Whose turn it is.
    count : int
        How many things it concerns.
    where : str or None
        Location, route or site.
    action : Action or None
        What can be done about it with one call.
    subjects : Link or None
        What it concerns.
    cause : Link or None
        The route or location that brings it about, whose people are meant by the turn.
    help : HelpPage
        Where it is explained.
    """

    rule: str
    severity: Level
    title: str
    why: str
    next: str
    remedy: str
    turn: Turn
    help: HelpPage
    count: int = 1
    where: str | None = None
    since: datetime | None = None
    next_at: datetime | None = None
    action: Action | None = None
    subjects: Link | None = None
    cause: Link | None = None

    def is_cause_of(self, other: "Attention") -> bool:
        """Tell whether it is about what brings another item about."""
        return other.cause is not None and self.rule in OUT_OF_SERVICE and self.where == other.cause.id


OUT_OF_SERVICE = ("circuit_open", "location_suspect", "long_suspension")
"""Rules about what is out of service."""

NOUNS: Mapping[str, tuple[str, str]] = {
    "data_transfer": ("transfer", ""),
    "archive_transfer": ("transfer", " into an archive"),
    "package_creation": ("package", " to be made"),
    "fixity_check": ("verification", ""),
    "staging_item": ("staging item", ""),
    "deletion": ("deletion", ""),
    "package_copy": ("package", ""),
    "execution_module": ("module", " of an observation"),
}
"""What each kind of open work is called: the noun, and what follows it."""

NOT_HELD = {
    WaitingReason.IN_PROGRESS.value,
    WaitingReason.DISPATCHED.value,
    WaitingReason.AWAITING_VERIFICATION.value,
    WaitingReason.GIVEN_UP.value,
    WaitingReason.CANCELLED.value,
    WaitingReason.BELOW_WATERMARK.value,
    WaitingReason.NO_RETENTION_POLICY.value,
    WaitingReason.DELETION_DRY_RUN.value,
    WaitingReason.RETENTION.value,
    WaitingReason.PINNED.value,
    WaitingReason.HOLD.value,
    WaitingReason.GRACE_PERIOD.value,
    WaitingReason.LAST_COPY.value,
    WaitingReason.NOT_ARCHIVED.value,
    WaitingReason.WAITING_FOR_SECOND_ARCHIVE.value,
    WaitingReason.VERIFICATION_TOO_OLD.value,
    WaitingReason.IN_USE.value,
}
"""Reasons that hold nothing up: what moves, what has ended, and what is kept on purpose."""


def held(work: Iterable[OpenCount]) -> list[OpenCount]:
    """Return the part of open work that something holds up."""
    return [it for it in work if it.reason not in NOT_HELD]


def on_route(facts: Facts, route: str) -> list[OpenCount]:
    """Return the open work of a route."""
    return [it for it in facts.work if it.route == route]


def at_place(facts: Facts, place: str) -> list[OpenCount]:
    """Return the open work at a location."""
    return [it for it in facts.work if it.place == place]


def count_of(work: Iterable[OpenCount]) -> int:
    """Return how much work it is."""
    return sum(it.count for it in work)


def bytes_of(work: Iterable[OpenCount]) -> int:
    """Return how many bytes it has, as far as that is known."""
    return sum(it.bytes for it in work)


def oldest_of(work: Iterable[OpenCount]) -> datetime | None:
    """Return since when the first of it has waited."""
    return min((it.oldest for it in work), default=None)


def amount_of(work: Iterable[OpenCount]) -> str:
    """Return how much work it is, in words: a package may wait for several things."""
    work = list(work)
    kinds: Counter[str] = Counter()
    for it in work:
        kinds[it.kind] += it.count
    parts = [f"{how_many(count, NOUNS[kind][0])}{NOUNS[kind][1]}" for kind, count in kinds.most_common()]
    return f"{listed(parts)} ({size(bytes_of(work))})"


def held_up(work: Iterable[OpenCount]) -> str:
    """Say how much is held up, as a sentence."""
    waiting = held(work)
    if not waiting:
        return "Nothing waits for it."
    return f"{amount_of(waiting)} {'waits' if count_of(waiting) == 1 else 'wait'} for it."
