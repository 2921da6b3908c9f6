"""What each reason for waiting means, the remedy, what happens next and whose turn it is.

``why``, the reports, the documentation and the interface all read this one table.
"""

from collections.abc import Mapping
from types import MappingProxyType

from ccat_ops_db.waiting import Entry, HelpPage, Turn, WaitingReason

NOTHING_TO_DO = "Nothing needs to be done."
STAYS = "Nothing changes until somebody acts."

_DATA: dict[WaitingReason, Entry] = {
    WaitingReason.EXECUTION_RUNNING: Entry(
        "Observation still running",
        "Its observation is still running, and its files have reached neither the size nor the age at which"
        " they are packaged.",
        "Nothing needs to be done. Finish the observation to have its files packaged now.",
        "A package is made when the observation ends, or when the size or age limit of the source is"
        " reached.",
        Turn.INSTRUMENT,
        HelpPage.OBSERVATION,
    ),
    WaitingReason.FILES_MAY_FOLLOW: Entry(
        "More files may follow",
        "Its observation has ended, and a file was filed only now: those that follow share its package.",
        "Nothing needs to be done.",
        "A package is made when nothing was filed for the settle time of the source, usually a minute.",
        Turn.AUTOMATIC,
        HelpPage.OBSERVATION,
    ),
    WaitingReason.NO_BUFFER: Entry(
        "No buffer at the site",
        "Its site has no enabled buffer to which packages can be written.",
        "Configure or enable a location of type buffer at the site.",
        STAYS,
        Turn.OPERATOR,
        HelpPage.PLACE,
    ),
    WaitingReason.NOT_SEALED: Entry(
        "Package not complete yet",
        "Its package is still being made.",
        "Nothing needs to be done. If it takes long, see why the package waits.",
        "The package goes on as soon as it is complete.",
        Turn.AUTOMATIC,
        HelpPage.PACKAGE,
    ),
}

_WAY: dict[WaitingReason, Entry] = {
    WaitingReason.NO_ROUTE: Entry(
        "No route to an archive",
        "No route leads from its site to the site of an archive.",
        "Configure a route between the sites.",
        STAYS,
        Turn.OPERATOR,
        HelpPage.PLACE,
    ),
    WaitingReason.ROUTE_DISABLED: Entry(
        "Route out of service",
        "Every route that it could take is suspended, or disabled in the configuration.",
        "Resume the route, or enable it in the configuration.",
        STAYS,
        Turn.OPERATOR,
        HelpPage.PLACE,
    ),
    WaitingReason.LINK_WINDOW_CLOSED: Entry(
        "Route closed at this time of day",
        "The route may be used at certain times of the day only, and this is not one of them.",
        "Nothing needs to be done. Widen the time window of the route to send earlier.",
        "The work goes on when the time window opens.",
        Turn.AUTOMATIC,
        HelpPage.PLACE,
    ),
    WaitingReason.ROUTE_CIRCUIT_OPEN: Entry(
        "Route paused after failures",
        "Transfers over the route failed several times in a row, so it is paused.",
        "Read the last error of the route, and call those who look after its two ends: link and server must"
        " work.",
        "One transfer tries the route when the pause ends. If it succeeds, the others follow.",
        Turn.SITE,
        HelpPage.PLACE,
    ),
    WaitingReason.SITE_DISABLED: Entry(
        "Site out of service",
        "A site that it needs is suspended, or disabled in the configuration.",
        "Resume the site, or enable it in the configuration.",
        STAYS,
        Turn.OPERATOR,
        HelpPage.PLACE,
    ),
    WaitingReason.LOCATION_DISABLED: Entry(
        "Location out of service",
        "A location that it needs is suspended, or disabled in the configuration.",
        "Resume the location, or enable it in the configuration.",
        STAYS,
        Turn.OPERATOR,
        HelpPage.PLACE,
    ),
    WaitingReason.LOCATION_READ_ONLY: Entry(
        "Destination is read-only",
        "The configuration says that nothing may be written to the destination.",
        "Make the location writable in the configuration.",
        STAYS,
        Turn.OPERATOR,
        HelpPage.PLACE,
    ),
    WaitingReason.LOCATION_SUSPECT: Entry(
        "Location in doubt",
        "Several copies at the location that were right before were read wrong, or somebody doubts it. That"
        " speaks against the storage, not against the copies: none counts, and nothing is done there.",
        "Check the storage. When it is sound again, run: ccat-transfer trust LOCATION --reason TEXT.",
        "Ten copies there are read, first at once, then after pauses that grow from an hour to a day. When"
        " nine are right, the location is trusted again. What a person doubts, a person trusts again.",
        Turn.SITE,
        HelpPage.PLACE,
    ),
    WaitingReason.LOCATION_CIRCUIT_OPEN: Entry(
        "Location paused after failures",
        "No worker can use it, its credential is refused, or work there failed several times in a row.",
        "Read the last error of the location. Check its storage, its mount and its credential.",
        "It is tried again after pauses of at most ten minutes. Once it works, all goes on by itself.",
        Turn.SITE,
        HelpPage.PLACE,
    ),
    WaitingReason.NO_SPACE_AT_DESTINATION: Entry(
        "No space at the destination",
        "The destination has less free space than is needed. Space that other work has reserved does not"
        " count as free.",
        "Free or add space at the destination.",
        "The work goes on as soon as there is space.",
        Turn.OPERATOR,
        HelpPage.PLACE,
    ),
    WaitingReason.SPACE_UNKNOWN: Entry(
        "Space not measured lately",
        "No worker has said for ten minutes how full the file system is. Nothing new is written there, and"
        " nothing is deleted to make room.",
        "See whether the workers of the location run, and whether its file server answers.",
        "All goes on with the next measurement.",
        Turn.SITE,
        HelpPage.PLACE,
    ),
    WaitingReason.CONCURRENCY_LIMIT: Entry(
        "As much under way as allowed",
        "As many transfers as its route or location allows are under way.",
        "Nothing needs to be done. Raise the limit of the route or location to move more at once.",
        "The work goes on when one of the others ends.",
        Turn.AUTOMATIC,
        HelpPage.WORK,
    ),
    WaitingReason.NO_ARCHIVE: Entry(
        "No archive can take it",
        "No enabled long-term archive can take it.",
        "Configure or enable a location of type long_term_archive.",
        STAYS,
        Turn.OPERATOR,
        HelpPage.PLACE,
    ),
    WaitingReason.NO_READABLE_COPY: Entry(
        "No copy can be read",
        "No verified copy of the package can be read at the moment.",
        "See the copies of the package and the state of their locations.",
        "The work goes on as soon as a copy can be read.",
        Turn.OPERATOR,
        HelpPage.PACKAGE,
    ),
    WaitingReason.COPY_NOT_RESERVED: Entry(
        "Copy not reserved yet",
        "It reads a copy of another site, which has not reserved the copy for it yet.",
        "Nothing needs to be done. If it takes long, see whether the planner of the other site runs.",
        "The work goes on when the other site answers. If that refuses, another copy is chosen.",
        Turn.AUTOMATIC,
        HelpPage.PACKAGE,
    ),
}

_WORK: dict[WaitingReason, Entry] = {
    WaitingReason.NOT_PLANNED: Entry(
        "Not planned yet",
        "No planner has looked at it yet.",
        "Nothing needs to be done. If it stays so for minutes, check that a planner runs at the site:"
        " ccat-transfer doctor.",
        "The planner decides on it in its next pass, within seconds.",
        Turn.AUTOMATIC,
        HelpPage.WORK,
    ),
    WaitingReason.BACK_OFF: Entry(
        "Waits for its next attempt",
        "The last attempt failed.",
        "Nothing needs to be done. Read its error if the attempts keep failing.",
        "The work is tried again by itself, after pauses that grow up to half an hour.",
        Turn.AUTOMATIC,
        HelpPage.WORK,
    ),
    WaitingReason.FILE_NOT_AS_FILED: Entry(
        "A file is not as it was filed",
        "A file of the package is missing at its source, or has other bytes than were filed.",
        "Give the file back as it was filed. Or decide on it: set it aside, or file it anew.",
        "It is read again every 15 minutes. After some hours the package goes on without it; the file stays.",
        Turn.INSTRUMENT,
        HelpPage.PACKAGE,
    ),
    WaitingReason.NO_WORKER: Entry(
        "No worker takes it",
        "The workers of its location were told of it, and none has taken it.",
        "Start a worker for the location, or see why the running one takes no work: ccat-transfer doctor.",
        "A worker is told again every few seconds.",
        Turn.SITE,
        HelpPage.WORK,
    ),
    WaitingReason.DISPATCHED: Entry(
        "About to start",
        "A worker was told of it and is about to take it.",
        NOTHING_TO_DO,
        "A worker takes it within seconds.",
        Turn.AUTOMATIC,
        HelpPage.WORK,
    ),
    WaitingReason.IN_PROGRESS: Entry(
        "Under way",
        "A worker is doing it now.",
        NOTHING_TO_DO,
        "The work ends by itself. If the worker falls silent, another one takes it over.",
        Turn.AUTOMATIC,
        HelpPage.WORK,
    ),
    WaitingReason.AWAITING_VERIFICATION: Entry(
        "Sent, to be verified on arrival",
        "All bytes were sent, and the receiving site has not verified them yet.",
        "Nothing needs to be done. If it takes long, check that a worker runs at the receiving location.",
        "The receiving site reads the copy and compares its checksum.",
        Turn.AUTOMATIC,
        HelpPage.WORK,
    ),
    WaitingReason.SECOND_READING: Entry(
        "To be read once more",
        "The copy was read wrong, and another process is to read it before anything is concluded from that.",
        "Nothing needs to be done. Run a second worker at the location to have it read within minutes.",
        "Another worker process reads it after some minutes. If there is none, the same one does after six"
        " hours.",
        Turn.AUTOMATIC,
        HelpPage.WORK,
    ),
    WaitingReason.GIVEN_UP: Entry(
        "Given up",
        "It failed in a way that does not pass by itself, or too often.",
        "Remove the cause that its error names, then retry it.",
        STAYS,
        Turn.OPERATOR,
        HelpPage.WORK,
    ),
    WaitingReason.CANCELLED: Entry(
        "Cancelled",
        "A person cancelled it.",
        "Retry it if it is wanted after all.",
        STAYS,
        Turn.REQUESTER,
        HelpPage.WORK,
    ),
}

_KEEPING: dict[WaitingReason, Entry] = {
    WaitingReason.NOT_ARCHIVED: Entry(
        "Stays until it is archived",
        "No archive has a verified copy yet, so this copy stays.",
        "Nothing needs to be done. See why the package waits if it takes long.",
        "The copy may be deleted once the archives have verified copies.",
        Turn.AUTOMATIC,
        HelpPage.PACKAGE,
    ),
    WaitingReason.WAITING_FOR_SECOND_ARCHIVE: Entry(
        "Stays until more archives have it",
        "Fewer archives have a verified copy than the retention policy asks for, so this copy stays.",
        "Nothing needs to be done. Check that a second archive is configured if it takes long.",
        "The archives copy it among themselves.",
        Turn.AUTOMATIC,
        HelpPage.PACKAGE,
    ),
    WaitingReason.VERIFICATION_TOO_OLD: Entry(
        "Archive copy to be verified anew",
        "The archive's copy was last verified longer ago than the retention policy allows.",
        NOTHING_TO_DO,
        "The archive's copy is read and verified again, then this copy may be deleted.",
        Turn.AUTOMATIC,
        HelpPage.PACKAGE,
    ),
    WaitingReason.ARCHIVE_NOT_CONFIRMED: Entry(
        "Archive did not confirm its copy",
        "Just before the deletion the archive was asked for its copy and did not confirm it.",
        "See the errors of the archive.",
        "The archive is asked again before the next attempt. Until then nothing is deleted.",
        Turn.OPERATOR,
        HelpPage.PLACE,
    ),
    WaitingReason.IN_USE: Entry(
        "Being read",
        "Other work reads the copy, so it is not deleted.",
        "Nothing needs to be done. See which work reads it.",
        "The copy may be deleted once that work has ended.",
        Turn.AUTOMATIC,
        HelpPage.PACKAGE,
    ),
    WaitingReason.HOLD: Entry(
        "Held by a person",
        "A deletion hold forbids its deletion.",
        "Lift the hold if it is not needed any more.",
        STAYS,
        Turn.REQUESTER,
        HelpPage.PLACE,
    ),
    WaitingReason.RETENTION: Entry(
        "Kept for its retention time",
        "The retention time of its location has not passed.",
        NOTHING_TO_DO,
        "The copy may be deleted when the time has passed.",
        Turn.AUTOMATIC,
        HelpPage.PLACE,
    ),
    WaitingReason.PINNED: Entry(
        "Pinned",
        "A staging job keeps it at the processing location.",
        NOTHING_TO_DO,
        "The copy may be deleted when the pin ends.",
        Turn.REQUESTER,
        HelpPage.STAGING,
    ),
    WaitingReason.NO_RETENTION_POLICY: Entry(
        "Location keeps everything",
        "Its location has no retention policy, so nothing is deleted there.",
        "Nothing needs to be done. Give the location a retention policy to have it freed.",
        "The copy stays.",
        Turn.AUTOMATIC,
        HelpPage.PLACE,
    ),
    WaitingReason.PLACE_MISCONFIGURED: Entry(
        "Nothing can be put back there",
        "The file system of its location neither has hard links nor renames to free names only, so that no"
        " files of others are removed there.",
        "Use another file system, or take the retention policy from the location.",
        "The copy stays.",
        Turn.OPERATOR,
        HelpPage.PLACE,
    ),
    WaitingReason.BELOW_WATERMARK: Entry(
        "Kept while there is room",
        "The location is below its high watermark, and copies stay there while there is room.",
        NOTHING_TO_DO,
        "The copy may be deleted when the location fills above its high watermark.",
        Turn.AUTOMATIC,
        HelpPage.PLACE,
    ),
    WaitingReason.GRACE_PERIOD: Entry(
        "Deletion can still be cancelled",
        "Its deletion is scheduled and can be cancelled until the grace period ends.",
        "Nothing needs to be done. Cancel the deletion if the copy is still needed here.",
        "The copy is deleted when the grace period ends.",
        Turn.AUTOMATIC,
        HelpPage.WORK,
    ),
    WaitingReason.DELETION_DRY_RUN: Entry(
        "Location only says what it would delete",
        "The deletion mode of its location is dry_run: it says what it would delete and deletes nothing.",
        "Nothing needs to be done. Set deletion_mode of the location to enabled to have it freed.",
        "The copy stays while the deletion mode is dry_run.",
        Turn.AUTOMATIC,
        HelpPage.PLACE,
    ),
    WaitingReason.LAST_COPY: Entry(
        "Last copy",
        "It is the last copy, and a last copy is never deleted.",
        NOTHING_TO_DO,
        "The copy stays.",
        Turn.AUTOMATIC,
        HelpPage.PACKAGE,
    ),
}

CATALOGUE: Mapping[WaitingReason, Entry] = MappingProxyType(
    {reason: entry for part in (_DATA, _WAY, _WORK, _KEEPING) for reason, entry in part.items()}
)
"""Every reason, in the order of the way of the data."""


def entry_of(reason: str | None) -> Entry | None:
    """Return what is said of a reason; None for one that is not known to this release."""
    try:
        return CATALOGUE[WaitingReason(reason)] if reason is not None else None
    except ValueError:
        return None
