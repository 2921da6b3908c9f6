"""What can be wrong with a source file or with a package. One class a cause, so that callers decide by type.

Failures of the target (no space, quota, input/output errors while writing) are not here: they stay `OSError`,
because they say nothing about the files.
"""

from typing import ClassVar


class PackageFormatError(Exception):
    """Base of all errors of the package format.

    Attributes
    ----------
    code : str
        Machine-readable name of the cause, stable.
    path : str
        Relative path of the file or member; empty when the package as a whole is meant.
    reason : str
        What was found, in plain words.
    """

    code: ClassVar[str] = "package_format"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


class SourceFileError(PackageFormatError):
    """A file at the source is not what was filed; its package cannot be written."""

    code = "source_file"


class SourceMissingError(SourceFileError):
    """The file, or a folder on the way to it, does not exist."""

    code = "source_missing"


class SourceShortError(SourceFileError):
    """The file has fewer bytes than filed."""

    code = "source_short"


class SourceGrownError(SourceFileError):
    """The file has more bytes than filed, before or after it was read."""

    code = "source_grown"


class SourceChangedError(SourceFileError):
    """Somebody wrote to, replaced or removed the file while it was read."""

    code = "source_changed"


class SourceMismatchError(SourceFileError):
    """The bytes have another checksum than the filed one.

    Attributes
    ----------
    expected, actual : str
        Canonical checksums.
    """

    code = "file_changed"

    def __init__(self, path: str, expected: str, actual: str) -> None:
        super().__init__(path, f"its checksum is {actual}, filed was {expected}")
        self.expected = expected
        self.actual = actual


class SourceSymlinkError(SourceFileError):
    """The file, or a folder on the way to it, is a symbolic link; links are never followed."""

    code = "source_symlink"


class SourceNotRegularError(SourceFileError):
    """The name is a folder, a device, a pipe or a socket."""

    code = "source_not_regular"


class SourceUnreadableError(SourceFileError):
    """The operating system refused to open or read the file; the cause is the `OSError`."""

    code = "source_unreadable"


class PackageCorruptError(PackageFormatError):
    """Bytes of a package, of one of its members or of its index are not what they must be."""

    code = "package_corrupt"


class TargetSymlinkError(PackageFormatError):
    """A folder on the way to an unpacked file is a symbolic link or a file; nothing is written through it."""

    code = "target_symlink"


class MemberUnknownError(PackageFormatError):
    """The package has no member of that path."""

    code = "member_unknown"
