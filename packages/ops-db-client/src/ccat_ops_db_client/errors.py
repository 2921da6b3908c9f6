"""Everything that can go wrong, each with the remedy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from .terminal_text import printable


def with_remedy(message: str, remedy: str) -> str:
    """Return what is wrong and the remedy in one line."""
    # The API says its remedies in sentences.
    joined = ". " if remedy[:1].isupper() else "; "
    return f"{message}{joined}{remedy}" if remedy else message


class CcatError(Exception):
    """An error that names its remedy.

    Attributes
    ----------
    message : str
        What is wrong, in one line.
    remedy : str
        What helps; empty where nobody can know.
    details : mapping
        Further members that its JSON form has.
    """

    details: Mapping[str, Any] = {}

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.message = printable(message)
        self.remedy = printable(remedy)

    def __str__(self) -> str:
        return with_remedy(self.message, self.remedy)

    def __reduce__(self) -> tuple[Any, ...]:
        # Kinds are made from other arguments than `args`, and errors go from one process to another.
        return _restored, (type(self), self.args), self.__dict__


def _restored(kind: type[CcatError], arguments: tuple[str, ...]) -> CcatError:
    return kind.__new__(kind, *arguments)


class ConfigurationError(CcatError):
    """A setting is missing or wrong."""


class IntegrityError(CcatError):
    """Bytes are not those that their checksum promises."""


class PathReason(StrEnum):
    """Why a path cannot be filed, for programs; stable."""

    MISSING = "missing"
    """It was named, and is not there."""
    UNREADABLE = "unreadable"
    """It cannot be looked at or read."""
    NO_FILE = "no-file"
    """It is a link, socket, pipe or device."""
    NAME = "name"
    """Its name or path cannot be filed."""
    SAME_NAME = "same-name"
    """Another file would have the same name, or one that differs in its Unicode form only."""
    OUTSIDE = "outside"
    """It is in no source location."""
    CHANGED = "changed"
    """It changed while it was read."""
    NOT_COPIED = "not-copied"
    """It cannot be copied into the source location."""
    REFUSED = "refused"
    """The API refused it."""


class PathError(CcatError):
    """A path cannot be filed or written.

    Attributes
    ----------
    reason : PathReason
        Why, for programs.
    """

    def __init__(self, message: str, remedy: str = "", reason: PathReason = PathReason.NAME) -> None:
        super().__init__(message, remedy)
        self.reason = reason


class FileGoneError(PathError):
    """A file that was there is gone."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is gone", "file what took its place", PathReason.MISSING)


class FileChangedError(PathError):
    """A file changed while it was read."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path} changed while it was read",
            "file it when the instrument has closed it",
            PathReason.CHANGED,
        )


class SpoolError(CcatError):
    """The spool cannot take or give requests."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of a request.

    Attributes
    ----------
    field : str
        Name of the field.
    reason : str
        What is wrong with it.
    line : int or None
        Line of a bulk request, from 1.
    """

    field: str
    reason: str
    line: int | None = None

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line is not None else ""
        return f"{where}{self.field}: {self.reason}" if self.field else f"{where}{self.reason}"


class ApiError(CcatError):
    """The API refused a request (RFC 9457 problem document).

    Attributes
    ----------
    status : int
        HTTP status.
    slug : str
        Last part of the problem's type, stable.
    errors : sequence of FieldError
        What is wrong with which field; empty where the problem is another one.
    request_id : str or None
        Number under which the service's log has the request.
    retry_after : float or None
        Seconds after which the API asked to be tried again.
    """

    default_remedy = ""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        slug: str = "",
        errors: Sequence[FieldError] = (),
        request_id: str | None = None,
        remedy: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, self.default_remedy if remedy is None else remedy)
        self.status = status
        self.slug = slug
        self.errors = tuple(errors)
        self.request_id = request_id
        self.retry_after = retry_after

    def shift_lines(self, count: int) -> None:
        """Count the lines of a part of a bulk request as lines of the whole: `count` were before it."""
        self.errors = tuple(
            error if error.line is None else replace(error, line=error.line + count) for error in self.errors
        )


class InvalidRequestError(ApiError):
    """A field of the request is wrong (400, 413, 415, 422)."""


class AuthenticationError(ApiError):
    """The token is missing, unknown, expired or revoked (401)."""

    default_remedy = "set CCAT_API_TOKEN to a valid token"


class PermissionDeniedError(ApiError):
    """The token may not do this (403)."""

    default_remedy = "use a token that has the permission"


class NotFoundError(ApiError):
    """There is no such thing (404)."""

    default_remedy = "check the name or id"


class ConflictError(ApiError):
    """What is there contradicts the request (409, 412)."""


class ServerFailureError(ApiError):
    """The service failed (500)."""

    default_remedy = "this is a defect of the service: report the request id"


class ApiAwayError(CcatError):
    """The API cannot answer now; the same request can succeed later.

    Attributes
    ----------
    retry_after : float or None
        Seconds after which the API asked to be tried again.
    passes : bool
        Whether it is likely to be over in a moment, so that a client repeats by itself.
    status : int or None
        HTTP status of what answered, if anything did.
    """

    retry_after: float | None = None
    passes = True
    status: int | None = None


class UnreachableError(ApiAwayError):
    """No connection, or none that answered in time."""


class UnavailableError(ApiAwayError):
    """The API or something before it says that it is busy or down (429, 502, 503, 504)."""

    def __init__(self, message: str, *, status: int, retry_after: float | None) -> None:
        super().__init__(message, "try again later")
        self.status = status
        self.retry_after = retry_after


class UnexpectedAnswerError(ApiAwayError):
    """Something else than the API answered: a proxy, a login page, a firewall, another service."""

    passes = False

    def __init__(self, what: str, *, status: int | None = None) -> None:
        super().__init__(what, "check CCAT_API_URL, and that client and service have fitting versions")
        self.status = status
