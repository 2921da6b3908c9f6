"""Why things wait: the closed list of reasons, and what is said of each (`waiting_catalogue`)."""

from dataclasses import dataclass
from enum import StrEnum


class WaitingReason(StrEnum):
    """Machine-readable reason for not going on with something.

    Most are written by the planner. ``cancelled``, ``dispatched``, ``given_up``, ``in_progress`` and
    ``not_planned`` follow from the status of the work where nothing is written.
    """

    EXECUTION_RUNNING = "execution_running"
    FILES_MAY_FOLLOW = "files_may_follow"
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
    SPACE_UNKNOWN = "space_unknown"
    CONCURRENCY_LIMIT = "concurrency_limit"
    NO_ARCHIVE = "no_archive"
    NO_READABLE_COPY = "no_readable_copy"
    COPY_NOT_RESERVED = "copy_not_reserved"
    BACK_OFF = "back_off"
    FILE_NOT_AS_FILED = "file_not_as_filed"
    NOT_PLANNED = "not_planned"
    NO_WORKER = "no_worker"
    DISPATCHED = "dispatched"
    IN_PROGRESS = "in_progress"
    AWAITING_VERIFICATION = "awaiting_verification"
    SECOND_READING = "second_reading"
    GIVEN_UP = "given_up"
    CANCELLED = "cancelled"
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
    PLACE_MISCONFIGURED = "place_misconfigured"
    BELOW_WATERMARK = "below_watermark"
    GRACE_PERIOD = "grace_period"
    DELETION_DRY_RUN = "deletion_dry_run"
    LAST_COPY = "last_copy"


class Turn(StrEnum):
    """Who has to do something so that it goes on."""

    AUTOMATIC = "automatic"
    """Nobody: the system goes on by itself."""
    OPERATOR = "operator"
    """An operator of the data centre, with the interface, the configuration or the command line."""
    SITE = "site"
    """Somebody at the site: storage, machines, network."""
    INSTRUMENT = "instrument"
    """The instrument that files the data, or its team."""
    REQUESTER = "requester"
    """The person who asked for it."""


class HelpPage(StrEnum):
    """Page of the interface whose help explains it."""

    OVERVIEW = "overview"
    WORK = "work"
    OBSERVATIONS = "observations"
    OBSERVATION = "observation"
    PACKAGE = "package"
    PLACE = "place"
    ERRORS = "errors"
    STAGING = "staging"


@dataclass(frozen=True)
class Entry:
    """What a catalogue says of a code. Every text is a sentence, but `text`, which is a label.

    Attributes
    ----------
    text : str
        Label of a few words.
    meaning : str
        What it means, or what causes it.
    remedy : str
        What a person can do.
    next : str
        What happens by itself.
    turn : Turn
        Whose turn it is.
    help : HelpPage
        Where it is explained at length.
    """

    text: str
    meaning: str
    remedy: str
    next: str
    turn: Turn
    help: HelpPage


PLACE = "LOCATION"
"""What stands for the name of a location in a remedy."""


def remedy_at(remedy: str, location: str | None) -> str:
    """Return a remedy with the name of the location that it is about, where that is known."""
    return remedy.replace(PLACE, location) if location else remedy


def clause(sentence: str) -> str:
    """Return a sentence of a catalogue as it stands inside of another one."""
    return sentence[:1].lower() + sentence[1:].removesuffix(".")
