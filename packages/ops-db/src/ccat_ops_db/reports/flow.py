"""The way of the data in six steps: how much is at each, how fast it passes, and where it stops."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from ccat_ops_db.reports.attention_item import bytes_of, count_of, held
from ccat_ops_db.reports.facts import Facts, OpenCount, Passed
from ccat_ops_db.reports.load_facts import RECENTLY
from ccat_ops_db.waiting import WaitingReason
from ccat_ops_db.waiting_catalogue import entry_of

STOPPED = timedelta(minutes=15)
"""A step where work waits and nothing passed for this long has stopped."""

NOT_STOPPING = {
    WaitingReason.EXECUTION_RUNNING.value,
    WaitingReason.FILES_MAY_FOLLOW.value,
    WaitingReason.NOT_SEALED.value,
    WaitingReason.CONCURRENCY_LIMIT.value,
    WaitingReason.NOT_PLANNED.value,
}
"""Reasons of what waits for its turn."""


@dataclass(frozen=True)
class StoppedBy:
    """What most of the work waits for at a step where nothing passes."""

    reason: str
    text: str
    where: str | None
    count: int


@dataclass(frozen=True)
class FlowStep:
    """A step: what is at it now, and what passed it in the last hour.

    ``packages`` and ``bytes`` are: at the source what is not packaged; at the buffer what is not on its way
    yet; on the link what is being sent or was not verified on arrival; at the archive what is being written;
    what is written and not verified; and what is archived and not removed at its source. ``rate`` is what was
    filed at the source, and what passed each of the others; ``given_up`` is what somebody has to retry.
    """

    step: str
    packages: int
    bytes: int
    moving: int
    rate: float
    stopped_by: StoppedBy | None
    given_up: int = 0


def flow(facts: Facts, not_removed: tuple[int, int]) -> list[FlowStep]:
    """Return the six steps.

    Parameters
    ----------
    facts : Facts
        The facts.
    not_removed : tuple of int
        Packages that are archived and not removed at their source, and their bytes.
    """
    transfers = _of(facts, "data_transfer")
    on_link = [it for it in transfers if it.reason in ("in_progress", "awaiting_verification")]
    before_link = [it for it in transfers if it not in on_link and it.reason != "cancelled"]
    copies = [it for it in _of(facts, "package_copy") if it.reason in _ONWARD]
    archiving = [it for it in _of(facts, "archive_transfer") if it.reason != "cancelled"]
    unverified = [copies for copies in facts.archives if copies.status == "present"]
    passed = facts.passed
    creating = [*_of(facts, "package_creation"), *_of(facts, "execution_module")]
    at_buffer = (facts.at_buffers[0] + count_of(before_link), facts.at_buffers[1] + bytes_of(before_link))
    verified = (sum(it.count for it in unverified), sum(it.bytes for it in unverified))
    deletions = _of(facts, "deletion")
    return [
        _step(
            facts,
            "source",
            facts.at_source,
            creating,
            Passed(0, int(facts.today.recent_bytes_per_second * RECENTLY.total_seconds()), None),
            passed["package.sealed"],
        ),
        _step(
            facts,
            "buffer",
            at_buffer,
            [*copies, *before_link],
            passed["transfer.sent"],
            passed["transfer.sent"],
        ),
        _step(
            facts,
            "link",
            (count_of(on_link), bytes_of(on_link)),
            on_link,
            passed["transfer.sent"],
            passed["transfer.sent"],
        ),
        _step(
            facts,
            "archive",
            (count_of(archiving), bytes_of(archiving)),
            archiving,
            passed["archive.written"],
            passed["archive.written"],
        ),
        _step(
            facts,
            "verified",
            verified,
            _of(facts, "fixity_check"),
            passed["package.archived"],
            passed["package.archived"],
        ),
        _step(facts, "removed", not_removed, deletions, passed["copy.deleted"], passed["copy.deleted"]),
    ]


_ONWARD = {
    WaitingReason.NO_ROUTE.value,
    WaitingReason.NO_ARCHIVE.value,
    WaitingReason.ROUTE_DISABLED.value,
    WaitingReason.ROUTE_CIRCUIT_OPEN.value,
    WaitingReason.LINK_WINDOW_CLOSED.value,
    WaitingReason.SITE_DISABLED.value,
    WaitingReason.LOCATION_DISABLED.value,
    WaitingReason.LOCATION_READ_ONLY.value,
    WaitingReason.LOCATION_SUSPECT.value,
    WaitingReason.LOCATION_CIRCUIT_OPEN.value,
    WaitingReason.NO_SPACE_AT_DESTINATION.value,
}
"""Reasons for which a package does not go on from a buffer."""


def _of(facts: Facts, kind: str) -> list[OpenCount]:
    return [it for it in facts.work if it.kind == kind]


def _step(
    facts: Facts,
    name: str,
    here: tuple[int, int],
    work: Sequence[OpenCount],
    rate: Passed,
    last: Passed,
) -> FlowStep:
    moving = [it for it in work if it.reason == WaitingReason.IN_PROGRESS]
    stopped = None
    # Where nothing is, nothing is stopped: it does not get there.
    if any(here) and not moving and (last.last is None or last.last < facts.at - STOPPED):
        stopped = _stopped_by(facts, work)
    given_up = count_of(it for it in work if it.reason == WaitingReason.GIVEN_UP)
    return FlowStep(name, *here, count_of(moving), rate.bytes / RECENTLY.total_seconds(), stopped, given_up)


def _stopped_by(facts: Facts, work: Iterable[OpenCount]) -> StoppedBy | None:
    """Return the reason that most of what has waited for some time has.

    What its own pause holds waits for a route that is stopped like the others.
    """
    work = held(work)
    waiting: dict[str, list[OpenCount]] = {}
    for it in work:
        if it.reason not in NOT_STOPPING and it.oldest < facts.at - STOPPED:
            waiting.setdefault(it.reason, []).append(it)
    if not waiting:
        return None
    reason = max(waiting, key=lambda each: (count_of(waiting[each]), each))
    main = max(waiting[reason], key=lambda it: it.count)
    held_up = waiting[reason] if main.route is None else [it for it in work if it.route == main.route]
    entry = entry_of(reason)
    return StoppedBy(reason, entry.text if entry else reason, main.route or main.place, count_of(held_up))
