"""Why things wait: the closed list of the planner's reasons, each with what it means and what helps."""

from enum import StrEnum


class WaitingReason(StrEnum):
    """Machine-readable reason of the planner for not going on with something."""

    EXECUTION_RUNNING = "execution_running"
    NO_BUFFER = "no_buffer"
    NO_ROUTE = "no_route"
    ROUTE_DISABLED = "route_disabled"
    LINK_WINDOW_CLOSED = "link_window_closed"
    ROUTE_CIRCUIT_OPEN = "route_circuit_open"
    SITE_DISABLED = "site_disabled"
    LOCATION_DISABLED = "location_disabled"
    LOCATION_READ_ONLY = "location_read_only"
    LOCATION_SUSPECT = "location_suspect"
    LOCATION_CIRCUIT_OPEN = "location_circuit_open"
    NO_SPACE_AT_DESTINATION = "no_space_at_destination"
    CONCURRENCY_LIMIT = "concurrency_limit"
    NO_ARCHIVE = "no_archive"
    NO_READABLE_COPY = "no_readable_copy"
    BACK_OFF = "back_off"
    NO_WORKER = "no_worker"
    DISPATCHED = "dispatched"
    IN_PROGRESS = "in_progress"
    AWAITING_VERIFICATION = "awaiting_verification"
    GIVEN_UP = "given_up"
    NOT_SEALED = "not_sealed"
    NOT_ARCHIVED = "not_archived"
    WAITING_FOR_SECOND_ARCHIVE = "waiting_for_second_archive"
    VERIFICATION_TOO_OLD = "verification_too_old"
    ARCHIVE_NOT_CONFIRMED = "archive_not_confirmed"
    IN_USE = "in_use"
    HOLD = "hold"
    RETENTION = "retention"
    PINNED = "pinned"
    NO_RETENTION_POLICY = "no_retention_policy"
    BELOW_WATERMARK = "below_watermark"
    GRACE_PERIOD = "grace_period"
    DELETION_DRY_RUN = "deletion_dry_run"
    LAST_COPY = "last_copy"


EXPLANATIONS: dict[WaitingReason, tuple[str, str]] = {
    WaitingReason.EXECUTION_RUNNING: (
        "its execution is still running and neither size nor age limit is reached",
        "nothing; finish the execution to package its files now",
    ),
    WaitingReason.NO_BUFFER: (
        "its site has no enabled buffer that packages can be written to",
        "configure or enable a buffer location at the site",
    ),
    WaitingReason.NO_ROUTE: (
        "no route leads from where it is to an archive's site",
        "configure a route between the sites",
    ),
    WaitingReason.ROUTE_DISABLED: ("every route to an archive is disabled or suspended", "enable a route"),
    WaitingReason.LINK_WINDOW_CLOSED: (
        "the route may only be used at certain times, and now is not one",
        "nothing, or widen the window of the route",
    ),
    WaitingReason.ROUTE_CIRCUIT_OPEN: (
        "the route failed several times in a row and rests",
        "nothing; it is tried again by itself. See the errors of the route",
    ),
    WaitingReason.SITE_DISABLED: ("a site on its way is disabled or suspended", "enable the site"),
    WaitingReason.LOCATION_DISABLED: (
        "a location on its way is disabled or in maintenance",
        "enable the location or end its maintenance",
    ),
    WaitingReason.LOCATION_READ_ONLY: ("the destination is read-only", "make it writable"),
    WaitingReason.LOCATION_SUSPECT: (
        "many copies at the location failed at once: the location is doubted, not its copies",
        "check the storage, then clear the suspicion",
    ),
    WaitingReason.LOCATION_CIRCUIT_OPEN: (
        "work at the location failed several times in a row and rests",
        "nothing; it is tried again by itself. See the errors of the location",
    ),
    WaitingReason.NO_SPACE_AT_DESTINATION: (
        "there is not enough free space at the destination, reservations counted",
        "free or add space at the destination",
    ),
    WaitingReason.CONCURRENCY_LIMIT: (
        "as much work as allowed is under way on its route or location",
        "nothing, or raise the limit",
    ),
    WaitingReason.NO_ARCHIVE: ("no enabled long-term archive can take it", "enable a long-term archive"),
    WaitingReason.NO_READABLE_COPY: (
        "no verified copy can be read at the moment",
        "see the copies of the package and the state of their locations",
    ),
    WaitingReason.BACK_OFF: (
        "the last attempt failed and it waits for the next one",
        "nothing, or retry it now",
    ),
    WaitingReason.NO_WORKER: (
        "it was given to the workers, but none has taken it",
        "start a worker for the location",
    ),
    WaitingReason.DISPATCHED: ("a worker is about to take it", "nothing"),
    WaitingReason.IN_PROGRESS: ("a worker is at it", "nothing"),
    WaitingReason.AWAITING_VERIFICATION: (
        "it was sent; the receiving site has not verified it yet",
        "nothing; is a worker running at the receiving location?",
    ),
    WaitingReason.GIVEN_UP: ("it was given up", "mend the cause that its error names, then retry it"),
    WaitingReason.NOT_SEALED: ("its package is not complete yet", "nothing; see why the package waits"),
    WaitingReason.NOT_ARCHIVED: ("no archive has a verified copy yet", "nothing; see why the package waits"),
    WaitingReason.WAITING_FOR_SECOND_ARCHIVE: (
        "fewer archives have a verified copy than the retention policy asks for",
        "nothing; the archives copy among themselves",
    ),
    WaitingReason.VERIFICATION_TOO_OLD: (
        "the archive's copy was last verified longer ago than the retention policy allows",
        "nothing; a verification is planned",
    ),
    WaitingReason.ARCHIVE_NOT_CONFIRMED: (
        "the archive did not confirm its copy in the moment of deletion",
        "see the errors of the archive",
    ),
    WaitingReason.IN_USE: ("open work reads the copy", "nothing; see the work that holds the lock"),
    WaitingReason.HOLD: ("a hold forbids its deletion", "lift the hold, if it is not needed any more"),
    WaitingReason.RETENTION: ("its retention time has not passed", "nothing"),
    WaitingReason.PINNED: ("it is pinned", "nothing, or end the pin"),
    WaitingReason.NO_RETENTION_POLICY: (
        "its location has no retention policy, so nothing is deleted there",
        "give the location a retention policy",
    ),
    WaitingReason.BELOW_WATERMARK: (
        "the location is below its high watermark; copies stay while there is room",
        "nothing",
    ),
    WaitingReason.GRACE_PERIOD: ("its deletion is scheduled and can still be cancelled", "nothing"),
    WaitingReason.DELETION_DRY_RUN: (
        "the location only says what it would delete",
        "set deletion_mode of the location to enabled",
    ),
    WaitingReason.LAST_COPY: ("it is the last copy", "nothing; a last copy is never deleted"),
}
