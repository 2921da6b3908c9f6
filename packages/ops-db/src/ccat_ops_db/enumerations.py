"""Closed sets of values. Members are upper case, values lower case, as documented."""

from enum import StrEnum


class LocationType(StrEnum):
    """What a data location is for."""

    SOURCE = "source"
    BUFFER = "buffer"
    LONG_TERM_ARCHIVE = "long_term_archive"
    PROCESSING = "processing"


class StorageType(StrEnum):
    """How a data location keeps bytes."""

    DISK = "disk"
    S3 = "s3"
    TAPE = "tape"


class RouteType(StrEnum):
    """How a route leads from site to site."""

    DIRECT = "direct"
    RELAY = "relay"
    CUSTOM = "custom"


class TransferMethod(StrEnum):
    """What moves the bytes of a route."""

    POSIX = "posix"
    S3 = "s3"
    RSYNC = "rsync"
    BBCP = "bbcp"
    HTTPS = "https"


class Status(StrEnum):
    """Life cycle of work."""

    PENDING = "pending"
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED_WITHOUT = (Status.FAILED, Status.CANCELLED)
"""Statuses of work that ended without a result; a person may have it tried again."""


class OutageScope(StrEnum):
    """What an outage is of."""

    LOCATION = "location"
    ROUTE = "route"
    CREDENTIAL = "credential"
    BROKER = "broker"


class PackageState(StrEnum):
    """State of a package as shown to people; derived, never stored."""

    WAITING = "waiting"
    TRANSFERRING = "transferring"
    ARCHIVED = "archived"
    FAILED = "failed"


class PhysicalCopyStatus(StrEnum):
    """Life cycle of one thing at one location."""

    PRESENT = "present"
    VERIFIED = "verified"
    STAGED = "staged"
    DELETION_SCHEDULED = "deletion_scheduled"
    DELETION_IN_PROGRESS = "deletion_in_progress"
    DELETED = "deleted"
    MISSING = "missing"
    CORRUPT = "corrupt"


class ExecutionStatus(StrEnum):
    """Life cycle of an executed obs unit."""

    RUNNING = "running"
    COMPLETED = "completed"
    ABORTED = "aborted"
    FAILED = "failed"


class FailureClass(StrEnum):
    """Class of a failure; decides whether and when work is tried again."""

    TRANSIENT = "transient"
    RESOURCE = "resource"
    INTEGRITY = "integrity"
    CONFIGURATION = "configuration"
    PERMANENT = "permanent"


class CheckReason(StrEnum):
    """Why a copy is read and verified."""

    ARRIVAL = "arrival"
    ARCHIVE = "archive"
    CONFIRMATION = "confirmation"
    """Another copy is to be deleted, and it was read too long ago for that."""
    SCRUB = "scrub"
    """It was not read for long."""
    REQUEST = "request"
    SECOND_READING = "second_reading"
    """It was read wrong, and another process is to read it."""
    SAMPLE = "sample"
    """Its place is in doubt, and some copies there are read to find out about the place."""


class CheckResult(StrEnum):
    """What a verification found."""

    VERIFIED = "verified"
    CORRUPT = "corrupt"
    MISSING = "missing"


class ConfirmBy(StrEnum):
    """How an archive copy is confirmed in the moment in which another copy is deleted."""

    UNCHANGED = "unchanged"
    """It is the very object that was read and found right."""
    FULL_READ = "full_read"
    """It is read once more."""


class ReadingMethod(StrEnum):
    """How it was found out what a copy is."""

    FULL_READ = "full_read"
    """All its bytes were read."""
    UNCHANGED = "unchanged"
    """It is the very object that was read before: that confirms, and proves nothing anew."""


class Finding(StrEnum):
    """What a copy was found to be."""

    RIGHT = "right"
    OTHER_CHECKSUM = "other_checksum"
    OTHER_SIZE = "other_size"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    CHANGED = "changed"
    """Another object than the one that was read before."""


class FindingResolution(StrEnum):
    """What became of an object that is of no copy."""

    GONE = "gone"
    """It was not listed any more."""
    ADOPTED = "adopted"
    """It is a copy now, and is read."""


class DoubtCause(StrEnum):
    """Why a copy, or a place, is not believed any more."""

    BYTES = "bytes"
    """Work that read the copy met wrong bytes."""
    CHANGED = "changed"
    """It is another object than the one that was read."""
    LOST = "lost"
    """A listing of the place does not show it as it should be."""
    READINGS = "readings"
    """Several copies at the place that were right before were read wrong."""
    READER = "reader"
    """What was doubted by those who read at the place was right each time."""
    PERSON = "person"
    """Somebody said so."""


WRONG = (Finding.OTHER_CHECKSUM, Finding.OTHER_SIZE, Finding.MISSING, Finding.UNREADABLE)
"""Findings that two readings make a verdict of. Another object than before is to be read first."""


class Adoption(StrEnum):
    """How a place came to have its marker."""

    AUTOMATIC = "automatic"
    EXPLICIT = "explicit"


class Ability(StrEnum):
    """What a place may or may not be able to do; found out by trying."""

    CREATE_ONLY = "create_only"
    RENAME_NOREPLACE = "rename_noreplace"
    HARD_LINKS = "hard_links"
    CONDITIONAL_DELETE = "conditional_delete"
    VERSIONS = "versions"
    CHECKS_SHA256 = "checks_sha256"
    RETURNS_SHA256 = "returns_sha256"
    LASTING_INODES = "lasting_inodes"
    FLOCK = "flock"
    FOLDER_FSYNC = "folder_fsync"
    LIST_UPLOADS = "list_uploads"
    ABORT_UPLOADS = "abort_uploads"
    REMOVE = "remove"


class DeletionMode(StrEnum):
    """Whether a location really deletes, or only says what it would delete."""

    DRY_RUN = "dry_run"
    ENABLED = "enabled"


class DeletionTrigger(StrEnum):
    """When a copy that may be deleted is deleted."""

    WHEN_ARCHIVED = "when_archived"
    UNDER_PRESSURE = "under_pressure"
    WHEN_UNPINNED = "when_unpinned"


class FileExceptionKind(StrEnum):
    """What is wrong with a file at its source, or in its package."""

    MISSING = "missing"
    SHORT = "short"
    GROWN = "grown"
    OTHER_CHECKSUM = "other_checksum"
    UNREADABLE = "unreadable"
    NOT_REGULAR = "not_regular"
    CHANGED_AFTER_PACKAGING = "changed_after_packaging"
    WRONG_IN_PACKAGE = "wrong_in_package"


class FileDecision(StrEnum):
    """What was decided on a file that is not as it was filed."""

    SET_ASIDE = "set_aside"
    FILED_ANEW = "filed_anew"


class CopyForm(StrEnum):
    """In which form a copy lies at its place."""

    TAR = "tar"
    FILES = "files"


class CopyKind(StrEnum):
    """What a physical copy is a copy of."""

    RAW_DATA_FILE = "raw_data_file"
    RAW_DATA_PACKAGE = "raw_data_package"


class HoldScope(StrEnum):
    """What a deletion hold covers."""

    GLOBAL = "global"
    SITE = "site"
    LOCATION = "location"
    PROGRAM = "program"
    EXECUTION = "execution"
    PACKAGE = "package"


class Severity(StrEnum):
    """How bad an error is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class Operation(StrEnum):
    """Operations of the transfer engine; the last part of a queue name."""

    PACKAGE_CREATION = "raw_data_package_creation"
    TRANSFER_BATCHING = "data_transfer_package_creation"
    TRANSFER = "data_transfer"
    VERIFY = "verify"
    ARCHIVE_TRANSFER = "long_term_archive_transfer"
    STAGING = "staging"
    DELETION = "deletion"


class CallerKind(StrEnum):
    """By what somebody who says something shows who they are."""

    TOKEN = "token"
    SESSION = "session"
    COMMAND = "command"
    """A command at a machine of the data centre."""
    ENGINE = "engine"
    """Nobody: the engine itself."""


class SignInWay(StrEnum):
    """How a person signed in."""

    TOKEN = "token"
    DEVELOPMENT = "development"


class ClaimOutcome(StrEnum):
    """What the site of a copy says to work of another site that wants to read it."""

    GRANTED = "granted"
    REFUSED = "refused"


class Consumer(StrEnum):
    """Services that have a queue of changed keys of their own."""

    PLANNER = "planner"
    DERIVER = "deriver"
