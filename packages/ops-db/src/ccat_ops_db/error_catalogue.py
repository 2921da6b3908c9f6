"""What each category of error means: its cause, the remedy, what the system does by itself, whose turn it is.

A test of the transfer engine holds that every category that its code names is here.
"""

# ruff: noqa: E501  (a table of texts)

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from ccat_ops_db.enumerations import FailureClass
from ccat_ops_db.waiting import Entry, HelpPage, Turn, WaitingReason
from ccat_ops_db.waiting_catalogue import CATALOGUE

NEXT: Mapping[FailureClass, str] = MappingProxyType(
    {
        FailureClass.TRANSIENT: "The work is tried again by itself, after pauses that grow up to half an hour.",
        FailureClass.RESOURCE: "The work waits and goes on by itself as soon as there is room.",
        FailureClass.INTEGRITY: "The work is done again from a copy that is right, three times at most, and then given up.",
        FailureClass.CONFIGURATION: "The work is given up at once. It goes on when somebody retries it.",
        FailureClass.PERMANENT: "The work is given up at once. It goes on when somebody retries it.",
    }
)
"""What the system does by itself after an error of a class."""

_PAUSED = (
    "What needs it waits, and no work is given up. It is tried again after pauses that grow up to ten minutes, and all goes"
    " on by itself once it works."
)
_BAD_FILE = (
    "It is read again every 15 minutes, and all goes on by itself once it is as it was filed. After some hours its package"
    " goes on without it; the file stays."
)
_BAD_FILES = (
    "source_changed",
    "file_changed",
    "source_grown",
    "source_short",
    "source_not_regular",
    "source_symlink",
    "source_unreadable",
)
_WAITED_FOR = (
    "credential_expired",
    "credential_missing",
    "credential_refused",
    "credential_unreadable",
    "endpoint_illegal",
    "plain_http_refused",
    "wrong_region",
    "access_denied",
    "bucket_missing",
    "certificate_refused",
    "clock_wrong",
    "read_only_place",
    "device_gone",
    "place_unavailable",
    "network",
    "timeout",
    "store_unavailable",
    "damaged_on_the_way",
    "input_output_error",
    "busy",
    "stale_handle",
)
NEXT_OF: Mapping[str, str] = MappingProxyType(
    {
        "broker_unavailable": "Work under way goes on. Workers are told of everything anew once it takes messages.",
        **dict.fromkeys(_WAITED_FOR, _PAUSED),
        **dict.fromkeys(_BAD_FILES, _BAD_FILE),
    }
)
"""What differs from that for a category."""

_RETRY = "Then retry the work."
_CONDITION = re.compile(
    r" if (it keeps failing|it happens (often|again)|more copies there are (corrupt|missing))"
)
_NOTHING = "Nothing needs to be done."
_OR_DECIDE = " Or decide on it: set it aside, or file it anew as it is now."
_FILE_AGAIN = "Put the file back as it was filed." + _OR_DECIDE

_T, _R, _I, _C, _P = (
    FailureClass.TRANSIENT,
    FailureClass.RESOURCE,
    FailureClass.INTEGRITY,
    FailureClass.CONFIGURATION,
    FailureClass.PERMANENT,
)
_AUTOMATIC, _OPERATOR, _SITE, _INSTRUMENT = Turn.AUTOMATIC, Turn.OPERATOR, Turn.SITE, Turn.INSTRUMENT

# Category, class, whose turn, label, cause, remedy.
_TABLE: tuple[tuple[str, FailureClass, Turn, str, str, str], ...] = (
    ("network", _T, _SITE, "Connection failed", "The connection to the other side failed.",
     "Check the link and the server at its other end if it keeps failing."),
    ("timeout", _T, _SITE, "No answer in time", "The other side did not answer in time.",
     "Check the load of the link and of the server if it keeps failing."),
    ("store_unavailable", _T, _SITE, "Store does not answer", "The object store is away or busy.",
     "Check the object store if it keeps failing."),
    ("cold_storage", _T, _OPERATOR, "In a cold class", "The store has moved the object to a class from which it must be restored first.",
     "Restore the object at the store, and end the rule that moves objects there."),
    ("damaged_on_the_way", _T, _AUTOMATIC, "Bytes damaged on the way",
     "The bytes that arrived are not those that were sent.", "Check the link if it happens often."),
    ("changed_while_read", _T, _AUTOMATIC, "Changed while it was read",
     "The object was replaced while it was read.", _NOTHING),
    ("upload_gone", _T, _AUTOMATIC, "Upload is gone",
     "The store forgot an upload that had begun, or another worker finished it.", _NOTHING),
    ("stopped", _T, _AUTOMATIC, "Stopped", "The worker was asked to stop in the middle of it.", _NOTHING),
    ("worker_lost", _T, _AUTOMATIC, "Worker fell silent",
     "The worker that did it died, or lost its connection to the database.",
     "See the log of the worker if it happens often: the work may be what kills it."),
    ("being_deleted", _T, _AUTOMATIC, "Copy is being deleted", "A copy at the place is being deleted.", _NOTHING),
    ("name_used", _T, _AUTOMATIC, "Name of a tar was used", "Other work wrote a tar of that name meanwhile.", _NOTHING),
    ("busy", _T, _AUTOMATIC, "Storage is busy", "The storage is busy.", _NOTHING),
    ("input_output_error", _T, _SITE, "Input/output error", "The storage reports an input/output error.",
     "Check the disk and its connection."),
    ("device_gone", _T, _SITE, "Device is gone", "The device of the location is gone.",
     "Check the disk and its mount."),
    ("stale_handle", _T, _AUTOMATIC, "Network file system forgot the file",
     "The server of the network file system was restarted, or the file was replaced.",
     "Check the file server if it keeps failing."),
    ("place_unavailable", _T, _SITE, "Place is not there, or is another one",
     "The place of the location is not there, or what is there has not its marker: another disk is mounted, or none.",
     "Mount the right disk, or correct the location; a new place is adopted with ccat-transfer place adopt."),
    ("crosses_mount", _T, _SITE, "Another file system below the location",
     "Another file system is mounted below the folder of the location; what is on it is not of the place.",
     "Unmount it, or make it a location of its own."),
    ("database_unavailable", _T, _SITE, "Database does not answer", "The database does not answer.",
     "Check the database server if it keeps failing."),
    ("database_busy", _T, _AUTOMATIC, "Database is busy",
     "There was no free connection to the database, or other transactions were in the way.",
     "Allow more connections if it happens often."),
    ("broker_unavailable", _T, _SITE, "Broker takes no messages",
     "Redis is away, or is a replica that takes no writes, so workers are told of nothing new.", "Check Redis."),
    ("no_space", _R, _SITE, "No space left", "The file system, or the bucket's quota, is full.",
     "Free or add space."),
    ("quota_exceeded", _R, _SITE, "Quota used up", "The quota of the service's user is used up.",
     "Raise the quota, or free space."),
    ("too_many_open_files", _R, _SITE, "Too many open files",
     "The worker or its machine has too many files open.", "Raise the limit of open files."),
    ("no_memory", _R, _SITE, "No memory left", "The machine of the worker has no memory left.",
     "Give the machine more memory, or the worker less to do at once."),
    ("copy_checksum", _I, _AUTOMATIC, "Copy is corrupt: checksum", "The bytes of the copy are not those of the package.",
     "Check the storage if more copies there are corrupt."),
    ("copy_size", _I, _AUTOMATIC, "Copy is corrupt: size", "The copy has fewer or more bytes than its package.",
     "Check the storage if more copies there are corrupt."),
    ("copy_missing", _I, _AUTOMATIC, "Copy is missing", "The copy is not where it was written.",
     "Find out who removed it. Check the storage if more copies there are missing."),
    ("readings_differ", _I, _SITE, "Readings differ", "A copy was read wrong, and then right.",
     "Check the memory of the machines that read there, and the storage with its connections."),
    ("reading_overdue", _R, _SITE, "Copies are not read again in time",
     "The bytes of an archive's copies are to be read again after an interval, and it does not keep up.",
     "See whether the location is closed or always busy. Give it more slots or a longer scrub_interval."),
    ("unknown_objects", _I, _OPERATOR, "Objects of no copy",
     "A place of ours has objects that are of no copy, nor of open work. They take room, and nothing else uses them.",
     "List them with `ccat-transfer finding list`. Adopt what is a package of ours, and remove the rest where it is."),
    ("copy_touched", _I, _OPERATOR, "Copy was changed by somebody else",
     "The copy that was to be deleted is not what was verified, so it was kept.",
     "Find out who writes at the location. Verify the copy, then retry the deletion."),
    ("arrived_corrupt", _I, _AUTOMATIC, "Arrived corrupt", "The copy was corrupt when it was verified on arrival.",
     "Check the link and the storage of the destination if it happens again."),
    ("arrived_missing", _I, _AUTOMATIC, "Did not arrive", "The copy was not there when it was to be verified on arrival.",
     "Check the storage of the destination if it happens again."),
    ("package_corrupt", _I, _OPERATOR, "Package is corrupt",
     "Bytes of the package, of a file in it or of its index are not what they must be.",
     "Verify the copies of the package and see which one is right."),
    ("source_mismatch", _I, _AUTOMATIC, "Copy that was read is not the package",
     "The copy from which the package was to be sent has other bytes, or another index, than the package.",
     "See the verification of the copy that was read. Check the storage if more copies there are corrupt."),
    ("source_missing", _I, _AUTOMATIC, "Source does not have it", "The copy or file that was to be read is gone.",
     "See the verification of the copy that was read. A file of an instrument has to be put back."),
    ("file_left_out", _I, _INSTRUMENT, "File left out of its package",
     "A file was not as it was filed for hours, so its package went on without it. It stays at its source.",
     "Decide on it: file it anew as it is now, or set it aside."),
    ("left_out", _P, _INSTRUMENT, "File is not in its package",
     "A file was asked for that its package goes without, as it was not as it was filed. It is at its source.",
     "Decide on it: file it anew as it is now, or set it aside."),
    ("all_left_out", _I, _INSTRUMENT, "No file of the package is as it was filed",
     "All files of a package were left out, so there is no package.",
     "Decide on each file: file it anew as it is now, or set it aside."),
    ("source_changed_after_packaging", _I, _INSTRUMENT, "File changed after it was packaged",
     "A file was changed at its source after it was packaged, so it was not deleted.",
     "Decide on it: file it anew as it is now, or set it aside."),
    ("leftover", _I, _SITE, "File moved away and not put back",
     "A file was moved away to be removed, that was broken off, and another file has its name since. Both are kept.",
     "Compare the two files, keep the one that is right under its name, and take the other away."),
    ("store_has_other_bytes", _I, _AUTOMATIC, "Store has other bytes",
     "After the upload the store reports another size or checksum than was sent.",
     "Check the object store if it happens again."),
    ("other_object_stays", _I, _OPERATOR, "Another object has the name of a tar",
     "A tar was to be deleted, and another object had its name by then. It stays; the copy counts as deleted.",
     "Find out who wrote it, and remove it if nobody needs it."),
    ("other_object_beside", _I, _OPERATOR, "Something else lies beside a tar",
     "What was to lie beside a tar is there already, with other content. It stays; the tar has all that counts.",
     "Find out who else writes at the location."),
    ("too_many_bytes", _I, _AUTOMATIC, "Too many bytes", "More bytes came than were expected.",
     "Verify the copy that was read."),
    ("written_file_changed", _I, _OPERATOR, "Changed while it was written",
     "The file was changed or replaced while it was written.", "Find out who else writes at the location."),
    ("target_symlink", _I, _OPERATOR, "Symbolic link at the target",
     "A folder on the way to the file is a symbolic link, and nothing is written through links.",
     "Remove the link. " + _RETRY),
    ("permission_denied", _C, _SITE, "Permission denied", "The worker's user may not read or write there.",
     "Give the worker's user the permission. " + _RETRY),
    ("read_only_place", _C, _SITE, "Mounted read-only", "The file system of the location is mounted read-only.",
     "Mount it writable."),
    ("file_too_large_for_place", _C, _SITE, "File too large for the place",
     "The file system, or the limit of the worker's user, does not take files this large.",
     "Raise the limit. " + _RETRY),
    ("access_denied", _C, _OPERATOR, "Access to the bucket denied",
     "The credential may not read, write, list or delete in the bucket.",
     "Give the credential these rights."),
    ("bucket_missing", _C, _OPERATOR, "Bucket is missing", "The bucket of the location does not exist.",
     "Make the bucket, or correct the bucket of the location."),
    ("certificate_refused", _C, _OPERATOR, "Certificate not trusted", "The server's certificate is not trusted.",
     "Supply its authority as ca.crt in the folder of the credential."),
    ("clock_wrong", _C, _SITE, "Clock is wrong", "The clock of the worker's machine or of the store is wrong.",
     "Synchronize the clocks."),
    ("credential_expired", _C, _OPERATOR, "Credential has expired", "The keys of the credential have expired.",
     "Renew the keys in the folder of the credential."),
    ("credential_missing", _C, _OPERATOR, "Credential is missing", "The keys of the credential are missing or empty.",
     "Supply what the message names."),
    ("credential_name", _C, _OPERATOR, "Illegal name of a credential",
     "The location names its credential with letters that are not allowed.",
     "Use a-z, 0-9 and hyphens in the configuration. " + _RETRY),
    ("credential_refused", _C, _OPERATOR, "Credential refused", "The store does not accept the keys.",
     "Correct the keys in the folder of the credential."),
    ("credential_unreadable", _C, _OPERATOR, "Credential cannot be read",
     "A file of the credential cannot be read or understood.", "Correct the file that the message names."),
    ("endpoint_illegal", _C, _OPERATOR, "Illegal endpoint", "The endpoint of the location is no address of a server.",
     "Correct the endpoint in the configuration."),
    ("plain_http_refused", _C, _OPERATOR, "Endpoint without TLS", "The endpoint of the location has no TLS.",
     "Use https, or allow plain http in the settings."),
    ("wrong_region", _C, _OPERATOR, "Wrong region", "The store is in another region than the location says.",
     "Correct endpoint and region of the location."),
    ("method_does_not_fit", _C, _OPERATOR, "Method does not fit",
     "The route's transfer method does not lead from the one storage to the other.",
     "Set another method on the route. " + _RETRY),
    ("unknown_transfer_method", _C, _OPERATOR, "Unknown transfer method",
     "This release does not know the transfer method of the route.", "Set another method on the route. " + _RETRY),
    ("no_driver", _C, _OPERATOR, "No driver for the storage", "This release has no driver for the location's storage.",
     "Use a location on another kind of storage. " + _RETRY),
    ("not_on_disk", _C, _OPERATOR, "Must be on disk", "This work needs a location on disk.",
     "Use a location on disk. " + _RETRY),
    ("place_misconfigured", _C, _OPERATOR, "Nothing can be put back there",
     "The file system neither has hard links nor renames to free names only, so that no files of others are removed there.",
     "Use another file system, or no retention policy. " + _RETRY),
    ("unknown_location", _C, _OPERATOR, "Unknown location", "The location is not known at this site.",
     "Correct the configuration. " + _RETRY),
    ("secret_weak", _C, _OPERATOR, "Secret is weak", "The secret of the data server is missing, public or too short.",
     "Set the same 32 or more random characters for API and data server."),
    ("exists", _P, _OPERATOR, "Something is there already", "Something else is there already.",
     "Move it away. " + _RETRY),
    ("illegal_path", _P, _OPERATOR, "Illegal path", "The path is not a legal relative path.",
     "Report it: such a path should not have been filed."),
    ("missing", _P, _OPERATOR, "Does not exist", "The file or object does not exist.",
     "Find out who removed it. Put it back. " + _RETRY),
    ("name_too_long", _P, _OPERATOR, "Name too long", "The storage does not take names this long.",
     "Use a location on another kind of storage. " + _RETRY),
    ("not_a_file", _P, _OPERATOR, "Not a file", "There is a folder where a file was expected.",
     "Move the folder away. " + _RETRY),
    ("not_a_folder", _P, _OPERATOR, "Not a folder", "A part of the path is no folder, or is a symbolic link.",
     "Correct the path at the location. " + _RETRY),
    ("symbolic_link", _P, _OPERATOR, "Symbolic link", "A part of the path is a symbolic link, and links are not followed.",
     "Put the file itself there. " + _RETRY),
    ("refused_by_store", _P, _OPERATOR, "Refused by the store", "The object store does not take such a request.",
     "See the documentation of the store, and report it."),
    ("too_large", _P, _OPERATOR, "Too large for the store", "The object store does not take objects this large.",
     "Lower the package size limit of the source."),
    ("remade_differs", _P, _OPERATOR, "Package cannot be made again",
     "The files at the source no longer make the tar that was sealed.",
     "Bring back a copy of the package. " + _RETRY),
    ("source_changed", _P, _INSTRUMENT, "File changed while it was read",
     "Somebody wrote to, replaced or removed the file while it was packaged.",
     "File only what is written completely. " + _FILE_AGAIN),
    ("file_changed", _P, _INSTRUMENT, "File is not the one that was filed",
     "A file at the source has another checksum than the one that was filed, so its package cannot be made.",
     _FILE_AGAIN),
    ("source_grown", _P, _INSTRUMENT, "File has grown", "The file has more bytes than were filed.",
     "File only what is written completely. " + _FILE_AGAIN),
    ("source_short", _P, _INSTRUMENT, "File is too short", "The file has fewer bytes than were filed.", _FILE_AGAIN),
    ("source_not_regular", _P, _INSTRUMENT, "Not a regular file", "The name is a folder, a device, a pipe or a socket.",
     _FILE_AGAIN),
    ("source_symlink", _P, _INSTRUMENT, "File is a symbolic link",
     "The file, or a folder on the way to it, is a symbolic link, and links are not followed.", _FILE_AGAIN),
    ("source_unreadable", _P, _SITE, "File cannot be read", "The operating system refused to read the file.",
     "Give the worker's user the permission, or check the disk." + _OR_DECIDE),
    ("cannot_be_planned", _P, _OPERATOR, "Cannot be planned",
     "The planner fails at this again and again; everything else goes on.",
     "Report it with the planner's log. Of a file that cannot be packaged, decide what becomes of its observation."),
    ("unexpected", _P, _OPERATOR, "Unexpected error", "Something happened that the program does not know.",
     "Report it with the log of the attempt that the message names. Retry the work to see whether it happens again."),
)  # fmt: skip

CATEGORIES: Mapping[str, tuple[FailureClass, Entry]] = MappingProxyType(
    {
        category: (
            its_class,
            Entry(text, cause, remedy, NEXT_OF.get(category, NEXT[its_class]), turn, HelpPage.ERRORS),
        )
        for category, its_class, turn, text, cause, remedy in _TABLE
    }
    | {
        # Work at a location in doubt is tried again only when somebody trusts the location: the same is said of it
        # wherever it is met.
        "location_suspect": (_T, replace(CATALOGUE[WaitingReason.LOCATION_SUSPECT], help=HelpPage.ERRORS))
    }
)
"""Every category of a failure, with its class. Some can be of another class at another place."""

ENDED: Mapping[str, Entry] = MappingProxyType(
    {
        "cancelled": Entry(
            "Cancelled",
            "A person cancelled the work.",
            "Retry it if it is wanted after all.",
            "Nothing changes until somebody acts.",
            Turn.REQUESTER,
            HelpPage.WORK,
        ),
        "withdrawn": Entry(
            "Withdrawn",
            "A deletion was withdrawn, because what it needs did not hold any more.",
            _NOTHING,
            "The copy stays. The planner opens a new deletion when it may go.",
            Turn.AUTOMATIC,
            HelpPage.WORK,
        ),
    }
)
"""Categories of work that ended without a failure."""


OF_CREATIONS: Mapping[str, Entry] = MappingProxyType(
    {
        "source_missing": Entry(
            "File is gone",
            "A file that was to be packaged is not at its source any more.",
            _FILE_AGAIN,
            _BAD_FILE,
            Turn.INSTRUMENT,
            HelpPage.ERRORS,
        ),
    }
)
"""Categories that mean something else where a package is made: it reads files, not copies."""


def error_entry(category: str | None, *, of_creation: bool = False) -> Entry | None:
    """Return what is said of a category; None for one that is not known to this release.

    Parameters
    ----------
    category
        Category of an error.
    of_creation
        Whether what failed would have made a package.
    """
    if category is None:
        return None
    if of_creation and category in OF_CREATIONS:
        return OF_CREATIONS[category]
    found = CATEGORIES.get(category)
    return found[1] if found is not None else ENDED.get(category)


def before_retry(remedy: str) -> str:
    """Return what a remedy says is to be done before the work is retried; empty: nothing.

    What was given up has failed to the end: the remedy "if it happens again" is to be applied now.
    """
    if remedy == _NOTHING:
        return ""
    return while_it_lasts(remedy).removesuffix(_RETRY).rstrip()


def while_it_lasts(remedy: str) -> str:
    """Return what a remedy says about what does keep failing, without its condition."""
    return _CONDITION.sub("", remedy)


def turn_of_given_up(category: str | None, *, of_creation: bool) -> Turn:
    """Return whose turn work that was given up is: it does not go on by itself, whatever its category does.

    Parameters
    ----------
    category
        Category of its last error.
    of_creation
        Whether it would have made a package.
    """
    entry = error_entry(category, of_creation=of_creation)
    if entry is None or entry.turn is Turn.AUTOMATIC:
        return CATALOGUE[WaitingReason.GIVEN_UP].turn
    return entry.turn


def turns_of_given_up(*, of_creation: bool) -> dict[str, str]:
    """Return whose turn it is for each known category of work that was given up."""
    known = (*CATEGORIES, *ENDED, *OF_CREATIONS)
    return {category: turn_of_given_up(category, of_creation=of_creation).value for category in known}
