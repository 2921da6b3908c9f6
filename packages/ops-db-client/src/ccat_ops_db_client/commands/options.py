"""Options that several commands share, and how their text is read."""

import os
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer

from ccat_ops_db_client.settings import PROFILE

from .output import notice


def _choose(profile: str | None) -> None:
    if profile is not None:
        # As if it had been set: a process that is left behind to send the spool takes the same.
        os.environ[PROFILE] = profile


ApiUrl = Annotated[
    str | None,
    typer.Option(
        "--api-url", metavar="URL", help="Address of the API; wins over CCAT_API_URL.", show_default=False
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="Address, token and settings of this name in ~/.config/ccat/profiles.toml.",
        show_default=False,
        callback=_choose,
        expose_value=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ExecutionId = Annotated[
    UUID, typer.Option("--execution", metavar="ID", help="Execution, as `ccat obs start` printed it.")
]
Timeout = Annotated[
    float | None,
    typer.Option("--timeout", min=0, metavar="SECONDS", help="Give up after so long.", show_default="never"),
]

_LEAP_SECOND = re.compile(r"(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:)60(.*)")
_AGE = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str | None) -> datetime | None:
    """Read a time with its zone.

    Raises
    ------
    typer.BadParameter
        It is no time, or has no zone.
    """
    if text is None:
        return None
    second = _LEAP_SECOND.fullmatch(text.strip())
    try:
        time = datetime.fromisoformat(f"{second[1]}59{second[2]}" if second else text.strip())
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a time; write it like 2026-11-21T04:05:06Z") from None
    if time.tzinfo is None:
        raise typer.BadParameter(f"{text!r} has no time zone; write it like 2026-11-21T04:05:06Z")
    return _after_leap_second(text, time) if second else time


def _after_leap_second(text: str, time: datetime) -> datetime:
    """Return the second after 23:59:59 UTC for a leap second, which no clock of a database has."""
    if (time.astimezone(UTC).hour, time.astimezone(UTC).minute) != (23, 59):
        raise typer.BadParameter(f"{text!r} is not a time: a leap second is the last of a day in UTC")
    taken = time + timedelta(seconds=1)
    notice(f"{text} is a leap second; it is taken as {taken.isoformat()}")
    return taken


def moment_or_age(text: str | None) -> datetime | None:
    """Read a time with its zone, or an age such as ``7d`` or ``12h``.

    Raises
    ------
    typer.BadParameter
        It is neither.
    """
    if text is not None and (age := _AGE.fullmatch(text.strip())):
        try:
            return datetime.now(UTC) - timedelta(**{_UNITS[age[2]]: int(age[1])})
        except OverflowError:
            raise typer.BadParameter(f"{text!r} is before the calendar begins") from None
    return moment(text)
